"""Whose word counts: "Policy evaluation logic" for one account, and what keys and roles do otherwise."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.iam.evaluate import AccessDecision, AccessRequest, Caller, decide
from local.cloud.iam.policy import Policy

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Reader"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Reader/alice"
OBJECT = "arn:aws:s3:::bucket/key"
ALLOWED, IMPLICIT, EXPLICIT = AccessDecision.ALLOWED, AccessDecision.IMPLICIT_DENY, AccessDecision.EXPLICIT_DENY


def policy(*statements: dict[str, Any]) -> Policy:
    return Policy.parse({"Statement": list(statements)})


def says(effect: str, action: str = "s3:GetObject", resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def asked(action: str = "s3:GetObject", resource: str = OBJECT, **context: str) -> AccessRequest:
    return AccessRequest(action, resource, {key.replace("_", ":").lower(): (value,) for key, value in context.items()})


effects = st.lists(st.sampled_from(["Allow", "Deny"]), max_size=3)


@given(mine=effects, theirs=effects)
def test_a_denial_anywhere_wins_and_without_an_allowance_nothing_goes(mine: list[str], theirs: list[str]) -> None:
    caller = Caller(SESSION, (policy(*map(says, mine)),))
    bucket = policy(*(says(effect, Principal={"AWS": ROLE}) for effect in theirs))

    decision = decide(caller, asked(), bucket)

    expected = EXPLICIT if "Deny" in mine + theirs else ALLOWED if mine + theirs else IMPLICIT
    assert decision is expected


@pytest.mark.parametrize(
    ("action", "allowed"),
    [("s3:GetObject", True), ("S3:getobject", True), ("s3:GetObjectVersion", False), ("s3:PutObject", False)],
)
def test_actions_match_whatever_their_case_and_whole(action: str, allowed: bool) -> None:
    caller = Caller(SESSION, (policy(says("Allow", "s3:GetObject")),))

    assert (decide(caller, asked(action)) is ALLOWED) is allowed


def test_not_action_is_everything_else() -> None:
    statement = {"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"}
    caller = Caller(SESSION, (policy(statement),))

    assert decide(caller, asked("s3:GetObject")) is ALLOWED
    assert decide(caller, asked("s3:PutObject")) is IMPLICIT


@pytest.mark.parametrize(
    ("principal", "named"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": ROLE}, True),
        ({"AWS": [SESSION, "arn:aws:iam::999999999999:root"]}, True),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, False),  # leaves it to the identity's own policies
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/Writer"}, False),
        ({"Service": "events.amazonaws.com"}, False),
    ],
)
def test_a_resource_allows_those_it_names(principal: Any, named: bool) -> None:
    bucket = policy(says("Allow", Principal=principal))

    assert (decide(Caller(SESSION), asked(), bucket) is ALLOWED) is named


@pytest.mark.parametrize("caller", [Caller(""), Caller("arn:aws:sts::999999999999:assumed-role/Reader/eve")])
def test_strangers_need_the_resource_to_name_them(caller: Caller) -> None:
    everything = (policy(says("Allow", "*")),)
    stranger = Caller(caller.arn, everything if caller.account else ())

    assert decide(stranger, asked()) is IMPLICIT
    assert decide(stranger, asked(), policy(says("Allow", Principal={"AWS": ROLE}))) is IMPLICIT
    assert decide(stranger, asked(), policy(says("Allow", Principal="*"))) is ALLOWED


def test_a_service_is_let_in_by_the_resource_alone() -> None:
    statement = says("Allow", "sqs:SendMessage", Principal={"Service": "events.amazonaws.com"})
    queue = policy(statement | {"Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:events:r:1:rule/x"}}})
    send = asked("sqs:SendMessage", "arn:aws:sqs:r:1:q", aws_SourceArn="arn:aws:events:r:1:rule/x")

    assert decide(Caller("events.amazonaws.com"), send, queue) is ALLOWED
    assert decide(Caller("sns.amazonaws.com"), send, queue) is IMPLICIT
    assert decide(Caller("events.amazonaws.com"), asked("sqs:SendMessage"), queue) is IMPLICIT


@pytest.mark.parametrize("action", ["kms:Decrypt", "sts:AssumeRole", "sts:SetSourceIdentity"])
def test_keys_and_roles_must_allow_by_themselves(action: str) -> None:
    may = Caller(SESSION, (policy(says("Allow", action)),))
    account = policy({"Effect": "Allow", "Action": action, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}})
    other = policy({"Effect": "Allow", "Action": action, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/Writer"}})

    assert decide(may, asked(action)) is IMPLICIT
    assert decide(may, asked(action), other) is IMPLICIT
    assert decide(may, asked(action), account) is ALLOWED
    assert decide(Caller(SESSION), asked(action), account) is IMPLICIT


def test_an_exempt_role_is_known_by_its_sessions_principal_arn() -> None:
    denies = says("Deny", Principal="*") | {"Condition": {"ArnNotEquals": {"aws:PrincipalArn": [ROLE]}}}
    caller = Caller(SESSION, (policy(says("Allow")),))

    assert decide(caller, asked(aws_PrincipalArn=ROLE), policy(denies)) is ALLOWED
    assert decide(caller, asked(aws_PrincipalArn=ROLE + "2"), policy(denies)) is EXPLICIT
    assert decide(caller, asked(), policy(denies)) is EXPLICIT
