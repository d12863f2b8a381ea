"""The audit log: whatever is missing from it, changed or added afterwards shows."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from moderation import observability, wiring
from moderation.domain.audit import AuditEvent, AuditFile, Checked, Head, digest_of, entry
from moderation.domain.people import Person
from moderation.errors import StoreUnavailable
from moderation.handlers import check_audit as handler
from moderation.usecases.browse_audit import Wanted, browse_audit
from moderation.usecases.check_audit import check_audit, last_check, verify_audit
from tests.support.fakes import FakeAuditFiles
from tests.support.metrics import Context, printed

AUDITOR = Person(id="s-1", pseudonym="p-auditor", roles=frozenset({"auditor"}))

YESTERDAY, TODAY = "2026-11-26", "2026-11-27"
NOW = datetime(2026, 11, 27, 1, tzinfo=UTC)
LATER = datetime(2026, 11, 28, 1, tzinfo=UTC)
D1, D2 = "d1" * 16, "d2" * 16


def write(audit: FakeAuditFiles, day: str, writer: str, count: int) -> None:
    head = Head()
    for number in range(count):
        event = AuditEvent(action="reveal", who="p-1", at=f"{day}T10:00:00.000Z", image="a" * 32, facts={"n": number})
        file, head = entry(event, f"{day}/{writer}", head)
        audit.files[file.key] = file.body


def key(day: str, writer: str, number: int) -> str:
    return f"entries/{day}/{writer}/{number:06}.json"


@pytest.fixture
def audit() -> FakeAuditFiles:
    """Two writers on two days; the first day is sealed."""
    made = FakeAuditFiles()
    for day in (YESTERDAY, TODAY):
        for writer in ("w1", "w2"):
            write(made, day, writer, 3)
    assert check_audit(made, NOW).faults == []
    return made


def test_what_was_only_added_has_no_fault(audit: FakeAuditFiles) -> None:
    checked = check_audit(audit, NOW)

    assert (checked.entries, checked.chains, list(checked.faults)) == (12, 4, [])
    assert [file.key for file in audit.seals()] == [f"seals/{YESTERDAY}.json"], "today goes on"


def changed(audit: FakeAuditFiles) -> None:
    stored = json.loads(audit.files[key(TODAY, "w1", 2)])
    stored["event"]["who"] = "p-2"
    audit.files[key(TODAY, "w1", 2)] = json.dumps(stored).encode()


def removed(day: str, *numbers: int) -> Callable[[FakeAuditFiles], None]:
    def remove(audit: FakeAuditFiles) -> None:
        for number in numbers:
            del audit.files[key(day, "w1", number)]

    return remove


def moved(audit: FakeAuditFiles) -> None:
    audit.files[key(TODAY, "w1", 4)] = audit.files[key(TODAY, "w2", 3)]


def damaged(audit: FakeAuditFiles) -> None:
    audit.files[key(TODAY, "w1", 2)] = b'{"number": 2}'


def reseal(audit: FakeAuditFiles) -> None:
    seal = json.loads(audit.files[f"seals/{YESTERDAY}.json"])
    del seal["chains"][f"{YESTERDAY}/w1"]
    audit.files[f"seals/{YESTERDAY}.json"] = json.dumps(seal).encode()


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (changed, "doesn't follow the entry before it"),
        (removed(TODAY, 2), "has a gap: number 3 follows 1"),
        (removed(TODAY, 1), "has a gap: number 2 follows 0"),
        (removed(YESTERDAY, 3), "isn't as it was sealed: 2 of 3"),
        (removed(YESTERDAY, 1, 2, 3), "isn't as it was sealed: 0 of 3"),
        (moved, "was written for another place"),
        (damaged, "isn't an entry"),
        (lambda audit: write(audit, YESTERDAY, "w3", 1), "was added after its day was sealed"),
        (reseal, "was added after its day was sealed"),
    ],
    ids=["changed", "gap", "first", "end", "chain", "moved", "damaged", "added", "seal"],
)
def test_each_way_to_alter_it_shows(audit: FakeAuditFiles, tamper: Callable[[FakeAuditFiles], None], says: str) -> None:
    tamper(audit)

    faults = list(check_audit(audit, NOW).faults)

    assert faults and any(says in fault for fault in faults), faults


def test_a_seal_that_is_missing_or_another_shows_in_the_next(audit: FakeAuditFiles) -> None:
    check_audit(audit, datetime(2026, 11, 28, 1, tzinfo=UTC))
    write(audit, "2026-11-28", "w1", 1)
    check_audit(audit, datetime(2026, 11, 29, 1, tzinfo=UTC))
    assert len(audit.seals()) == 3

    del audit.files[f"seals/{TODAY}.json"]

    faults = verify_audit(audit, YESTERDAY, LATER).faults
    assert [fault for fault in faults if "doesn't follow the seal before it" in fault]


def test_the_oldest_days_that_are_gone_with_their_seals_show(audit: FakeAuditFiles) -> None:
    check_audit(audit, LATER)
    for name in [name for name in audit.files if f"/{YESTERDAY}" in name]:
        del audit.files[name]

    faults = [*verify_audit(audit, TODAY, LATER).faults, *check_audit(audit, LATER).faults]

    assert len(faults) == 2 and all(f"seals/{TODAY}.json doesn't follow the seal before it" in one for one in faults)


def test_the_newest_day_that_is_gone_with_its_seal_shows(audit: FakeAuditFiles) -> None:
    check_audit(audit, LATER)
    for name in [name for name in audit.files if name.startswith((f"entries/{TODAY}", f"seals/{TODAY}"))]:
        del audit.files[name]

    found = list(verify_audit(audit, YESTERDAY, LATER).faults)

    assert len(found) == 1 and f"seals/{TODAY}.json" in found[0] and "missing or was changed" in found[0]
    write(audit, "2026-11-28", "w1", 1)
    for day in (29, 30):
        assert list(check_audit(audit, datetime(2026, 11, day, 1, tzinfo=UTC)).faults) == found
    assert check_audit(audit, datetime(2026, 12, 1, 1, tzinfo=UTC), "Ann deleted it").faults == []


def test_days_that_were_missed_are_sealed_later(audit: FakeAuditFiles) -> None:
    write(audit, "2026-12-01", "w1", 1)

    checked = check_audit(audit, datetime(2026, 12, 9, 1, tzinfo=UTC))

    assert checked.faults == []
    assert [file.key[6:16] for file in audit.seals()] == [YESTERDAY, TODAY, "2026-12-01"]


def note(audit: FakeAuditFiles, action: str, at: str = "10:00", day: str = TODAY, **facts: Any) -> str:
    """An entry of a writer of its own; returns its key. A fact of None isn't there."""
    who = facts.pop("who", "p-1")
    said = {name: fact for name, fact in {"decision": D1, "verdict": "safe", **facts}.items() if fact is not None}
    event = AuditEvent(action=action, who=who, at=f"{day}T{at}:00.000Z", image="a" * 32, facts=said)
    file, _ = entry(event, f"{day}/writer-{len(audit.files):03}", Head())
    audit.files[file.key] = file.body
    return file.key


def found(audit: FakeAuditFiles, now: datetime = LATER) -> list[str]:
    """The faults of a check, which are those that an auditor's command names."""
    faults = list(check_audit(audit, now).faults)
    assert sorted(verify_audit(audit, "2026-11-01", now).faults) == sorted(faults)
    return faults


@pytest.mark.parametrize("action", ["in-force", "opinion"])
def test_a_decision_that_was_made_has_no_fault(audit: FakeAuditFiles, action: str) -> None:
    note(audit, action, "10:01")
    note(audit, action, "10:02")  # it was tried twice
    note(audit, "decide")

    assert found(audit) == []


@pytest.mark.parametrize("days", [1, 2])
def test_a_decision_may_come_into_force_two_days_later(days: int) -> None:
    audit = FakeAuditFiles()
    decided, ended = f"2026-11-{27 - days}", datetime(2026, 11, 28, 1, tzinfo=UTC)
    note(audit, "decide", "00:00", decided)
    for day in range(27 - days, 27):
        assert check_audit(audit, datetime(2026, 11, day + 1, 1, tzinfo=UTC)).faults == []
    note(audit, "in-force", "23:59", TODAY)

    for since in (decided, TODAY):
        assert verify_audit(audit, since, ended).faults == []
    assert check_audit(audit, ended).faults == []


@pytest.mark.parametrize("action", ["in-force", "opinion"])
@pytest.mark.parametrize(
    "made",
    [None, {"who": "p-2"}, {"verdict": "unsafe"}, {"decision": D2}],
    ids=["nothing", "by another", "another verdict", "another decision"],
)
def test_a_decision_that_nobody_made_shows(audit: FakeAuditFiles, action: str, made: dict[str, str] | None) -> None:
    if made is not None:
        note(audit, "decide", **made)
    note(audit, action, "10:01")

    [fault] = found(audit)

    assert "a decision of p-1" in fault and "a" * 32 in fault and D1 in fault


@pytest.mark.parametrize("name", [0, False, "", "d1", D1.upper(), f"{D1} ", 12], ids=repr)
@pytest.mark.parametrize("action", ["in-force", "opinion"])
def test_a_decision_without_an_id_shows(audit: FakeAuditFiles, action: str, name: object) -> None:
    note(audit, "decide", decision=name)
    key = note(audit, action, "10:01", decision=name)

    [fault] = found(audit)

    assert key in fault and "no id" in fault


@pytest.mark.parametrize(("action", "faults"), [("opinion", 0), ("in-force", 1)])
def test_only_answers_without_effect_of_earlier_releases_need_no_decision(
    audit: FakeAuditFiles, action: str, faults: int
) -> None:
    note(audit, action, decision=None)

    assert len(found(audit)) == faults


def test_a_decision_that_was_undone_comes_into_force_never(audit: FakeAuditFiles) -> None:
    note(audit, "decide")
    note(audit, "undo", "10:01")
    note(audit, "in-force", "10:02")

    [fault] = found(audit)

    assert "they had undone at" in fault


def test_who_undid_a_decision_too_late_was_told_so(audit: FakeAuditFiles) -> None:
    note(audit, "decide")
    note(audit, "undo", "10:01")
    note(audit, "in-force", "10:01")
    note(audit, "reverse", "10:01")

    assert found(audit) == []


@pytest.mark.parametrize(
    "between",
    [
        lambda audit: note(audit, "reverse", "10:02", decision=None),
        lambda audit: (
            note(audit, "decide", who="p-2", decision=D2),
            note(audit, "in-force", "10:02", who="p-2", decision=D2),
        ),
    ],
    ids=["reversed", "another in force"],
)
def test_a_decision_comes_into_force_once(audit: FakeAuditFiles, between: Callable[[FakeAuditFiles], object]) -> None:
    note(audit, "decide")
    note(audit, "in-force", "10:01")
    between(audit)
    assert found(audit) == []
    again = note(audit, "in-force", "10:03")

    [fault] = found(audit, datetime(2026, 11, 28, 2, tzinfo=UTC))[:1]

    assert again in fault and "had come into force before" in fault


def test_a_decision_comes_into_force_in_one_way_and_within_attempts_of_an_hour(audit: FakeAuditFiles) -> None:
    note(audit, "decide")
    note(audit, "opinion", "10:01")
    as_decision = note(audit, "in-force", "10:02")
    hours_later = note(audit, "in-force", "12:02")

    assert [fault.split()[0] for fault in found(audit)] == [as_decision, hours_later]


def test_a_decision_that_is_said_to_be_made_only_afterwards_shows(audit: FakeAuditFiles) -> None:
    """A forger adds its entry when the alarm has told of the decision."""
    in_force = note(audit, "in-force", "10:01")
    audit.written[in_force] = f"{TODAY}T10:01:00.000Z"
    audit.written[note(audit, "decide", "10:00")] = f"{TODAY}T10:40:00.000Z"

    [fault] = found(audit)

    assert in_force in fault and "only later" in fault


def test_what_is_written_while_today_is_read_waits_for_tomorrow(audit: FakeAuditFiles) -> None:
    note(audit, "in-force", "01:00")  # its decision stands in a chain that was read before
    note(audit, "opinion", "01:01", decision=D2)
    assert found(audit, NOW) == []

    note(audit, "decide", "00:59")
    note(audit, "decide", "00:59", decision=D2)
    assert found(audit) == []


def test_a_forged_decision_of_the_night_shows_on_the_next_day(audit: FakeAuditFiles) -> None:
    note(audit, "in-force", "01:00")
    assert found(audit, NOW) == []

    assert len(found(audit)) == 1


def test_a_forged_decision_shows_also_when_the_check_missed_days(audit: FakeAuditFiles) -> None:
    note(audit, "in-force")

    checked = check_audit(audit, datetime(2026, 12, 9, 1, tzinfo=UTC))

    assert [fault for fault in checked.faults if "no entry says they made" in fault]


def event_of(**changes: Any) -> bytes:
    event = {"action": "reveal", "who": "p-1", "at": f"{TODAY}T00:10:00.000Z", "image": None, "facts": {}, **changes}
    return json.dumps({"chain": f"{TODAY}/x", "number": 1, "previous": "", "event": event}).encode()


NO_ENTRIES = {
    "no JSON": b"?",
    "no UTF-8": b"\xff\xfe\xfa",
    "another encoding": event_of().decode().encode("utf-16"),
    "nothing": b"",
    "a list": b"[]",
    "nested": b"[" * 60_000,
    "a long number": b"1" * 60_000,
    "an event that is a list": b'{"number":1,"previous":"","chain":"x","event":[]}',
    "no facts": event_of(facts=None),
    "facts that are a list": event_of(facts=[]),
    "nested facts": event_of(facts={"decision": ["x"]}),
    "a fraction": event_of(facts={"n": 1.5}),
    "a list for an image": event_of(image=[]),
    "a number for a person": event_of(who=7),
    "nobody": event_of(who=None),
    "a number for an action": event_of(action=0),
    "a number for a time": event_of(at=5),
    "no time": event_of(at=f"{TODAY}T99:99:99.000Z"),
    "a later release's": event_of(more=1),
    "a long person": event_of(who="p" * 257),
    "a long image": event_of(image="a" * 257),
    "a long verdict": event_of(action="decide", facts={"decision": "d1", "verdict": "x" * 257}),
    "a long number for a decision": event_of(action="decide", facts={"decision": 10**300}),
    "number 0": event_of().replace(b'"number": 1,', b'"number": 0,'),
    "a number of ten digits": event_of().replace(b'"number": 1,', b'"number": 1000000000,'),
    "a text for a number": json.dumps({"chain": f"{TODAY}/x", "number": "1", "previous": "", "event": {}}).encode(),
}


@pytest.mark.parametrize("body", NO_ENTRIES.values(), ids=NO_ENTRIES)
def test_what_is_no_entry_is_a_fault_and_hides_no_other(audit: FakeAuditFiles, body: bytes) -> None:
    key = f"entries/{TODAY}/x/000001.json"
    audit.files[key] = body
    forged = note(audit, "in-force")

    faults = found(audit)

    assert (
        faults == [fault for fault in faults if fault.startswith((f"{key} isn't an entry", forged))]
        and len(faults) == 2
    )
    assert f"seals/{TODAY}.json" in audit.files


def test_a_number_as_long_as_one_can_be_stops_no_check_and_no_seal(audit: FakeAuditFiles) -> None:
    """The number after it would have too many digits to be written."""
    longest = event_of().replace(b'"number": 1,', b'"number": ' + b"9" * 4300 + b",")
    audit.files |= {f"entries/{TODAY}/x/000001.json": longest, f"entries/{TODAY}/x/000002.json": b"?"}

    assert len(found(audit)) == 2
    assert f"seals/{TODAY}.json" in audit.files


STRAYS = [
    "entries/x",
    "entries/0/x",
    "entries//x",
    "entries/2026-13-45/w1/000001.json",
    "entries/0001-01-01/w1/000001.json",
    "entries/\u0662\u0660\u0662\u0666-11-27/w1/000001.json",
    "entries/9999-12-31/w1/000001.json",
    "entries/2099-12-31/w1/000001.json",
    f"entries/{TODAY}/x",
    f"entries/{TODAY}/w1/000004.json/x",
    f"entries/{TODAY}/w1/4.json",
    f"entries/{TODAY}/\n\x1b[31m/x",
]


@pytest.mark.parametrize("key", STRAYS, ids=ascii)
def test_what_is_in_no_place_of_an_entry_is_a_fault_and_stops_nothing(audit: FakeAuditFiles, key: str) -> None:
    audit.files[key] = b"x"
    forged = note(audit, "in-force")

    faults = found(audit)

    assert len(faults) == 2 and sum(fault.startswith(forged) for fault in faults) == 1
    assert all(fault.isascii() and fault.isprintable() for fault in faults)
    assert f"seals/{TODAY}.json" in audit.files
    assert browse_audit(audit, AUDITOR, Wanted()).entries


def test_any_number_of_strays_is_one_fault_of_their_folder(audit: FakeAuditFiles) -> None:
    for number in range(5000):
        audit.files[f"entries/{TODAY}/x{number:05}"] = b""
        audit.files[f"entries/x{number:05}"] = b""

    days, of_day = sorted(found(audit))
    assert days == "entries/ holds 5000 folders or files that aren't days; the first is 'x00000'."
    assert of_day.startswith(f"entries/{TODAY}/ holds 5000 objects that aren't named like entries; the first is")


def test_a_flood_of_faults_is_counted_and_its_first_are_named(audit: FakeAuditFiles) -> None:
    for number in range(3000):
        audit.files[f"entries/{TODAY}/x{number:05}/000001.json"] = b""

    check_audit(audit, LATER)

    told = last_check(audit)
    assert told and (told.faults, len(told.found), told.unnamed) == (3000, 1000, {TODAY: 2000})


def test_what_a_flood_left_unnamed_is_counted_for_good_and_hides_no_later_fault(audit: FakeAuditFiles) -> None:
    for number in range(3000):
        audit.files[f"entries/{TODAY}/x{number:05}/000001.json"] = b""
    for day in range(5):
        check_audit(audit, LATER + timedelta(days=day))
        told = last_check(audit)
        assert told and (told.faults, told.broken_since) == (3000, TODAY)

    forged = note(audit, "in-force", day="2026-12-02")
    for day in range(5, 9):
        checked = check_audit(audit, LATER + timedelta(days=day))
        told = last_check(audit)
        assert told and (told.faults, told.broken_since) == (3001, TODAY)
    assert any(fault.startswith(forged) for fault in checked.faults)
    assert "2001 more faults" in checked.faults[-1] and TODAY in checked.faults[-1]

    check_audit(audit, LATER + timedelta(days=9), "A test of ours. Ann")
    told = last_check(audit)
    assert told and (told.faults, told.unnamed, told.broken_since) == (0, {}, "")


@pytest.mark.parametrize(("written_at", "is_fault"), [("10:59", False), ("12:00", True), ("08:59", True)])
def test_an_entry_of_another_time_than_it_names_shows(audit: FakeAuditFiles, written_at: str, is_fault: bool) -> None:
    audit.written[note(audit, "reveal")] = f"{TODAY}T{written_at}:00.000Z"

    assert len(found(audit)) == is_fault


def test_an_entry_in_another_day_than_it_names_shows(audit: FakeAuditFiles) -> None:
    event = AuditEvent(action="reveal", who="p-1", at="2026-11-20T10:00:00.000Z")
    file, _ = entry(event, f"{TODAY}/other", Head())
    audit.files[file.key] = file.body

    assert [fault for fault in found(audit) if "another day" in fault]


@pytest.mark.parametrize("day", ["2026-11-20", "2000-01-01"])
def test_a_day_that_was_added_later_shows_and_contradicts_no_seal(audit: FakeAuditFiles, day: str) -> None:
    write(audit, day, "w9", 1)

    for at in (LATER, datetime(2026, 11, 29, 1, tzinfo=UTC)):
        assert check_audit(audit, at).faults == [
            f"entries/{day}/ was added after its day: later days are sealed, and it isn't."
        ]
    assert f"seals/{day}.json" not in audit.files


def test_a_fault_alarms_until_it_is_explained_and_another_one_again(audit: FakeAuditFiles) -> None:
    write(audit, "2026-11-20", "w9", 1)
    removed(TODAY, 2)(audit)
    first = found(audit)
    assert len(first) == 2
    assert found(audit, datetime(2026, 12, 5, 1, tzinfo=UTC)) == first, "long after its day was read"

    check_audit(audit, datetime(2026, 12, 5, 2, tzinfo=UTC), "The laptop's clock was wrong. Ann")

    told = last_check(audit)
    assert told and (told.faults, told.broken_since, told.explanation[:10]) == (0, "", "The laptop")
    assert found(audit, datetime(2026, 12, 6, 1, tzinfo=UTC)) == []
    assert sorted(verify_audit(audit, "2026-11-01", LATER).explained) == sorted(first)
    write(audit, "2026-11-21", "w9", 1)
    again = found(audit, datetime(2026, 12, 7, 1, tzinfo=UTC))
    assert len(again) == 1 and again[0] not in first
    check_audit(audit, datetime(2026, 12, 7, 2, tzinfo=UTC))
    last = last_check(audit)
    assert last and last.broken_since == "2026-11-21"


def test_an_explanation_is_of_what_was_found_before_it(audit: FakeAuditFiles) -> None:
    removed(TODAY, 2)(audit)
    check_audit(audit, LATER)
    forged = note(audit, "in-force")

    [fault] = check_audit(audit, datetime(2026, 11, 28, 2, tzinfo=UTC), "It was I. Ann").faults or ["unseen"]

    assert forged in fault or "added after its day was sealed" in fault


def test_only_what_was_not_read_yet_passes_by_itself(audit: FakeAuditFiles) -> None:
    """A chain that is whole again isn't as if nothing had happened."""
    decided, gap = note(audit, "decide", "00:10"), key(TODAY, "w1", 2)
    note(audit, "in-force", "00:20")
    taken = {name: audit.files.pop(name) for name in (decided, gap)}
    assert len(found(audit, NOW)) == 2
    audit.files |= taken

    [fault] = found(audit)

    assert "has a gap" in fault


def test_a_result_of_an_earlier_release_stays_broken_until_it_is_explained(audit: FakeAuditFiles) -> None:
    before = {"at": "2026-11-27T01:30:00.000Z", "since": "x", "entries": 1, "chains": 1, "faults": 2}
    stored = json.dumps({"schema_version": 1, **before, "broken_since": "2026-11-02"}).encode()
    audit.files["checks/2026-11-27T01:30:00.000Z.json"] = stored

    check_audit(audit, LATER)
    told = last_check(audit)
    assert told and (told.faults, told.broken_since) == (0, "2026-11-02")

    check_audit(audit, datetime(2026, 11, 28, 2, tzinfo=UTC), "Read while it was written. Ann")
    told = last_check(audit)
    assert told and told.broken_since == ""


class CutOff(FakeAuditFiles):
    """An audit log whose reader is killed on a day."""

    killed_on = ""
    read_days: list[str]

    def entries(self, day: str) -> list[AuditFile]:
        if day == self.killed_on:
            raise StoreUnavailable("The function's time is over.")
        self.read_days.append(day)
        return super().entries(day)


def test_a_check_that_is_cut_off_goes_on_where_it_stopped() -> None:
    audit = CutOff()
    for day in ("2026-11-20", "2026-11-21", "2026-11-22", TODAY):
        write(audit, day, "w1", 2)
    audit.killed_on, audit.read_days = "2026-11-22", []
    with pytest.raises(StoreUnavailable):
        check_audit(audit, NOW)
    assert [file.day for file in audit.seals()] == ["2026-11-20", "2026-11-21"]
    audit.killed_on, audit.read_days = "", []

    assert check_audit(audit, NOW).faults == []

    read = ["2026-11-20", "2026-11-21", "2026-11-22", TODAY]
    assert audit.read_days == read, "two sealed days are read again, for the decisions made on them"
    assert verify_audit(audit, "2026-11-20", LATER).faults == []


def test_the_log_says_what_its_last_check_found(audit: FakeAuditFiles) -> None:
    found = last_check(audit)

    newest = digest_of(audit.files[f"seals/{YESTERDAY}.json"])
    clean = Checked("2026-11-27T01:00:00.000Z", "2026-11-24", 12, 4, 0, "", sealed=YESTERDAY, seal=newest)
    assert found == clean
    assert last_check(FakeAuditFiles()) is None


def test_the_faults_of_a_day_are_in_the_log_before_its_seal() -> None:
    audit = CutOff()
    for day in ("2026-11-20", "2026-11-21", "2026-11-22"):
        write(audit, day, "w1", 3)
    removed("2026-11-20", 2)(audit)
    audit.killed_on, audit.read_days = "2026-11-22", []
    with pytest.raises(StoreUnavailable):
        check_audit(audit, NOW)
    told = last_check(audit)
    assert told and (told.faults, told.broken_since) == (1, "2026-11-20")
    audit.killed_on = ""

    checked = check_audit(audit, datetime(2026, 12, 9, 1, tzinfo=UTC))

    assert ["has a gap" in fault for fault in checked.faults] == [True], "nobody read that day again"


def test_nothing_is_sealed_before_the_end_of_a_day_is_an_hour_ago(audit: FakeAuditFiles) -> None:
    check_audit(audit, datetime(2026, 11, 28, 0, 59, tzinfo=UTC))
    assert f"seals/{TODAY}.json" not in audit.files

    check_audit(audit, LATER)
    assert f"seals/{TODAY}.json" in audit.files


def test_a_check_of_all_hands_on_every_entry_in_order(audit: FakeAuditFiles) -> None:
    taken: list[AuditFile] = []

    assert verify_audit(audit, YESTERDAY, LATER, taken.append).entries == 12

    assert [file.key for file in taken] == sorted(name for name in audit.files if name.startswith("entries/"))
    assert verify_audit(audit, TODAY, LATER).entries == 6


def test_the_alarm_is_told_how_many_faults_there_are(
    audit: FakeAuditFiles, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    untraced = SimpleNamespace(capture_lambda_handler=lambda **_: lambda handler: handler)
    monkeypatch.setattr(observability, "tracer", lambda: untraced)  # importing the X-Ray SDK opens a socket
    monkeypatch.setattr(wiring, "check_audit", lambda: audit)
    monkeypatch.setattr(handler, "datetime", SimpleNamespace(now=lambda zone: LATER))
    handler.handler({}, Context())
    removed(YESTERDAY, 2)(audit)

    told = handler.handler(cast("dict[str, Any]", ""), Context())  # as somebody invokes it by hand

    values = [metric.value for metric in printed(capsys.readouterr().out) if metric.name == "AuditGaps"]
    assert values == [0, told["faults"]] and told["faults"] > 0

    assert handler.handler({"explanation": "It was a test. Ann"}, Context())["faults"] == 0


def test_an_entry_names_a_pseudonym_and_an_image_id_and_nothing_of_a_picture() -> None:
    event = AuditEvent(
        action="reveal", who="p-1", at=f"{TODAY}T10:00:00.000Z", image="a" * 32, facts={"view": "tile-5"}
    )
    file, head = entry(event, f"{TODAY}/w1", Head())
    stored: dict[str, Any] = json.loads(file.body)

    assert stored["event"] == asdict(event)
    assert stored.keys() == {"schema_version", "chain", "number", "previous", "event"}
    assert head.number == 1
