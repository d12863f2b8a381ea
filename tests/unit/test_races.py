"""Executions, decisions and erasures of one image at the same time, each order forced."""

from collections.abc import Callable
from typing import Any

import pytest

from moderation.domain.record import Change, overruled
from moderation.errors import StillModerated, StoreUnavailable
from moderation.usecases.erase import ErasePorts, StoredVersion, erase
from moderation.usecases.notify import notify
from moderation.usecases.record_verdict import Moderated, record_verdict
from moderation.usecases.tag_image import tag_image
from tests.support.fakes import FakeImages, FakePublisher, FakeVerdicts, FakeWork
from tests.unit.judged import IMAGE, ME, WORKSPACE, judged_work, parts

THEN, LATER = "2026-11-23T10:00:00.000Z", "2026-11-23T10:00:09.000Z"
MODERATED = Moderated(IMAGE, ME, THEN, 12, WORKSPACE, None, "")


class TaggedMeanwhile(FakeImages):
    """Intake bucket in which something happens just before each of the next taggings."""

    def __init__(self, *happenings: Callable[[], object]) -> None:
        super().__init__()
        self._happenings = list(happenings)

    def tag(self, image: Any, verdict: str) -> str:
        if self._happenings:
            self._happenings.pop(0)()
        return super().tag(image, verdict)


def decide(verdicts: FakeVerdicts, verdict: str, images: FakeImages | None = None) -> None:
    """A person's decision, and the tag it sets, as one step."""
    record = verdicts.get(IMAGE)
    assert verdicts.compare_and_set(record, overruled(record, verdict, (), "n", "arn:me", LATER))
    if images:
        images.tags[IMAGE] = verdict


def test_a_decision_between_the_verdict_and_its_tag_has_the_last_word():
    made = parts(judged_work())
    images = TaggedMeanwhile(lambda: decide(made.verdicts, "safe", images))
    images.objects = dict(made.images.objects)

    record_verdict(images, made.work, made.verdicts, MODERATED, False)

    assert made.verdicts.get(IMAGE).verdict == images.tags[IMAGE] == "safe"


def test_the_tag_follows_every_decision_that_is_made_while_it_is_set():
    verdicts = FakeVerdicts()
    verdicts.record(IMAGE, ME, {"verdict": "unsafe", "decided_by": "judge", "created_at": THEN}, True)
    images = TaggedMeanwhile(lambda: decide(verdicts, "safe"), lambda: decide(verdicts, "unsafe"))
    images.objects[IMAGE] = parts(FakeWork()).images.objects[IMAGE]

    assert tag_image(images, verdicts, IMAGE, "unsafe") == "tagged"
    assert verdicts.get(IMAGE).verdict == images.tags[IMAGE] == "unsafe"


def test_a_record_that_never_rests_is_tagged_in_a_later_attempt():
    verdicts = FakeVerdicts()
    verdicts.record(IMAGE, ME, {"verdict": "unsafe", "decided_by": "judge", "created_at": THEN}, True)
    turns = [lambda verdict=verdict: decide(verdicts, verdict) for verdict in ("safe", "unsafe") * 5]

    with pytest.raises(StoreUnavailable):
        tag_image(TaggedMeanwhile(*turns), verdicts, IMAGE, "unsafe")


def test_an_attempt_that_died_after_its_tag_is_corrected_by_the_next():
    made = parts(judged_work())
    record_verdict(made.images, made.work, made.verdicts, MODERATED, False)
    decide(made.verdicts, "safe", made.images)
    made.images.tags[IMAGE] = "unsafe"  # of the first attempt, which then died

    assert not record_verdict(made.images, made.work, made.verdicts, MODERATED, False).recorded

    assert made.images.tags[IMAGE] == "safe"


def test_an_image_that_is_erased_while_its_verdict_is_on_the_way_stays_erased():
    made = parts(judged_work())
    ports = ErasePorts(made.images, FakeWork(), made.verdicts, made.verdicts.decisions)
    list(erase(ports, [StoredVersion(IMAGE, "object version", None)], "arn:me"))

    assert not record_verdict(made.images, made.work, made.verdicts, MODERATED, False).recorded

    assert made.verdicts.get(IMAGE) is None
    assert not [key for key in made.work.files if key.startswith("evidence/")]


def test_evidence_of_a_verdict_that_could_not_be_recorded_is_deleted(monkeypatch):
    monkeypatch.setattr("moderation.usecases.record_verdict.overflows", lambda attributes: True)
    made = parts(judged_work())
    made.verdicts.delete_decided(IMAGE, None)

    assert not record_verdict(made.images, made.work, made.verdicts, MODERATED, False).recorded

    assert not [key for key in made.work.files if key.startswith("evidence/")]


def test_an_image_that_a_redrive_takes_up_during_its_erasure_keeps_its_record():
    made = parts(FakeWork())
    record_verdict(made.images, judged_work(), made.verdicts, MODERATED, False)
    found = StoredVersion(IMAGE, "object version", made.verdicts.get(IMAGE))
    assert made.verdicts.compare_and_set(found.record, Change({"status": "claimed"}))

    with pytest.raises(StillModerated, match="again"):
        list(erase(ErasePorts(made.images, FakeWork(), made.verdicts, made.verdicts.decisions), [found], "arn:me"))

    assert made.verdicts.get(IMAGE)


def test_a_decision_on_an_image_that_is_erased_meanwhile_brings_nothing_back():
    verdicts = FakeVerdicts()
    verdicts.record(
        IMAGE, ME, {"verdict": "unsafe", "decided_by": "judge", "created_at": THEN, "notified": False}, True
    )
    record = verdicts.get(IMAGE)
    verdicts.delete_decided(IMAGE, record.decided_at)

    assert not verdicts.compare_and_set(record, overruled(record, "safe", (), "n", "arn:me", LATER))
    notify(verdicts, FakePublisher(), record)
    assert verdicts.get(IMAGE) is None


def test_a_message_about_an_overruled_verdict_leaves_the_decision_unpublished():
    verdicts = FakeVerdicts()
    verdicts.record(
        IMAGE, ME, {"verdict": "unsafe", "decided_by": "judge", "created_at": THEN, "notified": False}, True
    )

    class Overruled(FakePublisher):
        def publish(self, *message: Any) -> None:
            super().publish(*message)
            decide(verdicts, "unsafe")
            verdicts.records[IMAGE]["notified"] = False

    assert notify(verdicts, Overruled(), verdicts.get(IMAGE))

    assert verdicts.get(IMAGE).notified is False
