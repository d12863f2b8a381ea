"""Validation of plain data (of a YAML or JSON file) field by field, collecting all faults."""

import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from moderation.errors import InvalidPolicy

_MAX_FAULTS = 20  # of a message, which becomes the reason of every image under the pack


class Faults:
    """Faults as "path: fault; remedy". With `tolerant` an unknown field isn't a fault."""

    def __init__(self, tolerant: bool = False) -> None:
        self._faults: list[str] = []
        self.tolerant = tolerant

    @property
    def found(self) -> tuple[str, ...]:
        """The faults so far."""
        return tuple(self._faults)

    def add(self, path: str, wrong: str, remedy: str) -> None:
        """Add one fault."""
        self._faults.append(f"{path}: {wrong}; {remedy}")

    def distinct(self, path: str, what: str, values: Sequence[str]) -> None:
        """Add a fault for each duplicate value."""
        for value in dict.fromkeys(value for value in values if value and values.count(value) > 1):
            self.add(path, f"the {what} '{value}' is used twice", "give each its own")

    def finish(self) -> None:
        """Raise `InvalidPolicy` with the first faults, one per line, and the number of others, if there are any."""
        if self._faults:
            others = len(self._faults) - _MAX_FAULTS
            raise InvalidPolicy(
                "\n".join([*self._faults[:_MAX_FAULTS], *([f"and {others} more"] if others > 0 else [])])
            )


class Fields:
    """One mapping of the data.

    Each method reads a field, records its faults, and returns a value of the right type in any case, so that the
    remaining fields are checked as well."""

    def __init__(self, faults: Faults, path: str, data: object, known: Collection[str]) -> None:
        self.faults = faults
        self.path = path
        self._data: Mapping[Any, Any] = {}
        if not isinstance(data, Mapping):
            faults.add(path or "file", f"is {_kind(data)}, not a mapping", f"write the fields {_listed(known)}")
            return
        self._data = data
        for key in () if faults.tolerant else data:
            if key not in known:
                near = get_close_matches(str(key), known, 1)
                remedy = f"did you mean '{near[0]}'?" if near else f"known fields are {_listed(known)}"
                faults.add(self.at(str(key)), "is an unknown field", remedy)

    def at(self, key: str) -> str:
        """The path of a field."""
        return f"{self.path}.{key}" if self.path else key

    def given(self, key: str) -> bool:
        """Tell if the field has a value."""
        return self._data.get(key) is not None

    def text(
        self,
        key: str,
        *,
        limit: int,
        default: str | None = None,
        pattern: re.Pattern[str] | None = None,
        rule: str = "",
    ) -> str:
        """Text of 1 to `limit` characters that matches `pattern`, which `rule` describes in words."""
        if default is not None and key not in self._data:
            return default
        value = self._data.get(key)
        if not isinstance(value, str):
            self._wrong(key, value, "write text, in quotes if YAML reads it as another type")
            return ""
        value = value.strip()
        if not value and default is None:
            self.faults.add(self.at(key), "is empty", "write it")
        elif len(value) > limit:
            self.faults.add(self.at(key), f"has {len(value)} characters", f"use at most {limit}")
        elif any("\ud800" <= letter <= "\udfff" for letter in value):
            self.faults.add(self.at(key), "has half a character, which nothing can store", "write whole ones")
            return ""
        elif pattern and value and not pattern.fullmatch(value):
            self.faults.add(self.at(key), f"'{value}' isn't usable", rule)
        return value

    def choice(self, key: str, choices: Sequence[str], default: str | None = None) -> str:
        """One of `choices`."""
        if default is not None and key not in self._data:
            return default
        value = as_answer(self._data.get(key))
        if value not in choices:
            self._wrong(key, value, f"use one of {_listed(choices)}")
            return default or choices[0]
        return str(value)

    def switch(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self._data.get(key, default)
        if not isinstance(value, bool):
            self._wrong(key, value, "use true or false")
            return default
        return value

    def number(self, key: str, default: float, low: float, high: float, rule: str) -> float:
        """A number in [low, high); `rule` says the range in words."""
        value = self._data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value < high:
            self._wrong(key, value, f"use {rule}")
            return default
        return float(value)

    def count(self, key: str, high: int) -> int | None:
        """A whole number from 1 to `high`, or None."""
        value = self._data.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= high:
            self._wrong(key, value, f"use a whole number from 1 to {high}, or leave it out")
            return None
        return value

    def items(self, key: str, low: int, high: int) -> list[tuple[str, object]]:
        """The items of a list of `low` to `high` items, each with its path."""
        value = self._data.get(key, [] if low == 0 else None)
        if not isinstance(value, list | tuple):
            self._wrong(key, value, "write a list")
            return []
        if not low <= len(value) <= high:
            self.faults.add(self.at(key), f"has {len(value)} items", f"use {low} to {high}")
        return [(f"{self.at(key)}[{i}]", item) for i, item in enumerate(value)]

    def mapping(self, key: str, known: Collection[str]) -> "Fields":
        """A mapping with the fields `known`."""
        return Fields(self.faults, self.at(key), self._data.get(key), known)

    def pairs(self, key: str) -> list[tuple[Any, Any]]:
        """The pairs of a mapping with free keys; none if it isn't given."""
        value = self._data.get(key, {})
        if not isinstance(value, Mapping):
            self._wrong(key, value, "write a mapping")
            return []
        return list(value.items())

    def _wrong(self, key: str, value: object, remedy: str) -> None:
        self.faults.add(self.at(key), "is missing" if key not in self._data else f"is {_kind(value)}", remedy)


def as_answer(value: object) -> object:
    """Convert a boolean back to the bare yes or no that YAML 1.1 read as true or false."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


def _kind(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return repr(value)[:60]


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
