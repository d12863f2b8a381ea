"""Check of the audit log's decisions: each that came into force was made, was not undone, and came into force once.

What people's requests reach writes that a decision was made, undone or is to be reversed; the function that ends
decisions writes that it came into force. Whoever forges a decision on a record alone is seen here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from moderation.domain.audit import AuditEvent, AuditFault, AuditFile, read_event

_ID = re.compile("[0-9a-f]{32}")
_ENDS = ("in-force", "opinion")
# An attempt that failed is repeated each minute, and each writes an entry.
_AGAIN = timedelta(hours=1)
_Decision = tuple[Any, ...]


@dataclass(frozen=True, order=True)
class _End:
    """Entry by which a decision came into force, or by which an attempt at that began."""

    at: str
    key: str
    action: str
    decision: _Decision
    written_at: str

    @property
    def id(self) -> str:
        return str(self.decision[2])


@dataclass
class Decisions:
    """Check of entries, day by day; those of the time `before` which it checks are complete."""

    before: str
    _made: dict[_Decision, str] = field(default_factory=dict)
    _undone: dict[str, str] = field(default_factory=dict)
    _stood: set[str] = field(default_factory=set)
    _ended: list[_End] = field(default_factory=list)
    _first: dict[str, _End] = field(default_factory=dict)
    _last: dict[str, _End] = field(default_factory=dict)
    _over: dict[str | None, list[tuple[str, str]]] = field(default_factory=dict)

    def take(self, file: AuditFile) -> Iterator[AuditFault]:
        """Take the next entry of a day, in any order; one that can't be read is a fault of its chain."""
        try:
            event = read_event(file)
        except ValueError:
            return
        if event.at >= self.before:
            return
        written_at, name = file.written_at or event.at, event.facts.get("decision")
        if event.action == "decide":
            decision = _decision_of(event)
            self._made[decision] = min(written_at, self._made.get(decision, written_at))
        elif event.action == "undo":
            self._undone[str(name)] = event.at
        elif event.action == "reverse":
            self._stood.add(str(name))
            self._over.setdefault(event.image, []).append((event.at, ""))
        elif event.action in _ENDS and not (event.action == "opinion" and "decision" not in event.facts):
            if not isinstance(name, str) or not _ID.fullmatch(name):
                yield AuditFault(file.day, f"{file.key} puts a decision into force that has no id ({name!r}).")
                return
            self._ended.append(_End(event.at, file.key, event.action, _decision_of(event), written_at))
            if event.action == "in-force":
                self._over.setdefault(event.image, []).append((event.at, name))

    def faults_of(self, day: str) -> Iterator[AuditFault]:
        """Yield the faults of the decisions that came into force on a day, whose entries are all taken."""
        for end in sorted(self._ended):
            image, who, name, _ = end.decision
            said = f"{end.key} puts a decision of {who} on {image} into force ({name}), which"
            if (made_at := self._made.get(end.decision)) is None:
                # An entry that is added now is a later one, so only one that wasn't read ends this fault.
                yield AuditFault(day, f"{said} no entry says they made.", passes=True)
            elif made_at > end.written_at:
                yield AuditFault(day, f"{said} an entry says they made only later, at {made_at}.")
            if (undone_at := self._undone_at(end)) is not None:
                yield AuditFault(day, f"{said} they had undone at {undone_at}.")
            if self._was_over(end):
                yield AuditFault(day, f"{said} had come into force before, at {self._last[name].at}.")
            self._first.setdefault(name, end)
            self._last[name] = end
        self._ended.clear()

    def _undone_at(self, end: _End) -> str | None:
        """Return when a decision was undone before it came into force, unless whoever undid it was told that it had."""
        undone_at = self._undone.get(end.id)
        return undone_at if undone_at is not None and undone_at <= end.at and end.id not in self._stood else None

    def _was_over(self, end: _End) -> bool:
        """Tell if a decision had come into force, and the entry isn't one of another attempt at that."""
        last = self._last.get(end.id)
        if last is None:
            return False
        if (end.action, end.decision) != (last.action, last.decision):
            return True
        if datetime.fromisoformat(end.at) - datetime.fromisoformat(last.at) > _AGAIN:
            return True
        first = self._first[end.id]
        between = (name for at, name in self._over.get(end.decision[0], ()) if first.at <= at <= end.at)
        return any(name != end.id for name in between)


def _decision_of(event: AuditEvent) -> _Decision:
    return (event.image, event.who, event.facts.get("decision"), event.facts.get("verdict"))
