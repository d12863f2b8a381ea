"""`moderate people` and `moderate audit`, as a person types them."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from moderation.adapters.s3_audit import S3AuditLog, S3AuditReader
from moderation.adapters.s3_people import S3PeopleStore
from moderation.domain.audit import AuditEvent
from moderation.domain.record import utc
from moderation.usecases.check_audit import check_audit

SUBJECT = "3f6c2a10-0000-4000-8000-000000000001"
DAY = "2026-11-26"


def listed(moderate):
    return json.loads(moderate("people", "list", "--json").stdout)


def test_rights_are_given_changed_and_taken_away(deployed, moderate):
    assert "Nobody has rights" in moderate("people", "list").stdout
    given = ("--role", "reviewer", "--category", "Drugs", "--prefix", "posts/", "--opt-out", "Nudity")

    assert moderate("people", "set", SUBJECT, *given, "--graphic-an-hour", "40").exit_code == 0

    [person] = listed(moderate)
    pseudonym = person.pop("pseudonym")
    assert pseudonym.startswith("p-") and SUBJECT not in pseudonym
    assert person == {
        "id": SUBJECT,
        "roles": ["reviewer"],
        "categories": ["Drugs"],
        "prefixes": ["posts/"],
        "opted_out": ["Nudity"],
        "graphic_an_hour": 40,
        "originals": False,
        "reports_a_day": 20,
        "trusted_flaggers": [],
    }
    moderate("people", "set", SUBJECT, "--role", "lead")
    [person] = listed(moderate)
    assert (person["pseudonym"], person["roles"], person["categories"]) == (pseudonym, ["lead"], None)
    assert pseudonym in moderate("people", "list").stdout

    removed = moderate("people", "remove", SUBJECT)

    assert removed.exit_code == 0 and pseudonym in removed.stdout
    assert S3PeopleStore(deployed.s3, "policies").find(SUBJECT) is None


def test_what_can_not_be_given_or_taken_away_is_said(deployed, moderate):
    unknown = moderate("people", "set", SUBJECT, "--role", "root")
    missing = moderate("people", "remove", SUBJECT)

    assert unknown.exit_code == 2 and "root" in unknown.stderr
    assert missing.exit_code == 1 and "moderate people list" in missing.stderr


@pytest.fixture
def audit(deployed):
    log = S3AuditLog(deployed.s3, "audit")
    for _ in range(3):
        log.append(AuditEvent(action="reveal", who="p-1", at=utc(datetime.now(UTC)), image="a" * 32))
    return log


def test_an_export_has_every_entry_with_its_hash(deployed, moderate, audit, tmp_path):
    deployed.s3.create_bucket(Bucket="our-records")
    file, place = tmp_path / "audit.jsonl", "s3://our-records/m/audit.jsonl"

    assert moderate("audit", "export", "--since", DAY, "--out", str(file)).exit_code == 0
    assert moderate("audit", "export", "--since", DAY, "--out", place).exit_code == 0

    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [json.loads(line["entry"])["number"] for line in lines] == [1, 2, 3]
    assert all(line["sha256"] == hashlib.sha256(line["entry"].encode()).hexdigest() for line in lines)
    copied = deployed.s3.get_object(Bucket="our-records", Key="m/audit.jsonl")["Body"].read()
    assert copied == file.read_bytes()


@pytest.mark.parametrize("out", ["s3://bucket-without-key", "existing"])
def test_an_export_overwrites_nothing(moderate, audit, tmp_path, out):
    (tmp_path / "existing").write_text("kept")
    place = out if out.startswith("s3") else str(tmp_path / out)

    result = moderate("audit", "export", "--since", DAY, "--out", place)

    assert result.exit_code == 1 and "name a new file" in result.stderr
    assert (tmp_path / "existing").read_text() == "kept"


def test_a_gap_is_told_and_fails_the_command(deployed, moderate, audit):
    assert json.loads(moderate("audit", "verify", "--since", DAY, "--json").stdout) == {
        "entries": 3,
        "chains": 1,
        "faults": [],
        "explained": [],
    }
    [second] = [
        found["Key"]
        for found in deployed.s3.list_objects_v2(Bucket="audit")["Contents"]
        if found["Key"].endswith("000002.json")
    ]
    deployed.s3.delete_object(Bucket="audit", Key=second)

    result = moderate("audit", "verify", "--since", DAY)

    assert result.exit_code == 1
    assert "2 entries in 1 chains, 1 faults." in result.stdout
    assert "has a gap: number 3 follows 1" in result.stderr


def test_the_command_names_what_the_alarm_told_and_what_was_explained(deployed, moderate, audit):
    reader = S3AuditReader(deployed.s3, "audit")
    deployed.s3.put_object(Bucket="audit", Key="entries/0/\x1b[31mx", Body=b"")
    [told] = check_audit(reader, datetime.now(UTC)).faults

    result = moderate("audit", "verify", "--since", DAY)

    assert result.exit_code == 1 and told in result.stderr.replace("\n", "") and "\x1b[31mx" not in result.stderr
    check_audit(reader, datetime.now(UTC) + timedelta(seconds=1), "It was a test. Ann")
    result = moderate("audit", "verify", "--since", DAY)
    assert result.exit_code == 0 and f"Explained: {told}" in result.stdout.replace("\n", "")
