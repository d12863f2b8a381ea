"""Automated detection and automated decision are told apart as they were, whoever decided what."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from moderation.domain.automation import automation, source
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record, decided_before, ended, overruled, rejected
from moderation.domain.statement_texts import MEANS
from moderation.domain.sticky_decision import DecisionKey, StickyDecision
from moderation.domain.transparency_terms import DEGREES

IMAGE = ImageRef("intake", "a.png", "v1")
ANN, BOB = "arn:aws:sts::1:assumed-role/Reviewer/ann", "arn:aws:sts::1:assumed-role/Reviewer/bob"
AT = "2026-11-23T10:00:00.000Z"


def found(verdict: str, category: str | None, decided_by: str = "judge", **attributes: Any) -> Record:
    """A machine's verdict."""
    said = {"verdict": verdict, "category": category, "reason": "r", "decided_by": decided_by, "decided_at": AT}
    return Record.from_attributes({"pk": IMAGE.pk, "sk": IMAGE.version, "created_at": AT, **said, **attributes})


def by(record: Record, verdict: str, categories: tuple[str, ...], who: str = ANN, **circumstances: Any) -> Record:
    """The record once a person has decided."""
    return record.with_change(overruled(record, verdict, categories, "note", who, AT, None, **circumstances))


VIOLENCE = ("Violence",)
CLAIM = Record(image=IMAGE, created_at=AT)
FLAGGED, HELD, CLEARED = found("unsafe", "Violence"), found("review", "Violence", "evidence"), found("safe", None)
BROKEN = found(**{key: ended("ABORTED")[key] for key in ("verdict", "category", "decided_by")})
REFUSED = found(**{key: rejected("X", "{}", {})[key] for key in ("verdict", "category", "decided_by")})
STICKY = StickyDecision(DecisionKey("p", "s"), "", "unsafe", VIOLENCE, "n", ANN, AT)
SAME_BYTES = Record.from_attributes({"pk": IMAGE.pk, "sk": IMAGE.version, **decided_before(STICKY, None)})
CLEARED_BYTES = replace(STICKY, verdict="safe", categories=())
SAFE_BYTES = Record.from_attributes({"pk": IMAGE.pk, "sk": IMAGE.version, **decided_before(CLEARED_BYTES, None)})

CASES: dict[str, tuple[Record, str, bool, str]] = {
    "the judge alone": (FLAGGED, "machine", True, "fully"),
    "the evidence alone": (found("unsafe", "Violence", "evidence"), "machine", True, "fully"),
    "the judgement of the same bytes reused": (
        found("unsafe", "Violence", reused_from={"pk": "p", "sk": "s"}),
        "machine",
        True,
        "fully",
    ),
    "a person confirmed it": (by(FLAGGED, "unsafe", VIOLENCE), "confirmed", True, "partially"),
    "a person saw and confirmed it": (by(FLAGGED, "unsafe", VIOLENCE, seen=True), "confirmed", True, "partially"),
    "a person confirmed it among others": (
        by(FLAGGED, "unsafe", ("Tobacco", "Violence")),
        "confirmed",
        True,
        "partially",
    ),
    "a person named another category": (by(FLAGGED, "unsafe", ("Tobacco",), seen=True), "found", True, "not"),
    "a person decided a review from the evidence": (by(HELD, "unsafe", VIOLENCE), "assisted", True, "partially"),
    "a person decided a review from the picture": (by(HELD, "unsafe", VIOLENCE, seen=True), "found", True, "not"),
    "a person decided first": (by(CLAIM, "unsafe", VIOLENCE), "person", False, "not"),
    "a person against a machine that found nothing": (by(CLEARED, "unsafe", VIOLENCE), "person", False, "not"),
    "a person after an execution that failed": (by(BROKEN, "unsafe", VIOLENCE), "person", False, "not"),
    "a person on a file that was refused": (by(REFUSED, "unsafe", VIOLENCE, seen=True), "person", False, "not"),
    "a person on a file not wholly looked at": (
        by(found("review", None, "evidence", row="unseen"), "unsafe", VIOLENCE),
        "person",
        False,
        "not",
    ),
    "the same bytes": (SAME_BYTES, "same_bytes", True, "partially"),
    "a person confirmed it for the same bytes": (
        by(SAME_BYTES, "unsafe", VIOLENCE, BOB),
        "confirmed",
        True,
        "partially",
    ),
    "a person saw the same bytes and named another category": (
        by(SAME_BYTES, "unsafe", ("Tobacco",), BOB, seen=True),
        "found",
        True,
        "not",
    ),
    "a person against a safe of the same bytes": (by(SAFE_BYTES, "unsafe", VIOLENCE, BOB), "person", False, "not"),
    "a person against a person against a machine": (
        by(by(FLAGGED, "safe", ()), "unsafe", VIOLENCE, BOB, seen=True),
        "found",
        True,
        "not",
    ),
    "a revoked decision decided anew": (
        by(by(by(FLAGGED, "unsafe", VIOLENCE), "review", ()), "unsafe", VIOLENCE, BOB),
        "assisted",
        True,
        "partially",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_who_found_it_and_who_decided_are_told_apart(case: str) -> None:
    record, basis, detected, decided = CASES[case]

    assert asdict(automation(record)) == {"basis": basis, "detected": detected, "decided": decided}


def test_each_case_occurs_and_has_a_text() -> None:
    assert {basis for _, basis, _, _ in CASES.values()} == MEANS.keys()
    assert {decided for _, _, _, decided in CASES.values()} == DEGREES.keys()


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (FLAGGED, "own_initiative"),
        (by(CLEARED, "unsafe", VIOLENCE), "own_initiative"),
        (by(CLEARED, "unsafe", VIOLENCE, source="notice"), "notice"),
        (by(CLEARED, "unsafe", VIOLENCE, source="trusted_flagger"), "trusted_flagger"),
        (by(by(CLEARED, "unsafe", VIOLENCE, source="notice"), "unsafe", ("Tobacco",), BOB), "own_initiative"),
        (SAME_BYTES, "own_initiative"),
    ],
)
def test_what_led_to_the_decision_is_what_the_person_said(record: Record, said: str) -> None:
    assert source(record) == said
