"""The audit log: whatever is missing from it, changed or added afterwards shows."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from moderation import observability, wiring
from moderation.domain.audit import AuditEvent, AuditFile, Checked, Head, entry
from moderation.errors import StoreUnavailable
from moderation.handlers import check_audit as handler
from moderation.usecases.check_audit import check_audit, last_check, verify_audit
from tests.support.fakes import FakeAuditFiles
from tests.support.metrics import Context, printed

YESTERDAY, TODAY = "2026-11-26", "2026-11-27"
NOW = datetime(2026, 11, 27, 1, tzinfo=UTC)


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

    faults = verify_audit(audit, YESTERDAY).faults
    assert [fault for fault in faults if "doesn't follow the seal before it" in fault]


def test_days_that_were_missed_are_sealed_later(audit: FakeAuditFiles) -> None:
    write(audit, "2026-12-01", "w1", 1)

    checked = check_audit(audit, datetime(2026, 12, 9, 1, tzinfo=UTC))

    assert checked.faults == []
    assert [file.key[6:16] for file in audit.seals()] == [YESTERDAY, TODAY, "2026-12-01"]


def note(audit: FakeAuditFiles, action: str, day: str = TODAY, who: str = "p-1", **facts: str) -> None:
    """An entry of a writer of its own."""
    said = {"decision": "d1", "verdict": "safe", **facts}
    event = AuditEvent(action=action, who=who, at=f"{day}T10:00:00.000Z", image="a" * 32, facts=said)
    file, _ = entry(event, f"{day}/writer-{len(audit.files)}", Head())
    audit.files[file.key] = file.body


@pytest.mark.parametrize("action", ["in-force", "opinion"])
def test_a_decision_that_was_made_has_no_fault(audit: FakeAuditFiles, action: str) -> None:
    note(audit, action)
    note(audit, action)  # it was tried twice
    note(audit, "decide")

    assert check_audit(audit, NOW).faults == []


def test_a_decision_may_come_into_force_a_day_later(audit: FakeAuditFiles) -> None:
    audit.files = {}
    note(audit, "decide", YESTERDAY)
    note(audit, "in-force", TODAY)

    for since in (YESTERDAY, TODAY):
        assert verify_audit(audit, since).faults == []
    assert check_audit(audit, NOW).faults == []


@pytest.mark.parametrize("action", ["in-force", "opinion"])
@pytest.mark.parametrize(
    "made",
    [None, {"who": "p-2"}, {"verdict": "unsafe"}, {"decision": "d2"}],
    ids=["nothing", "by another", "another verdict", "another decision"],
)
def test_a_decision_that_nobody_made_shows(audit: FakeAuditFiles, action: str, made: dict[str, str] | None) -> None:
    if made is not None:
        note(audit, "decide", **made)
    note(audit, action)

    [fault] = check_audit(audit, NOW).faults

    assert "a decision of p-1" in fault and "a" * 32 in fault and "d1" in fault


def test_a_forged_decision_shows_also_when_the_check_missed_days(audit: FakeAuditFiles) -> None:
    note(audit, "in-force")

    checked = check_audit(audit, datetime(2026, 12, 9, 1, tzinfo=UTC))

    assert [fault for fault in checked.faults if "no entry says they made" in fault]


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

    assert audit.read_days == ["2026-11-21", "2026-11-22", TODAY], "only the last sealed day is read again"
    assert verify_audit(audit, "2026-11-20").faults == []


def test_the_log_says_what_its_last_check_found(audit: FakeAuditFiles) -> None:
    found = last_check(audit)

    assert found == Checked("2026-11-27T01:00:00.000Z", "2026-11-25", 12, 4, 0, broken_since="")
    assert last_check(FakeAuditFiles()) is None


def test_a_log_that_was_broken_stays_so(audit: FakeAuditFiles) -> None:
    removed(TODAY, 2)(audit)
    check_audit(audit, datetime(2026, 11, 28, 1, tzinfo=UTC))
    first = last_check(audit)
    removed(YESTERDAY, 2)(audit)
    check_audit(audit, datetime(2026, 11, 28, 2, tzinfo=UTC))
    earlier = last_check(audit)

    checked = check_audit(audit, datetime(2026, 12, 9, 1, tzinfo=UTC))

    assert first and (first.broken_since, first.faults) == (TODAY, 1)
    assert earlier and earlier.broken_since == YESTERDAY
    later = last_check(audit)
    assert checked.faults == [] and later and (later.faults, later.broken_since) == (0, YESTERDAY)


def test_a_check_of_all_hands_on_every_entry_in_order(audit: FakeAuditFiles) -> None:
    taken: list[AuditFile] = []

    assert verify_audit(audit, YESTERDAY, taken.append).entries == 12

    assert [file.key for file in taken] == sorted(name for name in audit.files if name.startswith("entries/"))
    assert verify_audit(audit, TODAY).entries == 6


def test_the_alarm_is_told_how_many_faults_there_are(
    audit: FakeAuditFiles, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    untraced = SimpleNamespace(capture_lambda_handler=lambda **_: lambda handler: handler)
    monkeypatch.setattr(observability, "tracer", lambda: untraced)  # importing the X-Ray SDK opens a socket
    monkeypatch.setattr(wiring, "check_audit", lambda: audit)
    handler.handler({}, Context())
    removed(YESTERDAY, 2)(audit)

    told = handler.handler({}, Context())

    values = [metric.value for metric in printed(capsys.readouterr().out) if metric.name == "AuditGaps"]
    assert values == [0, told["faults"]] and told["faults"] > 0


def test_an_entry_names_a_pseudonym_and_an_image_id_and_nothing_of_a_picture() -> None:
    event = AuditEvent(
        action="reveal", who="p-1", at=f"{TODAY}T10:00:00.000Z", image="a" * 32, facts={"view": "tile-5"}
    )
    file, head = entry(event, f"{TODAY}/w1", Head())
    stored: dict[str, Any] = json.loads(file.body)

    assert stored["event"] == asdict(event)
    assert stored.keys() == {"schema_version", "chain", "number", "previous", "event"}
    assert head.number == 1
