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
            decided_by=("judge", "person")[number % 2],
            policy={"name": ("default", "blog")[number // 3], "digest": "abc123" if number else "def"},
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
        (("--verdict", "review"), "52"),
        (("--verdict", "review", "--limit", "1"), "5"),
        (("--decided-by", "person"), "135"),
        (("--policy", "blog"), "345"),
        (("--policy", "abc1"), "12345"),
        (("--policy", "efault"), ""),
        (("--prefix", "in/4"), "4"),
        (("--prefix", "4"), ""),
        (("--decided-by", "judge", "--policy", "default", "--verdict", "unsafe"), "0"),
        (("--since", "800d"), "012345"),
        (("--since", "50h"), "012"),
        (("--until", "50h"), "345"),
        (("--since", "100h", "--until", "50h"), "34"),
    ],
)
def test_filters(moderate, history, arguments, expected):
    assert "".join(listed(moderate("verdicts", *arguments, "--json"))) == expected


def test_how_many_there_are_is_said(moderate, history):
    shown = moderate("verdicts", "--limit", "4").stdout
    assert "4 of 6 verdicts; --limit shows more." in shown
    assert "6 of 6 verdicts." in moderate("verdicts").stdout

    result = moderate("verdicts", "--limit", "4", "--json")
    assert len(json.loads(result.stdout)) == 4
    assert "4 of 6 verdicts" in result.stderr
    assert moderate("verdicts", "--json").stderr == ""


def test_unusable_files_are_listed_apart_and_take_no_picture_s_place(deployed, moderate):
    for number, needs in enumerate([None, "reupload", "policy", "reupload"]):
        extra = {"needs": needs} if needs else {}
        image = ImageRef("intake", f"in/{number}.jpg", f"v{number}")
        created = utc(NOW - timedelta(hours=9 - number))
        deployed.put_failure(image, reason=f"reason {number}", created_at=created, **extra)

    shown = moderate("verdicts", "--verdict", "review").stdout

    pictures, _, unusable = shown.partition("Unusable files")
    assert [f"in/{number}.jpg" in pictures for number in range(4)] == [True, False, True, False]
    assert [f"v{number}" in unusable for number in range(4)] == [False, True, False, True]
    assert pictures.index("in/0.jpg") < pictures.index("in/2.jpg")
    assert "2 of 2 verdicts." in shown and "2 of 2 unusable files." in shown
    assert listed(moderate("verdicts", "--verdict", "review", "--limit", "3", "--json")) == list("021")
    assert "1 of 2 unusable files; --limit" in moderate("verdicts", "--verdict", "review", "--limit", "3").stdout


def test_reviews_are_chosen_by_their_cause(deployed, moderate):
    for number, error in enumerate(["EndpointThrottled", "InvalidPolicy"]):
        image = ImageRef("intake", f"in/{number}.jpg", "v")
        deployed.put_failure(image, error, reason=f"reason {number}")
    doubted = {"verdict": "review", "category": None, "decided_by": "evidence", "decided_at": "later"}
    for number, row in enumerate(["disagreement", "unsupported"], 2):
        image = ImageRef("intake", f"in/{number}.jpg", "v")
        deployed.put_record(image, **doubted, row=row, reason=f"reason {number}", queue="review#1", queue_order="5#t")
    safe = ImageRef("intake", "in/4.jpg", "v")
    deployed.put_record(safe, **doubted | {"verdict": "safe", "row": "disagreement", "reason": "reason 4"})

    assert listed(moderate("verdicts", "--cause", "endpointthrottled", "--json")) == ["0"]
    assert listed(moderate("verdicts", "--cause", "disagreement", "--json")) == ["2"]
    assert listed(moderate("verdicts", "--cause", "nothing", "--json")) == []


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
    "arguments",
    [
        ("--since", "yesterday"),
        ("--verdict", "maybe"),
        ("--since", "1h", "--until", "2h"),
        ("--verdict", "safe", "--cause", "X"),
        ("--decided-by", "me"),
    ],
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
