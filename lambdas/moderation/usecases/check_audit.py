"""Check the audit log, and seal the days that ended.

No entry may be missing, changed or added afterwards, and every decision in force has one that says who made it. What
can't be read is a fault, and the check goes on: whoever may add entries may add anything.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from moderation.domain.audit import (
    ENTRIES,
    AuditFault,
    AuditFile,
    Checked,
    check_file,
    digest_of,
    is_day,
    is_place,
    read_check,
    seal,
)
from moderation.domain.audit_chains import LATE, Chains, newest_seal_faults, seal_faults
from moderation.domain.audit_decisions import Decisions
from moderation.domain.record import utc
from moderation.ports import AuditReader

_DAYS = 2  # for which a decision may wait for its end, and in which what was sealed is checked again
_MOST_FOUND = 1000  # faults that a result holds
_FIRST_DAY = "2000-01-01"  # that `is_day` knows


@dataclass(frozen=True)
class AuditCheck:
    """Number of entries and chains that were read, and a sentence for each fault; `explained` ones are no alarm."""

    entries: int
    chains: int
    faults: Sequence[str]
    explained: Sequence[str] = ()


@dataclass
class _Strays:
    """Names that don't belong where they are: there may be any number, so only the first is told."""

    first: str = ""
    number: int = 0

    def add(self, name: str) -> None:
        self.first = self.first if self.number else name
        self.number += 1

    def faults(self, day: str, where: str, what: str) -> Iterator[AuditFault]:
        if self.number:
            yield AuditFault(day, f"{where} holds {self.number} {what}; the first is {self.first!r}.")


@dataclass
class _Reading:
    """Part of the log that was read so far, by a check that began at a time."""

    began: str
    entries: int = 0
    chains: Chains = field(default_factory=Chains)

    def __post_init__(self) -> None:
        self._decisions = Decisions(self.began)

    def take(
        self, day: str, files: Iterable[AuditFile], then: Callable[[AuditFile], object] = lambda file: None
    ) -> Iterator[AuditFault]:
        """Take the entries of the next day; yields its faults."""
        strays = _Strays()
        for file in files:
            if not is_place(file.key):
                strays.add(file.key)
                continue
            yield from self.chains.faults_of(file)
            yield from self._decisions.take(file)
            self.entries += 1
            then(file)
        yield from self._decisions.faults_of(day)
        yield from strays.faults(day, f"{ENTRIES}{day}/", "objects that aren't named like entries")


@dataclass(frozen=True)
class _Days:
    """Days with entries until today, in order, and faults of what else is listed among them."""

    known: Sequence[str]
    faults: Sequence[AuditFault]

    def since(self, day: str) -> list[str]:
        return [known for known in self.known if known >= day]


@dataclass
class _Result:
    """Faults that a check has found so far, and those that the one `before` left: the log keeps both, and its `seals`.

    Of the latter those end that were explained, and those that pass and weren't found again on days since `first`.
    """

    audit: AuditReader
    before: Checked | None
    now: datetime
    first: str
    explanation: str
    seals: Sequence[AuditFile]
    found: dict[str, AuditFault] = field(default_factory=dict)

    def __post_init__(self) -> None:
        left = self.before.found if self.before else ()
        explained = self.before.explained if self.before else ()
        self.explained = frozenset([*explained, *(fault.text for fault in left if self.explanation)])
        self._add(fault for fault in left if not (fault.passes and fault.day >= self.first))
        self._noted = len(self.found)

    def add(self, faults: Iterable[AuditFault]) -> None:
        """Add faults; of the days before the first one, those that a check of them alone may find don't count."""
        self._add(fault for fault in faults if not (fault.passes and fault.day < self.first))

    def note_so_far(self, reading: _Reading, day: str) -> None:
        """Leave what was found until a day in the log, unless it is there: nobody reads that day after its seal."""
        if len(self.found) > self._noted:
            self.audit.add_check(check_file(self._checked(reading), day))
            self._noted = len(self.found)

    def note(self, reading: _Reading) -> AuditCheck:
        checked = self._checked(reading)
        self.audit.add_check(check_file(checked))
        return AuditCheck(checked.entries, checked.chains, [*(fault.text for fault in checked.found), *_rest(checked)])

    def _add(self, faults: Iterable[AuditFault]) -> None:
        self.found |= {fault.text: fault for fault in faults if fault.text not in self.explained}

    def _checked(self, reading: _Reading) -> Checked:
        named, left = _shared_out(self.found.values())
        unnamed = self._unnamed(left)
        # A result of an earlier release names no faults.
        since = self.before.broken_since if self.before and not (self.before.found or self.explanation) else ""
        return Checked(
            at=utc(self.now),
            since=_before(self.first),
            entries=reading.entries,
            chains=len(reading.chains.heads),
            faults=len(named) + sum(unnamed.values()),
            broken_since=min([*(fault.day for fault in named), *unnamed, *filter(None, [since])], default=""),
            found=tuple(named),
            explained=tuple(sorted(self.explained)),
            explanation=self.explanation,
            unnamed=unnamed,
            sealed=self.seals[-1].day if self.seals else "",
            seal=digest_of(self.seals[-1].body) if self.seals else "",
        )

    def _unnamed(self, left: Sequence[AuditFault]) -> dict[str, int]:
        """Return the numbers of unnamed faults: on days that aren't read again, those of the check before count too."""
        before = self.before if self.before and not self.explanation else None
        named = {fault.text for fault in before.found} if before else set()
        now, pushed_out = Counter(fault.day for fault in left), Counter(f.day for f in left if f.text in named)
        for day, number in (before.unnamed if before else {}).items():
            if day < _before(self.first):
                now[day] = max(now[day], number + pushed_out[day])
        return dict(sorted(now.items()))


def check_audit(audit: AuditReader, now: datetime, explanation: str = "") -> AuditCheck:
    """Seal the days that ended, each as soon as it is read, and check those that were sealed in the last days again.

    So a check that is cut off goes on where it stopped, and the faults of a day are in the log before its seal. A day
    with a fault is sealed as it is, so that nothing else changes in it. A fault counts in this check and in those after
    it, until one has an `explanation`, which is of the faults that the last one left. Raises StoreUnavailable,
    Misconfigured.
    """
    before = last_check(audit)  # before all else: if the right to read is missing, nothing is sealed
    seals, reading, today = list(audit.seals()), _Reading(utc(now)), utc(now)[:10]
    newest = max((file.day for file in seals), default="")
    days = _days(audit, today, seals)
    ended = [day for day in days.known if newest < day < utc(now - LATE)[:10]]
    first = min([today, *ended])
    result = _Result(audit, before, now, first, explanation, seals)
    result.add([*days.faults, *newest_seal_faults(seals, before)])
    for day in days.since(_before(first)):
        result.add(reading.take(day, audit.entries(day)))
        if day in ended:
            result.note_so_far(reading, day)
            seals.append(seal(day, reading.chains.of_day(day), seals[-1].body if seals else None))
            audit.add_seal(seals[-1])
    result.add(seal_faults(seals, reading.chains.heads, _before(first)))
    return result.note(reading)


def last_check(audit: AuditReader) -> Checked | None:
    """Return the result of the last check, None before the first. Raises StoreUnavailable, Misconfigured."""
    file = audit.last_check()
    return read_check(file) if file else None


def verify_audit(
    audit: AuditReader, since: str, now: datetime, take: Callable[[AuditFile], object] = lambda file: None
) -> AuditCheck:
    """Check all entries and seals since a day (YYYY-MM-DD); `take` gets each entry in turn.

    The faults are those that the daily check finds, in the same words, and those of these days that it has left; the
    days before are read for the decisions that were made on them. Raises StoreUnavailable, Misconfigured.
    """
    before = last_check(audit)
    seals, reading = list(audit.seals()), _Reading(utc(now))
    days = _days(audit, utc(now)[:10], seals)
    for day in days.since(_before(since)):
        if day < since:
            list(reading.take(day, audit.entries(day)))
    entries, chains = reading.entries, len(reading.chains.heads)
    faults = [fault for fault in (before.found if before else ()) if not fault.passes]
    faults += [*days.faults, *newest_seal_faults(seals, before)]
    for day in days.since(since):
        faults += reading.take(day, audit.entries(day), take)
    faults += seal_faults(seals, reading.chains.heads, since)
    explained = frozenset(before.explained if before else ())
    texts = list(dict.fromkeys([*(fault.text for fault in faults), *_rest(before)]))
    return AuditCheck(
        reading.entries - entries,
        len(reading.chains.heads) - chains,
        [text for text in texts if text not in explained],
        [text for text in texts if text in explained],
    )


def _days(audit: AuditReader, today: str, seals: Sequence[AuditFile]) -> _Days:
    sealed = {file.day for file in seals}
    newest = max(sealed, default="")
    known, faults, strays, ahead = [], list[AuditFault](), _Strays(), _Strays()
    for name in audit.entry_days():
        if not is_day(name):
            strays.add(name)
        elif name > today:
            ahead.add(name)
        else:
            known.append(name)
            if name < newest and name not in sealed:
                text = f"{ENTRIES}{name}/ was added after its day: later days are sealed, and it isn't."
                faults.append(AuditFault(name, text))
    faults += strays.faults(today, ENTRIES, "folders or files that aren't days")
    faults += ahead.faults(today, ENTRIES, "days that haven't come")
    return _Days(known, faults)


def _shared_out(faults: Iterable[AuditFault]) -> tuple[list[AuditFault], list[AuditFault]]:
    """Return the faults that a result names, by day, and the others: no day's number keeps another's from a name."""
    by_day = groupby(sorted(faults, key=lambda fault: fault.day), key=lambda fault: fault.day)
    ranked = [(rank, fault) for _, of_day in by_day for rank, fault in enumerate(of_day)]
    found = [fault for _, fault in sorted(ranked, key=lambda each: each[0])]
    return sorted(found[:_MOST_FOUND], key=lambda fault: fault.day), found[_MOST_FOUND:]


def _rest(checked: Checked | None) -> list[str]:
    """Return a sentence for the faults that a result doesn't name, if there are any."""
    if not checked or not checked.unnamed:
        return []
    return [f"{sum(checked.unnamed.values())} more faults since {min(checked.unnamed)} aren't named here."]


def _before(day: str) -> str:
    """Return the day from which on entries are read for the check of a day."""
    return f"{datetime.fromisoformat(max(day, _FIRST_DAY)) - timedelta(days=_DAYS):%Y-%m-%d}"
