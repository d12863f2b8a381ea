"""Find the other uploads of the same bytes."""

from dataclasses import dataclass
from itertools import islice

from moderation.domain.record import Record
from moderation.ports import VerdictStore

_MOST_READ = 100  # each is a read of its own


@dataclass(frozen=True)
class Siblings:
    """Records of the same bytes that have another verdict, and the same; `unread` copies weren't read."""

    differing: tuple[Record, ...] = ()
    agreeing: tuple[Record, ...] = ()
    unread: int = 0


def find_siblings(verdicts: VerdictStore, record: Record, *, all_of_them: bool = False) -> Siblings:
    """Return the other uploads of the same bytes that have a verdict, newest first.

    Only some are read of very many, unless all are wanted. Raises the errors of the port.
    """
    if not record.sha256:
        return Siblings()
    others = (image for image in verdicts.of_same_bytes(record.image.bucket, record.sha256) if image != record.image)
    read = [verdicts.get(image) for image in islice(others, None if all_of_them else _MOST_READ)]
    decided = [each for each in read if each and each.verdict is not None]
    differing = tuple(each for each in decided if each.verdict != record.verdict)
    agreeing = tuple(each for each in decided if each.verdict == record.verdict)
    return Siblings(differing, agreeing, unread=sum(1 for _ in others))
