"""A use case has the same effect whoever calls it: a handler, the command, or code of its own on the same ports."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

import moderate.main
from moderation import observability, wiring
from moderation.domain.execution_event import ended_execution
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import utc
from moderation.handlers import notify as notify_handler
from moderation.handlers import record_failure as failure_handler
from moderation.handlers import sweep_claims as sweep_handler
from moderation.ports import DeadLetter, Policies, StoredImage
from moderation.usecases.decide import DecidePorts, PersonDecision, decide
from moderation.usecases.erase import ErasePorts, erase, find_versions
from moderation.usecases.notify import notify
from moderation.usecases.record_failure import record_failure
from moderation.usecases.redrive import RedrivePorts, redrive
from tests.support.deployment import PERSON, FakeDeployment
from tests.support.fakes import FakeExecutions, FakePolicies
from tests.support.metrics import Context
from tests.unit.packs import PACK

IMAGE = ImageRef("intake", "a.png", "v1")
ME = "arn:aws:states:us-east-1:123456789012:execution:workflow:me"
AN_HOUR_AGO = utc(datetime.now(UTC) - timedelta(hours=1))
CLAIM = {"owner": ME, "status": "claimed", "created_at": AN_HOUR_AGO}
UNSAFE = CLAIM | {
    "status": "decided",
    "verdict": "unsafe",
    "category": "Violence",
    "reason": "A weapon.",
    "decided_by": "judge",
    "decided_at": AN_HOUR_AGO,
    "execution": ME,
    "notified": False,
    "policy": {"name": PACK.name, "digest": PACK.digest},
    "image": {"bucket": IMAGE.bucket, "key": IMAGE.key, "version": IMAGE.version},
}
FAILURE = UNSAFE | {"verdict": "review", "decided_by": "failure", "cause": json.dumps({"Error": "X", "Cause": ""})}
ENDED = {
    "detail": {
        "executionArn": ME,
        "status": "TIMED_OUT",
        "startDate": int(datetime.fromisoformat(AN_HOUR_AGO).timestamp() * 1000),
        "input": json.dumps({"bucket": IMAGE.bucket, "key": IMAGE.key, "version": IMAGE.version}),
    }
}
Door = Callable[[FakeDeployment], object]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Door]:
    """A door through `moderate` with some arguments."""

    def door(*arguments: str) -> Door:
        def run(deployment: FakeDeployment) -> None:
            module = f"moderate.{arguments[0]}"
            monkeypatch.setattr(f"{module}.find", lambda stack: deployment)
            monkeypatch.setattr(f"{module}.acting_as", lambda found, role: found)
            result = CliRunner().invoke(moderate.main.app, list(arguments))
            assert result.exit_code == 0, result.output

        return run

    return door


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Door]:
    """A door through a Lambda's handler with an event."""
    untraced = SimpleNamespace(capture_lambda_handler=lambda **_: lambda handler: handler)
    monkeypatch.setattr(observability, "tracer", lambda: untraced)  # importing the X-Ray SDK opens a socket

    def door(module: Any, event: dict[str, Any]) -> Door:
        def run(deployment: FakeDeployment) -> None:
            ports = wiring.SweepPorts(deployment.verdicts, deployment.publisher, deployment.executions)
            monkeypatch.setattr(wiring, module.__name__.rsplit(".", 1)[-1], lambda: ports)
            module.handler(event, Context())

        return run

    return door


def deployment(record: dict[str, Any], **statuses: str) -> FakeDeployment:
    """The image with its record, and executions by status."""
    made = FakeDeployment(FakePolicies(Policies(PACK, ())), executions=FakeExecutions(statuses))
    made.images.objects[IMAGE] = StoredImage(b"", "image/png")
    made.verdicts.records[IMAGE] = dict(record)
    return made


def alike(record: dict[str, Any], *doors: Door, **statuses: str) -> dict[str, Any]:
    """The effect on equal deployments, which is the same through each of the doors."""
    effects = []
    for door in doors:
        on = deployment(record, **statuses)
        untouched = on.effect()
        door(on)
        effects.append(on.effect())
        assert effects[-1] != untouched, "nothing was done"
    assert all(effect == effects[0] for effect in effects)
    return effects[0]


def test_a_verdict_is_published_alike_by_the_workflow_and_by_a_redrive(command, handler) -> None:
    event = {"bucket": IMAGE.bucket, "key": IMAGE.key, "version": IMAGE.version, "execution": ME}

    effect = alike(
        UNSAFE,
        handler(notify_handler, event),
        command("redrive", "--since", "2h"),
        lambda on: notify(on.verdicts, on.publisher, on.verdicts.get(IMAGE)),
    )

    assert [verdict for verdict, _, _ in effect["published"]] == ["unsafe"]
    assert effect["records"][IMAGE]["notified"] is True


def test_a_failure_is_recorded_alike_by_function_sweeper_and_redrive(command, handler) -> None:
    def from_dead_letter(on: FakeDeployment) -> None:
        on.dead_letters("UnrecordedQueueUrl").waiting.append(DeadLetter("1", json.dumps(ENDED), None))
        on.executions.statuses = {ME: "RUNNING"}  # so that the same run doesn't moderate it again
        command("redrive", "--since", "2h")(on)
        assert on.dead_letters("UnrecordedQueueUrl").waiting == []

    def by_itself(on: FakeDeployment) -> None:
        record_failure(on.verdicts, ended_execution(ENDED))
        notify(on.verdicts, on.publisher, on.verdicts.get(IMAGE))

    effect = alike(
        CLAIM,
        handler(failure_handler, ENDED),
        handler(sweep_handler, {}),
        from_dead_letter,
        by_itself,
        **{ME: "TIMED_OUT"},
    )

    assert effect["records"][IMAGE]["verdict"] == "review"
    assert [verdict for verdict, _, _ in effect["published"]] == ["review"]


def test_a_person_decides_alike_by_command_and_by_code(command) -> None:
    decision = PersonDecision("unsafe", ("violence",), "A knife", PERSON)

    def by_itself(on: FakeDeployment) -> None:
        ports = DecidePorts(
            on.images, on.work, on.policies, on.verdicts, on.decisions, on.publisher, frozenset(on.topics)
        )
        decide(ports, on.verdicts.get(IMAGE), decision)

    effect = alike(
        FAILURE | {"policy": None},
        command("decide", "--yes", IMAGE.key, "unsafe", "--category", "violence", "--note", "A knife"),
        by_itself,
    )

    assert effect["records"][IMAGE]["category"] == "Violence"
    assert effect["tags"] == {IMAGE: "unsafe"}


@pytest.mark.parametrize(("topics", "published"), [(("safe",), ["safe"]), ((), [])])
@pytest.mark.parametrize("notified", [{}, {"notified": False}])
def test_a_decision_that_is_repeated_is_published_if_there_is_a_topic_by_now(
    topics: tuple[str, ...], published: list[str], notified: dict[str, bool]
) -> None:
    history = [{"verdict": "safe", "who": PERSON}]
    decided = {"verdict": "safe", "category": None, "reason": "A toy", "decided_by": "person", "history": history}
    on = deployment({name: value for name, value in UNSAFE.items() if name != "notified"} | decided | notified)
    ports = DecidePorts(on.images, on.work, on.policies, on.verdicts, on.decisions, on.publisher, frozenset(topics))

    for _ in range(2):
        result = decide(ports, on.verdicts.get(IMAGE), PersonDecision("safe", (), "A toy", PERSON))

    assert [verdict for verdict, _, _ in on.publisher.published] == published
    assert result.notified == bool(topics)


def test_a_failure_is_redriven_alike_by_command_and_by_code(command) -> None:
    def by_itself(on: FakeDeployment) -> None:
        ports = RedrivePorts("intake", on.verdicts, on.publisher, on.executions, tuple(on.topics))
        for _ in redrive(ports, "X", datetime.now(UTC) - timedelta(hours=2), dry_run=False):
            pass

    def but_for_time(door: Door) -> Door:
        def run(on: FakeDeployment) -> None:
            door(on)
            on.executions.started = {"one": {**next(iter(on.executions.started.values())), "time": ""}}

        return run

    effect = alike(
        FAILURE,
        but_for_time(command("redrive", "--cause", "X", "--since", "2h")),
        but_for_time(by_itself),
        **{ME: "FAILED"},
    )

    assert effect["records"][IMAGE]["status"] == "claimed"
    assert effect["started"][0]["key"] == IMAGE.key


def test_an_upload_is_erased_alike_by_command_and_by_code(command) -> None:
    def by_itself(on: FakeDeployment) -> None:
        ports = ErasePorts(on.images, on.work, on.verdicts, on.decisions)
        for _ in erase(ports, find_versions(ports, "intake", IMAGE.key, None), PERSON):
            pass

    effect = alike(UNSAFE, command("erase", IMAGE.key, "--yes"), by_itself)

    assert (effect["records"], effect["objects"], effect["notes"]) == ({}, set(), 2)
