"""The note of an erasure: who erased how much and when, in files that are written once and stay."""

from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

from moderation.domain.record import utc
from moderation.ports import WorkStore


class ErasureNote:
    """Lies under `prefix`. It holds neither the key nor a hash of it, which could be guessed."""

    def __init__(self, work: WorkStore, who: str, started: datetime) -> None:
        self._work = work
        self._begun = {"who": who, "created_at": utc(started)}
        self.prefix = f"provenance/erasures/{self._begun['created_at'][:10]}/{uuid4()}/"

    def start(self) -> None:
        """Note that an erasure begins. Raises StoreUnavailable, Misconfigured."""
        self._work.keep(f"{self.prefix}started.json", self._begun)

    def end(self, erased: Mapping[str, int], finished: datetime | None) -> None:
        """Note what was erased; `finished` is None where it was cut off. Raises StoreUnavailable, Misconfigured."""
        when = {"finished_at": utc(finished)} if finished else {}
        self._work.keep(f"{self.prefix}ended.json", {**self._begun, **when, "erased": dict(erased)})
