"""A review queue in memory, and people at work on it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import filed, lane_of
from moderation.domain.people import Person
from moderation.domain.policy import Category, pack_data
from moderation.domain.record import Record, decided, utc
from moderation.domain.review import screen_of
from moderation.domain.work_files import DECISION_KEYS, Workspace, pack_file
from moderation.ports import Policies, StoredImage
from moderation.usecases.decide import DecidePorts
from moderation.usecases.review.claim import claim
from moderation.usecases.review.decide_pending import Choice, decide_pending
from moderation.usecases.review.finalise import Ended, finalise
from moderation.usecases.review.ports_of import ReviewPorts
from moderation.usecases.review.vouch import VouchPorts
from tests.support.fakes import (
    EverybodysVoucher,
    FakeAudit,
    FakeImages,
    FakePeople,
    FakePolicies,
    FakePublisher,
    FakeRevealCounts,
    FakeReviewQueue,
    FakeVerdicts,
    FakeVouches,
    FakeWork,
)
from tests.unit.packs import PACK

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
ANNA = Person(id="s-anna", pseudonym="p-1", roles=frozenset({"reviewer"}))
BEN = replace(ANNA, id="s-ben", pseudonym="p-2")
LEA = Person(id="s-lea", pseudonym="p-3", roles=frozenset({"lead"}))
SECRET = {"schema_version": 1, "secret": "5e" * 32}
GRAVE = replace(PACK, categories=(*PACK.categories, Category("Gore", "Blood", severity=9, review_within="1h")))


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def image(name: str) -> ImageRef:
    return ImageRef("intake", name, "v1")


@dataclass
class Desk:
    """Ports whose fakes the tests look into."""

    verdicts: FakeVerdicts = field(default_factory=FakeVerdicts)
    people: FakePeople = field(default_factory=lambda: FakePeople(ANNA, BEN, LEA))
    audit: FakeAudit = field(default_factory=FakeAudit)
    images: FakeImages = field(default_factory=FakeImages)
    work: FakeWork = field(default_factory=FakeWork)
    publisher: FakePublisher = field(default_factory=FakePublisher)
    reveals: FakeRevealCounts = field(default_factory=FakeRevealCounts)
    policies: FakePolicies = field(default_factory=lambda: FakePolicies(Policies(GRAVE, ())))

    def __post_init__(self) -> None:
        self.queue = FakeReviewQueue(self.verdicts)
        self.vouching = VouchPorts("intake", self.verdicts, FakeVouches(self.verdicts), self.people)
        self.work.put_json(pack_file(GRAVE.digest), pack_data(GRAVE))
        self.work.put_json(DECISION_KEYS, SECRET)
        self.review = ReviewPorts(
            bucket="intake",
            verdicts=self.verdicts,
            queue=self.queue,
            people=self.people,
            audit=self.audit,
            images=self.images,
            work=self.work,
            policies=self.policies,
            voucher=EverybodysVoucher(self.vouching),
        )
        self.deciding = DecidePorts(
            self.images,
            self.work,
            self.policies,
            self.verdicts,
            self.verdicts.decisions,
            self.publisher,
            frozenset({"unsafe", "review"}),
        )

    def wait(self, name: str, *categories: str, hours_ago: float = 0, sorted_in: bool = True, **more: Any) -> ImageRef:
        """An item that waits for a person since so many hours; something in it speaks for the categories."""
        made, created_at = image(name), utc(NOW - timedelta(hours=hours_ago))
        judged = {"verdict": "review", "category": None, "reason": "?", "decided_by": "evidence", "row": "disagreement"}
        place = filed(categories, GRAVE, created_at) if sorted_in else {}
        attributes = decided({**judged, **place}, made, created_at, created_at) | {
            "owner": f"run-{name}",
            "execution": f"run-{name}",
            "sha256": "ab" * 32,
            "route": "",
            "policy": {"name": GRAVE.name, "digest": GRAVE.digest},
            "evidence": [{"view": "full", "question": c, "categories": [c], "near": True} for c in categories],
        }
        if sorted_in and (lane := self.verdicts.open_lane(lane_of(made, attributes))):
            attributes["queue"] = lane.partition
        self.verdicts.records[made] = attributes | more
        self.work.put_json(Workspace.of(made, f"run-{name}").manifest, {"preview": "iVBORw0KGgo="})
        self.images.objects[made] = StoredImage(b"x", "image/png")
        self.images.tags[made] = "review"
        return made

    def get(self, made: ImageRef) -> Record:
        record = self.verdicts.get(made)
        assert isinstance(record, Record)
        return record

    def decide(self, who: Person, made: ImageRef, verdict: Any = "safe", at: datetime = NOW, **more: Any) -> str:
        """Claim an item and decide on it; returns the id of the pending decision."""
        record = claim(self.review, who, made, at)
        categories = () if verdict == "safe" else ("Violence",)
        choice = Choice(verdict, categories, "A note", screen_of(record), seen=True, **more)
        return str(decide_pending(self.review, who, made, choice, at).id)

    def finalise(self, made: ImageRef, pending: str, at: datetime) -> Ended:
        return finalise(self.review, self.deciding, made, pending, at)
