"""`moderate decide`: a person's decision, which no machine overwrites."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer

from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.failures import CommandFailed
from moderate.history import decided_by_person
from moderate.output import plain, results, verdict_text
from moderate.provenance import keep_pack, pack_of
from moderate.records import Record, find_record, image_of
from moderate.roles import acting_as
from moderation.domain.image_ref import ImageRef
from moderation.domain.message import build_message, message_attributes
from moderation.domain.policy import Pack
from moderation.domain.record import utc

EXAMPLES = """Examples:

moderate decide photo.jpg safe --note "A statue, not a person"

moderate decide photo.jpg unsafe --category Violence --note "Blood on the floor" --version 3HL4kqtJlcpXroDTDm
"""
_ATTEMPTS = 3  # a machine may record its verdict while we decide


def decide(
    key: Annotated[str, typer.Argument(help="The object's key in the intake bucket.")],
    verdict: Annotated[Literal["safe", "unsafe"], typer.Argument(help="The decision.")],
    note: Annotated[str, typer.Option(help="Why: it becomes the record's reason.")],
    category: Annotated[str | None, typer.Option(help="What it is unsafe for, a category of the policy.")] = None,
    version: Annotated[str | None, typer.Option(help="The object's version; its current one by default.")] = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Decide on an image yourself.

    The decision replaces the verdict, whoever made it, and the old one moves into the record's history with who
    decided, when and why. The object is tagged anew and the topic of the verdict is told.
    """
    _check_usage(verdict, category, note)
    deployment = acting_as(find(stack), "Reviewer")
    who = deployment.caller
    record = _decide(deployment, find_record(deployment, key, version), verdict, category, note.strip(), who)
    image = image_of(record)
    tagging = deployment.images.tag(image, verdict)
    announced = _announce(deployment, image, record)
    results.print(verdict_text(verdict), plain(f"{image.key}, version {image.version}, decided by {who}."))
    if tagging != "tagged":
        results.print(_UNTAGGED[tagging])
    results.print(f"Announced on the {verdict} topic." if announced else f"No topic announces {verdict} images.")


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


def _decide(deployment: Deployment, record: Record, verdict: str, category: str | None, note: str, who: str) -> Record:
    """The record as decided. Raises CommandFailed where another person decided meanwhile."""
    image = image_of(record)
    for _ in range(_ATTEMPTS):
        if _is_decided_so(record, verdict, category, note, who):
            return record
        pack = pack_of(deployment, record)
        named = _named_category(pack, category)
        attributes = decided_by_person(record, image, verdict, named, note, who, utc(datetime.now(UTC)))
        if pack and "policy" not in record:
            keep_pack(deployment, pack)
            attributes["policy"] = {"name": pack.name, "digest": pack.digest}
        if verdict in deployment.topics:
            attributes["notified"] = False
        dropped = {"notified"} - set(attributes)
        if deployment.verdicts.supersede(image, record, attributes, dropped):
            return record | attributes
        before, record = record, find_record(deployment, image.key, image.version)
        if record.get("decided_by") == "person" and record.get("decided_at") != before.get("decided_at"):
            break
    raise CommandFailed(
        f"{image.key} was decided on by someone else just now: look at it with `moderate show`, then decide again."
    )


def _is_decided_so(record: Record, verdict: str, category: str | None, note: str, who: str) -> bool:
    """Whether the command is only being repeated."""
    same = record.get("decided_by") == "person" and record["verdict"] == verdict and record["reason"] == note
    return same and _fold(record.get("category")) == _fold(category) and record["history"][-1]["who"] == who


def _named_category(pack: Pack | None, category: str | None) -> str | None:
    """The category as the policy spells it; any, where no policy is known."""
    if category is None or pack is None:
        return category
    for name in pack.category_names:
        if _fold(name) == _fold(category):
            return name
    raise CommandFailed(
        f"{category!r} is no category of the policy {pack.name}: use one of {', '.join(pack.category_names)}."
    )


def _fold(name: Any) -> str:
    return str(name or "").casefold()


def _announce(deployment: Deployment, image: ImageRef, record: Record) -> bool:
    """Publish a decision that wasn't yet; False where no topic is for it. The record says whether it was."""
    if record["verdict"] not in deployment.topics:
        return False
    if not record.get("notified"):
        deployment.publisher.publish(record["verdict"], build_message(record), message_attributes(record))
        deployment.verdicts.mark_notified(image, True)
    return True
