"""A backfill of objects that exist already: sources, one verdict each, a stop and a resumption, shadows, a digest."""

import gzip
import json
import os
import subprocess
import sys
import threading
import uuid
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from local.harness.instant_models import NO, SAFE, YES, model_error
from local.harness.stock import unnoticed
from moderation.domain.backfill import Kind, new_run, run_of
from tests.support.waiting import eventually
from tests.workflow.steps import drawing, status_when_ended, tag_of, wait_until_asked

CODE = {"flag": "unsafe", "category": "Suggestive", "reason": "A topless person."}


def start(laptop, source: dict[str, Any], run: str, resumed: int = 0, **selection: Any) -> str:
    """Start a run as the command does; its execution's ARN."""
    given = {
        "run": {"id": run, "selection": selection},
        "source": source,
        "concurrency": 4,
        "tolerated_failure_percentage": 5,
    }
    begun = laptop.client("stepfunctions").start_execution(
        stateMachineArn=laptop.outputs["BackfillArn"], name=f"{run}-{resumed}", input=json.dumps(given)
    )
    return str(begun["executionArn"])


def a_run(kind: Kind = Kind.DIGEST) -> str:
    return new_run(kind, datetime.now(UTC), uuid.uuid4().hex[:6])


def failure(laptop, execution: str) -> str:
    """The words of the run and of its failed children."""
    stepfunctions = laptop.client("stepfunctions")
    runs = stepfunctions.list_map_runs(executionArn=execution)["mapRuns"]
    children = [c for r in runs for c in stepfunctions.list_executions(mapRunArn=r["mapRunArn"])["executions"]]
    told = [
        stepfunctions.describe_execution(executionArn=arn)
        for arn in (execution, *(c["executionArn"] for c in children))
    ]
    return str([(ended["status"], ended.get("error"), ended.get("cause")) for ended in told])


def has_succeeded(laptop, execution: str) -> bool:
    assert status_when_ended(laptop, execution) == "SUCCEEDED", failure(laptop, execution)
    return True


def counts(laptop, execution: str) -> dict[str, int]:
    stepfunctions = laptop.client("stepfunctions")
    [run] = stepfunctions.list_map_runs(executionArn=execution)["mapRuns"]
    found: dict[str, int] = stepfunctions.describe_map_run(mapRunArn=run["mapRunArn"])["itemCounts"]
    return found


@pytest.fixture
def stock(laptop, models):
    """Five drawings under a prefix of their own, by key: their versions."""
    prefix = f"stock-{uuid.uuid4().hex[:8]}/"
    with unnoticed(laptop):
        versions = {f"{prefix}{n} ü+.png": laptop.upload(f"{prefix}{n} ü+.png", drawing()) for n in range(5)}
    yield prefix, versions
    laptop.wait_until_idle()


def test_a_listing_is_moderated_once_and_published_as_a_digest(laptop, models, stock):
    prefix, versions = stock
    queues = {topic: laptop.subscribe_queue(f"{topic}TopicArn") for topic in ("Unsafe", "Review")}
    models.answer = lambda png, prompt: YES if "topless" in prompt else NO
    models.judge = lambda prompt: json.dumps(CODE)
    run = a_run()

    execution = start(laptop, {"kind": "listing", "prefix": prefix}, run, suffixes=[".png"])

    assert has_succeeded(laptop, execution)
    records = {key: laptop.item(key) for key in versions}
    assert {key: record["sk"] for key, record in records.items()} == versions
    assert Counter(record["verdict"] for record in records.values()) == {"unsafe": 5}
    assert {run_of(record["owner"]) for record in records.values()} == {run}
    assert not any("notified" in record for record in records.values())
    assert all(tag_of(laptop, key, version) == {"moderation": "unsafe"} for key, version in versions.items())
    envelope = laptop.receive(queues["Unsafe"])
    digest = json.loads(envelope["Message"])
    assert (digest["digest"], digest["verdict"], digest["categories"]) == (run, "unsafe", {"Suggestive": 5})
    assert envelope["MessageAttributes"]["kind"]["Value"] == "digest"
    assert "verdict" not in envelope["MessageAttributes"]
    for queue in queues.values():
        with pytest.raises(AssertionError, match="No message"):
            laptop.receive(queue, timeout_s=0.3)

    again = start(laptop, {"kind": "listing", "prefix": prefix}, run, resumed=1)

    assert has_succeeded(laptop, again)
    assert {key: laptop.item(key) for key in versions} == records


def test_what_the_selection_leaves_out_is_skipped(laptop, models, stock):
    prefix, versions = stock

    execution = start(laptop, {"kind": "listing", "prefix": prefix}, a_run(), suffixes=[".jpg"])
    later = start(laptop, {"kind": "listing", "prefix": prefix}, a_run(), since="2999-01-01T00:00:00Z")

    assert has_succeeded(laptop, execution)
    assert has_succeeded(laptop, later)
    assert not any(laptop.item(key) for key in versions)
    assert counts(laptop, execution)["succeeded"] == counts(laptop, later)["succeeded"] == 5


def test_each_version_of_a_file_of_lines_is_moderated(laptop, models, stock):
    _, versions = stock
    run, [key, *_] = a_run(), versions
    with unnoticed(laptop):
        newer = laptop.upload(key, drawing(colour="red"))
    lines = [{"key": key, "version": versions[key]}, {"key": key}]
    source = {"kind": "lines", "bucket": laptop.outputs["WorkBucketName"], "key": f"backfill/{run}/items.jsonl"}
    text = "\n".join(map(json.dumps, lines)).encode()
    laptop.client_of("Operator", "s3").put_object(Bucket=source["bucket"], Key=source["key"], Body=text)

    execution = start(laptop, source, run)

    assert has_succeeded(laptop, execution)
    assert laptop.item(key, versions[key])["verdict"] == "safe"
    assert laptop.item(key, newer)["verdict"] == "safe"


def test_an_inventory_is_read_with_its_encoded_keys(laptop, models, stock):
    _, versions = stock
    run, s3, bucket = a_run(), laptop.client_of("Operator", "s3"), laptop.outputs["WorkBucketName"]
    folder = f"backfill/{run}"
    rows = [
        f'"{laptop.outputs["IntakeBucketName"]}","{key.replace(" ", "%20").replace("ü", "%C3%BC").replace("+", "%2B")}"'
        f',"{version}","true","false","7"\n'
        for key, version in versions.items()
    ]
    manifest = {
        "destinationBucket": f"arn:aws:s3:::{bucket}",
        "fileSchema": "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size",
        "files": [{"key": f"{folder}/1.csv.gz"}],
    }
    s3.put_object(Bucket=bucket, Key=f"{folder}/1.csv.gz", Body=gzip.compress("".join(rows).encode()))
    s3.put_object(Bucket=bucket, Key=f"{folder}/manifest.json", Body=json.dumps(manifest).encode())

    execution = start(laptop, {"kind": "inventory", "bucket": bucket, "key": f"{folder}/manifest.json"}, run)

    assert has_succeeded(laptop, execution)
    assert {laptop.item(key)["verdict"] for key in versions} == {"safe"}


def test_a_shadow_run_leaves_no_trace_on_objects_and_topics_and_nothing_in_the_way(laptop, models, stock):
    prefix, versions = stock
    queue = laptop.subscribe_queue("UnsafeTopicArn")
    models.answer = lambda png, prompt: YES if "topless" in prompt else NO
    models.judge = lambda prompt: json.dumps(CODE)
    source, shadow = {"kind": "listing", "prefix": prefix}, a_run(Kind.SHADOW)

    assert has_succeeded(laptop, start(laptop, source, shadow))

    records = [laptop.item(key) for key in versions]
    assert not any("verdict" in record or "notified" in record for record in records)
    assert {record["verdict_shard"].split("#")[0] for record in records} == {"shadow-unsafe"}
    assert not any(tag_of(laptop, key, version) for key, version in versions.items())
    with pytest.raises(AssertionError, match="No message"):
        laptop.receive(queue, timeout_s=0.3)

    assert has_succeeded(laptop, start(laptop, source, a_run(Kind.EACH)))

    assert {laptop.item(key)["verdict"] for key in versions} == {"unsafe"}
    laptop.wait_until_idle()
    assert eventually(lambda: all(laptop.item(key)["notified"] for key in versions))


def test_what_fails_in_a_shadow_run_has_a_shadow_verdict_alone(laptop, models, stock):
    prefix, versions = stock
    queue = laptop.subscribe_queue("ReviewTopicArn")
    models.fail("llama", *[model_error(400)] * len(versions))

    assert has_succeeded(laptop, start(laptop, {"kind": "listing", "prefix": prefix}, a_run(Kind.SHADOW)))

    assert_failed_in_the_shadow(laptop, versions)
    with pytest.raises(AssertionError, match="No message"):
        laptop.receive(queue, timeout_s=0.3)


def test_an_execution_that_ends_without_a_verdict_in_a_shadow_run_has_a_shadow_verdict_alone(laptop, models, stock):
    prefix, versions = stock
    queue, goes_on = laptop.subscribe_queue("ReviewTopicArn"), threading.Event()
    models.judge = lambda prompt: SAFE if goes_on.wait(60) else ""
    run = start(laptop, {"kind": "listing", "prefix": prefix}, a_run(Kind.SHADOW))
    wait_until_asked(models, "llama")

    for execution in laptop.executions("RUNNING"):
        laptop.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])
    goes_on.set()

    assert status_when_ended(laptop, run) == "FAILED"  # more than 5 % of its items did
    begun = eventually(lambda: [key for key in versions if (laptop.item(key) or {}).get("decided_by") == "failure"])
    assert_failed_in_the_shadow(laptop, begun)
    with pytest.raises(AssertionError, match="No message"):
        laptop.receive(queue, timeout_s=0.3)


def assert_failed_in_the_shadow(laptop, keys) -> None:
    """Each has a shadow verdict by a failure, and nothing else."""
    for key in keys:
        record = laptop.item(key)
        assert record["verdict_shard"].startswith("shadow-review#"), record
        assert record["decided_by"] == "failure"
        assert not {"verdict", "notified"} & record.keys()
        assert not tag_of(laptop, key, record["sk"])


def test_a_stopped_run_is_resumed_and_what_was_begun_is_finished(laptop, models, stock):
    prefix, versions = stock
    source, run = {"kind": "listing", "prefix": prefix}, a_run()
    execution = start(laptop, source, run)
    eventually(lambda: laptop.executions("RUNNING"))

    laptop.client_of("Operator", "stepfunctions").stop_execution(executionArn=execution)
    laptop.wait_until_idle()

    begun = {key: record for key in versions if (record := laptop.item(key))}
    assert begun
    assert {record["verdict"] for record in begun.values()} == {"safe"}
    assert has_succeeded(laptop, start(laptop, source, run, resumed=1))
    assert {laptop.item(key)["verdict"] for key in versions} == {"safe"}
    assert {key: laptop.item(key) for key in begun} == begun


def moderate(laptop, *words: str) -> tuple[int, str]:
    """Exit status and output of the command, for the laptop's administrator, who assumes the operator's role."""
    here = {"AWS_ENDPOINT_URL": laptop.url, "AWS_DEFAULT_REGION": "us-east-1"}
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    command = [sys.executable, "-c", "from moderate.entry import run; run()", "backfill", *words]
    done = subprocess.run(command, env=os.environ | here | keys, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_an_operator_plans_starts_follows_cancels_resumes_and_reports(laptop, models, stock, tmp_path):
    prefix, versions = stock
    _, planned = moderate(laptop, "start", "--prefix", prefix, "--suffix", ".PNG", "--dry-run", "--json")
    plan = json.loads(planned)
    assert (plan["listed"], plan["selected"]) == (5, 5)
    assert plan["hours"] >= 0
    assert plan["usd"]["Step Functions"] > 0
    assert not any(quota["hit"] for quota in plan["quotas"])
    assert not any(laptop.item(key) for key in versions)

    status, begun = moderate(laptop, "start", "--prefix", prefix, "--yes", "--no-follow", "--json")
    run = json.loads(begun)["run"]
    assert status == 0

    moderate(laptop, "cancel", run)  # or it has ended already
    laptop.wait_until_idle()
    status, followed = moderate(laptop, "resume", run)
    assert (status, f"{run}: SUCCEEDED, 5 of 5 objects" in followed) == (0, True), followed
    assert {laptop.item(key)["verdict"] for key in versions} == {"safe"}
    assert json.loads(moderate(laptop, "status", run, "--json")[1])["status"] == "SUCCEEDED"

    report = json.loads(moderate(laptop, "report", run, "--json")[1])
    assert report["verdicts"]["safe"] == {"none": 5}
    page = tmp_path / "report.html"
    assert moderate(laptop, "report", run, "--html", str(page))[0] == 0
    assert "<td>safe</td><td>none</td><td>5</td>" in page.read_text()
    assert "http" not in page.read_text()


def test_an_operator_checks_that_nothing_would_be_locked(laptop, models, stock):
    assert moderate(laptop, "check")[0] == 1

    status, output = moderate(laptop, "start", "--yes")

    assert status == 0, output
    assert moderate(laptop, "check")[0] == 0, moderate(laptop, "check")[1]
