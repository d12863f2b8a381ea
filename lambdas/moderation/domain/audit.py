"""Events of the audit log, and the files in which they are kept.

Each writer has a chain of its own for each day, in which an entry holds its number and the hash of the entry before: a
missing, changed or inserted one shows (`domain.audit_chains`). At the end of a day its chains are sealed: the seal
holds the length and the last hash of each, and the hash of the seal before, so that a chain that is missing as a whole
or at its end shows too. Each check of the log leaves its result beside the seals.

Whoever may add entries may add anything under `entries/`: what isn't an entry is a fault, and stops nothing.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from typing import Any

SCHEMA_VERSION = 1
ENTRIES = "entries/"
SEALS = "seals/"
CHECKS = "checks/"
MOST_BYTES = 64 * 1024  # of an entry
_DAY = re.compile("20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"20[0-9-]{8}T[0-9:]{8}\.[0-9]{3}Z")  # as `domain.record.utc` writes it
_CHAIN_AND_NUMBER = re.compile(r"[^/]+/[0-9]{6,9}\.json")
_LONGEST_FAULT = 1500
_LONGEST_NAME = 256  # of what a check keeps of each entry
_MOST_NUMBER = 10**9  # as many digits as a key has
_FACTS = (str, int, bool, type(None))


@dataclass(frozen=True, kw_only=True)
class AuditEvent:
    """Deed of a person: `who` is a pseudonym, `image` the id of an object version (`ImageRef.id`), `at` ISO-8601 UTC.

    `facts` are names and numbers such as the view that was revealed: no picture, caption, answer, note or key.
    """

    action: str
    who: str
    at: str
    image: str | None = None
    facts: Mapping[str, str | int | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, order=True)
class Head:
    """Length and last hash of a chain, to be followed by the next entry."""

    number: int = 0
    digest: str = ""


@dataclass(frozen=True)
class AuditFault:
    """Fault of a day, as a sentence in which only what can be printed stands.

    If it `passes`, a later check of the same day that doesn't find it ends it. All others end when they are explained.
    """

    day: str
    text: str
    passes: bool = False

    def __post_init__(self) -> None:
        printed = re.sub("[^ -~]", lambda found: ascii(found[0])[1:-1], self.text)
        object.__setattr__(self, "text", printed[:_LONGEST_FAULT])


@dataclass(frozen=True)
class Checked:
    """Result of a check at a time (ISO-8601 UTC) over the days since one (YYYY-MM-DD).

    `faults` is the number of those that aren't explained, of this check and of those before; `found` are some of
    them, `unnamed` the numbers of the others by their days, `broken_since` is the first day with one, "" if there is
    none. `explained` are the texts of faults that somebody explained, `explanation` is what they said if it was for
    this check. `sealed` is the newest day with a seal, `seal` the digest of that; "" before the first.
    """

    at: str
    since: str
    entries: int
    chains: int
    faults: int
    broken_since: str
    found: tuple[AuditFault, ...] = ()
    explained: tuple[str, ...] = ()
    explanation: str = ""
    unnamed: Mapping[str, int] = field(default_factory=dict)
    sealed: str = ""
    seal: str = ""


@dataclass(frozen=True)
class AuditFile:
    """File of the audit log as it is stored, with the time at which the bucket took it (ISO-8601 UTC) if it is stored.

    `unread` says why it couldn't be read, or not as a whole.
    """

    key: str
    body: bytes
    written_at: str | None = None
    unread: str = ""

    @property
    def chain(self) -> str:
        """Day and writer, `<day>/<writer>`."""
        return self.key.removeprefix(ENTRIES).rpartition("/")[0]

    @property
    def day(self) -> str:
        """Day of an entry or a seal."""
        return day_of(self.key)


@dataclass(frozen=True, order=True)
class ListedEntry:
    """Entry by its key, with the time at which the bucket took it (ISO-8601 UTC)."""

    written_at: str
    key: str

    @property
    def day(self) -> str:
        return day_of(self.key)


def day_of(key: str) -> str:
    """Return the day of an entry or a seal by its key."""
    return key.split("/")[1].removesuffix(".json")


def entry(event: AuditEvent, chain: str, before: Head) -> tuple[AuditFile, Head]:
    """Return the file of the next event of a chain, and the chain's head after it."""
    number = before.number + 1
    data = {"schema_version": SCHEMA_VERSION, "chain": chain, "number": number, "previous": before.digest}
    body = _canonical({**data, "event": asdict(event)})
    return AuditFile(f"{ENTRIES}{chain}/{number:06}.json", body), Head(number, digest_of(body))


def seal(day: str, heads: Mapping[str, Head], before: bytes | None) -> AuditFile:
    """Return the seal of a day over the heads of its chains; `before` is the seal before, None for the first."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "day": day,
        "previous": digest_of(before) if before is not None else "",
        "chains": {name: asdict(head) for name, head in sorted(heads.items())},
    }
    return AuditFile(f"{SEALS}{day}.json", _canonical(data))


def check_file(checked: Checked, so_far: str = "") -> AuditFile:
    """Return the file of a result; those of later checks have later keys.

    One of a check that has read the days until one `so_far` comes before that of the whole check.
    """
    data = {"schema_version": SCHEMA_VERSION, **asdict(checked)}
    return AuditFile(f"{CHECKS}{checked.at}{so_far and f'-{so_far}'}.json", _canonical(data))


def read_check(file: AuditFile) -> Checked:
    """Return the result in a file. Raises ValueError, KeyError or TypeError for what isn't one."""
    data = json.loads(file.body)
    known = {each.name: data[each.name] for each in fields(Checked) if each.name in data}
    found = tuple(AuditFault(**fault) for fault in known.get("found", ()))
    return Checked(**{**known, "found": found, "explained": tuple(known.get("explained", ()))})


def digest_of(body: bytes) -> str:
    """Return the SHA-256 (hex) by which a file is named in the one after it."""
    return hashlib.sha256(body).hexdigest()


def is_day(name: str) -> bool:
    """Tell if a name is that of a day, YYYY-MM-DD."""
    try:
        return bool(_DAY.fullmatch(name)) and bool(date.fromisoformat(name))
    except ValueError:
        return False


def is_place(key: str) -> bool:
    """Tell if a key is one under which an entry can be."""
    day, _, rest = key.removeprefix(ENTRIES).partition("/")
    return key.startswith(ENTRIES) and is_day(day) and bool(_CHAIN_AND_NUMBER.fullmatch(rest))


@dataclass(frozen=True)
class Entry:
    """Entry as it was read: an event, and its place in a chain."""

    event: AuditEvent
    chain: str
    number: int
    previous: str


def read_entry(file: AuditFile) -> Entry:
    """Return what is in an entry. Raises ValueError for what isn't one, whatever it is."""
    if file.unread:
        raise ValueError(file.unread)
    try:
        data = json.loads(file.body.decode())
        event = AuditEvent(**data["event"])
        read = Entry(event, data["chain"], data["number"], data["previous"])
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("isn't an entry") from error
    texts = (read.chain, read.previous, event.action, event.who, event.at)
    if not all(isinstance(text, str) for text in texts) or not isinstance(event.image, str | None):
        raise ValueError("isn't an entry: a text is missing")
    if type(read.number) is not int or not 0 < read.number < _MOST_NUMBER or not isinstance(event.facts, dict):
        raise ValueError("isn't an entry: it has no number that a key can have, or no facts")
    if not all(isinstance(fact, _FACTS) for fact in event.facts.values()):
        raise ValueError("isn't an entry: a fact is neither a text nor a number")
    names = (event.image, event.who, event.facts.get("decision"), event.facts.get("verdict"))
    if any(len(str(name)) > _LONGEST_NAME for name in names):
        raise ValueError("isn't an entry: a name is too long")
    if not _TIME.fullmatch(event.at):
        raise ValueError("isn't an entry: it has no time")
    datetime.fromisoformat(event.at)  # raises for a time that there isn't
    return read


def read_event(file: AuditFile) -> AuditEvent:
    """Return the event of an entry. Raises ValueError for what isn't one, whatever it is."""
    return read_entry(file).event


def _canonical(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
