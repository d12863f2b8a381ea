"""A look through the audit log: newest first, a bounded number at a time, and all of it in the end."""

from collections.abc import Iterator

import pytest

from moderation.domain.audit import AuditEvent, Head, entry
from moderation.domain.people import Person
from moderation.usecases.browse_audit import MOST_READ, SHOWN, AuditPage, Wanted, browse_audit, place_of
from tests.support.fakes import FakeAuditFiles

AUDITOR = Person(id="s-1", pseudonym="p-auditor", roles=frozenset({"auditor"}))
IMAGES = ("a" * 32, "b" * 32)


def write(audit: FakeAuditFiles, day: str, count: int) -> None:
    """Entries of two writers in turn, one each minute."""
    heads = {"w1": Head(), "w2": Head()}
    for number in range(count):
        writer, at = f"w{number % 2 + 1}", f"{day}T{number // 60:02}:{number % 60:02}:00.000Z"
        event = AuditEvent(action="reveal", who=f"p-{number % 3}", at=at, image=IMAGES[number % 2])
        file, heads[writer] = entry(event, f"{day}/{writer}", heads[writer])
        audit.files[file.key] = file.body


@pytest.fixture
def audit() -> FakeAuditFiles:
    made = FakeAuditFiles()
    write(made, "2026-11-26", 70)
    write(made, "2026-11-27", 20)
    return made


EVERYTHING = Wanted()


def pages(audit: FakeAuditFiles, wanted: Wanted = EVERYTHING) -> Iterator[AuditPage]:
    page = browse_audit(audit, AUDITOR, wanted)
    yield page
    while page.older:
        page = browse_audit(audit, AUDITOR, wanted, place_of(page.older))
        yield page


def times(page: AuditPage) -> list[str]:
    return [seen.event.at for seen in page.entries if seen.event]


def test_the_newest_come_first_over_days_and_writers_and_none_is_left_out(audit: FakeAuditFiles) -> None:
    found = list(pages(audit))

    seen = [at for page in found for at in times(page)]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == 90
    assert [len(page.entries) for page in found] == [SHOWN, 90 - SHOWN]


def test_entries_of_an_image_and_of_a_person_are_found(audit: FakeAuditFiles) -> None:
    of_image = [seen.event for page in pages(audit, Wanted(image=IMAGES[1])) for seen in page.entries]
    of_both = [seen.event for page in pages(audit, Wanted(IMAGES[1], "p-2")) for seen in page.entries]

    assert len(of_image) == 45 and {event.image for event in of_image if event} == {IMAGES[1]}
    assert of_both and {(event.image, event.who) for event in of_both if event} == {(IMAGES[1], "p-2")}


def test_a_search_in_vain_stops_and_says_from_where_it_goes_on() -> None:
    audit = FakeAuditFiles()
    write(audit, "2026-11-26", MOST_READ + 100)
    write(audit, "2026-11-27", 10)

    found = list(pages(audit, Wanted(who="p-9")))

    assert [(page.read, bool(page.older)) for page in found] == [(MOST_READ + 10, True), (100, False)]
    assert not any(page.entries for page in found)


def test_days_of_which_each_has_little_are_looked_at_a_month_at_a_time() -> None:
    audit = FakeAuditFiles()
    for day in range(1, 31):
        for month in ("09", "10"):
            write(audit, f"2026-{month}-{day:02}", 1)

    found = list(pages(audit))

    assert [page.read for page in found] == [31, 29]


def test_what_can_not_be_read_is_shown_whatever_is_wanted(audit: FakeAuditFiles) -> None:
    broken = "entries/2026-11-27/w1/000002.json"
    listed = audit.listed("2026-11-27")
    audit.listed = lambda day: listed  # type: ignore[method-assign]  # S3 knows the time of what can't be read
    audit.entry_days = lambda: ["2026-11-27"]  # type: ignore[method-assign]
    audit.files[broken] = b"?"

    [unread] = [seen for seen in browse_audit(audit, AUDITOR, Wanted(who="p-9")).entries if seen.event is None]

    assert unread.key == broken


def test_an_empty_log_has_no_entries() -> None:
    assert browse_audit(FakeAuditFiles(), AUDITOR, Wanted()) == AuditPage([], 0, "")


@pytest.mark.parametrize("text", ["x", "2026-11-27T10:00:00.000Z", "a entries/2026-11-27", "a seals/2026-11-27/x"])
def test_what_is_no_place_says_so(text: str) -> None:
    with pytest.raises(ValueError, match="isn't a place"):
        place_of(text)


def test_what_others_added_hides_nothing_and_can_be_passed(audit: FakeAuditFiles) -> None:
    """A page ends at an object of any name, and the next begins there."""
    names = [f"entries/2026-11-27/w {number}\n\u202e/x y" for number in range(SHOWN)]
    audit.files |= dict.fromkeys((*names, "entries/0/x", "entries/x", "entries/2026-13-45/x"), b"?")

    seen = [one for page in pages(audit, Wanted(image=IMAGES[0])) for one in page.entries]

    assert sum(one.event is not None for one in seen) == 45
    assert {one.key for one in seen if one.event is None} == set(names)
