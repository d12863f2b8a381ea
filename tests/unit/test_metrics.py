"""Metrics of the handlers, read as CloudWatch reads them: the alarms depend on these."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from moderation import observability, wiring
from moderation.adapters.s3_canary import shipped_canary
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import since_upload, utc
from moderation.domain.work_files import Workspace
from moderation.errors import Misconfigured, PermanentError, StoreUnavailable
from moderation.handlers import (
    ask_canary,
    check_audit,
    finalise,
    judge_image,
    measure_drift,
    notify,
    prepare_image,
    query_image,
    read_image,
    record_failure,
    record_verdict,
    sweep_claims,
    vouch,
)
from moderation.ports import ScoredText, VisionReply
from tests.support.fakes import (
    FakeAuditFiles,
    FakeExecutions,
    FakeJudge,
    FakePublisher,
    FakeReader,
    FakeVerdicts,
    FakeVision,
    FakeWork,
)
from tests.support.metrics import EMITTED, Context, printed
from tests.unit import prepared
from tests.unit.judged import IMAGE, ME, WORKSPACE, judged_work, parts
from tests.unit.packs import PACK
from tests.unit.review.desk import ANNA, Desk

OURS = (("service", "moderation"),)
NOW = "2026-11-23T10:00:00.000Z"


@pytest.fixture
def reported(monkeypatch, capsys):
    """Invokes a handler with its parts; {(name, dimensions beside the service): value} of what it printed."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "moderation")
    untraced = SimpleNamespace(capture_lambda_handler=lambda **_: lambda handler: handler)
    monkeypatch.setattr(observability, "tracer", lambda: untraced)  # importing the X-Ray SDK opens a socket
    observability.metrics.clear_metrics()  # what tests counted without a handler to print it

    def invoke(module, made, event):
        monkeypatch.setattr(wiring, module.__name__.rsplit(".", 1)[-1], lambda: made)
        capsys.readouterr()
        module.handler(event, Context())
        metrics = printed(capsys.readouterr().out)
        assert {metric.namespace for metric in metrics} == {"ImageModeration"}
        assert all(set(OURS) <= set(metric.dimensions) for metric in metrics)
        return {(m.name, *(pair for pair in m.dimensions if pair not in OURS)): m.value for m in metrics}

    return invoke


def record(made, reported, **state):
    given = {"bucket": IMAGE.bucket, "key": IMAGE.key, "version": IMAGE.version, "size": 1, **state}
    event = {"execution": ME, "started_at": utc(datetime.now(UTC)), "input": given}
    return reported(record_verdict, made, event)


def test_a_verdict_is_counted_by_kind_and_timed_from_its_upload(reported):
    uploaded = datetime.now(UTC) - timedelta(seconds=90)

    metrics = record(
        parts(judged_work()), reported, work={"prefix": WORKSPACE.prefix}, time=uploaded.strftime("%Y-%m-%dT%H:%M:%SZ")
    )

    kinds = (("category", "Violence"), ("decided_by", "judge"), ("verdict", "unsafe"))
    assert metrics["Verdicts", *kinds] == 1
    assert (metrics["Decided",], metrics["Reviewed",]) == (1, 0)
    assert 90_000 <= metrics["UploadToVerdictMilliseconds",] < 95_000
    assert 0 <= metrics["RecordMilliseconds",] < 5_000


@pytest.mark.parametrize("error", [error.__name__ for error in PermanentError.__subclasses__()])
def test_an_image_that_no_retry_helps_is_counted_by_its_error_and_as_a_review(reported, error):
    metrics = record(parts(FakeWork()), reported, rejection={"Error": error, "Cause": ""})

    assert metrics["Rejections", ("error", error)] == 1
    assert (metrics["Decided",], metrics["Reviewed",]) == (1, 1)


def test_a_verdict_that_another_preceded_is_not_measured(reported):
    made = parts(judged_work())
    made.verdicts.records[IMAGE] = {"owner": ME, "verdict": "safe", "decided_by": "person"}

    metrics = record(made, reported, work={"prefix": WORKSPACE.prefix})

    assert metrics.keys() == {("VerdictsSuperseded",), ("RecordMilliseconds",)}


@pytest.mark.parametrize("time", ["t", None, 7, "2026-11-23", "0001-01-01"])
def test_an_upload_whose_time_was_given_by_hand_gets_its_verdict_all_the_same(reported, time):
    metrics = record(parts(judged_work()), reported, work={"prefix": WORKSPACE.prefix}, time=time)

    assert metrics["UploadToVerdictMilliseconds",] >= 0
    assert metrics["Decided",] == 1


def test_the_wait_is_counted_in_milliseconds_and_never_negative():
    start, now = "2026-11-23T10:00:00.000Z", "2026-11-23T10:00:02.500Z"

    assert since_upload("2026-11-23T09:59:58Z", start, now) == 4_500
    assert since_upload("no time", start, now) == 2_500
    assert since_upload("2026-11-23T10:00:03Z", start, now) == 0


@pytest.mark.parametrize(("status", "seconds"), [("RUNNING", 7200), ("FAILED", 0)])
def test_the_sweeper_says_how_long_the_oldest_upload_at_work_has_waited(reported, status, seconds):
    verdicts = FakeVerdicts()
    for key, age in (("new", 3600), ("old", 7200)):
        made_at = utc(datetime.now(UTC) - timedelta(seconds=age))
        verdicts.records[ImageRef("intake", key, "v")] = {"owner": key, "created_at": made_at}
    executions = FakeExecutions({"new": status, "old": status})

    metrics = reported(sweep_claims, wiring.SweepPorts(verdicts, FakePublisher(), executions), {})

    assert metrics["OldestUndecidedSeconds",] == pytest.approx(seconds, abs=5)


def test_the_sweeper_counts_what_it_did_with_each_claim_even_if_it_fails_at_a_later_one(reported, capsys, monkeypatch):
    verdicts, executions = FakeVerdicts(), FakeExecutions({})
    for key in ("first", "second"):
        verdicts.records[ImageRef("intake", key, "v")] = {"owner": key, "created_at": NOW}

    def find(execution: str) -> None:
        if execution == "second":
            raise StoreUnavailable("Step Functions can't be reached.")

    monkeypatch.setattr(executions, "find", find)

    with pytest.raises(StoreUnavailable):
        reported(sweep_claims, wiring.SweepPorts(verdicts, FakePublisher(failing=True), executions), {})

    counted = {metric.name: metric.value for metric in printed(capsys.readouterr().out)}
    assert (counted["FailuresRecorded"], counted["SweptUnpublished"]) == (1, 1)


def test_a_decision_that_nobody_vouched_for_is_counted_and_its_image_named(reported, capsys, monkeypatch):
    desk = Desk()
    made = desk.wait("f.jpg")
    desk.decide(ANNA, made)
    del desk.verdicts.records[made]["vouched"]
    logged = []
    monkeypatch.setattr(observability.logger, "info", lambda text, **facts: logged.append((text, facts)))

    metrics = reported(finalise, wiring.FinalisePorts(desk.review, desk.deciding), {})

    assert metrics["DecisionsUnvouched",] == metrics["DecisionsRefused",] == 1
    assert (made.id, "NotVouched") in [(facts.get("image_id"), facts.get("error")) for _, facts in logged]


@pytest.mark.parametrize("forged", [{"skipped_by": 5}, {"category": ["a"]}, {}], ids=str)
def test_items_that_nobody_can_read_are_counted_among_the_unseen_and_named(reported, monkeypatch, forged):
    desk = Desk()
    made = desk.wait("broken.jpg", "Violence", hours_ago=9, **forged)
    desk.wait("good.jpg", "Violence", hours_ago=3)
    logged = []
    monkeypatch.setattr(observability.logger, "error", lambda text, **facts: logged.append(facts))

    metrics = reported(finalise, wiring.FinalisePorts(desk.review, desk.deciding), {"ahead": True})

    assert metrics["ReviewsUnseen",] == len(logged) == (1 if forged else 0)
    assert logged == ([{"image_id": made.id}] if forged else [])


def test_an_item_whose_policy_is_gone_is_counted_among_the_unseen(reported, capsys):
    desk = Desk()
    desk.wait("a.jpg", "Violence", sorted_in=False, policy={"name": "x", "digest": "gone"})

    with pytest.raises(Misconfigured, match="1 items of the queue can't be sorted"):
        reported(finalise, wiring.FinalisePorts(desk.review, desk.deciding), {})

    assert {metric.name: metric.value for metric in printed(capsys.readouterr().out)}["ReviewsUnseen"] == 1


def test_a_record_that_is_no_news_is_not_counted_as_a_notification(reported):
    parts = wiring.NotifyPorts(FakeVerdicts(), FakePublisher())
    event = {"bucket": IMAGE.bucket, "key": IMAGE.key, "version": IMAGE.version, "execution": ME}

    assert reported(notify, parts, event)["Notifications",] == 0


def test_the_handlers_print_every_metric_that_alarms_and_page_may_name_and_no_other(reported):
    seen: dict[str, tuple[str, ...]] = {}
    for module, made, event in everything():
        for name, *dimensions in reported(module, made, event):
            assert seen.setdefault(name, tuple(key for key, _ in dimensions)) == tuple(key for key, _ in dimensions)

    assert seen == EMITTED


def test_shadow_packs_without_a_verdict_are_counted(reported):
    preparing = prepared.made()
    policies = replace(preparing.policies.policies, broken_shadow={"gone": "No such pack.", "bad": "No YAML."})
    preparing.policies.policies = policies
    state = {"bucket": prepared.FIRST.bucket, "key": prepared.FIRST.key, "version": prepared.FIRST.version}
    prefix = Workspace.of(prepared.FIRST, ME).prefix
    quiet = VisionReply("b", (ScoredText("no", 0.01, 0.0), ScoredText("no", 0.01, 0.0)), "a house")
    safe = '{"flag": "safe", "category": null, "reason": "Nothing."}'

    reported(prepare_image, preparing, {**state, "execution": ME})
    reported(query_image, wiring.QueryPorts(preparing.work, FakeVision(quiet)), {"prefix": prefix, "query": 0})

    judging = wiring.JudgePorts(preparing.work, FakeJudge(safe))
    assert reported(judge_image, judging, {"prefix": prefix})["ShadowErrors",] == 2


def everything():
    """Handlers with parts and events that between them lead to every metric."""
    first, second = prepared.FIRST, prepared.SECOND
    preparing = prepared.made(replace(PACK, judge="when_flagged"))
    for image in (first, second):
        state = {"bucket": image.bucket, "key": image.key, "version": image.version}
        prefix = Workspace.of(image, ME).prefix
        preparing.verdicts.records[image] = {"owner": ME}
        yield prepare_image, preparing, {**state, "execution": ME}
        if image == first:
            quiet = VisionReply("b", (ScoredText("no", 0.01, 0.0), ScoredText("no", 0.01, 0.0)), "a house")
            yield query_image, wiring.QueryPorts(preparing.work, FakeVision(quiet)), {"prefix": prefix, "query": 0}
            yield read_image, wiring.ReadPorts(preparing.images, preparing.work, FakeReader()), {"prefix": prefix}
        yield judge_image, wiring.JudgePorts(preparing.work, FakeJudge()), {"prefix": prefix}
        recording = wiring.RecordPorts(preparing.images, preparing.work, preparing.verdicts, notify_safe=True)
        event = {"execution": ME, "started_at": NOW, "input": {**state, "size": 1, "work": {"prefix": prefix}}}
        yield record_verdict, recording, event
        yield notify, wiring.NotifyPorts(preparing.verdicts, FakePublisher()), {**state, "execution": ME}
    yield record_verdict, recording, event | {"execution": "another"}
    rejected = {"bucket": "intake", "key": "c", "version": "v", "rejection": {"Error": "InvalidPolicy", "Cause": ""}}
    preparing.verdicts.records[ImageRef("intake", "c", "v")] = {"owner": ME}
    yield record_verdict, recording, {"execution": ME, "started_at": NOW, "input": rejected}
    given = json.dumps({"bucket": "intake", "key": "d", "version": "v"})
    ended = {"executionArn": ME, "status": "ABORTED", "startDate": 0, "input": given}
    yield record_failure, wiring.NotifyPorts(FakeVerdicts(), FakePublisher()), {"detail": ended}
    vanished = FakeVerdicts()
    vanished.records[ImageRef("intake", "e", "v")] = {"owner": ME, "created_at": NOW}
    awake = SimpleNamespace(is_awake=lambda: True)
    right = VisionReply("b", (ScoredText("yes", 0.9), ScoredText("no", 0.1)), None)
    yield ask_canary, wiring.CanaryPorts(awake, SimpleNamespace(canary=shipped_canary), FakeVision(right)), {}
    yield measure_drift, wiring.DriftPorts("intake", FakeVerdicts()), {}
    yield check_audit, FakeAuditFiles(), {}
    desk = Desk()
    made = desk.wait("f.jpg", hours_ago=100)
    one = {"bucket": made.bucket, "key": made.key, "version": made.version, "pending": desk.decide(ANNA, made)}
    signed_in = SimpleNamespace(subject_of=lambda token: token)
    asked = {**one, "digest": "0" * 64, "token": ANNA.id}
    yield vouch, wiring.PersonVouchPorts(signed_in, desk.vouching), asked
    yield finalise, wiring.FinalisePorts(desk.review, desk.deciding), one
    stuck = Desk(publisher=FakePublisher(failing=True))
    stuck.decide(ANNA, stuck.wait("g.jpg", "Violence"), "unsafe")
    yield finalise, wiring.FinalisePorts(stuck.review, stuck.deciding), {}
    yield sweep_claims, wiring.SweepPorts(vanished, FakePublisher(failing=True), FakeExecutions({})), {}
