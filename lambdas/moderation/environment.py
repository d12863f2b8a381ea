"""A function's environment variables, read and checked."""

from collections.abc import Mapping

from moderation.errors import Misconfigured


class Environment:
    """Raises Misconfigured that names every required variable that is missing, and each value that isn't allowed."""

    def __init__(self, variables: Mapping[str, str], *required: str) -> None:
        missing = [name for name in required if not variables.get(name)]
        if missing:
            raise Misconfigured(f"The function's environment lacks {', '.join(missing)}: deploy the stack again.")
        self._variables = variables

    def __getitem__(self, name: str) -> str:
        return self._variables[name]

    def get(self, name: str) -> str | None:
        """An optional variable, None where it isn't set."""
        return self._variables.get(name) or None

    def whole_number(self, name: str, least: int = 0) -> int:
        """A whole number from `least` up."""
        value = self._variables[name]
        if not (value.isascii() and value.isdigit() and int(value) >= least):
            raise Misconfigured(f"{name} is {value!r}: it must be a whole number from {least} up.")
        return int(value)

    def one_of(self, name: str, *allowed: str) -> str:
        """One of some words."""
        value = self._variables[name]
        if value not in allowed:
            raise Misconfigured(f"{name} is {value!r}: it must be one of {', '.join(allowed)}.")
        return value

    def flag(self, name: str) -> bool:
        """`true` or `false`."""
        return self.one_of(name, "true", "false") == "true"
