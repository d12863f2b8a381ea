"""Message about a verdict for subscribers. Its JSON schema is `schemas/message.schema.json`."""

from typing import Any

from moderation.domain.record import Record
from moderation.domain.reports import answers_of

SCHEMA_VERSION = 1
# SNS rejects empty attributes, and a subscriber's filter needs a word for "none".
_NONE = "none"


def build_message(record: Record) -> dict[str, Any]:
    """Return the message about a verdict, ready for JSON. It contains no captions and no answers."""
    image = record.image
    return {
        "schema_version": SCHEMA_VERSION,
        "verdict": record.verdict,
        "category": record.category,
        "reason": record.reason,
        "decided_by": record.decided_by,
        "image": {
            "bucket": image.bucket,
            "key": image.key,
            "version": image.version,
            "reference": record.reference,
        },
        "policy": _policy(record),
        "record": {"pk": image.pk, "sk": image.version},
        "decided_at": record.decided_at,
        **({"answers": _answers(record)} if answers_of(record) else {}),
        **({"needs": record.needs} if record.needs else {}),
        **({"previous_verdict": record.reverses} if record.reverses else {}),
    }


def message_attributes(record: Record) -> dict[str, str]:
    """Return the attributes for subscription filters: verdict, category, policy, needs and the verdict it replaces.

    Each is "none" if there is none.
    """
    return {
        "verdict": record.verdict or _NONE,
        "category": record.category or _NONE,
        "policy": record.policy["name"] if record.policy else _NONE,
        "needs": record.needs or _NONE,
        "previous_verdict": record.reverses or _NONE,
    }


def _answers(record: Record) -> list[dict[str, str]]:
    """Return what became of the appeals and notices that the verdict answers, without who decided."""
    names = ("id", "outcome", "reply")
    return [
        {"kind": "appeal" if report.kind == "appeal" else "notice", **{name: getattr(report, name) for name in names}}
        for report in answers_of(record)
    ]


def _policy(record: Record) -> dict[str, str] | None:
    return {"name": record.policy["name"], "digest": record.policy["digest"]} if record.policy else None
