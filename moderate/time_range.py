"""Parser of times on the command line."""

import re
from datetime import UTC, datetime, timedelta

import typer

_AGO = re.compile(r"(\d{1,4})([smhdw])")
_FIRST_YEAR, _LAST_YEAR = 1900, 9000  # a year before or after these can be more than a date holds
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
HELP = "as an age (30m, 2h, 7d) or a date or time in UTC (2026-11-01, 2026-11-01T08:30)."


def parse_time(text: str) -> datetime:
    """Return the time of an age (`2h`) or of ISO-8601, UTC unless it says otherwise. Raises typer.BadParameter."""
    if ago := _AGO.fullmatch(text):
        return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        parsed = datetime.fromisoformat(text)
        known = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(
            f"Invalid time {text!r}: use an age (2h, 7d) or a time in UTC (2026-11-22T09:00Z)."
        ) from error
    if not _FIRST_YEAR <= known.year <= _LAST_YEAR:
        raise typer.BadParameter(f"Invalid time {text!r}: use one of the years {_FIRST_YEAR} to {_LAST_YEAR}.")
    return known
