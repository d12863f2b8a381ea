"""Draw a stratified random sample of the machine's verdicts, for people to look at."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from moderation.domain.ground_truth import first_decided, said_by_machine
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record, drawn
from moderation.domain.sample import SAMPLED_VERDICTS, Draw, Stratum, draw, first_draw
from moderation.ports import VerdictStore
from moderation.usecases.read_all import read_all

_BY_MACHINE = ("judge", "evidence")


@dataclass(frozen=True)
class SampledStratum:
    """Stratum of a draw: `items` of the `of` verdicts are in the sample, `added` of them since this draw."""

    verdict: str
    category: str | None
    items: int
    of: int
    added: int


def draw_sample(
    verdicts: VerdictStore, bucket: str, since: str, until: str, sizes: Mapping[str, int], now: str
) -> list[SampledStratum]:
    """Draw from uploads between two ISO-8601 times, by verdict the size for each category; returns the strata.

    The same draw again adds nothing, a larger one only what it lacks. What people decided on before the first draw
    isn't drawn from; what they decided on since then is, so that a sample stands for the same uploads as before.
    Escalated images aren't drawn from. Raises the errors of the port.
    """
    images = [*verdicts.sampled(), *verdicts.decided_by_people(since)]
    known = [_Known.of(record) for record in read_all(verdicts, bucket, images) if not record.is_escalated]
    draws = {one.draw for one in known if one.draw}

    def frame() -> Iterator[tuple[ImageRef, Stratum]]:
        for listed in verdicts.created(SAMPLED_VERDICTS, since, until):
            if listed.image.bucket == bucket and listed.decided_by in _BY_MACHINE:
                yield listed.image, (str(listed.verdict), listed.category)
        for one in known:
            if one.decided_at and since <= one.record.created_at <= until and one.was_drawn_from(draws):
                yield one.record.image, one.stratum

    found = []
    for (verdict, category), lot in sorted(
        draw(frame(), sizes).items(), key=lambda item: (item[0][0], str(item[0][1]))
    ):
        made = Draw(lot.probability, verdict, category, since, until, now)
        images = [ticket.image for ticket in lot.tickets]
        states = [_add(verdicts, record, made, draws) for record in read_all(verdicts, bucket, images)]
        found.append(SampledStratum(verdict, category, sum(s is not None for s in states), lot.of, states.count(True)))
    return found


@dataclass(frozen=True)
class _Known:
    """Record that is in a sample, or that a person decided on: all that a draw has to know of it."""

    record: Record
    stratum: Stratum
    decided_at: str
    draw: Draw | None

    @classmethod
    def of(cls, record: Record) -> "_Known":
        made = Draw.of(record)
        bare = Record(image=record.image, created_at=record.created_at)
        return cls(bare, made.stratum if made else _said(record), first_decided(record), made)

    def was_drawn_from(self, draws: Iterable[Draw]) -> bool:
        first = first_draw(draws, self.stratum, self.record)
        return self.draw is not None or (first is not None and first.at <= self.decided_at)


def _said(record: Record) -> Stratum:
    said = said_by_machine(record)
    return str(said.get("verdict")), said.get("category")


def _add(verdicts: VerdictStore, record: Record, made: Draw, draws: Iterable[Draw]) -> bool | None:
    """Put a record into the sample; False if it was in one, None if it can't be: escalated, or changed meanwhile.

    In two samples it has the larger probability, since the random numbers are the same.
    """
    earlier = Draw.of(record)
    if record.is_escalated:
        return None
    if earlier:
        if earlier.probability < made.probability:
            verdicts.compare_and_set(record, drawn(record, replace(earlier, probability=made.probability).stored()))
        return False
    if _said(record) != made.stratum:
        return None
    first = first_draw(draws, made.stratum, record) or made
    stored = replace(first, probability=made.probability).stored()
    return verdicts.compare_and_set(record, drawn(record, stored)) or None
