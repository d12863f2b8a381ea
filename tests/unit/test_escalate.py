"""Escalating an image and releasing it: written down first, repeatable, and never half in force."""

from datetime import UTC, datetime
from typing import Any

import pytest

from moderation.domain.image_ref import ImageRef
from moderation.domain.record import overruled, utc
from moderation.domain.work_files import Workspace
from moderation.errors import EscalationRefused, NoSuchRecord, StoreUnavailable
from moderation.ports import StoredImage
from moderation.usecases.review.escalate import EscalatePorts, escalate
from moderation.usecases.review.release_escalated import ReleasePorts, release_escalated
from tests.support.fakes import FakeAudit, FakeImages, FakeQuarantine, FakeVerdicts, FakeWork

NOW = datetime(2026, 11, 27, 10, tzinfo=UTC)
IMAGE = ImageRef("intake", "posts/a.png", "v")
RUN = "arn:aws:states:us-east-1:123456789012:execution:m:run-1"
VIEW = Workspace.of(IMAGE, RUN).view("full")


@pytest.fixture
def ports() -> Any:
    images, verdicts, work = FakeImages(), FakeVerdicts(), FakeWork()
    images.objects[IMAGE] = StoredImage(b"picture", "image/png")
    work.put_bytes(VIEW, b"view")
    work.put_json(Workspace.of(IMAGE, RUN).evidence, {})
    verdicts.records[IMAGE] = {
        "verdict": "review",
        "category": None,
        "owner": RUN,
        "decided_by": "judge",
        "created_at": utc(NOW),
        "queue": "review#0",
        "queue_order": "5",
        "expires_at": 1,
    }
    return EscalatePorts(verdicts, work, FakeQuarantine(images), FakeAudit())


def test_everything_is_copied_and_the_picture_denied(ports: Any) -> None:
    done = escalate(ports, IMAGE, "p-1", NOW)

    case = ports.quarantine.cases[IMAGE.id]
    assert case["original"] == b"picture"
    assert case.keys() == {"original", "record", VIEW, Workspace.of(IMAGE, RUN).evidence}
    assert case["record"]["queue"] == "review#0", "as it was"
    assert (done.original, done.files) == (True, 2)
    assert ports.quarantine.denied == {IMAGE, VIEW}
    stored = ports.verdicts.records[IMAGE]
    assert stored["escalated_at"] == utc(NOW)
    assert not {"queue", "queue_order", "expires_at"} & stored.keys()
    [event] = ports.audit.events
    assert (event.action, event.who, event.image, event.facts) == ("escalate", "p-1", IMAGE.id, {})


def test_what_can_not_be_written_down_does_not_happen(ports: Any) -> None:
    failing = EscalatePorts(ports.verdicts, ports.work, ports.quarantine, FakeAudit(failing=True))

    with pytest.raises(StoreUnavailable):
        escalate(failing, IMAGE, "p-1", NOW)
    assert not ports.quarantine.cases and "escalated_at" not in ports.verdicts.records[IMAGE]


def test_an_upload_that_its_owner_deleted_is_escalated_by_what_is_left(ports: Any) -> None:
    del ports.quarantine.images.objects[IMAGE]

    assert not escalate(ports, IMAGE, "p-1", NOW).original
    assert ports.verdicts.get(IMAGE).is_escalated and ports.quarantine.holds(IMAGE)


@pytest.mark.parametrize("fails_at", ["take_original", "take_file", "take_record", "deny"])
def test_after_an_error_it_is_repeated_and_the_first_copies_stay(
    ports: Any, fails_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreUnavailable("The quarantine bucket is unavailable.")

    with monkeypatch.context() as broken:
        broken.setattr(ports.quarantine, fails_at, fail)
        with pytest.raises(StoreUnavailable):
            escalate(ports, IMAGE, "p-1", NOW)
    assert (fails_at == "deny") is ports.verdicts.get(IMAGE).is_escalated, "only what is copied leaves the lists"

    escalate(ports, IMAGE, "p-1", NOW)

    assert ports.quarantine.denied == {IMAGE, VIEW}
    assert "queue" in ports.quarantine.cases[IMAGE.id]["record"]


def test_a_decision_at_the_same_moment_is_not_lost(ports: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ports.quarantine.take_record

    def decided_meanwhile(image: ImageRef, attributes: Any) -> None:
        real(image, attributes)
        record = ports.verdicts.get(image)
        ports.verdicts.compare_and_set(record, overruled(record, "unsafe", ("Violence",), "n", "arn:p", utc(NOW)))

    monkeypatch.setattr(ports.quarantine, "take_record", decided_meanwhile)

    record = escalate(ports, IMAGE, "p-1", NOW).record

    assert (record.verdict, record.is_escalated) == ("unsafe", True)
    assert "queue" not in ports.verdicts.records[IMAGE]


def test_what_has_no_verdict_or_no_record_is_refused(ports: Any) -> None:
    del ports.verdicts.records[IMAGE]["verdict"]
    with pytest.raises(EscalationRefused, match="still being moderated"):
        escalate(ports, IMAGE, "p-1", NOW)
    ports.verdicts.records.clear()
    with pytest.raises(NoSuchRecord):
        escalate(ports, IMAGE, "p-1", NOW)
    assert ports.audit.events == []


def test_a_release_takes_two_people_and_the_record_stays_out_of_reports(ports: Any) -> None:
    escalate(ports, IMAGE, "p-1", NOW)
    release = ReleasePorts(ports.quarantine, ports.audit)

    assert not release_escalated(release, IMAGE, "p-1", "AROA:ann", NOW)
    assert not release_escalated(release, IMAGE, "p-1", "AROA:ann", NOW), "the same person again"
    assert ports.quarantine.denied == {IMAGE, VIEW}
    assert release_escalated(release, IMAGE, "p-2", "AROA:bob", NOW)

    assert not ports.quarantine.denied
    assert ports.verdicts.get(IMAGE).is_escalated
    signed = [(event.action, event.who) for event in ports.audit.events[1:]]
    assert signed == [("sign release", "p-1")] * 2 + [("sign release", "p-2"), ("release", "p-2")]


def test_what_is_escalated_again_takes_two_people_again(ports: Any) -> None:
    release = ReleasePorts(ports.quarantine, ports.audit)
    for _ in range(2):
        escalate(ports, IMAGE, "p-1", NOW)
        assert not release_escalated(release, IMAGE, "p-1", "AROA:ann", NOW)
        assert not release_escalated(release, IMAGE, "p-1", "AROANEW:ann", NOW), "under a role that was replaced"
        assert release_escalated(release, IMAGE, "p-2", "AROA:bob", NOW)


def test_what_is_not_in_quarantine_is_not_released(ports: Any) -> None:
    with pytest.raises(NoSuchRecord, match="isn't in quarantine"):
        release_escalated(ReleasePorts(ports.quarantine, ports.audit), IMAGE, "p-1", "AROA:ann", NOW)
    assert ports.audit.events == []
