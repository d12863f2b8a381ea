"""Check of the audit log's chains against themselves, and of their seals against each other and the chains."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from moderation.domain.audit import ENTRIES, SEALS, AuditFault, AuditFile, Checked, Entry, Head, digest_of, read_entry

# An entry is written at the time that it names, or a little later: a function that writes many begins with one time.
LATE = timedelta(hours=1)


@dataclass
class Chains:
    """Check of entries in the order of their keys; holds the head of each chain alone."""

    heads: dict[str, Head] = field(default_factory=dict)

    def faults_of(self, file: AuditFile) -> list[AuditFault]:
        """Take the next entry; returns a fault if it doesn't follow the one before, or is of another time."""
        return [AuditFault(file.day, text) for text in self._faults_of(file)]

    def of_day(self, day: str) -> dict[str, Head]:
        """Return the heads of a day's chains."""
        return {name: head for name, head in self.heads.items() if name.startswith(f"{day}/")}

    def _faults_of(self, file: AuditFile) -> Iterator[str]:
        before = self.heads.get(file.chain, Head())
        try:
            entry = read_entry(file)
        except ValueError:
            self.heads[file.chain] = Head(before.number + 1, digest_of(file.body))
            yield (
                f"{file.key} can't be read: {file.unread}."
                if file.unread
                else f"{file.key} isn't an entry of the audit log."
            )
            return
        self.heads[file.chain] = Head(entry.number, digest_of(file.body))
        if entry.chain != file.chain or file.key != f"{ENTRIES}{file.chain}/{entry.number:06}.json":
            yield f"{file.key} was written for another place, {entry.chain}, number {entry.number}."
        elif entry.number != before.number + 1:
            yield f"Chain {file.chain} has a gap: number {entry.number} follows {before.number}."
        elif entry.previous != before.digest:
            yield f"{file.key} doesn't follow the entry before it: one of them was changed."
        yield from _faults_of_time(file, entry)


def seal_faults(seals: Iterable[AuditFile], heads: Mapping[str, Head], since: str) -> Iterator[AuditFault]:
    """Yield a fault for each way in which seals, oldest first, contradict each other or the chains since a day.

    The first one follows none. The chains of a sealed day must be as long as the seal says, and none may have been
    added.
    """
    before = ""
    for file in seals:
        data, day = _sealed(file)
        if data is None:
            yield AuditFault(file.day, f"{file.key} isn't a seal of the audit log.")
            continue
        if data["previous"] != before:
            yield AuditFault(
                day, f"{file.key} doesn't follow the seal before it: one of them was changed or is missing."
            )
        before = digest_of(file.body)
        if day < since:
            continue
        known = {name: Head(**head) for name, head in data["chains"].items()}
        for name, head in known.items():
            found = heads.get(name, Head())
            if found != head:
                count = f"{found.number} of {head.number} entries"
                yield AuditFault(day, f"Chain {name} isn't as it was sealed: {count}{_ends_with(found)}.")
        for name in sorted(name for name in heads if name.startswith(f"{day}/") and name not in known):
            yield AuditFault(day, f"Chain {name} was added after its day was sealed{_ends_with(heads[name])}.")


def newest_seal_faults(seals: Iterable[AuditFile], before: Checked | None) -> Iterator[AuditFault]:
    """Yield a fault if the seal that was the newest at the check before isn't there as it was: none follows it."""
    if before and before.seal and before.seal not in {digest_of(file.body) for file in seals}:
        key = f"{SEALS}{before.sealed}.json"
        yield AuditFault(before.sealed, f"{key}, which a check found at {before.at}, is missing or was changed.")


def _ends_with(head: Head) -> str:
    """Tell two alterations of a chain apart."""
    return f", the last {head.digest[:16]}" if head.number else ""


def _faults_of_time(file: AuditFile, entry: Entry) -> Iterator[str]:
    at = entry.event.at
    if at[:10] != file.day:
        yield f"{file.key} is in another day than the time it names, {at}."
    if file.written_at and abs(datetime.fromisoformat(file.written_at) - datetime.fromisoformat(at)) > LATE:
        yield f"{file.key} was written at {file.written_at}, and not at the time it names, {at}."


def _sealed(file: AuditFile) -> tuple[dict[str, Any] | None, str]:
    try:
        data = json.loads(file.body)
        _ = data["previous"], [Head(**head) for head in data["chains"].values()]
        return data, str(data["day"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, ""
