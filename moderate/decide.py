"""`moderate decide`: a person's decision, which no automatic verdict overwrites."""

from typing import Annotated, Literal

import typer
from rich.table import Table

from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.output import cell, plain, results, table, verdict_text
from moderate.records import find_looked_at
from moderate.roles import acting_as
from moderation.domain.record import Record
from moderation.usecases.decide import DecidePorts, PersonDecision, decide
from moderation.usecases.find_siblings import find_siblings

EXAMPLES = """Examples:

moderate decide photo.jpg safe --note "A statue, not a person"

moderate decide photo.jpg unsafe --category Violence --note "Blood on the floor" --version 3HL4kqtJlcpXroDTDm
"""


def decide_image(
    key: Annotated[str, typer.Argument(help="The object's key in the intake bucket.")],
    verdict: Annotated[Literal["safe", "unsafe"], typer.Argument(help="The decision.")],
    note: Annotated[str, typer.Option(help="Reason for the decision: it becomes the record's reason.")],
    category: Annotated[
        list[str] | None, typer.Option(help="A category of an unsafe image; repeatable, the first is the main one.")
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="The version that was looked at; by default that of the newest record.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before deciding.")] = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Decide on an image yourself.

    If another version is current by now, name the one that you looked at. The decision replaces the verdict, whoever
    made it, and the old one moves into the record's history with who decided, when and why. The object is tagged again
    and the verdict's topic is notified, and so is the topic that carried the earlier verdict.
    Uploads of the same bytes that have another verdict are listed.
    """
    categories = tuple(category or ())
    _check_usage(verdict, categories, note)
    deployment = acting_as(find(stack), "Reviewer")
    decision = PersonDecision(verdict, categories, note.strip(), deployment.caller)
    record = find_looked_at(deployment, key, version)
    _show_overruled(record)
    if not yes:
        typer.confirm(f"Decide that it is {verdict}?", abort=True)
    decided = decide(_ports(deployment), record, decision)
    image = decided.record.image
    results.print(verdict_text(verdict), plain(f"{image.key}, version {image.version}, decided by {decision.who}."))
    if decided.tagging != "tagged":
        results.print(_UNTAGGED[decided.tagging])
    for topic in decided.topics:
        results.print(f"Published on the {topic} topic.")
    if verdict not in deployment.topics:
        results.print(f"There is no topic for {verdict} images.")
    _show_siblings(deployment, decided.record)


_UNTAGGED = {
    "gone": "The object version is gone, so there was nothing to tag.",
    "full": "The object has ten tags already, so it could not be tagged.",
}


def _show_overruled(record: Record) -> None:
    """Print the verdict that the decision replaces."""
    image = record.image
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    facts.add_row("image", cell(image.key))
    facts.add_row("version", cell(image.version))
    facts.add_row("overruled", verdict_text(record.verdict))
    decider = record.history[-1]["who"] if record.decided_by == "person" else record.decided_by
    for name, value in (
        ("category", ", ".join(record.all_categories)),
        ("reason", record.reason),
        ("decided by", decider),
        ("decided", record.decided_at),
    ):
        if value:
            facts.add_row(name, cell(value))
    results.print(facts)


def _show_siblings(deployment: Deployment, record: Record) -> None:
    """Print the uploads of the same bytes with another verdict, which the decision leaves alone."""
    siblings = find_siblings(deployment.verdicts, record)
    if siblings.differing:
        rows = table(("key", "version", "verdict", "decided by"), "Same bytes, another verdict, left alone")
        for sibling in siblings.differing:
            image = sibling.image
            rows.add_row(cell(image.key), cell(image.version), verdict_text(sibling.verdict), cell(sibling.decided_by))
        results.print(rows)
    if siblings.unread:
        results.print(f"{siblings.unread} more uploads of the same bytes were not looked at.")


def _check_usage(verdict: str, categories: tuple[str, ...], note: str) -> None:
    if not note.strip():
        raise typer.BadParameter("say why", param_hint="--note")
    if verdict == "unsafe" and not categories:
        raise typer.BadParameter("an unsafe image needs a category of the policy", param_hint="--category")
    if verdict == "safe" and categories:
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
