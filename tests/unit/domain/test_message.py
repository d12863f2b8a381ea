"""The message about a verdict: its published schema, and what it must never carry."""

import json
from typing import Any

import jsonschema
import pytest

from moderation.domain.message import build_message, message_attributes
from moderation.domain.record import Record
from tests.unit.domain.shipped import PACKS

SCHEMA = json.loads((PACKS.parent / "schemas/message.schema.json").read_text("utf-8"))
ITEM: dict[str, Any] = {
    "pk": "intake#a/surf.png",
    "sk": "v1",
    "verdict": "unsafe",
    "category": "Suggestive",
    "reason": "The photo contains a topless person.",
    "decided_by": "judge",
    "image": {"bucket": "intake", "key": "a/surf.png", "version": "v1", "sha256": "0" * 64, "size": 10},
    "reference": "order-17",
    "policy": {"name": "blog", "digest": "ab" * 32},
    "decided_at": "2026-01-02T03:04:05.678Z",
    "evidence": [{"view": "full", "question": "Does this photo contain topless person?", "answer": "yes-evidence"}],
    "captions": [{"view": "full", "text": "a man on a beach-caption"}],
    "status": "decided",
}
FAILED_ITEM: dict[str, Any] = {
    "pk": "intake#big.png",
    "sk": "v2",
    "verdict": "review",
    "category": None,
    "reason": "The moderation failed with ImageTooLarge.",
    "decided_by": "failure",
    "needs": "reupload",
    "image": {"bucket": "intake", "key": "big.png", "version": "v2"},
    "decided_at": "2026-01-02T03:04:05.678Z",
}


RECORD, FAILED = Record.from_attributes(ITEM), Record.from_attributes(FAILED_ITEM)


@pytest.mark.parametrize("record", [RECORD, FAILED], ids=["judged", "failed"])
def test_the_message_is_as_published(record: Record) -> None:
    message = build_message(record)
    jsonschema.validate(json.loads(json.dumps(message)), SCHEMA, format_checker=jsonschema.FormatChecker())
    assert set(message) == {*SCHEMA["required"], *(["needs"] if record.needs else [])}


def test_the_message_tells_the_verdict_and_where_its_record_is() -> None:
    message = build_message(RECORD)
    assert (message["verdict"], message["category"], message["decided_by"]) == ("unsafe", "Suggestive", "judge")
    assert message["image"] == {"bucket": "intake", "key": "a/surf.png", "version": "v1", "reference": "order-17"}
    assert message["policy"] == {"name": "blog", "digest": "ab" * 32}
    assert message["record"] == {"pk": "intake#a/surf.png", "sk": "v1"}


def test_the_app_is_told_that_another_upload_is_needed() -> None:
    assert build_message(FAILED)["needs"] == "reupload"


def test_a_failure_without_policy_category_or_reference_says_so_with_null() -> None:
    message = build_message(FAILED)
    assert (message["policy"], message["category"], message["image"]["reference"]) == (None, None, None)


def test_neither_message_nor_attributes_carry_what_was_seen() -> None:
    told = json.dumps([build_message(RECORD), message_attributes(RECORD)])
    assert "yes-evidence" not in told
    assert "beach-caption" not in told


def test_subscribers_can_filter_by_verdict_category_policy_and_need() -> None:
    assert message_attributes(RECORD) == {
        "verdict": "unsafe",
        "category": "Suggestive",
        "policy": "blog",
        "needs": "none",
        "previous_verdict": "none",
    }
    assert message_attributes(FAILED) == {
        "verdict": "review",
        "category": "none",
        "policy": "none",
        "needs": "reupload",
        "previous_verdict": "none",
    }


def test_a_reversal_names_the_verdict_that_it_replaces_and_a_confirmation_does_not() -> None:
    reversal = Record.from_attributes(ITEM | {"previous_verdict": "safe"})
    confirmed = Record.from_attributes(ITEM | {"previous_verdict": "unsafe"})

    message = build_message(reversal)
    jsonschema.validate(json.loads(json.dumps(message)), SCHEMA, format_checker=jsonschema.FormatChecker())
    assert message["previous_verdict"] == message_attributes(reversal)["previous_verdict"] == "safe"
    assert "previous_verdict" not in build_message(confirmed)
    assert message_attributes(confirmed)["previous_verdict"] == "none"


@pytest.mark.parametrize("field", ["verdict", "reason", "record", "schema_version"])
def test_the_schema_misses_what_is_missing(field: str) -> None:
    message = build_message(RECORD)
    del message[field]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(message, SCHEMA)
