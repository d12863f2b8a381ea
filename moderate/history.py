"""How a record remembers what was decided before. Pure."""

from collections.abc import Mapping
from typing import Any

from moderation.domain.image_ref import ImageRef
from moderation.domain.record import REDRIVEN, shard_of

_KEPT_WHEN_RETAKEN = {"pk", "sk", "image", "created_at", "reference", "expires_at"}


def past_of(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The history with the verdict that stands added; a person's stands there since it was made."""
    history = list(record.get("history", []))
    if not record.get("verdict") or record["decided_by"] == "person":
        return history
    standing = {name: record.get(name) for name in ("verdict", "category", "reason", "decided_by")}
    return [*history, standing | {"at": record["decided_at"]}]


def decided_by_person(
    record: Mapping[str, Any], image: ImageRef, verdict: str, category: str | None, note: str, who: str, now: str
) -> dict[str, Any]:
    """The attributes of a person's decision; `now` is ISO-8601 UTC, `who` the person's ARN.

    It counts as not yet notified, so that a redrive publishes it should the announcement fail.
    """
    decision = {"verdict": verdict, "category": category, "reason": note, "decided_by": "person"}
    return {
        **decision,
        "status": "decided",
        "decided_at": now,
        "verdict_shard": shard_of(image, verdict, record["created_at"]),
        "history": [*past_of(record), decision | {"at": now, "who": who, "note": note}],
    }


def retaken(record: Mapping[str, Any], image: ImageRef) -> tuple[dict[str, Any], set[str]]:
    """The attributes of a record that another execution may take, and those that go: its verdict moves to history."""
    attributes = {
        "status": "claimed",
        "owner": REDRIVEN,
        "verdict_shard": shard_of(image, "claimed", record["created_at"]),
        "history": past_of(record),
    }
    return attributes, set(record) - set(attributes) - _KEPT_WHEN_RETAKEN
