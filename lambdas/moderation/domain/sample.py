"""A stratified random sample of the machine's verdicts, with the probability of each to be in it.

Every image has a fixed random number, and of each stratum those with the lowest numbers are drawn: the same draw gives
the same sample, and a larger one contains a smaller one.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record

SAMPLED_VERDICTS = ("safe", "unsafe")


@dataclass(frozen=True)
class Draw:
    """Sample as a record stores it (`sample`): the probability with which it was drawn from its stratum.

    The stratum has the machine's verdicts alike in verdict and category on uploads between two ISO-8601 times; `at` is
    the time of the first draw from them, which what people had decided on by then wasn't in.
    """

    probability: float
    verdict: str
    category: str | None
    since: str
    until: str
    at: str

    @classmethod
    def of(cls, record: Record) -> "Draw | None":
        """Return what a record stores, None if it isn't in a sample."""
        known = record.sample
        if not known:
            return None
        names = ("probability", "verdict", "category", "since", "until", "at")
        return cls(**{name: known.get(name) for name in names})  # type: ignore[arg-type]  # as it was stored

    def stored(self) -> dict[str, object]:
        """Return the attribute."""
        return asdict(self)

    @property
    def stratum(self) -> "Stratum":
        return self.verdict, self.category

    def covers(self, record: Record) -> bool:
        """Tell if an upload is of the time that was drawn from."""
        return self.since <= record.created_at <= self.until


def first_draw(draws: Iterable[Draw], stratum: "Stratum", record: Record) -> Draw | None:
    """Return the first of draws from a stratum that covers an upload, None without one."""
    own = [made for made in draws if made.stratum == stratum and made.covers(record)]
    return min(own, key=lambda made: made.at, default=None)


@dataclass(frozen=True, order=True)
class Ticket:
    """Image with its random number, from 0 to below 1."""

    number: float
    bucket: str
    key: str
    version: str

    @property
    def image(self) -> ImageRef:
        return ImageRef(self.bucket, self.key, self.version)


Stratum = tuple[str, str | None]


@dataclass(frozen=True)
class Drawn:
    """The lot of one stratum: the images drawn, of so many."""

    tickets: list[Ticket]
    of: int

    @property
    def probability(self) -> float:
        return len(self.tickets) / self.of


def draw(frame: Iterable[tuple[ImageRef, Stratum]], sizes: Mapping[str, int]) -> dict[Stratum, Drawn]:
    """Draw from each stratum the size of its verdict, or all of it if it is smaller. Holds only what is drawn."""
    counts: Counter[Stratum] = Counter()
    lowest: dict[Stratum, list[tuple[float, Ticket]]] = {}
    for image, stratum in frame:
        counts[stratum] += 1
        size, kept = sizes.get(stratum[0], 0), lowest.setdefault(stratum, [])
        ticket = Ticket(_number(image), image.bucket, image.key, image.version)
        if len(kept) < size:
            heapq.heappush(kept, (-ticket.number, ticket))
        elif kept and ticket.number < -kept[0][0]:
            heapq.heapreplace(kept, (-ticket.number, ticket))
    return {
        stratum: Drawn(sorted(ticket for _, ticket in kept), counts[stratum])
        for stratum, kept in lowest.items()
        if kept
    }


def _number(image: ImageRef) -> float:
    text = f"sample {image.pk} {image.version}"
    return int.from_bytes(hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:8]) / 2**64
