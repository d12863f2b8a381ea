"""People's decisions as the truth about pictures, which a pack or a model is compared with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record
from moderation.domain.replay import NotReplayable, Replayed


@dataclass(frozen=True)
class Truth:
    """Decision of a person on a picture; `categories` are empty for `safe`, the main one comes first."""

    verdict: Literal["safe", "unsafe"]
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contradiction:
    """A person's decision, and the opposite one under a pack."""

    image: ImageRef
    truth: Truth
    pack: str
    verdict: str
    category: str | None
    reason: str


def truth_of(record: Record) -> Truth | None:
    """Return what a person decided on the picture; None without such a decision.

    A decision about one upload says nothing about the picture, and one that was carried over from another upload of
    the same bytes counts there. An escalated image is left out.
    """
    is_own = record.decided_by == "person" and not record.as_of and not record.is_bound_to_context
    if not is_own or record.is_escalated or record.verdict not in ("safe", "unsafe"):
        return None
    return Truth("safe") if record.verdict == "safe" else Truth("unsafe", record.all_categories)


def said_by_machine(record: Record) -> Mapping[str, Any]:
    """Return verdict and category of the machine, also where a person overruled them; empty if it said nothing."""
    if record.decided_by != "person":
        return {"verdict": record.verdict, "category": record.category} if record.verdict else {}
    own: Iterable[Mapping[str, Any]] = (made for made in reversed(record.history) if made["decided_by"] != "person")
    return next(iter(own), {})


def first_decided(record: Record) -> str:
    """Return when a person decided on a record for the first time, "" if none did."""
    return min((str(made["at"]) for made in record.history if made.get("who")), default="")


def contradicts(result: Replayed | NotReplayable | None, truth: Truth) -> bool:
    """Tell if a replay says `safe` where a person said `unsafe`, or the reverse; a `review` contradicts nobody."""
    return isinstance(result, Replayed) and {result.after.verdict, truth.verdict} == {"safe", "unsafe"}
