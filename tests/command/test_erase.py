"""`moderate erase`: nothing of the upload is left, everything else is, and a note says that it was done."""

import json

import pytest
from botocore.client import BaseClient

from moderation.adapters.s3_work import S3WorkStore
from moderation.domain.work_files import Workspace
from tests.command.history import OWNER

SHA256 = "5e" * 32


@pytest.fixture
def upload(deployed):
    """An unsafe image with all that the pipeline leaves of one."""
    return put_upload(deployed, "in/a.jpg")


def put_upload(deployed, key, **attributes):
    image = deployed.put_object(key)
    deployed.put_unsafe(image, sha256=SHA256, **attributes)
    workspace = Workspace.of(image, OWNER)
    for file in (workspace.manifest, workspace.judgement, workspace.view("full"), workspace.evidence):
        deployed.work(file, {"of": key})
    return image


def everything(deployed) -> str:
    """All names and contents in the intake bucket, the work bucket and the table, as text."""
    stored = deployed.s3.list_object_versions(Bucket="intake")
    work = [
        (found["Key"], deployed.s3.get_object(Bucket="work", Key=found["Key"])["Body"].read().decode())
        for found in deployed.s3.list_objects_v2(Bucket="work").get("Contents", [])
    ]
    items = deployed.dynamodb.scan(TableName="verdicts")["Items"]
    return json.dumps([stored.get("Versions", []), stored.get("DeleteMarkers", []), work, items], default=str)


def notes(deployed) -> dict[str, dict[str, dict]]:
    """Prefix of a note → its files by name."""
    found: dict[str, dict[str, dict]] = {}
    listed = deployed.s3.list_objects_v2(Bucket="work", Prefix="provenance/erasures/").get("Contents", [])
    for key in (file["Key"] for file in listed):
        prefix, name = key.rsplit("/", 1)
        body = deployed.s3.get_object(Bucket="work", Key=key)["Body"].read()
        found.setdefault(prefix, {})[name] = json.loads(body)
    return found


def test_every_version_goes_with_records_evidence_and_work(deployed, moderate, upload):
    newer = put_upload(deployed, upload.key)
    deployed.s3.delete_object(Bucket="intake", Key=upload.key)

    result = moderate("erase", upload.key, "--yes")

    assert result.exit_code == 0
    left = everything(deployed)
    for trace in (upload.key, upload.version, newer.version, upload.id, newer.id, SHA256, "The judge sees a gun."):
        assert trace not in left
    assert "provenance/packs" in left, "a policy isn't the upload's"


def test_what_is_of_other_uploads_stays(deployed, moderate, upload):
    others = [put_upload(deployed, key) for key in ("in/a.jpg.bak", "in/a", "in/b.jpg")]

    moderate("erase", upload.key, "--yes")

    for other in others:
        assert deployed.record(other)["verdict"] == "unsafe"
        assert deployed.s3.head_object(Bucket="intake", Key=other.key, VersionId=other.version)
        assert deployed.s3.head_object(Bucket="work", Key=Workspace.of(other, OWNER).evidence)


def test_a_verdict_that_was_taken_over_stays_and_forgets_from_where(deployed, moderate, upload):
    copy = put_upload(deployed, "in/copy.jpg", reused_from={"pk": upload.pk, "sk": upload.version})
    deployed.work(Workspace.of(copy, OWNER).manifest, {"reused_from": {"pk": upload.pk}})

    moderate("erase", upload.key, "--yes")

    record = deployed.record(copy)
    assert record["verdict"] == "unsafe" and record["evidence"]
    assert upload.pk not in everything(deployed)


def test_the_note_says_who_when_and_how_much_but_not_what(deployed, moderate, upload):
    put_upload(deployed, "in/copy.jpg", reused_from={"pk": upload.pk, "sk": upload.version})
    deployed.s3.delete_object(Bucket="intake", Key=upload.key)

    result = moderate("erase", upload.key, "--yes")

    [(prefix, files)] = notes(deployed).items()
    begun, ended = files["started.json"], files["ended.json"]
    assert prefix in result.stdout
    assert prefix.startswith(f"provenance/erasures/{begun['created_at'][:10]}/")
    assert begun["who"] == ended["who"] == "arn:aws:sts::123456789012:assumed-role/Eraser/moto"
    assert begun["created_at"] == ended["created_at"] <= ended["finished_at"]
    assert ended["erased"] == {
        "object versions": 1,
        "delete markers": 1,
        "records": 1,
        "work files": 3,
        "evidence files": 1,
        "reuse references": 1,
    }
    for trace in (upload.key, upload.version, upload.id, SHA256):
        assert trace not in json.dumps(files)


def test_a_note_is_written_on_the_condition_that_nothing_lies_there(deployed, moderate, upload, monkeypatch):
    written, real = [], S3WorkStore.put_if_absent

    def put(work, key, value):
        written.append(key)
        real(work, key, value)

    monkeypatch.setattr(S3WorkStore, "put_if_absent", put)

    moderate("erase", upload.key, "--yes")

    assert [key.rsplit("/", 1)[-1] for key in written] == ["started.json", "ended.json"]
    items = deployed.dynamodb.scan(TableName="verdicts")["Items"]
    assert not [item for item in items if item["pk"]["S"].startswith("erasure")], "the table can't demand a condition"


def test_one_version_may_go_alone(deployed, moderate, upload):
    newer = put_upload(deployed, upload.key)

    moderate("erase", upload.key, "--version", upload.version, "--yes")

    assert deployed.record(upload) is None
    assert deployed.record(newer)["verdict"] == "unsafe"
    assert upload.version not in everything(deployed)
    assert deployed.s3.head_object(Bucket="intake", Key=newer.key)["VersionId"] == newer.version


def test_an_image_that_is_being_moderated_is_left_alone(deployed, moderate, upload):
    claimed = deployed.put_object(upload.key)
    deployed.put_record(claimed)
    before = everything(deployed)

    result = moderate("erase", upload.key, "--yes")

    assert result.exit_code == 1
    assert "being moderated" in result.stderr and claimed.version in result.stderr
    assert everything(deployed) == before


@pytest.mark.parametrize(("cut_off", "call"), [("DeleteObject", 3), ("DeleteItem", 1), ("UpdateItem", 1)])
def test_what_was_cut_off_is_noted_and_done_again(deployed, moderate, upload, monkeypatch, cut_off, call):
    put_upload(deployed, "in/copy.jpg", reused_from={"pk": upload.pk, "sk": upload.version})
    second = put_upload(deployed, upload.key)
    fail_once(monkeypatch, cut_off, call)

    assert moderate("erase", upload.key, "--yes").exit_code == 1
    assert moderate("erase", upload.key, "--yes").exit_code == 0

    left = everything(deployed)
    for trace in (upload.pk, upload.version, second.version, upload.id, second.id):
        assert trace not in left
    ends = [files["ended.json"] for files in notes(deployed).values()]
    unfinished, finished = sorted(ends, key=lambda end: "finished_at" in end)
    assert "finished_at" not in unfinished and "finished_at" in finished
    assert unfinished["erased"]["object versions"] + finished["erased"]["object versions"] == 2


def fail_once(monkeypatch, operation: str, number: int) -> None:
    """Let the call of that number of an operation go wrong."""
    calls: list[str] = []
    real = BaseClient._make_api_call  # type: ignore[attr-defined]  # not part of its API

    def call(client, name, arguments):
        calls.extend([name] * (name == operation))
        if name == operation and len(calls) == number:
            raise OSError("The line is dead.")
        return real(client, name, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)


def test_repeating_it_finds_nothing_and_notes_nothing(deployed, moderate, upload):
    moderate("erase", upload.key, "--yes")

    result = moderate("erase", upload.key, "--yes")

    assert result.exit_code == 0
    assert "nothing to erase" in result.stdout
    assert len(notes(deployed)) == 1


def test_a_record_whose_object_is_gone_is_erased_too(deployed, moderate, upload):
    deployed.s3.delete_object(Bucket="intake", Key=upload.key, VersionId=upload.version)

    moderate("erase", upload.key, "--yes")

    assert upload.key not in everything(deployed)


def test_an_object_without_a_record_is_erased_too(deployed, moderate):
    image = deployed.put_object()

    moderate("erase", image.key, "--yes")

    assert image.key not in everything(deployed)


def test_it_asks_first_and_shows_what_would_go(deployed, moderate, upload):
    before = everything(deployed)

    result = moderate("erase", upload.key)

    assert result.exit_code == 1
    assert upload.version in result.stdout and "unsafe" in result.stdout
    assert everything(deployed) == before
