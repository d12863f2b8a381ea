"""Check the audit log, and seal the days that ended.

No entry may be missing, changed or added afterwards, and every decision in force has one that says who made it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from moderation.domain.audit import (
    AuditFault,
    AuditFile,
    Chains,
    Checked,
    Decisions,
    check_file,
    read_check,
    seal,
    seal_faults,
)
from moderation.domain.record import utc
from moderation.ports import AuditReader

_DAYS = 2  # checked again after they were sealed


@dataclass(frozen=True)
class AuditCheck:
    """Number of entries and chains that were read, and a sentence for each fault."""

    entries: int
    chains: int
    faults: Sequence[str]


@dataclass
class _Reading:
    """Part of the log that was read so far."""

    chains: Chains = field(default_factory=Chains)
    decisions: Decisions = field(default_factory=Decisions)
    faults: list[AuditFault] = field(default_factory=list)
    entries: int = 0

    def take(self, files: Iterable[AuditFile], then: Callable[[AuditFile], object] = lambda file: None) -> None:
        for file in files:
            self.faults += self.chains.faults_of(file)
            self.decisions.take(file)
            self.entries += 1
            then(file)

    def result(self) -> AuditCheck:
        return AuditCheck(self.entries, len(self.chains.heads), [fault.text for fault in self.faults])


def check_audit(audit: AuditReader, now: datetime) -> AuditCheck:
    """Seal the days that ended, each as soon as it is read, and check those that were sealed in the last days again.

    So a check that is cut off goes on where it stopped. A day with a fault is sealed as it is, so that nothing else
    changes in it. The result is left in the log. Raises StoreUnavailable, Misconfigured.
    """
    today, reading = f"{now:%Y-%m-%d}", _Reading()
    seals = list(audit.seals())
    sealed = {file.day for file in seals}
    ended = {day for day in audit.entry_days("") if day < today and day not in sealed}
    since = min(_before(today, _DAYS), _before(min([today, *ended]), 1))
    for day in audit.entry_days(since):
        reading.take(audit.entries(day))
        if day in ended:
            seals.append(seal(day, reading.chains.of_day(day), seals[-1].body if seals else None))
            audit.add_seal(seals[-1])
    reading.faults += [*reading.decisions.faults_after(since), *seal_faults(seals, reading.chains.heads, since)]
    audit.add_check(check_file(_checked(audit, reading, now, since)))
    return reading.result()


def last_check(audit: AuditReader) -> Checked | None:
    """Return the result of the last check, None before the first. Raises StoreUnavailable, Misconfigured."""
    file = audit.last_check()
    return read_check(file) if file else None


def verify_audit(audit: AuditReader, since: str, take: Callable[[AuditFile], object] = lambda file: None) -> AuditCheck:
    """Check all entries and seals since a day (YYYY-MM-DD); `take` gets each entry in turn.

    Decisions that came into force on that day itself may have been made the day before: they are taken as made. Raises
    StoreUnavailable, Misconfigured.
    """
    reading = _Reading()
    for day in audit.entry_days(since):
        reading.take(audit.entries(day), take)
    reading.faults += [*reading.decisions.faults_after(since), *seal_faults(audit.seals(), reading.chains.heads, since)]
    return reading.result()


def _checked(audit: AuditReader, reading: _Reading, now: datetime, since: str) -> Checked:
    before = last_check(audit)
    broken = [fault.day for fault in reading.faults] + ([before.broken_since] if before else [])
    first = min((day for day in broken if day), default="")
    return Checked(utc(now), since, reading.entries, len(reading.chains.heads), len(reading.faults), broken_since=first)


def _before(day: str, days: int) -> str:
    return f"{datetime.fromisoformat(day) - timedelta(days=days):%Y-%m-%d}"
