"""`moderate sor export`: files that the DSA Transparency Database takes, and what is left out of them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from moderation.domain.record import utc
from moderation.domain.work_files import pack_file
from tests.command.history import PACK
from tests.support.sor_schema import faults
from tests.unit.domain.stated import PACK as STATED
from tests.unit.domain.stated import PRIVATE, WEAPON, data

NOTE = "Mary Smith with a knife"


def put(deployed: Any, key: str = "in/mary-1.jpg", **attributes: Any) -> Any:
    """An unsafe record under a pack that says how it is reported."""
    image = deployed.put_object(key)
    deployed.work(pack_file(STATED.digest), data())
    finding = {"view": "full", "question": WEAPON, "categories": ["Violence"], "over": True}
    deployed.put_unsafe(image, reference="mary-post")
    standing = {name: value for name, value in deployed.record(image).items() if name not in ("pk", "sk", "image")}
    policy = {"name": STATED.name, "digest": STATED.digest}
    deployed.put_record(image, **(standing | {"policy": policy, "evidence": [finding]} | attributes))
    return image


def statements(out: Path) -> list[list[dict[str, Any]]]:
    return [json.loads(path.read_text())["statements"] for path in sorted(out.iterdir())]


def test_statements_are_written_in_files_that_the_database_takes(deployed, moderate, tmp_path):
    for number in range(101):
        put(deployed, f"in/mary-{number}.jpg")

    result = moderate("sor", "export", "--since", "1d", "--out", tmp_path / "out")

    assert result.exit_code == 0, result.stderr
    assert "Violence" in result.stdout and "101" in result.stdout and "statements-0002.json" in result.stdout
    assert "The next export starts with --since 20" in result.stdout
    first, second = statements(tmp_path / "out")
    assert (len(first), len(second)) == (100, 1)
    assert [faults(statement) for statement in first + second if faults(statement)] == []
    said = json.dumps([statement | {"puid": ""} for statement in first + second]).lower()
    assert [word for word in PRIVATE if word in said] == []
    assert len({statement["puid"] for statement in first + second}) == 101


def test_the_same_time_gives_the_same_identifiers(deployed, moderate, tmp_path):
    put(deployed)
    for folder in ("one", "two"):
        assert moderate("sor", "export", "--since", "1d", "--out", tmp_path / folder, "--json").exit_code == 0

    assert statements(tmp_path / "one") == statements(tmp_path / "two")


@pytest.fixture
def without_lag(monkeypatch):
    """Indexes that have what was decided at this moment."""
    monkeypatch.setattr("moderate.sor._INDEX_LAG", timedelta())


def test_a_decision_of_a_person_is_told_from_the_machines(deployed, moderate, tmp_path, without_lag):
    image = put(deployed)
    decided = ("decide", "--yes", image.key, "unsafe", "--category", "Violence", "--note", NOTE)
    assert moderate(*decided, "--source", "trusted_flagger").exit_code == 0

    moderate("sor", "export", "--since", "1d", "--out", tmp_path / "out")

    ((made,),) = statements(tmp_path / "out")
    assert (made["automated_detection"], made["automated_decision"]) == ("Yes", "AUTOMATED_DECISION_PARTIALLY")
    assert made["source_type"] == "SOURCE_TRUSTED_FLAGGER"
    assert "mary" not in json.dumps(made).lower()


def test_what_cannot_be_valid_is_listed_and_left_out(deployed, moderate, tmp_path):
    put(deployed)
    unreported = deployed.put_object("in/b.jpg")
    deployed.put_unsafe(unreported)
    put(deployed, "in/old.jpg", created_at="1999-01-01T00:00:00.000Z", queue="person#0", queue_order="9")

    result = moderate("sor", "export", "--since", "1d", "--out", tmp_path / "out")

    assert result.exit_code == 1
    ((made,),) = statements(tmp_path / "out")
    assert faults(made) == []
    assert "in/b.jpg" in result.stdout
    assert f"The policy {PACK.name} doesn't say how Violence is reported: add `report`" in result.stdout
    assert "$.content_date: '1999-01-01' isn't of the form that the database takes." in result.stdout
    assert "2 of 3 decisions were left out, and no later export has them" in result.stderr


def test_json_says_what_was_written_and_what_not(deployed, moderate, tmp_path):
    put(deployed)
    deployed.put_unsafe(deployed.put_object("in/b.jpg"))

    until = utc(datetime.now(UTC) - timedelta(minutes=2))

    result = moderate("sor", "export", "--since", "2026-11-01", "--until", until, "--out", tmp_path, "--json")

    said = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (said["statements"], said["files"]) == (1, [str(tmp_path / "statements-0001.json")])
    assert (said["since"], said["until"]) == ("2026-11-01T00:00:00.000Z", until)
    assert [one["key"] for one in said["left_out"]] == ["in/b.jpg"]


def test_safe_undecided_and_escalated_images_are_in_no_export(deployed, moderate, tmp_path, without_lag):
    put(deployed, "in/escalated.jpg", escalated_at="2026-11-23T10:00:00.000Z")
    image = put(deployed, "in/safe.jpg")
    moderate("decide", "--yes", image.key, "safe", "--note", NOTE)
    deployed.put_failure(deployed.put_object("in/review.jpg"))

    result = moderate("sor", "export", "--since", "1d", "--out", tmp_path / "out")

    assert (result.exit_code, (tmp_path / "out").exists()) == (0, False)
    assert "No decision in this time restricted an image." in result.stdout


@pytest.mark.parametrize("until", [(), ("--until", "2100-01-01")], ids=["by default", "of a time to come"])
def test_the_last_minute_and_what_comes_are_left_to_the_next_export(deployed, moderate, tmp_path, until):
    put(deployed, decided_at=utc(datetime.now(UTC)))

    result = moderate("sor", "export", "--since", "1d", *until, "--out", tmp_path / "out", "--json")

    said = json.loads(result.stdout)
    assert said["statements"] == 0 and said["until"] <= utc(datetime.now(UTC) - timedelta(minutes=1))


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--since", "1d", "--until", "2d"), 2, "is later than --until"),
        (("--since", "soon"), 2, "Invalid time"),
        (("--since", "1d"), 1, "an earlier export"),
    ],
)
def test_wrong_usage_writes_nothing(deployed, moderate, tmp_path, arguments, status, said):
    put(deployed)
    (tmp_path / "statements-0007.json").write_text("{}")

    result = moderate("sor", "export", *arguments, "--out", tmp_path)

    assert result.exit_code == status and said in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["statements-0007.json"]
