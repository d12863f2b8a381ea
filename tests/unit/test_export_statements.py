"""The export: which decisions are in it, which are left out and why, and in which batches."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from moderation.domain.backfill import execution_name
from moderation.domain.image_ref import ImageRef
from moderation.domain.policy import Category, Pack, pack_data, parse_pack
from moderation.domain.record import Record, decided, utc
from moderation.domain.work_files import pack_file
from moderation.errors import InvalidPolicy
from moderation.ports import ObjectHead, Policies
from moderation.usecases.export_statements import Exported, ExportPorts, batches, export_statements, find_decisions
from tests.support.fakes import FakeImages, FakePolicies, FakeVerdicts, FakeWork
from tests.unit.domain.stated import AT, PACK, WEAPON, data, record
from tests.unit.domain.stated import decided as decided_by_person

SINCE, UNTIL = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)
RUN = "backfill-20261122-000000-abcdef"


class Place:
    """A deployment in memory."""

    def __init__(self, in_force: Pack = PACK) -> None:
        self.images, self.work, self.verdicts = FakeImages(), FakeWork(), FakeVerdicts()
        self.policies: Any = FakePolicies(Policies(in_force, ()))
        self.invalid: list[str] = []

    def put(self, found: Record, pack: Pack = PACK) -> ImageRef:
        self.work.put_if_absent(pack_file(pack.digest), pack_data(pack))
        stored = decided(found.attributes(), found.image, found.created_at, str(found.decided_at))
        self.verdicts.records[found.image] = {"owner": "x", **stored}
        return found.image

    def export(self, since: datetime = SINCE, until: datetime = UNTIL) -> list[Exported]:
        ports = ExportPorts(self.images, self.work, self.policies, self.verdicts, self.faults)
        images = find_decisions(self.verdicts, "intake", since, until)
        return list(export_statements(ports, "intake", images, since, until))

    def faults(self, statement: Mapping[str, Any]) -> list[str]:
        return self.invalid


def keys(exported: list[Exported]) -> set[str]:
    return {one.record.image.key for one in exported}


def test_only_unsafe_decisions_of_the_time_are_exported() -> None:
    place = Place()
    place.put(record(key="unsafe.jpg"))
    place.put(record(key="safe.jpg", verdict="safe", category=None))
    place.put(record(key="review.jpg", verdict="review"))
    place.put(record(key="escalated.jpg", escalated_at=AT))
    place.put(record(key="before.jpg", decided_at="2026-11-22T23:59:59.999Z"))
    place.put(record(key="first.jpg", decided_at=utc(SINCE)))
    place.put(record(key="after.jpg", decided_at=utc(UNTIL)))
    elsewhere = place.verdicts.records[place.put(record(key="elsewhere.jpg"))]
    place.verdicts.records = {
        replace(image, bucket="other") if found is elsewhere else image: found
        for image, found in place.verdicts.records.items()
    }

    assert keys(place.export()) == {"unsafe.jpg", "first.jpg"}


def test_a_reversed_decision_is_not_exported_and_one_of_a_person_whatever_the_age_of_the_upload() -> None:
    place = Place()
    old = record(key="old.jpg", created_at="2021-01-01T00:00:00.000Z", decided_at="2021-01-01T00:00:01.000Z")
    place.put(decided_by_person(old, "Violence"))
    place.put(record(key="redriven.jpg", created_at="2026-01-01T00:00:00.000Z"))

    found = {one.record.image.key: one.statement for one in place.export()}

    assert found.keys() == {"old.jpg", "redriven.jpg"}
    assert found["old.jpg"] and found["old.jpg"]["content_date"] == "2021-01-01"


def test_an_appeal_that_waits_keeps_no_decision_out_whatever_the_age_of_the_upload() -> None:
    place = Place()
    old = record(key="old.jpg", created_at="2021-01-01T00:00:00.000Z", decided_at="2021-01-01T00:00:01.000Z")
    made = place.put(decided_by_person(old, "Violence"))
    place.verdicts.records[made] |= {"queue": "review#0", "queue_order": "3#2026-11-26"}

    assert keys(place.export()) == {"old.jpg"}


def test_the_same_time_gives_the_same_identifiers_and_a_new_decision_another() -> None:
    place = Place()
    for number in range(3):
        place.put(record(key=f"{number}.jpg"))

    def puids() -> dict[str, str]:
        return {one.record.image.key: one.statement["puid"] for one in place.export() if one.statement}

    first = puids()
    assert len(set(first.values())) == 3 and puids() == first
    place.put(decided_by_person(record(key="0.jpg"), "Violence", now="2026-11-23T12:00:00.000Z"))
    again = puids()
    assert again["0.jpg"] != first["0.jpg"] and again["1.jpg"] == first["1.jpg"]


def test_what_the_schema_rejects_is_left_out_with_its_reason() -> None:
    place = Place()
    place.put(record())
    place.invalid = ["$.category: wrong.", "$.puid: wrong."]

    (one,) = place.export()

    assert (one.statement, one.why) == (None, "$.category: wrong. $.puid: wrong.")


def plain(rule: str = "Weapons and fights") -> Pack:
    """A pack that says nothing for statements."""
    return replace(PACK, categories=(Category("Violence", rule),), statement=None)


def test_a_pack_that_did_not_say_how_to_report_is_read_with_the_one_in_force_if_its_rule_is_the_same() -> None:
    place = Place()
    place.put(record(plain(), key="same.jpg"), plain())
    place.put(record(plain("Other words"), key="other.jpg"), plain("Other words"))
    found = {one.record.image.key: one for one in place.export()}

    assert found["same.jpg"].statement
    assert "doesn't say how Violence is reported" in found["other.jpg"].why


def test_a_broken_pack_in_force_leaves_the_decision_out() -> None:
    class Broken:
        def for_key(self, key: str) -> Policies:
            raise InvalidPolicy("broken")

    place = Place()
    place.policies = Broken()
    place.put(record(plain()), plain())
    place.put(record(plain(), key="unknown.jpg", policy=None))

    assert {one.why.split(":")[0] for one in place.export()} == {
        "The policy market doesn't say how Violence is reported",
        "The policy, as far as it is known, has no category Violence.",
    }


def test_a_decision_whose_pack_is_gone_keeps_no_other_out() -> None:
    place = Place()
    place.put(record())
    place.put(record(key="gone.jpg", policy={"name": "old", "digest": "0" * 64}))
    found = {one.record.image.key: one for one in place.export()}

    assert found["users/mary-smith.jpg"].statement
    assert found["gone.jpg"].statement is None and found["gone.jpg"].why


def test_evidence_beside_the_record_is_cited() -> None:
    place = Place()
    finding = {"view": "full", "question": WEAPON, "categories": ["Violence"], "over": True}
    place.work.put_json("evidence/i/e.json", {"evidence": [finding]})
    place.put(record(evidence=None, evidence_in="evidence/i/e.json"))

    (one,) = place.export()

    assert one.statement and WEAPON in one.statement["decision_facts"]


@pytest.mark.parametrize(
    ("head", "day"),
    [
        (ObjectHead("v1", 1, "2024-05-06T00:00:00.000Z"), "2024-05-06"),
        (ObjectHead("v1", 0), "2026-11-22"),
        (None, "2026-11-22"),
    ],
)
def test_what_a_backfill_moderated_is_dated_by_its_object(
    monkeypatch: pytest.MonkeyPatch, head: ObjectHead | None, day: str
) -> None:
    place = Place()
    image = record().image
    place.put(record(execution=f"arn:aws:states:us-east-1:1:execution:w:{execution_name(RUN, image)}"))
    monkeypatch.setattr(place.images, "head", lambda *_: head)

    (one,) = place.export()

    assert one.statement and one.statement["content_date"] == day


def test_batches_hold_a_hundred_and_begin_with_the_oldest_decision() -> None:
    place = Place()
    for number in range(201):
        place.put(record(key=f"{number:03}.jpg", decided_at=utc(datetime(2026, 11, 23, 1, number % 60, tzinfo=UTC))))
    place.put(record(key="none.jpg", category="Drugs"))
    exported = place.export()

    made = batches(exported)

    assert [len(batch) for batch in made] == [100, 100, 1]
    assert made == batches(list(reversed(exported)))
    order = {one.statement["puid"]: one.record.decided_at for one in exported if one.statement}
    times = [str(order[statement["puid"]]) for batch in made for statement in batch]
    assert times == sorted(times) and len(set(order)) == 201


def test_packs_are_read_once() -> None:
    place = Place()
    for number in range(5):
        place.put(record(key=f"{number}.jpg"))
    reads: list[str] = []
    read = place.work.get_json
    place.work.get_json = lambda key: reads.append(key) or read(key)  # type: ignore[method-assign, func-returns-value]

    place.export()

    assert reads.count(pack_file(parse_pack(data()).digest)) == 1
