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


def test_the_uploads_of_one_uploader_are_listed_whole_newest_first(deployed, moderate):
    for number, (uploader, verdict) in enumerate(
        [("u-1", "unsafe"), ("u-2", "unsafe"), ("u-1", "safe"), ("u-1", "unsafe")]
    ):
        moment = utc(NOW - timedelta(days=number, minutes=1))
        shown = {"verdict": verdict, "category": "Violence", "reason": f"reason {number}", "decided_by": "judge"}
        image = ImageRef("intake", f"in/{number}.jpg", "v")
        deployed.put_record(image, **shown, uploader=uploader, created_at=moment)
    others = ImageRef("another", "in/9.jpg", "v")
    deployed.put_record(others, verdict="unsafe", reason="reason 9", uploader="u-1", created_at=utc(NOW))

    assert listed(moderate("verdicts", "--uploader", "u-1", "--json")) == list("023")
    assert listed(moderate("verdicts", "--uploader", "u-1", "--verdict", "unsafe", "--json")) == list("03")
    assert listed(moderate("verdicts", "--uploader", "u-1", "--until", "1h", "--json")) == list("23")
    assert listed(moderate("verdicts", "--uploader", "u-1", "--limit", "1", "--json")) == ["0"]
    assert listed(moderate("verdicts", "--uploader", "nobody", "--json")) == []
