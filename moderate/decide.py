"""`moderate decide`: a person's decision, which no automatic verdict overwrites."""

from typing import Annotated, Literal

import typer

from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.output import plain, results, verdict_text
from moderate.records import find_record
from moderate.roles import acting_as
from moderation.usecases.decide import DecidePorts, PersonDecision, decide

EXAMPLES = """Examples:

moderate decide photo.jpg safe --note "A statue, not a person"

moderate decide photo.jpg unsafe --category Violence --note "Blood on the floor" --version 3HL4kqtJlcpXroDTDm
"""


def decide_image(
    key: Annotated[str, typer.Argument(help="The object's key in the intake bucket.")],
    verdict: Annotated[Literal["safe", "unsafe"], typer.Argument(help="The decision.")],
    note: Annotated[str, typer.Option(help="Reason for the decision: it becomes the record's reason.")],
    category: Annotated[str | None, typer.Option(help="The category of an unsafe image.")] = None,
    version: Annotated[str | None, typer.Option(help="The object's version; its current one by default.")] = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Decide on an image yourself.

    The decision replaces the verdict, whoever made it, and the old one moves into the record's history with who
    decided, when and why. The object is tagged again and the verdict's topic is notified.
    """
    _check_usage(verdict, category, note)
    deployment = acting_as(find(stack), "Reviewer")
    decision = PersonDecision(verdict, category, note.strip(), deployment.caller)
    decided = decide(_ports(deployment), find_record(deployment, key, version), decision)
    image = decided.record.image
    results.print(verdict_text(verdict), plain(f"{image.key}, version {image.version}, decided by {decision.who}."))
    if decided.tagging != "tagged":
        results.print(_UNTAGGED[decided.tagging])
    results.print(
        f"Published on the {verdict} topic." if decided.notified else f"There is no topic for {verdict} images."
    )


_UNTAGGED = {
    "gone": "The object version is gone, so there was nothing to tag.",
    "full": "The object has ten tags already, so it could not be tagged.",
}


def _check_usage(verdict: str, category: str | None, note: str) -> None:
    if not note.strip():
        raise typer.BadParameter("say why", param_hint="--note")
    if verdict == "unsafe" and not category:
        raise typer.BadParameter("an unsafe image needs a category of the policy", param_hint="--category")
    if verdict == "safe" and category:
        raise typer.BadParameter("a safe image has no category", param_hint="--category")


def _ports(deployment: Deployment) -> DecidePorts:
    return DecidePorts(
        images=deployment.images,
        work=deployment.work,
        policies=deployment.policies,
        verdicts=deployment.verdicts,
        publisher=deployment.publisher,
        notified_verdicts=frozenset(deployment.topics),
    )
