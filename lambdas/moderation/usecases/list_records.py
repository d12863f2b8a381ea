"""List records by time, filtered, and say how many there are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record, utc
from moderation.domain.unusable import REUPLOAD
from moderation.domain.waiting import cause_of
from moderation.ports import VerdictStore

_COUNTED = 10_000  # records that are read to count those that aren't listed
_REVIEW = "review"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Records to list: at most `limit` of those that match every filter given, uploaded between two times.

    `policy` is a pack's name or the start of its digest, `cause` that of a review (`domain.waiting`).
    """

    since: datetime
    until: datetime
    limit: int
    verdicts: Sequence[str]
    uploader: str | None = None
    category: str | None = None
    decided_by: str | None = None
    policy: str | None = None
    prefix: str = ""
    cause: str | None = None

    @property
    def oldest_first(self) -> bool:
        """Tell the order: of reviews alone those come first that have waited longest."""
        return tuple(self.verdicts) == (_REVIEW,)


@dataclass(frozen=True)
class Listing:
    """Records listed and how many match: `pictures`, and apart from them `unusable` files, which nobody can judge.

    Unless `counted`, there may be more than these numbers.
    """

    pictures: Sequence[Record]
    all_pictures: int
    unusable: Sequence[Record]
    all_unusable: int
    counted: bool

    @property
    def records(self) -> list[Record]:
        return [*self.pictures, *self.unusable]

    @property
    def is_whole(self) -> bool:
        """Tell if all that match are listed."""
        return self.counted and len(self.records) == self.all_pictures + self.all_unusable


def list_records(verdicts: VerdictStore, bucket: str, wanted: Wanted) -> Listing:
    """Return the newest records, or the oldest reviews, in that order; unusable files fill what the limit leaves.

    Escalated images aren't listed. Raises the errors of the port.
    """
    # the index by verdict lacks the row, which the index of the queue has
    rows = {queued.image: queued for queued in verdicts.queue()} if wanted.cause else {}
    pictures: list[Record] = []
    unusable: list[Record] = []
    numbers = {False: 0, True: 0}
    counted = True
    for read, record in enumerate(_found(verdicts, bucket, wanted)):
        if read >= _COUNTED and len(pictures) >= wanted.limit:
            counted = False
            break
        if not _matches(record, wanted, rows):
            continue
        is_unusable = record.needs == REUPLOAD
        numbers[is_unusable] += 1
        listed = unusable if is_unusable else pictures
        if len(listed) < wanted.limit:
            listed.append(record)
    left = wanted.limit - len(pictures)
    return Listing(pictures, numbers[False], unusable[:left], numbers[True], counted)


def _found(verdicts: VerdictStore, bucket: str, wanted: Wanted) -> Iterator[Record]:
    first, last = utc(wanted.since), utc(wanted.until)
    if wanted.uploader is None:
        return iter(verdicts.created(wanted.verdicts, first, last, wanted.oldest_first))
    newest = _of_uploader(verdicts, bucket, wanted.uploader, wanted.verdicts, first, last)
    return reversed(list(newest)) if wanted.oldest_first else newest


def _of_uploader(
    verdicts: VerdictStore, bucket: str, uploader: str, wanted: Sequence[str], first: str, last: str
) -> Iterator[Record]:
    for image in verdicts.of_uploader(bucket, uploader, first, last):
        record = verdicts.get(image)  # the index lags behind, and lacks the reason
        if record and record.verdict in wanted and not record.is_escalated:
            yield record


def _matches(record: Record, wanted: Wanted, rows: Mapping[ImageRef, Record]) -> bool:
    policy = record.policy or {}
    return (
        (wanted.category is None or (record.category or "").casefold() == wanted.category.casefold())
        and wanted.decided_by in (None, record.decided_by)
        and (wanted.policy is None or _is_of_pack(policy, wanted.policy))
        and record.image.key.startswith(wanted.prefix)
        and (wanted.cause is None or _waits_for(record, wanted.cause, rows))
    )


def _is_of_pack(policy: Mapping[str, str], named: str) -> bool:
    return policy.get("name") == named or policy.get("digest", "").startswith(named)


def _waits_for(record: Record, cause: str, rows: Mapping[ImageRef, Record]) -> bool:
    return record.verdict == _REVIEW and cause_of(rows.get(record.image, record)).casefold() == cause.casefold()
