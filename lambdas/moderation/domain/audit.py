"""Events of the audit log, and the chains in which they are kept.

Each writer has a chain of its own for each day, in which an entry holds its number and the hash of the entry before: a
missing, changed or inserted one shows. At the end of a day its chains are sealed: the seal holds the length and the
last hash of each, and the hash of the seal before, so that a chain that is missing as a whole or at its end shows too.
Each check of the log leaves its result beside the seals.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

SCHEMA_VERSION = 1
ENTRIES = "entries/"
SEALS = "seals/"
CHECKS = "checks/"


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
class Checked:
    """Result of a check at a time (ISO-8601 UTC) over the days since one (YYYY-MM-DD).

    `broken_since` is the first day with a fault that this check or one before found, "" if there was none ever.
    """

    at: str
    since: str
    entries: int
    chains: int
    faults: int
    broken_since: str


@dataclass(frozen=True)
class AuditFault:
    """Fault of a day, as a sentence."""

    day: str
    text: str


@dataclass(frozen=True)
class AuditFile:
    """File of the audit log as it is stored."""

    key: str
    body: bytes

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


def check_file(checked: Checked) -> AuditFile:
    """Return the file of a result; those of later checks have later keys."""
    data = {"schema_version": SCHEMA_VERSION, **asdict(checked)}
    return AuditFile(f"{CHECKS}{checked.at}.json", _canonical(data))


def read_check(file: AuditFile) -> Checked:
    """Return the result in a file. Raises ValueError, KeyError or TypeError for what isn't one."""
    data = json.loads(file.body)
    return Checked(**{field.name: data[field.name] for field in fields(Checked)})


def digest_of(body: bytes) -> str:
    """Return the SHA-256 (hex) by which a file is named in the one after it."""
    return hashlib.sha256(body).hexdigest()


def read_event(file: AuditFile) -> AuditEvent:
    """Return the event of an entry. Raises ValueError, KeyError or TypeError for what isn't one."""
    return AuditEvent(**json.loads(file.body)["event"])


@dataclass
class Chains:
    """Check of entries in the order of their keys; holds the head of each chain alone."""

    heads: dict[str, Head] = field(default_factory=dict)

    def faults_of(self, file: AuditFile) -> list[AuditFault]:
        """Take the next entry; returns a fault if it doesn't follow the one before."""
        return [AuditFault(file.day, text) for text in self._faults_of(file)]

    def of_day(self, day: str) -> dict[str, Head]:
        """Return the heads of a day's chains."""
        return {name: head for name, head in self.heads.items() if name.startswith(f"{day}/")}

    def _faults_of(self, file: AuditFile) -> list[str]:
        before = self.heads.get(file.chain, Head())
        try:
            data = json.loads(file.body)
            number, previous = int(data["number"]), str(data["previous"])
            read_event(file)
        except (ValueError, KeyError, TypeError):
            self.heads[file.chain] = Head(before.number + 1, digest_of(file.body))
            return [f"{file.key} isn't an entry of the audit log."]
        expected = f"{ENTRIES}{file.chain}/{number:06}.json"
        self.heads[file.chain] = Head(number, digest_of(file.body))
        if data.get("chain") != file.chain or file.key != expected:
            return [f"{file.key} was written for another place, {data.get('chain')}, number {number}."]
        if number != before.number + 1:
            return [f"Chain {file.chain} has a gap: number {number} follows {before.number}."]
        if previous != before.digest:
            return [f"{file.key} doesn't follow the entry before it: one of them was changed."]
        return []


@dataclass
class Decisions:
    """Check that every decision that came into force was made, by the same person and with the same verdict.

    What people's requests reach writes the first of the two entries, and the function that ends decisions the second:
    whoever forges a decision on a record alone is seen here.
    """

    made: set[tuple[Any, ...]] = field(default_factory=set)
    ended: dict[tuple[Any, ...], str] = field(default_factory=dict)

    def take(self, file: AuditFile) -> None:
        """Take the next entry, in any order; one that can't be read is a fault of its chain."""
        try:
            event = read_event(file)
        except (ValueError, KeyError, TypeError):
            return
        decision = (event.image, event.who, event.facts.get("decision"), event.facts.get("verdict"))
        if event.action == "decide":
            self.made.add(decision)
        elif event.action in ("in-force", "opinion") and event.facts.get("decision"):
            self.ended[decision] = file.key

    def faults_after(self, day: str) -> Iterator[AuditFault]:
        """Yield a fault for each decision that came into force after a day, and that nobody made since that day."""
        for decision, key in sorted(self.ended.items(), key=lambda ended: ended[1]):
            image, who, name, _ = decision
            if decision not in self.made and key > f"{ENTRIES}{day}/~":
                text = f"{key} puts a decision of {who} on {image} into force ({name}), which no entry says they made."
                yield AuditFault(day_of(key), text)


def seal_faults(seals: Iterable[AuditFile], heads: Mapping[str, Head], since: str) -> Iterator[AuditFault]:
    """Yield a fault for each way in which seals, oldest first, contradict each other or the chains since a day.

    The chains of a sealed day must be as long as the seal says, and none may have been added.
    """
    before: bytes | None = None
    for file in seals:
        data, day = _sealed(file)
        if data is None:
            yield AuditFault(file.day, f"{file.key} isn't a seal of the audit log.")
            continue
        if before is not None and data["previous"] != digest_of(before):
            yield AuditFault(
                day, f"{file.key} doesn't follow the seal before it: one of them was changed or is missing."
            )
        before = file.body
        if day < since:
            continue
        known = {name: Head(**head) for name, head in data["chains"].items()}
        for name, head in known.items():
            if heads.get(name) != head:
                found = heads.get(name, Head()).number
                yield AuditFault(day, f"Chain {name} isn't as it was sealed: {found} of {head.number} entries.")
        for name in sorted(name for name in heads if name.startswith(f"{day}/") and name not in known):
            yield AuditFault(day, f"Chain {name} was added after its day was sealed.")


def _sealed(file: AuditFile) -> tuple[dict[str, Any] | None, str]:
    try:
        data = json.loads(file.body)
        _ = data["previous"], [Head(**head) for head in data["chains"].values()]
        return data, str(data["day"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, ""


def _canonical(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
