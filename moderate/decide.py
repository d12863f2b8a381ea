"""`moderate decide`: a person's decision, which no automatic verdict overwrites."""

from typing import Annotated, Literal

import typer
from rich.table import Table

from moderate.copies import change_copies, copies_table, decide_ports, find_copies
from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.output import cell, plain, results, verdict_text
from moderate.records import find_looked_at
from moderate.roles import acting_as
from moderation.domain.record import Record
from moderation.usecases.decide import PersonDecision, Stickiness, decide
from moderation.usecases.decide_copies import is_left_alone
from moderation.usecases.find_siblings import find_siblings

EXAMPLES = """Examples:

moderate decide photo.jpg safe --note "A statue, not a person"

moderate decide photo.jpg unsafe --category Violence --note "Blood on the floor" --version 3HL4kqtJlcpXroDTDm

moderate decide photo.jpg safe --note "A statue" --seen --all-copies

moderate decide photo.jpg unsafe --category Privacy --note "Its owner objects" --this-copy --source notice
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
    seen: Annotated[
        bool, typer.Option("--seen", help="You saw the picture: a safe decision sticks to the bytes only then.")
    ] = False,
    this_copy: Annotated[
        bool, typer.Option("--this-copy", help="It is about this upload (a notice, rights), not about the picture.")
    ] = False,
    all_copies: Annotated[
        bool, typer.Option("--all-copies", help="Also change the uploads of the same bytes with another verdict.")
    ] = False,
    appeal: Annotated[
        bool,
        typer.Option("--appeal", help="Uphold an appeal: like --all-copies, by somebody else, from unsafe to safe."),
    ] = False,
    golden: Annotated[
        bool,
        typer.Option("--golden", help="A golden item: packs and models are measured against it, at any age."),
    ] = False,
    source: Annotated[
        Literal["notice", "trusted_flagger", "other_notification"] | None,
        typer.Option(help="The notice that led to it, for statements of reasons; by default your own initiative."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before deciding.")] = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Decide on an image yourself.

    If another version is current by now, name the one that you looked at. The decision replaces the verdict, whoever
    made it, and the old one moves into the record's history with who decided, when and why. The object is tagged again
    and the verdict's topic is notified, and so is the topic that carried the earlier verdict.

    The decision sticks: the same bytes, uploaded later under the same route, get the same verdict without a model. A
    safe one does so only if you saw the picture, and none with --this-copy.

    Uploads of the same bytes that have another verdict are listed. --all-copies changes them as well; more than twenty,
    or some under another route, once a second reviewer gives the same command.
    """
    categories = tuple(category or ())
    _check_usage(verdict, categories, note)
    if this_copy and all_copies:
        raise typer.BadParameter("a decision about this upload alone changes no copies", param_hint="--all-copies")
    if this_copy and golden:
        raise typer.BadParameter("a golden item is about the picture", param_hint="--golden")
    deployment = acting_as(find(stack), "Reviewer")
    decision = PersonDecision(
        verdict, categories, note.strip(), deployment.caller, seen, this_copy, appeal, golden, source or ""
    )
    record = find_looked_at(deployment, key, version)
    _show_overruled(record)
    changed = (all_copies or appeal) and not this_copy
    copies = find_copies(deployment, record, verdict) if changed else ()
    if not yes:
        typer.confirm(f"Decide that it is {verdict}?", abort=True)
    decided = decide(decide_ports(deployment), record, decision)
    image = decided.record.image
    results.print(verdict_text(verdict), plain(f"{image.key}, version {image.version}, decided by {decision.who}."))
    if decided.tagging != "tagged":
        results.print(_UNTAGGED[decided.tagging])
    for topic in decided.topics:
        results.print(f"Published on the {topic} topic.")
    if verdict not in deployment.topics:
        results.print(f"There is no topic for {verdict} images.")
    results.print(_STICKINESS[decided.stickiness])
    if this_copy and record.decision:
        results.print("What was decided on the same bytes before still sticks: `moderate decisions revoke` ends it.")
    if decided.upheld:
        results.print("An earlier decision for the same verdict still holds for later uploads of the same bytes.")
    if decided.withdrawn:
        results.print("An earlier decision on the same bytes no longer holds for later uploads.")
    if changed:
        change_copies(deployment, decided.record, copies, decision)
    else:
        _show_siblings(deployment, decided.record)


_STICKINESS = {
    Stickiness.STICKS: "It sticks: the same bytes get the same verdict when they are uploaded again under its route.",
    Stickiness.OTHER_RULES: "It sticks under the route and the rules by which the image was judged, but others are in "
    "force now: uploads are decided by the models until those are back.",
    Stickiness.THIS_COPY: "It holds for this upload alone.",
    Stickiness.UNSEEN: "It doesn't stick to the bytes, because nobody says that they saw the picture (--seen).",
    Stickiness.SWITCHED_OFF: "It doesn't stick to the bytes: the policy says `sticky_decisions: false`.",
    Stickiness.UNKNOWN: "It doesn't stick to the bytes, because the record or the policy can't tell what they are.",
}
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
    for name, value in (
        ("category", ", ".join(record.all_categories)),
        ("reason", record.reason),
        ("decided by", record.decider),
        ("decided", record.decided_at),
    ):
        if value:
            facts.add_row(name, cell(value))
    results.print(facts)


def _show_siblings(deployment: Deployment, record: Record) -> None:
    """Print the uploads of the same bytes with another verdict, which the decision leaves alone."""
    siblings = find_siblings(deployment.verdicts, record)
    if siblings.differing:
        results.print(copies_table(siblings.differing, "Same bytes, another verdict, left alone"))
        changed = sum(not is_left_alone(copy, str(record.verdict)) for copy in siblings.differing)
        results.print(f"`--all-copies` changes {changed} of {len(siblings.differing)}.")
    if siblings.unread:
        results.print(f"{siblings.unread} more uploads of the same bytes were not looked at.")


def _check_usage(verdict: str, categories: tuple[str, ...], note: str) -> None:
    if not note.strip():
        raise typer.BadParameter("say why", param_hint="--note")
    if verdict == "unsafe" and not categories:
        raise typer.BadParameter("an unsafe image needs a category of the policy", param_hint="--category")
    if verdict == "safe" and categories:
        raise typer.BadParameter("a safe image has no category", param_hint="--category")
