"""`moderate report`: an appeal or a notice, as apps send them."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.failures import CommandFailed
from moderate.output import plain, results
from moderate.records import find_looked_at
from moderate.review_ports import review_ports
from moderate.roles import acting_as
from moderation.domain.people import Person, may
from moderation.domain.record import utc
from moderation.usecases.review.report import report

EXAMPLES = """Examples:

moderate report photo.jpg notice --notifier user-7 --text "This shows my house number"

moderate report photo.jpg appeal --notifier user-9 --text "It is a toy" --version 3HL4kqtJlcpXroDTDm
"""


def report_image(
    key: Annotated[str, typer.Argument(help="The object's key in the intake bucket.")],
    kind: Annotated[
        Literal["appeal", "notice"],
        typer.Argument(help="An appeal against an unsafe verdict, or a notice of an image that isn't restricted."),
    ],
    notifier: Annotated[str, typer.Option(help="Your own name for who says it; only a digest of it is stored.")],
    text: Annotated[str, typer.Option(help="What they say, for a person to read; links are taken out.")],
    version: Annotated[
        str | None, typer.Option(help="The version that it is about; by default that of the newest record.")
    ] = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Send an appeal or a notice, so that a person looks at the image again.

    It does what the apps' routes of a deployed console do (docs/api.md), within the same limits: you need the role
    `app` in the list of people (`moderate people set`), which also says which keys are yours and how many reports a
    notifier may send a day.

    The verdict stays until a person has decided. Until then the report waits in the review queue by a deadline of its
    own, and `moderate console` shows its text. What the same notifier says again, and any other appeal, is the one that
    waits already. `moderate show KEY --json` has what became of it, under `reports`.
    """
    deployment = acting_as(find(stack), "Reviewer")
    app = _app(deployment)
    image = find_looked_at(deployment, key, version).image
    now = datetime.now(UTC)
    made = report(review_ports(deployment), app, image, kind, notifier, text, now)
    again = "" if made.at == utc(now) else f" It was sent at {made.at} already."
    results.print(
        plain(
            f"The {kind} {made.id} on {image.key}, version {image.version}, waits for a person, at the latest until "
            f"{made.due_at}.{again}"
        )
    )


def _app(deployment: Deployment) -> Person:
    """Return the caller, who must be allowed to report. Raises CommandFailed."""
    caller = deployment.people.find(deployment.caller)
    if caller is None or not may(caller, "report"):
        others = sorted(caller.roles) if caller else []
        roles = " ".join(f"--role {role}" for role in [*others, "app"])
        raise CommandFailed(
            f"You ({deployment.caller}) may not report images: an administrator lets you with "
            f"`moderate people set {deployment.caller} {roles}`."
        )
    return caller
