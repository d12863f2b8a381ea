"""Times on the command line."""

from datetime import UTC, datetime

import pytest
import typer

from moderate.time_range import parse_time


@pytest.mark.parametrize(
    ("text", "is_time"),
    [
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T08:30", datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
        ("2026-11-01T00:00+14:00", datetime(2026, 10, 31, 10, tzinfo=UTC)),
        ("1970-01-01", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_in_utc_whatever_its_zone(text, is_time):
    parsed = parse_time(text)

    assert (parsed, parsed.utcoffset()) == (is_time, is_time.utcoffset())


@pytest.mark.parametrize(
    "text", ["soon", "", "-1d", "0001-01-01", "0001-01-01T00:00+14:00", "1899-12-31", "9999-12-31T23:59-12:00"]
)
def test_what_is_no_time_to_reckon_with_is_wrong_usage(text):
    with pytest.raises(typer.BadParameter, match="Invalid time"):
        parse_time(text)
