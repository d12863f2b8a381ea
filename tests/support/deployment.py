"""A deployment of ports in memory, for the command."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from moderation.ports import DeadLetter, LetterCounts
from tests.support.fakes import (
    FakeDecisions,
    FakeExecutions,
    FakeImages,
    FakePolicies,
    FakePublisher,
    FakeVerdicts,
    FakeWork,
)

TOPICS = {"unsafe": "arn:unsafe", "review": "arn:review"}
PERSON = "arn:aws:iam::123456789012:user/ann"


@dataclass
class FakeLetters:
    """A dead-letter queue."""

    waiting: list[DeadLetter]
    name: str = "of a test"
    in_flight: int = 0

    def letters(self) -> Iterator[DeadLetter]:
        yield from list(self.waiting)

    def counts(self) -> LetterCounts:
        return LetterCounts(len(self.waiting), self.in_flight)

    def delete(self, letter: DeadLetter) -> None:
        self.waiting.remove(letter)


@dataclass
class FakeDeployment:
    """As much of `moderate.deployment.Deployment` as its commands hand to the use cases."""

    policies: FakePolicies
    images: FakeImages = field(default_factory=FakeImages)
    work: FakeWork = field(default_factory=FakeWork)
    verdicts: FakeVerdicts = field(default_factory=FakeVerdicts)
    publisher: FakePublisher = field(default_factory=FakePublisher)
    executions: FakeExecutions = field(default_factory=lambda: FakeExecutions({}))
    queues: dict[str, FakeLetters] = field(default_factory=dict)
    intake_bucket: str = "intake"
    topics: Mapping[str, str] = field(default_factory=lambda: TOPICS)
    caller: str = PERSON
    outputs: Mapping[str, str] = field(default_factory=lambda: {"UnrecordedQueueUrl": "u"})

    @property
    def decisions(self) -> FakeDecisions:
        return self.verdicts.decisions

    def dead_letters(self, output: str) -> FakeLetters:
        return self.queues.setdefault(output, FakeLetters([]))

    def output(self, name: str) -> str:
        return name

    def effect(self) -> dict[str, Any]:
        """Everything that was changed, the clock's and random parts aside."""
        return {
            "records": {image: _without_clock(record) for image, record in self.verdicts.records.items()},
            "tags": self.images.tags,
            "sticky": {(made.verdict, made.categories, made.decided_by) for made in self.decisions.standing.values()},
            "objects": set(self.images.objects),
            "files": {key for key in self.work.files if not key.startswith("provenance/erasures/")},
            "notes": len([key for key in self.work.files if key.startswith("provenance/erasures/")]),
            "published": [
                (verdict, {k: v for k, v in message.items() if k != "decided_at"}, attributes)
                for verdict, message, attributes in self.publisher.published
            ],
            "started": list(self.executions.started.values()),
        }


def _without_clock(record: Mapping[str, Any]) -> dict[str, Any]:
    history = [{k: v for k, v in entry.items() if k != "at"} for entry in record.get("history", [])]
    return {k: v for k, v in record.items() if k not in ("decided_at", "queue_order")} | {"history": history}
