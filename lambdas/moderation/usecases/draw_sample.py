"""Draw a stratified random sample of the machine's verdicts, for people to look at."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from moderation.domain.ground_truth import said_by_machine
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record, drawn
from moderation.domain.sample import SAMPLED_VERDICTS, Draw, Stratum, draw
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

    The same draw again adds nothing, a larger one only what it lacks. What people decided on before isn't drawn from,
    unless an earlier sample brought it to them, nor are escalated images. Raises the errors of the port.
    """

    def frame() -> Iterator[tuple[ImageRef, Stratum]]:
        for listed in verdicts.created(SAMPLED_VERDICTS, since, until):
            if listed.image.bucket == bucket and listed.decided_by in _BY_MACHINE:
                yield listed.image, (str(listed.verdict), listed.category)
        for record in read_all(verdicts, bucket, verdicts.decided_by_people(since)):
            sampled = None if record.is_escalated else Draw.of(record)
            if sampled and since <= record.created_at <= until:
                yield record.image, (sampled.verdict, sampled.category)

    found = []
    for (verdict, category), lot in sorted(
        draw(frame(), sizes).items(), key=lambda item: (item[0][0], str(item[0][1]))
    ):
        made = Draw(lot.probability, verdict, category, since, until, now)
        images = [ticket.image for ticket in lot.tickets]
        states = [_add(verdicts, record, made) for record in read_all(verdicts, bucket, images)]
        found.append(SampledStratum(verdict, category, sum(s is not None for s in states), lot.of, states.count(True)))
    return found


def _add(verdicts: VerdictStore, record: Record, made: Draw) -> bool | None:
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
    said = said_by_machine(record)
    if record.decided_by == "person" or (said.get("verdict"), said.get("category")) != (made.verdict, made.category):
        return None
    return verdicts.compare_and_set(record, drawn(record, made.stored())) or None
