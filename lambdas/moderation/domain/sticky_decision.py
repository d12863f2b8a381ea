"""A person's decision that holds for the same bytes uploaded later, within a route, as long as the rules stand.

It is an item of its own in the verdict table, which outlives the record that it was made on. Its key is a keyed hash,
so that nobody without the secret can tell which bytes it is about, and it holds nothing of an upload.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from moderation.contract import SHARDS

SCHEMA_VERSION = 1
# Days for which a decision holds beyond the last record that rests on it.
DAYS_BEYOND_RECORD = 365


@dataclass(frozen=True)
class DecisionKey:
    """Key of the item."""

    pk: str
    sk: str


@dataclass(frozen=True)
class StickyDecision:
    """A decision, its route, the ARN of who made it, and its time (ISO-8601 UTC).

    `reason` is the person's note, empty once the last upload that it was about is erased. `expires_at` is in seconds
    since 1970, None as long as a record without an expiry rests on it.
    """

    key: DecisionKey
    route: str
    verdict: str
    categories: tuple[str, ...]
    reason: str
    decided_by: str
    decided_at: str
    expires_at: int | None = None

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> "StickyDecision":
        """Read an item; unknown attributes are ignored."""
        return cls(
            key=DecisionKey(attributes["pk"], attributes["sk"]),
            route=attributes["route"],
            verdict=attributes["verdict"],
            categories=tuple(attributes.get("categories", ())),
            reason=attributes.get("reason", ""),
            decided_by=attributes["decided_by"],
            decided_at=attributes["decided_at"],
            expires_at=attributes.get("expires_at"),
        )

    def attributes(self) -> dict[str, Any]:
        """The item's attributes: the inverse of `from_attributes`."""
        fields = {**asdict(self), **asdict(self.key), "categories": list(self.categories)}
        del fields["key"]
        return {
            "schema_version": SCHEMA_VERSION,
            **{name: value for name, value in fields.items() if value is not None},
        }

    def says_the_same(self, other: "StickyDecision | None") -> bool:
        """Tell if another decision of the same person differs in its times alone."""
        said = ("key", "verdict", "categories", "reason", "decided_by")
        return other is not None and all(getattr(self, name) == getattr(other, name) for name in said)


@dataclass(frozen=True)
class Sticking:
    """Change of the decision that sticks: the one that stands, as it was read, and the one that is to stand."""

    key: DecisionKey
    standing: StickyDecision | None
    wanted: StickyDecision | None


def partitions(bucket: str) -> list[str]:
    """Partition keys of a bucket's decisions; a bucket's name has no colon, so they are no object's."""
    return [f"{bucket}:decisions#{shard}" for shard in range(SHARDS)]


def decision_key(secret: bytes, bucket: str, sha256: str, route: str, rules_digest: str) -> DecisionKey:
    """Key of the decision on bytes, by their SHA-256 (hex), under a route's prefix and a pack's rules."""
    said = "\0".join((bucket, sha256, rules_digest, route))
    digest = hmac.new(secret, said.encode(), hashlib.sha256).hexdigest()
    return DecisionKey(partitions(bucket)[int(digest[:8], 16) % SHARDS], digest)


def outliving(expires_at: int | None) -> int | None:
    """Expiry of a decision that rests on a record with that expiry (None for neither), in seconds since 1970."""
    return None if expires_at is None else expires_at + DAYS_BEYOND_RECORD * 86_400
