"""Each condition operator, by its properties: "IAM JSON policy elements: Condition operators" and "Set operators"."""

import fnmatch
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.iam.policy import Policy, UnknownPolicy, arn_like, like

KEY = "aws:SomeKey"
text = st.text("abAB*?:/.-[]!^$\\", max_size=6)
plain = st.text("abAB:/.-[]!^$\\", max_size=6)
values = st.lists(text, min_size=1, max_size=3)
POSITIVE = ("StringEquals", "StringEqualsIgnoreCase", "StringLike")


def holds(operator: str, wanted: Any, *given_values: str, key: str = KEY, **more: str) -> bool:
    """Evaluate a statement with this one condition on a request whose context has these values."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {operator: {key: wanted}}}
    (parsed,) = Policy.parse({"Version": "2012-10-17", "Statement": statement}).statements
    context = {name.replace("_", ":"): (value,) for name, value in more.items()}
    return parsed.applies("arn:aws:s3:::b/k", context | {KEY.lower(): given_values})


@given(wanted=text, asked=plain)
def test_wildcards_match_as_a_shell_pattern_without_brackets(wanted: str, asked: str) -> None:
    shell = "".join(f"[{c}]" if c in "[]" else c for c in wanted)  # brackets are letters to IAM

    assert like(wanted, asked) == fnmatch.fnmatchcase(asked, shell)


@given(wanted=text, asked=text)
def test_string_equals_is_equality_even_of_wildcards(wanted: str, asked: str) -> None:
    assert holds("StringEquals", wanted, asked) == (wanted == asked or (asked == "" and wanted == ""))
    assert holds("StringEqualsIgnoreCase", wanted, asked) == (wanted.lower() == asked.lower())


@given(operator=st.sampled_from(POSITIVE), wanted=values, asked=text)
def test_several_values_of_the_policy_are_alternatives(operator: str, wanted: list[str], asked: str) -> None:
    assert holds(operator, wanted, asked) == any(holds(operator, one, asked) for one in wanted)


@given(operator=st.sampled_from(POSITIVE), wanted=values, asked=text)
def test_a_negated_operator_is_the_opposite_and_holds_without_the_key(
    operator: str, wanted: list[str], asked: str
) -> None:
    negated = operator.replace("String", "StringNot")

    assert holds(negated, wanted, asked) != holds(operator, wanted, asked)
    assert holds(negated, wanted)
    assert not holds(operator, wanted)


@given(operator=st.sampled_from((*POSITIVE, "ArnLike", "Bool")), wanted=values, asked=text)
def test_if_exists_holds_without_the_key_and_changes_nothing_with_it(
    operator: str, wanted: list[str], asked: str
) -> None:
    assert holds(f"{operator}IfExists", wanted)
    assert holds(f"{operator}IfExists", wanted, asked) == holds(operator, wanted, asked)


@given(operator=st.sampled_from(POSITIVE), wanted=values, asked=values)
def test_for_all_values_takes_every_value_and_holds_without_any(
    operator: str, wanted: list[str], asked: list[str]
) -> None:
    assert holds(f"ForAllValues:{operator}", wanted, *asked) == all(holds(operator, wanted, one) for one in asked)
    assert holds(f"ForAllValues:{operator}", wanted)


@given(operator=st.sampled_from(POSITIVE), wanted=values, asked=values)
def test_for_any_value_takes_one_value_and_fails_without_any(
    operator: str, wanted: list[str], asked: list[str]
) -> None:
    assert holds(f"ForAnyValue:{operator}", wanted, *asked) == any(holds(operator, wanted, one) for one in asked)
    assert not holds(f"ForAnyValue:{operator}", wanted)


@given(asked=text)
def test_null_asks_whether_the_key_is_there(asked: str) -> None:
    assert holds("Null", "true") and not holds("Null", "false")
    assert holds("Null", "false", asked) and not holds("Null", "true", asked)
    assert holds("Null", True) and holds("Null", False, asked)


@given(wanted=st.integers(-9, 9), asked=st.integers(-9, 9))
def test_numbers_are_compared_as_numbers(wanted: int, asked: int) -> None:
    assert holds("NumericLessThan", wanted, f"{asked}.0") == (asked < wanted)
    assert holds("NumericLessThanEquals", wanted, str(asked)) == (asked <= wanted)
    assert holds("NumericGreaterThan", wanted, str(asked)) == (asked > wanted)
    assert holds("NumericGreaterThanEquals", wanted, str(asked)) == (asked >= wanted)
    assert holds("NumericEquals", str(wanted), str(asked)) == (asked == wanted)
    assert holds("NumericNotEquals", str(wanted), str(asked)) == (asked != wanted)


def test_a_bool_is_a_word_whatever_its_case() -> None:
    assert holds("Bool", "false", "False") and holds("Bool", True, "true")
    assert not holds("Bool", "false", "true")
    assert not holds("Bool", "false")  # a missing key doesn't match: the reason for BoolIfExists


@pytest.mark.parametrize(
    ("pattern", "arn", "matches"),
    [
        ("arn:aws:s3:::bucket", "arn:aws:s3:::bucket", True),
        ("arn:aws:sns:*:*:topic", "arn:aws:sns:eu-west-1:1:topic", True),
        ("arn:aws:*:topic", "arn:aws:sns:eu-west-1:1:topic", False),  # no wildcard over a colon
        ("arn:aws:states:r:1:execution:machine:*", "arn:aws:states:r:1:execution:machine:a:b", True),
        ("*", "arn:aws:sns:r:1:topic", False),
    ],
)
def test_arns_match_part_by_part(pattern: str, arn: str, matches: bool) -> None:
    assert arn_like(pattern, arn) is matches
    assert holds("ArnEquals", pattern, arn) is matches
    assert holds("ArnNotLike", pattern, arn) is not matches


@given(name=text)
def test_a_variable_is_the_requests_value_and_its_wildcards_are_letters(name: str) -> None:
    asked = f"AROA1:{name}"

    assert holds("StringLike", "*:${sts:RoleSessionName}", asked, sts_rolesessionname=name)
    assert holds("StringEquals", "AROA1:${sts:RoleSessionName}", asked, sts_rolesessionname=name)
    assert holds("StringLike", "*:${sts:RoleSessionName}", "AROA1:mallory", sts_rolesessionname="*") is False


def test_a_variable_without_a_value_matches_nothing() -> None:
    assert not holds("StringEquals", "${aws:username}", "")
    assert not holds("StringLike", "*${aws:username}", "x")
    assert holds("StringNotEquals", "${aws:username}", "x")


def test_the_three_escapes_are_letters() -> None:
    assert holds("StringLike", "a${*}${?}${$}", "a*?$")
    assert not holds("StringLike", "a${*}", "ab")


@pytest.mark.parametrize(
    "document",
    [
        {"Effect": "Allow", "Action": "s3:*", "NotResource": "*"},
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "NotPrincipal": "*"},
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": {"Federated": "x"}},
        {"Effect": "Allow", "Resource": "*"},
        {"Effect": "Maybe", "Action": "s3:*", "Resource": "*"},
        *(
            {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {operator: {"aws:SourceIp": "1.2.3.4"}}}
            for operator in (
                "IpAddress",
                "DateLessThan",
                "BinaryEquals",
                "StringIs",
                "ForSomeValue:StringLike",
                "ForAnyValue:StringNotEquals",
                "NullIfExists",
            )
        ),
    ],
)
def test_what_is_not_implemented_is_an_error_and_no_guess(document: dict[str, Any]) -> None:
    with pytest.raises(UnknownPolicy):
        Policy.parse(json.dumps({"Statement": [document]}))


def test_a_variable_with_a_default_is_an_error() -> None:
    with pytest.raises(UnknownPolicy, match="Variable"):
        holds("StringEquals", "${aws:username, 'x'}", "x")


@pytest.mark.parametrize("version", [{}, {"Version": "2008-10-17"}])
def test_variables_of_an_old_policy_are_an_error(version: dict[str, str]) -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::home/${aws:username}/*"}

    with pytest.raises(UnknownPolicy, match="2012-10-17"):
        Policy.parse({**version, "Statement": statement})


def test_a_policy_names_the_keys_that_it_asks_for() -> None:
    statement = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::home/${aws:username}/*",
        "Condition": {
            "StringEquals": {"s3:ExistingObjectTag/Owner": "${aws:PrincipalTag/team}"},
            "Null": {"s3:if-none-match": "true"},
        },
    }

    policy = Policy.parse({"Version": "2012-10-17", "Statement": statement})

    assert policy.keys == {"s3:existingobjecttag", "s3:if-none-match", "aws:username", "aws:principaltag"}


def test_several_values_without_a_set_operator_are_an_error() -> None:
    with pytest.raises(UnknownPolicy, match="ForAllValues"):
        holds("StringEquals", "a", "a", "b")
