"""The message that subscribers get about a verdict. Its JSON schema is `schemas/message.schema.json`."""

from collections.abc import Mapping
from typing import Any

SCHEMA_VERSION = 1
# SNS takes no empty attribute, and a subscriber's filter needs a word for "none".
_NONE = "none"


def build_message(record: Mapping[str, Any]) -> dict[str, Any]:
    """The message about a record of the verdict table, ready for JSON. It holds no captions and no answers."""
    image = record["image"]
    return {
        "schema_version": SCHEMA_VERSION,
        "verdict": record["verdict"],
        "category": record.get("category"),
        "reason": record["reason"],
        "decided_by": record["decided_by"],
        "image": {
            "bucket": image["bucket"],
            "key": image["key"],
            "version": image["version"],
            "reference": record.get("reference"),
        },
        "policy": _policy(record),
        "record": {"pk": f"{image['bucket']}#{image['key']}", "sk": image["version"]},
        "decided_at": record["decided_at"],
    }


def message_attributes(record: Mapping[str, Any]) -> dict[str, str]:
    """What subscribers can filter by: verdict, category and policy ("none" where there is none)."""
    policy = _policy(record)
    return {
        "verdict": record["verdict"],
        "category": record.get("category") or _NONE,
        "policy": policy["name"] if policy else _NONE,
    }


def _policy(record: Mapping[str, Any]) -> dict[str, str] | None:
    policy = record.get("policy")
    return {"name": policy["name"], "digest": policy["digest"]} if policy else None
