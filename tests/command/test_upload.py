"""`moderate upload`."""

import json
import os
import threading
import time

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from moderation.domain.image_ref import ImageRef


@pytest.fixture
def folder(tmp_path):
    for name in ("a.jpg", "sub/b.png", "sub/c d+é.gif"):
        (tmp_path / "pics" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pics" / name).write_bytes(name.encode())
    return tmp_path / "pics"


@pytest.fixture
def machine(deployed):
    """Decides on whatever is uploaded, a moment later."""
    stop = threading.Event()

    def decide_all():
        known = set()
        while not stop.is_set():
            for version in deployed.s3.list_object_versions(Bucket="intake").get("Versions", []):
                image = ImageRef("intake", version["Key"], version["VersionId"])
                if image not in known and "slow" not in image.key:
                    known.add(image)
                    deployed.put_unsafe(image)
            time.sleep(0.05)

    thread = threading.Thread(target=decide_all)
    thread.start()
    yield
    stop.set()
    thread.join()


def test_a_folder_is_uploaded_under_the_intake_prefix_and_each_upload_names_its_version(deployed, moderate, folder):
    result = moderate("upload", folder, "--prefix", "p/", "--reference", "user-1", "--json")

    assert result.exit_code == 0
    uploaded = json.loads(result.stdout)
    assert [done["key"] for done in uploaded] == ["in/p/a.jpg", "in/p/sub/b.png", "in/p/sub/c d+é.gif"]
    for done in uploaded:
        stored = deployed.s3.get_object(Bucket="intake", Key=done["key"], VersionId=done["version"])
        assert stored["Metadata"] == {"reference": "user-1"}
    assert stored["ContentType"] == "image/gif"


def test_waiting_shows_every_verdict_with_its_strongest_answer_and_where_it_was_seen(
    deployed, machine, moderate, folder
):
    result = moderate("upload", folder, "--wait")

    assert result.exit_code == 0
    rows = [line for line in result.stdout.splitlines() if "unsafe" in line]
    assert len(rows) == 3
    assert all("Violence" in row and "The judge sees a gun." in row and "0.97" in row for row in rows)
    assert all(" full " in row for row in rows)


def test_more_images_than_one_read_takes_are_waited_for(deployed, machine, moderate, folder, monkeypatch):
    monkeypatch.setattr("moderate.upload._BATCH", 2)

    result = moderate("upload", folder, "--wait", "--json")

    assert result.exit_code == 0
    assert [done["verdict"] for done in json.loads(result.stdout)] == ["unsafe"] * 3


def test_time_running_out_fails_and_names_those_without_a_verdict(deployed, machine, moderate, tmp_path):
    for name in ("quick.jpg", "slow.jpg"):
        (tmp_path / name).write_bytes(b"x")

    result = moderate("upload", tmp_path, "--wait", "--timeout", "2", "--json")

    assert result.exit_code == 1
    assert "slow.jpg" in result.stderr and "quick.jpg" not in result.stderr
    assert [done["verdict"] for done in json.loads(result.stdout)] == ["unsafe", None]


def test_two_files_that_would_get_one_key_are_refused_before_anything_is_uploaded(deployed, moderate, tmp_path):
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "a.jpg").write_bytes(b"x")

    result = moderate("upload", tmp_path / "one" / "a.jpg", tmp_path / "two" / "a.jpg")

    assert result.exit_code == 1
    assert "--prefix" in result.stderr
    assert "Versions" not in deployed.s3.list_object_versions(Bucket="intake")


def test_hidden_files_and_folders_are_skipped_unless_they_are_named(deployed, moderate, folder):
    (folder / ".git").mkdir()
    for name in (".DS_Store", ".git/config", "sub/.hidden.jpg"):
        (folder / name).write_bytes(b"x")

    assert [done["key"] for done in json.loads(moderate("upload", folder, "--json").stdout)] == [
        "in/a.jpg",
        "in/sub/b.png",
        "in/sub/c d+é.gif",
    ]
    named = moderate("upload", folder / "sub/.hidden.jpg", "--json")
    assert [done["key"] for done in json.loads(named.stdout)] == ["in/.hidden.jpg"]


def unsendable(folder) -> dict[str, str]:
    """Put files into the folder that can't be sent; returns the reasons by what is shown of their names."""
    os.mkfifo(folder / "pipe.jpg")
    (folder / "broken.jpg").symlink_to("nowhere")
    (folder / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"x")
    deep = folder.joinpath(*["d" * 250] * 5)
    deep.mkdir(parents=True)
    (deep / "deep.jpg").write_bytes(b"x")
    return {
        "pipe.jpg": "it is no regular file",
        "broken.jpg": "No such file or directory",
        "caf\ufffd.jpg": "its name isn't UTF-8",
        "deep.jpg": "S3 takes 1024",
    }


def test_files_that_cannot_be_sent_are_named_and_the_others_sent(deployed, moderate, folder):
    reasons = unsendable(folder)

    result = moderate("upload", folder)

    assert result.exit_code == 1
    assert all(name in result.stdout for name in ("in/a.jpg", "in/sub/b.png", "in/sub/c d+é.gif"))
    lines = result.stderr.splitlines()
    assert len(lines) == len(reasons)
    for name, reason in reasons.items():
        assert any(f"{name}: " in line and reason in line for line in lines), name


def test_json_names_what_was_not_sent_and_waits_for_the_rest(deployed, machine, moderate, folder):
    reasons = unsendable(folder)

    result = moderate("upload", folder, "--wait", "--json")

    assert result.exit_code == 1
    rows = json.loads(result.stdout)
    assert [row["verdict"] for row in rows if row["error"] is None] == ["unsafe"] * 3
    failed = [row for row in rows if row["error"]]
    assert len(failed) == len(reasons)
    assert all(row["key"] is None and row["version"] is None for row in failed)
    assert any(os.fsencode(row["file"]).endswith(b"caf\xe9.jpg") for row in failed)


def refuse(monkeypatch, key: str, code: str) -> None:
    """Let S3 refuse the upload of a key."""
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # not part of its API

    def refused(self, operation, parameters):
        if operation == "PutObject" and parameters["Key"] == key:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)
        return call(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", refused)


def test_an_upload_that_s3_refuses_stops_no_other(deployed, moderate, folder, monkeypatch):
    refuse(monkeypatch, "in/a.jpg", "AccessDenied")

    result = moderate("upload", folder, "--json")

    assert result.exit_code == 1
    assert [row["key"] for row in json.loads(result.stdout)] == ["in/sub/b.png", "in/sub/c d+é.gif", None]
    assert "a.jpg: These credentials may not call PutObject" in result.stderr


def test_credentials_that_expire_stop_it(deployed, moderate, folder, monkeypatch):
    refuse(monkeypatch, "in/a.jpg", "ExpiredToken")

    result = moderate("upload", folder)

    assert result.exit_code == 1
    assert "doesn't accept these credentials" in result.stderr and "Not sent" not in result.stderr


def test_nothing_but_unsendable_files_is_no_table(deployed, moderate, tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")

    result = moderate("upload", tmp_path)

    assert (result.exit_code, result.stdout) == (1, "")
    assert "Not sent" in result.stderr


@pytest.mark.parametrize("arguments", [["missing.jpg"], [], ["/", "--reference", "é"]])
def test_wrong_usage_has_exit_status_2(moderate, arguments):
    assert moderate("upload", *arguments).exit_code == 2


def test_an_empty_folder_is_a_sentence(moderate, tmp_path):
    result = moderate("upload", tmp_path)

    assert result.exit_code == 1
    assert "no files" in result.stderr


def test_an_unversioned_bucket_is_a_sentence(deployed, moderate, folder, monkeypatch):
    deployed.s3.create_bucket(Bucket="plain")
    monkeypatch.setattr("moderate.deployment.Deployment.intake_bucket", "plain")

    result = moderate("upload", folder)

    assert result.exit_code == 1
    assert "versioning" in result.stderr
