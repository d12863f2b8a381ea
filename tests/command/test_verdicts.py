"""`moderate verdicts`."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from moderation.domain.image_ref import ImageRef
from moderation.domain.record import utc

NOW = datetime.now(UTC)


@pytest.fixture
def history(deployed):
    """Records of six days, one every 24 hours, of three verdicts in turn; number 0 is the newest."""
    for number in range(6):
        verdict = ("unsafe", "safe", "review")[number % 3]
        deployed.put_record(
            ImageRef("intake", f"in/{number}.jpg", "v"),
            verdict=verdict,
            category="Violence" if verdict == "unsafe" else None,
            reason=f"reason {number}",
            decided_by="judge",
            decided_at="later",
            created_at=utc(NOW - timedelta(days=number, minutes=1)),
        )


def listed(result) -> list[str]:
    assert result.exit_code == 0, result.stderr
    return [record["reason"].removeprefix("reason ") for record in json.loads(result.stdout)]


def test_the_newest_come_first_whatever_their_verdict_and_shard(moderate, history):
    assert listed(moderate("verdicts", "--json")) == list("012345")


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (("--verdict", "unsafe"), "03"),
        (("--category", "violence"), "03"),
        (("--limit", "2"), "01"),
        (("--verdict", "review", "--limit", "1"), "2"),
        (("--since", "50h"), "012"),
        (("--until", "50h"), "345"),
        (("--since", "100h", "--until", "50h"), "34"),
    ],
)
def test_filters(moderate, history, arguments, expected):
    assert "".join(listed(moderate("verdicts", *arguments, "--json"))) == expected


def test_dates_are_utc_days(moderate, history):
    today = NOW.date().isoformat()

    assert set(listed(moderate("verdicts", "--until", today, "--json"))) <= set("12345")


def test_people_get_a_table(moderate, history):
    shown = moderate("verdicts", "--verdict", "unsafe").stdout

    assert "in/0.jpg" in shown and "unsafe" in shown and "Violence" in shown and "reason 0" in shown


def test_nothing_found_is_said_and_is_an_empty_list_in_json(deployed, moderate):
    assert "No verdicts" in moderate("verdicts").stdout
    assert json.loads(moderate("verdicts", "--json").stdout) == []


@pytest.mark.parametrize(
    "arguments", [("--since", "yesterday"), ("--verdict", "maybe"), ("--since", "1h", "--until", "2h")]
)
def test_wrong_usage_has_exit_status_2(deployed, moderate, arguments):
    assert moderate("verdicts", *arguments).exit_code == 2
