"""Rights and scopes of the people who use the console."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from moderation.domain.image_ref import ImageRef
from moderation.domain.people import RIGHTS, ROLES, Person, app_id, may, may_see, person_data, read_person
from moderation.domain.record import Record

REVIEWER = Person(id="s-1", pseudonym="p-1", roles=frozenset({"reviewer"}))
LEAD = replace(REVIEWER, roles=frozenset({"lead"}))


def record(*supported: str, key: str = "posts/a.jpg", **said: Any) -> Record:
    evidence = [{"view": "full", "question": name, "categories": [name], "near": True} for name in supported]
    far = {"view": "full", "question": "far", "categories": ["Nudity"], "near": False}
    return Record(image=ImageRef("intake", key, "v"), verdict="review", evidence=[*evidence, far], **said)


# The table of rights, as the documentation has it.
ALLOWED = {
    "reviewer": "next claim decide undo reveal escalate read-policies own-metrics",
    "lead": "next claim decide undo reveal original escalate escalated release golden others-decisions read-policies "
    "read-policy-log own-metrics metrics audit",
    "policy-author": "read-policies read-policy-log push-policies",
    "auditor": "read-policies read-policy-log own-metrics metrics audit",
    "app": "read-verdicts report",
}


@pytest.mark.parametrize(("role", "right"), [*itertools.product(sorted(ROLES), [*RIGHTS, "", "tag", "delete-audit"])])
def test_each_role_has_exactly_its_rights(role: str, right: str) -> None:
    assert may(replace(REVIEWER, roles=frozenset({role})), right) == (right in ALLOWED[role].split())


def test_rights_add_up_and_nobody_has_any_without_a_role() -> None:
    both = replace(REVIEWER, roles=frozenset({"policy-author", "auditor"}))

    assert may(both, "push-policies") and may(both, "audit") and not may(both, "decide")
    assert not any(may(replace(REVIEWER, roles=frozenset()), right) for right in RIGHTS)


def test_originals_are_a_setting_of_a_reviewer() -> None:
    assert may(replace(REVIEWER, originals=True), "original")
    assert not may(replace(REVIEWER, originals=True, roles=frozenset({"auditor"})), "original")


@pytest.mark.parametrize(
    ("prefixes", "seen"),
    [(("",), True), (("posts/",), True), (("avatars/", "posts/"), True), (("avatars/",), False), ((), False)],
)
def test_a_prefix_limits_what_is_seen(prefixes: tuple[str, ...], seen: bool) -> None:
    assert may_see(replace(REVIEWER, prefixes=prefixes), record("Violence")) is seen


def test_any_supported_category_counts_and_not_the_strongest_alone() -> None:
    limited = replace(REVIEWER, categories=frozenset({"Drugs"}))

    assert may_see(limited, record("Violence", "Drugs"))
    assert not may_see(limited, record("Violence"))
    assert not may_see(limited, record()), "what is of no category isn't of theirs"
    assert may_see(replace(REVIEWER, categories=None), record())


def test_who_opted_out_of_a_category_sees_nothing_that_supports_it() -> None:
    without = replace(REVIEWER, opted_out=frozenset({"Drugs"}))

    assert may_see(without, record("Violence"))
    assert not may_see(without, record("Violence", "Drugs")), "a weaker one"
    for said in (
        {"category": "Drugs"},
        {"categories": ["Violence", "Drugs"]},
        {"other_category": "Drugs"},
        {"judgement": {"flag": "unsafe", "category": "Drugs", "reason": "r"}},
    ):
        assert not may_see(without, record("Violence", **said)), said


def test_an_escalated_record_is_in_a_leads_scope_alone() -> None:
    escalated = record("Violence", escalated_at="2026-11-27T10:00:00.000Z")

    assert may_see(LEAD, escalated)
    assert not may_see(REVIEWER, escalated)


def test_a_person_is_read_back_as_they_were_written() -> None:
    person = replace(
        LEAD, categories=frozenset({"Drugs"}), prefixes=("a/",), opted_out=frozenset({"Violence"}), graphic_an_hour=0
    )

    assert read_person(person_data(person)) == person
    assert read_person(person_data(REVIEWER)) == REVIEWER


@pytest.mark.parametrize(
    "broken",
    [
        {"roles": ["admin"]},
        {"roles": "lead"},
        {"roles": [1]},
        {"prefixes": "posts/"},
        {"categories": "Drugs"},
        {"graphic_an_hour": -1},
        {"graphic_an_hour": True},
        {"graphic_an_hour": "many"},
        {"id": 7},
        {"opted_out": None},
    ],
    ids=str,
)
def test_what_is_no_person_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        read_person(person_data(REVIEWER) | broken)


@pytest.mark.parametrize(
    ("signer", "app"),
    [
        ("arn:aws:sts::1:assumed-role/Shop/i-0123", "arn:aws:sts::1:assumed-role/Shop"),
        ("arn:aws:sts::1:assumed-role/Shop/a/b", "arn:aws:sts::1:assumed-role/Shop"),
        ("arn:aws:iam::1:user/shop", "arn:aws:iam::1:user/shop"),
    ],
)
def test_an_app_is_its_role_whatever_the_session(signer: str, app: str) -> None:
    assert app_id(signer) == app
