"""Lanes of the review queue: a partition for each kind of item that some people may see and others may not.

A waiting item is in its lane, or unsorted if it has none yet. Its order is its rank and when it is due. An item that is
leased, parked or pending is in a partition of its own kind, in the order in which it comes back.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from moderation.contract import SHARDS
from moderation.domain.image_ref import ImageRef
from moderation.domain.policy import SEVERITY, Category, Pack

WAITING = "review"
LEASED = "leased"
PARKED = "parked"
PENDING = "pending"
# Partitions of waiting items without a lane: of failures, of earlier releases, and of what came after the last lane.
UNSORTED = tuple(f"{WAITING}#{shard}" for shard in range(SHARDS))
_LOWEST_RANK = 9
# Folder of a wide lane, whose items are in any; others end with a slash, or are empty.
ANY_FOLDER = "*"
# Rank of items without a severity of their own.
RANK = _LOWEST_RANK - SEVERITY
_ANY = Category("", "")


@dataclass(frozen=True)
class Lane:
    """Waiting items of one bucket that are alike: in severity, supported categories and the keys' first folder.

    Where there are too many lanes, items that differ in their folders alone share a wide one.
    """

    bucket: str
    severity: int
    categories: tuple[str, ...]
    folder: str

    @property
    def id(self) -> str:
        """Sixteen hex digits."""
        content = json.dumps([self.bucket, self.severity, self.categories, self.folder])
        return hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()[:16]

    @property
    def partition(self) -> str:
        """Partition of the queue's index."""
        return f"{WAITING}#{self.id}"

    @property
    def is_wide(self) -> bool:
        """True if its items are in any folder."""
        return self.folder == ANY_FOLDER

    def widened(self) -> "Lane":
        """Return the wide lane of such items."""
        return replace(self, folder=ANY_FOLDER)


class Place(NamedTuple):
    """Place at which an item waits: a partition of the queue's index, and a point in its order."""

    partition: str
    order: str


@dataclass(frozen=True)
class Standing:
    """Number of items that wait in lanes, of those that are overdue, and the time at which the next one is due.

    Of a long queue not all are counted: `is_all` is false then.
    """

    waiting: int = 0
    overdue: int = 0
    next_due_at: str | None = None
    is_all: bool = True

    @classmethod
    def of_all(cls, lanes: Iterable["Standing"]) -> "Standing":
        """Return that of several lanes."""
        each = list(lanes)
        return cls(
            waiting=sum(lane.waiting for lane in each),
            overdue=sum(lane.overdue for lane in each),
            next_due_at=min((lane.next_due_at for lane in each if lane.next_due_at), default=None),
            is_all=all(lane.is_all for lane in each),
        )


def filed(supported: Collection[str], pack: Pack | None, created_at: str) -> dict[str, Any]:
    """Attributes of a review by which it is sorted: the gravest of its categories, and the earliest deadline of any.

    A category that the pack doesn't have, and a review without any, gets what a category has by default.
    """
    known = {category.name: category for category in pack.categories} if pack else {}
    named = [known.get(name, _ANY) for name in sorted(supported)] or [_ANY]
    return {
        "supports": sorted(supported),
        "severity": max(category.severity for category in named),
        "due_at": _later(created_at, min(category.review_minutes for category in named)),
    }


def lane_of(image: ImageRef, attributes: Mapping[str, Any]) -> Lane:
    """Return the lane of a review with these attributes (`filed`)."""
    folder, slash, _ = image.key.partition("/")
    return Lane(image.bucket, attributes["severity"], tuple(attributes["supports"]), folder + slash if slash else "")


def away(kind: str) -> str:
    """Partition of the items that are leased, parked or pending: people are few, so that one of each kind is enough."""
    return f"{kind}#0"


def order_of(severity: int, due_at: str) -> str:
    """Sort key of a waiting item: the gravest first, then the one that is due first."""
    return f"{_LOWEST_RANK - severity}#{due_at}"


def due_by_default(created_at: str) -> str:
    """Return when an item of an earlier release is due, whose order has the time of its upload."""
    return _later(created_at, _ANY.review_minutes)


def _later(moment: str, minutes: int) -> str:
    """Return a time as `domain.record.utc` writes it, later by some minutes."""
    later = datetime.fromisoformat(moment) + timedelta(minutes=minutes)
    return later.isoformat(timespec="milliseconds").replace("+00:00", "Z")
