"""Reviews in the browser that something comes in between: lost answers, lost leases, other pages."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Route

from moderation.domain.record import utc
from tests.console.browser import AXE, Tab
from tests.unit.api.place import Place, person

KEY, SECOND = "a#b/photo.jpg", "a#b/second.jpg"
WRITTEN = "A long thought"


@pytest.fixture
def second(place: Place):
    """Another item that waits."""
    return place.put(SECOND)


def ready(tab: Tab, key: str = KEY) -> None:
    tab.page.locator(".facts").get_by_text(key).wait_for()
    tab.settle()


def press(tab: Tab, *keys: str) -> None:
    for key in keys:
        tab.page.keyboard.press(key)


def write(tab: Tab) -> None:
    press(tab, "n")
    tab.page.keyboard.type(WRITTEN)
    press(tab, "Escape")


def note_of(tab: Tab) -> str:
    return tab.page.get_by_label("Note").input_value()


def button(tab: Tab, name: str):
    return tab.page.get_by_role("button", name=name)


def lose_answer(tab: Tab, path: str) -> Callable[[], None]:
    """Let requests arrive, and lose their answers, until what is returned is called."""

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    tab.page.route(path, lose)
    return lambda: tab.page.unroute(path)


def test_a_decision_is_made_although_no_item_can_be_taken_after_it(tab, place, second) -> None:
    ready(tab)
    tab.page.route("**/next", lambda route: route.abort())
    press(tab, "s")
    tab.says("No item was taken.")

    tab.says(f"Decided: safe on {KEY}.")
    assert tab.page.get_by_text("Nothing was decided").count() == 0
    tab.page.unroute("**/next")
    button(tab, "Take the next item").click()
    ready(tab, SECOND)
    tab.complaints.clear()


@pytest.mark.parametrize("is_in_force", [True, False])
def test_what_became_of_a_decision_stays_when_the_next_item_arrives(tab, place, second, is_in_force: bool) -> None:
    ready(tab)
    held: list[Route] = []
    tab.page.route("**/next", lambda route: held.append(route))
    press(tab, "s")
    tab.says(f"Decided: safe on {KEY}.")
    if is_in_force:
        place.later = timedelta(seconds=10)
    tab.page.clock.run_for(11_000)
    said = f"In force: safe on {KEY}." if is_in_force else f"Not in force: safe on {KEY}."
    tab.says(said)

    (waiting,) = held
    waiting.continue_()
    ready(tab, SECOND)
    tab.says(said)
    tab.complaints.clear()


def test_a_decision_whose_answer_was_lost_is_sent_again_and_taken_back(tab, place, second) -> None:
    ready(tab)
    found = lose_answer(tab, "**/decide")
    press(tab, "s")
    tab.says("nobody knows if this arrived. If you do it again, it counts once")
    pending = place.verdicts.get(place.image).pending_id
    found()

    press(tab, "s")
    tab.says(f"Decided: safe on {KEY}.")
    assert place.verdicts.get(place.image).pending_id == pending
    press(tab, "z")
    tab.says(f"Taken back: safe on {KEY}.")
    assert place.verdicts.get(place.image).pending_id is None
    tab.complaints.clear()


def test_a_decision_that_is_sent_again_once_it_is_in_force_is_said_to_be(tab, place, second) -> None:
    ready(tab)
    found = lose_answer(tab, "**/decide")
    press(tab, "s")
    tab.says("nobody knows if this arrived")
    found()
    place.later = timedelta(seconds=12)
    body = {"pending": place.verdicts.get(place.image).pending_id}
    assert place.ask(person("reviewer"), "POST", f"/items/{place.name_of(place.image)}/finish", body)[0] == 200

    press(tab, "s")
    tab.says(f"Decided: safe on {KEY}.")
    tab.page.clock.run_for(1000)
    tab.says(f"In force: safe on {KEY}.")
    assert len(place.verdicts.get(place.image).history) == 2  # with the machine's
    tab.complaints.clear()


def test_a_press_that_arrives_late_does_not_decide_what_was_taken_back(tab, place, second) -> None:
    ready(tab)
    found = lose_answer(tab, "**/decide")
    with tab.page.expect_request("**/decide") as late:
        press(tab, "s")
    tab.says("nobody knows if this arrived")
    found()
    press(tab, "s")
    ready(tab, SECOND)
    press(tab, "z")
    tab.says(f"Taken back: safe on {KEY}.")
    path = f"/items/{place.name_of(place.image)}/decide"
    status, said = place.ask(person("reviewer"), "POST", path, late.value.post_data_json)

    assert status == 409 and "taken this decision back" in said["message"]
    tab.settle()
    press(tab, "s")  # another press
    tab.says(f"Decided: safe on {KEY}.")
    tab.complaints.clear()


def test_a_press_is_known_although_another_one_was_sent_between(tab, place, second) -> None:
    ready(tab)
    tab.page.route("**/decide", lambda route: route.abort())
    with tab.page.expect_request("**/decide") as late:
        press(tab, "s")
    tab.says("nobody knows if this arrived")
    write(tab)
    with tab.page.expect_request("**/decide"):
        press(tab, "s")
    tab.says("nobody knows if this arrived")
    tab.page.unroute("**/decide")
    tab.page.get_by_label("Note").fill("")
    press(tab, "Escape", "s")
    ready(tab, SECOND)
    press(tab, "z")
    tab.says(f"Taken back: safe on {KEY}.")
    path = f"/items/{place.name_of(place.image)}/decide"

    assert place.ask(person("reviewer"), "POST", path, late.value.post_data_json)[0] == 409
    tab.complaints.clear()


def test_what_was_taken_back_is_so_although_the_answer_was_lost(tab, place, second) -> None:
    ready(tab)
    press(tab, "s")
    ready(tab, SECOND)
    found = lose_answer(tab, "**/undo")
    press(tab, "z")
    tab.says("nobody knows if this arrived")
    found()

    press(tab, "z")
    tab.says(f"Taken back: safe on {KEY}.")
    ready(tab)
    tab.complaints.clear()


@pytest.mark.parametrize(
    ("status", "body"), [(500, '{"message": "Internal Server Error"}'), (504, "<html>"), (200, "")]
)
def test_nobody_says_that_nothing_was_done_where_nobody_knows(tab, status, body) -> None:
    tab.page.route("**/decide", lambda route: route.fulfill(status=status, body=body))
    ready(tab)
    press(tab, "s")
    tab.says("so nobody knows if this")

    assert tab.page.get_by_text("Nothing was decided").count() == 0
    tab.complaints.clear()


def test_a_decision_that_the_sweeper_ended_is_not_said_to_be_taken_back(tab, place, second) -> None:
    tab.page.route("**/finish", lambda route: route.abort())
    ready(tab)
    press(tab, "s")
    ready(tab, SECOND)
    place.later = timedelta(seconds=12)
    everything = person("reviewer", "lead", "auditor")
    body = {"pending": place.verdicts.get(place.image).pending_id}
    assert place.ask(everything, "POST", f"/items/{place.name_of(place.image)}/finish", body)[0] == 200

    press(tab, "z")
    tab.says("It is in force: deciding again reverses it.")
    assert place.verdicts.get(place.image).verdict == "safe"
    tab.complaints.clear()


def taken_by_somebody(place: Place) -> None:
    place.verdicts.records[place.image] |= {"lease_holder": "somebody", "lease_until": "2999-01-01T00:00:00.000Z"}


def judged_anew(place: Place) -> None:
    place.verdicts.records[place.image] |= {"reason": "Another run", "decided_at": "2026-11-21T10:00:00.000Z"}


def erased(place: Place) -> None:
    del place.verdicts.records[place.image]


@pytest.mark.parametrize("happens", [taken_by_somebody, judged_anew, erased])
def test_an_item_that_is_lost_or_has_changed_is_left_for_the_next_one(tab, place, second, happens) -> None:
    ready(tab)
    write(tab)
    happens(place)
    press(tab, "s")
    tab.says("your note is kept")
    if happens is judged_anew:
        button(tab, "Take it again").click()
        tab.sees("Another run")
        assert note_of(tab) == WRITTEN
        tab.settle()
        press(tab, "s")
    else:
        button(tab, "Take the next item").click()

    ready(tab, SECOND)
    assert note_of(tab) == ""
    tab.complaints.clear()


def test_a_lost_lease_is_said_and_is_regained(tab, place) -> None:
    tab.page.evaluate(AXE.read_text("utf-8"))
    ready(tab)
    write(tab)
    taken_by_somebody(place)
    tab.page.clock.run_for(31_000)
    tab.sees("You don't hold it any more:")
    press(tab, "s")
    tab.says("take it again, or take the next one")
    assert tab.page.evaluate("axe.run()")["violations"] == []
    button(tab, "Take it again").click()
    tab.says("It can't be taken again. Somebody else has been at work on this item")

    place.verdicts.records[place.image] |= {"lease_until": utc(datetime.now(UTC))}
    button(tab, "Take it again").click()
    tab.sees("Held by you.")
    assert note_of(tab) == WRITTEN
    tab.complaints.clear()


def test_what_was_written_is_kept_over_two_idle_minutes_and_other_pages(tab) -> None:
    ready(tab)
    write(tab)
    tab.page.clock.run_for(150_000)
    tab.says("You were away for two minutes")
    button(tab, "Take the next item").click()
    ready(tab)
    assert note_of(tab) == WRITTEN

    press(tab, "?")
    tab.page.get_by_text("Single keys act").wait_for()
    tab.page.go_back()
    ready(tab)
    assert note_of(tab) == WRITTEN
    tab.complaints.clear()  # this clock leaves no time between two requests


def test_a_decision_is_taken_back_after_a_visit_to_another_page(tab, place) -> None:
    ready(tab)
    write(tab)
    press(tab, "s")
    tab.says("Decided")
    press(tab, "?")
    tab.page.get_by_text("Single keys act").wait_for()
    tab.page.go_back()
    tab.sees("Nothing waits for you")  # before, the button may be there, and no key act yet
    button(tab, f"Z takes back: safe on {KEY}").wait_for()
    press(tab, "z")
    tab.says(f"Taken back: safe on {KEY}.")

    assert (note_of(tab), place.verdicts.get(place.image).pending_id) == (WRITTEN, None)


def test_a_picture_that_does_not_arrive_says_so(tab) -> None:
    tab.page.route("https://pictures.example/**", lambda route: route.fulfill(status=403))
    ready(tab)
    press(tab, "v")
    tab.says("The picture didn't arrive: ask for it again.")

    assert tab.page.locator("figure").count() == 0
    tab.complaints.clear()
