"""The audit log on S3: entries are added and nothing else, and no number is given twice."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Lock

import boto3
import pytest
from botocore.exceptions import ClientError

from moderation.adapters.s3_audit import AT_ONCE, S3AuditLog, S3AuditReader
from moderation.domain.audit import MOST_BYTES, AuditEvent, Head, entry, read_event, seal
from moderation.domain.people import Person
from moderation.domain.record import utc
from moderation.errors import Misconfigured, StoreUnavailable
from moderation.usecases.browse_audit import Wanted, browse_audit
from moderation.usecases.check_audit import check_audit, last_check, verify_audit

AUDITOR = Person(id="s-1", pseudonym="p-auditor", roles=frozenset({"auditor"}))

NOW = datetime.now(UTC)  # at which the bucket takes what is written
DAY = f"{NOW:%Y-%m-%d}"
SOON = NOW + timedelta(minutes=5)


def event(number: int = 0, at: str = utc(NOW)) -> AuditEvent:
    return AuditEvent(action="reveal", who="p-1", at=at, image="a" * 32, facts={"number": number})


@pytest.fixture
def audit(s3):
    s3.create_bucket(Bucket="audit", ObjectLockEnabledForBucket=True)
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 5}}}
    s3.put_object_lock_configuration(Bucket="audit", ObjectLockConfiguration=lock)
    return S3AuditLog(s3, "audit")


@pytest.fixture
def reader(s3, audit):
    return S3AuditReader(s3, "audit")


def test_events_come_back_in_order_and_hold_together(audit, reader):
    for number in range(12):
        audit.append(event(number))

    assert [read_event(file).facts["number"] for file in reader.entries(DAY)] == list(range(12))
    assert verify_audit(reader, DAY, SOON).faults == []


def test_many_are_read_at_once_and_come_in_their_order(s3, reader, monkeypatch):
    """Each takes 10 ms, as of a bucket that is somewhere else: one by one they would take five seconds."""
    head = Head()
    for number in range(500):
        file, head = entry(event(number), f"{DAY}/w1", head)
        s3.put_object(Bucket="audit", Key=file.key, Body=file.body, ChecksumAlgorithm="SHA256")
    real, together, most, lock = s3.get_object, 0, 0, Lock()

    def slowly(**given):
        nonlocal together, most
        with lock:
            together += 1
            most = max(most, together)
        time.sleep(0.01)
        with lock:
            together -= 1
        return real(**given)

    monkeypatch.setattr(s3, "get_object", slowly)

    assert [read_event(file).facts["number"] for file in reader.entries(DAY)] == list(range(500))
    assert 1 < most <= AT_ONCE


def test_a_file_that_can_not_be_read_stops_the_check(s3, audit, reader, monkeypatch):
    for number in range(3):
        audit.append(event(number))

    def refused(**given):
        raise ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")

    monkeypatch.setattr(s3, "get_object", refused)
    with pytest.raises(StoreUnavailable):
        list(reader.entries(DAY))


def sealed_away(s3, key: str) -> None:
    """Encrypted with a key that nobody else may use."""
    s3.put_object(Bucket="audit", Key=key, Body=b"x")
    real = s3.get_object

    def refused(**given):
        if given["Key"] == key:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")
        return real(**given)

    s3.get_object = refused


def archived(s3, key: str) -> None:
    s3.put_object(Bucket="audit", Key=key, Body=b"x", StorageClass="DEEP_ARCHIVE")


def huge(s3, key: str) -> None:
    s3.put_object(Bucket="audit", Key=key, Body=b" " * (MOST_BYTES + 1))


def in_parts(s3, key: str) -> None:
    """Begun before, and so of an earlier time than what is in it."""
    place = {"Bucket": "audit", "Key": key}
    upload = s3.create_multipart_upload(**place)["UploadId"]
    part = s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"{}")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload=parts)


@pytest.mark.parametrize(
    ("add", "why"),
    [
        (sealed_away, "S3 answers AccessDenied"),
        (archived, "S3 answers InvalidObjectState"),
        (huge, "it has more than 65536 bytes"),
        (in_parts, "it was uploaded in parts"),
    ],
)
def test_an_object_that_nobody_can_read_is_a_fault_and_stops_no_check(s3, audit, reader, add, why):
    for number in range(3):
        audit.append(event(number))
    add(s3, key := f"entries/{DAY}/0/000001.json")

    checked = check_audit(reader, SOON)

    [fault] = checked.faults
    assert fault.startswith(f"{key} can't be read: {why}") and checked.entries == 4
    assert list(verify_audit(reader, DAY, SOON).faults) == [fault]
    assert sum(seen.event is None for seen in browse_audit(reader, AUDITOR, Wanted()).entries) == 1


def put_over(s3, key: str) -> None:
    s3.put_object(Bucket="audit", Key=key, Body=s3.get_object(Bucket="audit", Key=key)["Body"].read() + b" ")


def deleted(s3, key: str) -> None:
    s3.delete_object(Bucket="audit", Key=key)


@pytest.mark.parametrize("alter", [put_over, deleted])
def test_the_last_entry_of_today_shows_when_it_is_put_over_or_deleted(s3, audit, reader, alter):
    audit.append(event())
    [stored] = reader.entries(DAY)
    assert check_audit(reader, SOON).faults == []

    alter(s3, stored.key)

    [fault] = verify_audit(reader, DAY, SOON).faults
    assert fault == f"{stored.key} can't be read: it was put over or deleted, for the bucket has 2 versions of it."
    assert list(check_audit(reader, SOON + timedelta(minutes=1)).faults) == [fault]


def test_versions_of_many_entries_are_told_apart(s3, audit, reader, monkeypatch):
    for number in range(5):
        audit.append(event(number))
    altered = [file.key for file in reader.entries(DAY)][1:4]
    for key in altered:
        put_over(s3, key)
    listed = s3.list_object_versions
    monkeypatch.setattr(s3, "list_object_versions", lambda **given: listed(**given | {"MaxKeys": 3}))

    assert [file.key for file in reader.entries(DAY) if file.unread] == altered


def test_objects_of_any_name_are_faults_and_stop_no_check(s3, audit, reader):
    audit.append(event())
    for key in ("entries/x", "entries/0/x", "entries//x", f"entries/{DAY}/a b\n", f"entries/{DAY}/%41+é/x", "entries/"):
        s3.put_object(Bucket="audit", Key=key, Body=b"x")

    faults = check_audit(reader, SOON).faults

    assert len(faults) == 2 and "holds 4 folders or files" in faults[0] and "holds 2 objects" in faults[1]


def test_a_right_to_read_that_is_missing_seals_nothing(s3, audit, reader, monkeypatch):
    audit.append(event())
    check_audit(reader, SOON)

    def refused(**given):
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")

    monkeypatch.setattr(s3, "get_object", refused)
    with pytest.raises(Misconfigured):
        check_audit(reader, NOW + timedelta(days=2))


def test_an_entry_that_is_written_for_another_time_shows(audit, reader):
    """The bucket's time is nobody's who writes."""
    audit.append(event(at=utc(NOW - timedelta(days=3))))

    [fault] = verify_audit(reader, "2026-11-01", SOON).faults

    assert "and not at the time it names" in fault


def test_entries_are_listed_with_the_time_at_which_they_were_written(audit, reader):
    for number in range(3):
        audit.append(event(number))

    listed = sorted(reader.listed(DAY))

    assert [file.key for file in reader.read([one.key for one in listed])] == [one.key for one in listed]
    assert {one.day for one in listed} == {DAY}
    assert all(datetime.fromisoformat(one.written_at).tzinfo for one in listed)


def test_the_result_of_the_last_check_is_kept_with_those_before(audit, reader):
    audit.append(event())
    assert last_check(reader) is None

    for minutes in (5, 6):
        check_audit(reader, NOW + timedelta(minutes=minutes))

    found = last_check(reader)
    assert found and (found.at, found.entries, found.broken_since) == (utc(NOW + timedelta(minutes=6)), 1, "")


def test_writers_at_once_have_chains_of_their_own(s3, audit, reader):
    others = [S3AuditLog(s3, "audit"), audit]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: others[number % 2].append(event(number)), range(40)))

    checked = verify_audit(reader, DAY, SOON)
    assert (checked.entries, checked.chains, checked.faults) == (40, 2, [])


def test_each_day_has_a_chain_of_its_own(audit, reader):
    for day in ("2026-11-27", "2026-11-28"):
        audit.append(event(at=f"{day}T23:59:59.999Z"))

    assert list(reader.entry_days()) == ["2026-11-27", "2026-11-28"]


def test_after_a_write_that_may_have_been_stored_another_chain_begins(s3, audit, reader, monkeypatch):
    audit.append(event(1))
    real = s3.put_object

    def stored_but_unanswered(**given):
        real(**given)
        raise ClientError({"Error": {"Code": "SlowDown"}}, "PutObject")

    monkeypatch.setattr(s3, "put_object", stored_but_unanswered)
    with pytest.raises(StoreUnavailable):
        audit.append(event(2))
    monkeypatch.undo()
    audit.append(event(3))

    checked = verify_audit(reader, DAY, SOON)
    assert (checked.entries, checked.chains, checked.faults) == (3, 2, [])


def test_what_is_there_is_neither_replaced_nor_deleted(s3, audit, reader):
    audit.append(event())
    [file] = reader.entries(DAY)
    reader.add_seal(seal(DAY, {}, None))

    with pytest.raises(StoreUnavailable, match="in the audit bucket already"):
        reader.add_seal(seal(DAY, {}, b"another"))
    [version] = s3.list_object_versions(Bucket="audit", Prefix=file.key)["Versions"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket="audit", Key=file.key, VersionId=version["VersionId"])


def test_a_bucket_that_fails_stops_whoever_wants_to_write(s3):
    with pytest.raises(Exception, match="Audit bucket gone"):
        S3AuditLog(boto3.client("s3"), "gone").append(event())
