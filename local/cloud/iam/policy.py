"""Policy documents, parsed into statements with compiled patterns and conditions.

Grammar: "IAM JSON policy elements reference", AWS IAM User Guide. Elements that aren't implemented raise UnknownPolicy
when the document is parsed, so that no policy is evaluated in part.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

Context = Mapping[str, tuple[str, ...]]  # condition key in lower case → its values
Test = Callable[[str, str], bool]  # (value in the policy, value in the request) → match

_ELEMENTS = {"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "Condition"}
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


class UnknownPolicy(Exception):
    """A policy uses an element, operator or variable that isn't implemented."""


@dataclass(frozen=True)
class Condition:
    """Key of a Condition block: `key` must (or must not) match one of `wanted`."""

    key: str
    wanted: tuple[str, ...]
    test: Test
    quantifier: str  # "", "ForAllValues" or "ForAnyValue"
    negated: bool
    if_exists: bool

    def holds(self, context: Context) -> bool:
        given = context.get(self.key)
        if not given:
            # "Condition operators" and "Set operators": negated ones and ForAllValues match where the key is missing
            return self.if_exists or self.negated or self.quantifier == "ForAllValues"
        if not self.quantifier and len(given) > 1:
            raise UnknownPolicy(f"{self.key} has several values and the policy no ForAllValues or ForAnyValue.")
        matches = [any(self._matches(wanted, value, context) for wanted in self.wanted) for value in given]
        wants = not self.negated
        if self.quantifier == "ForAllValues":
            return all(match == wants for match in matches)
        return any(match == wants for match in matches)

    def _matches(self, wanted: str, given: str, context: Context) -> bool:
        filled = _fill(wanted, context)
        return filled is not None and self.test(filled, given)


@dataclass(frozen=True)
class NullCondition:
    """Operator Null: the key must be missing from the request, or present."""

    key: str
    missing: bool

    def holds(self, context: Context) -> bool:
        return (not context.get(self.key)) == self.missing


@dataclass(frozen=True)
class Statement:
    """Statement of a policy. `principals` maps "AWS" and "Service" to names; it is None in an identity policy."""

    sid: str
    allows: bool
    principals: Mapping[str, tuple[str, ...]] | None
    actions: frozenset[str]  # in lower case, those without wildcards
    action_patterns: tuple[str, ...]
    but_actions: bool  # NotAction
    resources: tuple[str, ...] | None
    conditions: tuple[Condition | NullCondition, ...]

    def covers(self, action: str) -> bool:
        """Return True if the statement covers an action, given in lower case."""
        named = action in self.actions or any(like(pattern, action) for pattern in self.action_patterns)
        return named != self.but_actions

    def applies(self, resource: str, context: Context) -> bool:
        """Return True if the statement, which covers the action, applies to resource and context."""
        resources = ("*",) if self.resources is None else self.resources
        if not any(self._covers(pattern, resource, context) for pattern in resources):
            return False
        return all(condition.holds(context) for condition in self.conditions)

    @staticmethod
    def _covers(pattern: str, resource: str, context: Context) -> bool:
        filled = _fill(pattern, context)
        return filled is not None and like(filled, resource)


@dataclass(frozen=True)
class Policy:
    """Statements of one document."""

    statements: tuple[Statement, ...]
    _by_action: dict[str, tuple[Statement, ...]] = field(default_factory=dict, compare=False, repr=False)

    def statements_on(self, action: str) -> tuple[Statement, ...]:
        """Return the statements that cover an action, cached, since callers repeat the same few actions."""
        found = self._by_action.get(action)
        if found is None:
            found = tuple(statement for statement in self.statements if statement.covers(action.lower()))
            self._by_action[action] = found
        return found

    @classmethod
    def parse(cls, document: Mapping[str, Any] | str) -> "Policy":
        """Parse a document. Raises UnknownPolicy for elements that aren't implemented."""
        return _parse(document if isinstance(document, str) else json.dumps(document))

    @cached_property
    def keys(self) -> frozenset[str]:
        """Condition keys of the policy, in lower case; those of tags without the tag's name."""
        conditions = [condition for statement in self.statements for condition in statement.conditions]
        texts = [text for condition in conditions if isinstance(condition, Condition) for text in condition.wanted]
        texts += [text for statement in self.statements for text in statement.resources or ()]
        variables = (name.lower() for text in texts for name in _VARIABLE.findall(text) if ":" in name)
        return frozenset(key.partition("/")[0] for key in (*(condition.key for condition in conditions), *variables))


@lru_cache(maxsize=1024)
def _parse(text: str) -> Policy:
    document = json.loads(text)
    if document.get("Version") != "2012-10-17" and "${" in text:
        raise UnknownPolicy("Before version 2012-10-17 variables are plain text.")
    return Policy(tuple(_statement(statement) for statement in _as_list(document["Statement"])))


def _statement(statement: Mapping[str, Any]) -> Statement:
    if unknown := set(statement) - _ELEMENTS:
        raise UnknownPolicy(f"Elements {sorted(unknown)} of statement {dict(statement)}")
    if statement["Effect"] not in ("Allow", "Deny") or ("Action" in statement) == ("NotAction" in statement):
        raise UnknownPolicy(f"Effect or Action of statement {dict(statement)}")
    actions = [a.lower() for a in _texts(statement["NotAction"] if "NotAction" in statement else statement["Action"])]
    return Statement(
        sid=statement.get("Sid", ""),
        allows=statement["Effect"] == "Allow",
        principals=_principals(statement["Principal"]) if "Principal" in statement else None,
        actions=frozenset(action for action in actions if not _has_wildcard(action)),
        action_patterns=tuple(filter(_has_wildcard, actions)),
        but_actions="NotAction" in statement,
        resources=_texts(statement["Resource"]) if "Resource" in statement else None,
        conditions=tuple(
            _condition(operator, key, _texts(values))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        ),
    )


def _has_wildcard(action: str) -> bool:
    return "*" in action or "?" in action


def _principals(named: Any) -> Mapping[str, tuple[str, ...]]:
    if named == "*":
        return {"AWS": ("*",)}
    if not isinstance(named, dict) or set(named) - {"AWS", "Service"}:
        raise UnknownPolicy(f"Principal {named}")
    return {kind: _texts(names) for kind, names in named.items()}


def _condition(operator: str, key: str, wanted: tuple[str, ...]) -> Condition | NullCondition:
    quantifier, _, base = operator.rpartition(":")
    if base == "Null" and not quantifier and wanted in (("true",), ("false",)):
        return NullCondition(key.lower(), wanted == ("true",))
    if_exists = base.endswith("IfExists")
    base = base.removesuffix("IfExists")
    negated = "Not" in base
    test = _TESTS.get(base.replace("Not", "", 1))
    if test is None or quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise UnknownPolicy(f"Condition operator {operator}")
    if quantifier == "ForAnyValue" and (negated or if_exists):
        raise UnknownPolicy(f"Condition operator {operator}: what a missing key means to it isn't documented")
    return Condition(key.lower(), wanted, test, quantifier, negated, if_exists)


def _fill(pattern: str, context: Context) -> str | None:
    """Replace `${key}` by the request's value; None if one is missing, which matches nothing.

    Wildcards in values match literally. Source: "IAM policy elements: Variables and tags".
    """
    if "${" not in pattern:
        return pattern
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        name = found[1]
        if name in ("*", "?", "$"):
            return _LITERAL[name]
        if not re.fullmatch(r"[A-Za-z0-9]+:[A-Za-z0-9/_.+=@-]+", name):
            raise UnknownPolicy(f"Variable ${{{name}}}")
        values = context.get(name.lower(), ())
        missing = missing or len(values) != 1
        return "".join(_LITERAL.get(character, character) for character in "".join(values))

    filled = _VARIABLE.sub(value, pattern)
    return None if missing else filled


# Placeholders for literal wildcards in values.
_LITERAL = {"*": "\ue000", "?": "\ue001", "$": "$"}
_WILDCARDS = {"*": ".*", "?": ".", "\ue000": r"\*", "\ue001": r"\?"}


def like(pattern: str, text: str) -> bool:
    """Match a pattern with `*` and `?`, case-sensitively."""
    return pattern == "*" or _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=8192)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_WILDCARDS.get(c) or re.escape(c) for c in pattern), re.DOTALL)


def arn_like(pattern: str, arn: str) -> bool:
    """Match an ARN part by part: a wildcard doesn't span the first five colons."""
    patterns, parts = pattern.split(":", 5), arn.split(":", 5)
    return len(patterns) == len(parts) and all(map(like, patterns, parts))


def _number(test: Callable[[float, float], bool]) -> Test:
    return lambda wanted, given: test(float(given), float(wanted))


def _literal(text: str) -> str:
    return text.replace("\ue000", "*").replace("\ue001", "?")


_TESTS: dict[str, Test] = {
    "StringEquals": lambda wanted, given: _literal(wanted) == given,
    "StringEqualsIgnoreCase": lambda wanted, given: _literal(wanted).lower() == given.lower(),
    "StringLike": like,
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
    "Bool": lambda wanted, given: wanted.lower() == given.lower(),
    "NumericEquals": _number(lambda given, wanted: given == wanted),
    "NumericLessThan": _number(lambda given, wanted: given < wanted),
    "NumericLessThanEquals": _number(lambda given, wanted: given <= wanted),
    "NumericGreaterThan": _number(lambda given, wanted: given > wanted),
    "NumericGreaterThanEquals": _number(lambda given, wanted: given >= wanted),
}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(v).lower() if isinstance(v, bool) else str(v) for v in _as_list(value))
