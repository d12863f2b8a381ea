"""The `moderate` command. Each command, or group of commands, has a file of its own."""

from importlib.metadata import version
from typing import Annotated

import typer

from moderate import (
    ask,
    audit,
    decide,
    decisions,
    drift,
    erase,
    escalate,
    evaluate,
    metrics,
    people,
    policy,
    redrive,
    report,
    sample,
    show,
    sor,
    status,
    upload,
    verdicts,
    weights,
)
from moderate.backfills import command as backfill
from moderate.checks import doctor
from moderate.console import command as console
from moderate.costs import cost
from moderate.failures import FriendlyErrors
from moderate.output import results

app = typer.Typer(
    cls=FriendlyErrors,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
    help="Moderate images with a deployment of this project, in the cloud or on the laptop.",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="It finds the deployment through the standard AWS environment: AWS_PROFILE, AWS_DEFAULT_REGION, "
    "AWS_ENDPOINT_URL.\n\n"
    "Exit status: 0 if all was done; 1 after an error, if a part of it was not done or not found good, or if you "
    "declined; 2 for wrong usage; 130 after Ctrl-C. Results are on stdout, and in a pipe tables have no borders; "
    "errors, warnings and progress are on stderr.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        results.print(f"moderate {version('image-moderation')}")
        raise typer.Exit


@app.callback()
def main(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take the options of all commands."""


app.command(epilog=upload.EXAMPLES)(upload.upload)
app.command(epilog=verdicts.EXAMPLES)(verdicts.verdicts)
app.command(epilog=show.EXAMPLES)(show.show)
app.command("decide", epilog=decide.EXAMPLES)(decide.decide_image)
app.command("report", epilog=report.EXAMPLES)(report.report_image)
app.command(epilog=console.EXAMPLES)(console.console)
app.command("ask", epilog=ask.EXAMPLES)(ask.ask_about)
app.command("eval", epilog=evaluate.EXAMPLES)(evaluate.evaluate)
app.command(epilog=status.EXAMPLES)(status.status)
app.command("redrive", epilog=redrive.EXAMPLES)(redrive.redrive_failures)
app.command(epilog=sample.EXAMPLES)(sample.sample)
app.command(epilog=metrics.EXAMPLES)(metrics.metrics)
app.command(epilog=drift.EXAMPLES)(drift.drift)
app.command(epilog=cost.EXAMPLES)(cost.cost)
app.command("erase", epilog=erase.EXAMPLES)(erase.erase_object)
app.command(epilog=escalate.ESCALATE_EXAMPLES)(escalate.escalate)
app.command(epilog=escalate.RELEASE_EXAMPLES)(escalate.release)
app.command(epilog=doctor.EXAMPLES)(doctor.doctor)
app.add_typer(audit.app, name="audit")
app.add_typer(backfill.app, name="backfill")
app.add_typer(decisions.app, name="decisions")
app.add_typer(people.app, name="people")
app.add_typer(policy.app, name="policy")
app.add_typer(sor.app, name="sor")
app.add_typer(weights.app, name="weights")
