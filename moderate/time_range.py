"""Moments as people type them."""

import re
from datetime import UTC, date, datetime, timedelta

import typer

from moderation.domain.record import utc

_AGO = re.compile(r"(\d{1,4})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
HELP = "as an age (30m, 2h, 7d) or a date or time in UTC (2026-11-01, 2026-11-01T08:30)."


def moment(text: str) -> datetime:
    """A moment from an age (`2h`) or ISO-8601, UTC unless it says otherwise. Raises typer.BadParameter."""
    if ago := _AGO.fullmatch(text):
        return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no moment: give one {HELP}") from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def days_back(since: datetime, until: datetime) -> list[date]:
    """Every UTC day from `until` back to `since`."""
    last, first = until.astimezone(UTC).date(), since.astimezone(UTC).date()
    return [last - timedelta(days=back) for back in range((last - first).days + 1)]


def span(since: datetime, until: datetime) -> tuple[str, str]:
    """Both moments as records carry them."""
    return utc(since), utc(until)
