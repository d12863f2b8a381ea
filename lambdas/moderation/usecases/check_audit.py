"""Check the audit log: that no entry is missing, was changed or was added afterwards; and seal the days that ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from moderation.domain.audit import SEALS, AuditFile, Chains, seal, seal_faults
from moderation.ports import AuditReader

_DAYS = 2  # checked again after they were sealed


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
    since = min([f"{now - timedelta(days=_DAYS):%Y-%m-%d}", *unsealed])
    checked, chains = _read(audit, seals, since)
    before = seals[-1].body if seals else None
    for day in (day for day in unsealed if day < today):
        made = seal(day, {name: head for name, head in chains.heads.items() if name.startswith(f"{day}/")}, before)
        audit.add_seal(made)
        before = made.body
    return checked


def verify_audit(audit: AuditReader, since: str, take: Callable[[AuditFile], None] = lambda file: None) -> AuditCheck:
    """Check all entries and seals since a day (YYYY-MM-DD); `take` gets each entry in turn.

    Raises StoreUnavailable, Misconfigured.
    """
    return _read(audit, list(audit.seals()), since, take)[0]


def _read(
    audit: AuditReader, seals: Sequence[AuditFile], since: str, take: Callable[[AuditFile], None] = lambda file: None
) -> tuple[AuditCheck, Chains]:
    chains, faults, entries = Chains(), list[str](), 0
    for day in audit.entry_days(since):
        for file in audit.entries(day):
            faults += chains.faults_of(file)
            take(file)
            entries += 1
    faults += seal_faults(seals, chains.heads, since)
    return AuditCheck(entries, len(chains.heads), faults), chains


def _day(file: AuditFile) -> str:
    return file.key.removeprefix(SEALS).removesuffix(".json")
