"""Check the audit log, and seal the days that ended.

No entry may be missing, changed or added afterwards, and every decision in force has one that says who made it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from moderation.domain.audit import SEALS, AuditFile, Chains, Decisions, seal, seal_faults
from moderation.ports import AuditReader

_DAYS = 2  # before the first that isn't sealed: checked again, and read for what was decided then


@dataclass(frozen=True)
class AuditCheck:
    """Number of entries and chains that were read, and a sentence for each fault."""

    entries: int
    chains: int
    faults: Sequence[str]


def check_audit(audit: AuditReader, now: datetime) -> AuditCheck:
    """Check the last days and those without a seal, and seal those that ended.

    A day with a fault is sealed as it is, so that nothing else changes in it. Raises StoreUnavailable, Misconfigured.
    """
    today = f"{now:%Y-%m-%d}"
    seals = list(audit.seals())
    sealed = {_day(file) for file in seals}
    unsealed = [day for day in audit.entry_days("") if day not in sealed]
    first = datetime.fromisoformat(min([today, *unsealed]))
    since = f"{first - timedelta(days=_DAYS):%Y-%m-%d}"
    checked, chains = _read(audit, seals, since)
    before = seals[-1].body if seals else None
    for day in (day for day in unsealed if day < today):
        made = seal(day, {name: head for name, head in chains.heads.items() if name.startswith(f"{day}/")}, before)
        audit.add_seal(made)
        before = made.body
    return checked


def verify_audit(audit: AuditReader, since: str, take: Callable[[AuditFile], None] = lambda file: None) -> AuditCheck:
    """Check all entries and seals since a day (YYYY-MM-DD); `take` gets each entry in turn.

    Decisions that came into force on that day itself may have been made the day before: they are taken as made. Raises
    StoreUnavailable, Misconfigured.
    """
    return _read(audit, list(audit.seals()), since, take)[0]


def _read(
    audit: AuditReader, seals: Sequence[AuditFile], since: str, take: Callable[[AuditFile], None] = lambda file: None
) -> tuple[AuditCheck, Chains]:
    chains, decisions, faults, entries = Chains(), Decisions(), list[str](), 0
    for day in audit.entry_days(since):
        for file in audit.entries(day):
            faults += chains.faults_of(file)
            decisions.take(file)
            take(file)
            entries += 1
    faults += decisions.faults_after(since)
    faults += seal_faults(seals, chains.heads, since)
    return AuditCheck(entries, len(chains.heads), faults), chains


def _day(file: AuditFile) -> str:
    return file.key.removeprefix(SEALS).removesuffix(".json")
