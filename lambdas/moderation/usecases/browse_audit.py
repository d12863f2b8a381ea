"""Look through the audit log: the newest entries first, a bounded number at a time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from moderation.domain.audit import AuditEvent, AuditFile, ListedEntry, is_day, read_event
from moderation.domain.blind import audited
from moderation.domain.people import Person
from moderation.ports import AuditReader

SHOWN = 50
MOST_READ = 500  # in search of what is wanted
_MOST_DAYS = 31
_PLACE = re.compile(r"(\S+) (entries/\d{4}-\d\d-\d\d/.+)", re.DOTALL)  # anything may be added there


@dataclass(frozen=True)
class Wanted:
    """Entries about an image, by its id, and those of a person, by their pseudonym; all of them by default."""

    image: str = ""
    who: str = ""

    def has(self, event: AuditEvent) -> bool:
        return self.image in ("", event.image) and self.who in ("", event.who)


@dataclass(frozen=True)
class SeenEntry:
    """Entry by its key; `event` is None if it can't be read as one. Of one that is `withheld` the image is left out."""

    key: str
    event: AuditEvent | None
    withheld: bool = False


@dataclass
class AuditPage:
    """Entries found among those `read`; `older` is the place to go on from, "" at the end of the log."""

    entries: list[SeenEntry] = field(default_factory=list)
    read: int = 0
    older: str = ""


def browse_audit(audit: AuditReader, reader: Person, wanted: Wanted, before: ListedEntry | None = None) -> AuditPage:
    """Return the newest entries that are wanted, of those older than the one `before`, as their reader may see them.

    So what is withheld from a person isn't found by it either. What can't be read is always among them. Raises
    StoreUnavailable, Misconfigured.
    """
    page = AuditPage()
    days = sorted(filter(is_day, audit.entry_days()), reverse=True)
    days = [day for day in days if before is None or day <= before.day]
    for day in days[:_MOST_DAYS]:
        places = iter(sorted((one for one in audit.listed(day) if _is_older(one, before)), reverse=True))
        while some := list(islice(places, SHOWN)):
            for place, file in _read(audit, some):
                page.read += 1
                page.older = f"{place.written_at} {place.key}"
                seen = _seen(file, reader)
                if seen.event is None or wanted.has(seen.event):
                    page.entries.append(seen)
                if len(page.entries) == SHOWN:
                    return page
            if page.read >= MOST_READ:
                return page
    if len(days) <= _MOST_DAYS:
        page.older = ""
    return page


def place_of(text: str) -> ListedEntry:
    """Return the entry at a page's `older`. Raises ValueError for another text."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise ValueError("isn't a place in the audit log: begin with the newest entries")
    return ListedEntry(found[1], found[2])


def _is_older(one: ListedEntry, before: ListedEntry | None) -> bool:
    return before is None or one.day < before.day or one < before


def _read(audit: AuditReader, some: list[ListedEntry]) -> Iterator[tuple[ListedEntry, AuditFile]]:
    return zip(some, audit.read([place.key for place in some]), strict=True)


def _seen(file: AuditFile, reader: Person) -> SeenEntry:
    try:
        event = read_event(file)
    except ValueError:
        return SeenEntry(file.key, None)
    shown = audited(event, reader)
    return SeenEntry(file.key, shown, withheld=shown != event)
