"""A function's environment variables, read and checked."""

from collections.abc import Mapping

from moderation.errors import Misconfigured


class Environment:
    """Environment variables. Raises Misconfigured that names all missing required variables, or an invalid value."""

    def __init__(self, variables: Mapping[str, str], *required: str) -> None:
        missing = [name for name in required if not variables.get(name)]
        if missing:
            raise Misconfigured(f"The function's environment lacks {', '.join(missing)}: deploy the stack again.")
        self._variables = variables

    def __getitem__(self, name: str) -> str:
        return self._variables[name]

    def get(self, name: str) -> str | None:
        """Return an optional variable, None if it isn't set."""
        return self._variables.get(name) or None

    def whole_number(self, name: str, least: int = 0) -> int:
        """Return a whole number of at least `least`."""
        value = self._variables[name]
        if not (value.isascii() and value.isdigit() and int(value) >= least):
            raise Misconfigured(f"{name} is {value!r}: it must be a whole number from {least} up.")
        return int(value)

    def one_of(self, name: str, *allowed: str) -> str:
        """Return one of the allowed words."""
        value = self._variables[name]
        if value not in allowed:
            raise Misconfigured(f"{name} is {value!r}: it must be one of {', '.join(allowed)}.")
        return value

    def flag(self, name: str) -> bool:
        """`true` or `false`."""
        return self.one_of(name, "true", "false") == "true"
