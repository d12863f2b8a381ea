"""The `moderate` command. Each command, or group of commands, has a file of its own."""

import typer

from moderate import ask, decide, decisions, erase, policy, redrive, show, status, upload, verdicts, weights
from moderate.checks import doctor
from moderate.costs import cost
from moderate.failures import FriendlyErrors

app = typer.Typer(
    cls=FriendlyErrors,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
    help="Moderate images with a deployment of this project, in the cloud or on the laptop.",
    epilog="It finds the deployment through the standard AWS environment: AWS_PROFILE, AWS_DEFAULT_REGION, "
    "AWS_ENDPOINT_URL.",
)
app.command(epilog=upload.EXAMPLES)(upload.upload)
app.command(epilog=verdicts.EXAMPLES)(verdicts.verdicts)
app.command(epilog=show.EXAMPLES)(show.show)
app.command("decide", epilog=decide.EXAMPLES)(decide.decide_image)
app.command("ask", epilog=ask.EXAMPLES)(ask.ask_about)
app.command(epilog=status.EXAMPLES)(status.status)
app.command("redrive", epilog=redrive.EXAMPLES)(redrive.redrive_failures)
app.command(epilog=cost.EXAMPLES)(cost.cost)
app.command("erase", epilog=erase.EXAMPLES)(erase.erase_object)
app.command(epilog=doctor.EXAMPLES)(doctor.doctor)
app.add_typer(decisions.app, name="decisions")
app.add_typer(policy.app, name="policy")
app.add_typer(weights.app, name="weights")


def run() -> None:
    """Entry point of the installed command."""
    app(prog_name="moderate")
