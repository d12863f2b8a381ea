"""Items of the same bytes in the browser: a blurred grid, tried, confirmed by its number, taken back as one."""

from datetime import timedelta

import pytest
from playwright.sync_api import Route

from moderation.domain.image_ref import ImageRef
from moderation.domain.review import is_free
from tests.console.browser import AXE, Tab, opened
from tests.unit.api.place import HOSTILE, Place


@pytest.fixture
def images(place) -> list[ImageRef]:
    """Three items of the same bytes, all of which may become safe."""
    images = [place.image, place.put("second.jpg"), place.put(f"third/{HOSTILE}.jpg")]
    for image in images:
        place.verdicts.records[image]["preprocessing_version"] = "1"
    return images


def opened_grid(tab: Tab) -> None:
    """Go to the grid from the item, by its key, and try what is chosen."""
    tab.sees("Held by you.")
    tab.page.keyboard.press("a")
    tab.page.get_by_role("heading", name="Items of the same bytes: 3").wait_for()


def tried(tab: Tab) -> None:
    tab.page.get_by_role("button", name="Try it").focus()
    tab.page.keyboard.press("Enter")
    tab.says("Nothing is decided yet.")


def verdicts(place: Place, images: list[ImageRef]) -> set[str | None]:
    return {place.verdicts.get(image).verdict for image in images}


def pending(place: Place, images: list[ImageRef]) -> int:
    return sum(place.verdicts.get(image).pending_id is not None for image in images)


def test_a_batch_is_decided_by_keys_once_its_number_is_typed(images, tab, place) -> None:
    opened_grid(tab)
    tried(tab)
    assert pending(place, images) == 0

    tab.page.keyboard.type("2")
    tab.page.keyboard.press("Enter")
    tab.says("Nothing was decided: type 3.")
    assert pending(place, images) == 0

    tab.page.keyboard.press("Backspace")
    tab.page.keyboard.type("3")
    tab.page.keyboard.press("Enter")
    tab.says("Decided safe: 3.")
    assert (pending(place, images), verdicts(place, images)) == (3, {"review"})

    place.later = timedelta(seconds=11)
    tab.page.clock.run_for(11_000)
    tab.says("In force: 3.")
    assert verdicts(place, images) == {"safe"}


@pytest.mark.parametrize("keys", [("Tab", "Enter"), ("z",), ("Enter", "z")])
def test_a_batch_is_taken_back_as_one_by_keys_and_waits_again(images, tab, place, keys) -> None:
    opened_grid(tab)
    tried(tab)
    tab.page.keyboard.type("3")
    tab.page.keyboard.press("Enter")
    tab.page.get_by_role("button", name="Take all 3 back").wait_for()
    for key in keys:
        tab.page.keyboard.press(key)
    tab.says("Taken back: 3.")
    tab.page.get_by_role("button", name="Try it").wait_for()
    tab.page.clock.run_for(11_000)

    assert not any("/finish" in asked for asked in tab.asked)
    assert all(is_free(place.verdicts.get(image), "2026-01-01") for image in images)
    assert pending(place, images) == 0


def test_what_is_unticked_or_held_by_somebody_else_is_left_alone(images, tab, place) -> None:
    opened_grid(tab)
    tab.page.get_by_label("second.jpg").uncheck()
    place.verdicts.records[images[2]] |= {"lease_holder": "somebody", "lease_until": "2999-01-01T00:00:00.000Z"}
    tried(tab)
    tab.sees("Somebody else has been at work on this item")
    tab.page.keyboard.type("1")
    tab.page.keyboard.press("Enter")
    tab.says("Decided safe: 1.")

    assert [place.verdicts.get(image).pending_id is not None for image in images] == [True, False, False]


def test_a_batch_whose_answer_was_lost_is_sent_again_and_taken_back(images, tab, place) -> None:
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    opened_grid(tab)
    tried(tab)
    tab.page.route("**/batches", lose)
    tab.page.keyboard.type("3\n")
    tab.says("nobody knows if this arrived. If you do it again, it counts once")
    assert pending(place, images) == 3
    tab.page.unroute("**/batches")

    tab.page.keyboard.press("Enter")
    tab.says("Decided safe: 3.")
    tab.page.get_by_role("button", name="Take all 3 back").click()
    tab.says("Taken back: 3.")
    assert pending(place, images) == 0
    tab.complaints.clear()


def test_what_became_of_a_batch_is_seen_where_its_number_is_typed(images, browser, console, place) -> None:
    for number in range(16):
        place.verdicts.records[place.put(f"more-{number}.jpg")]["preprocessing_version"] = "1"
    with opened(browser, console, viewport={"width": 1280, "height": 640}) as tab:
        tab.sees("Held by you.")
        tab.page.keyboard.press("a")
        tried(tab)
        for typed, said in (("1\n", "Nothing was decided: type 19."), ("9\n", "Decided safe: 19.")):
            tab.page.keyboard.type(typed)
            seen = tab.page.locator("[role=status]").filter(has_text=said).bounding_box()
            assert seen and 0 < seen["y"] < 640


def test_a_batch_that_takes_long_says_so(images, tab) -> None:
    held: list[Route] = []
    opened_grid(tab)
    tried(tab)
    tab.page.route("**/batches", lambda route: held.append(route))
    tab.page.keyboard.type("3\n")
    tab.says("Wait: this is being done.")

    held[0].continue_()
    tab.says("Decided safe: 3.")


def test_a_batch_that_changed_since_it_was_tried_is_tried_anew(images, tab, place) -> None:
    opened_grid(tab)
    tried(tab)
    place.verdicts.records[images[2]] |= {"lease_holder": "somebody", "lease_until": "2999-01-01T00:00:00.000Z"}
    tab.page.keyboard.type("3\n")
    tab.says("You confirmed 3 items, and 2 can be decided: look again.")

    tried(tab)
    tab.says("2 would be decided safe, and 1 would be left alone.")
    tab.complaints.clear()


def test_a_batch_that_could_not_be_ended_is_ended_later(images, tab, place) -> None:
    opened_grid(tab)
    tried(tab)
    tab.page.keyboard.type("3\n")
    tab.says("Decided safe: 3.")
    tab.page.route("**/finish", lambda route: route.abort())
    place.later = timedelta(seconds=11)
    with tab.page.expect_event("requestfailed"):
        tab.page.clock.run_for(11_000)
    tab.page.wait_for_timeout(200)  # the others fail as well
    tab.page.unroute("**/finish")
    tab.page.clock.run_for(6_000)
    tab.says("In force: 3.")
    assert verdicts(place, images) == {"safe"}
    tab.complaints.clear()


def test_the_grid_is_blurred_and_loads_no_picture(images, tab, place) -> None:
    opened_grid(tab)

    shown = tab.page.locator(".grid img")
    assert shown.count() == 3
    assert all("blur" in each for each in shown.evaluate_all("all => all.map(each => getComputedStyle(each).filter)"))
    assert all(each.startswith("data:") for each in shown.evaluate_all("all => all.map(each => each.src)"))
    assert not any(asked.endswith("/reveal") for asked in tab.asked)
    assert not place.audit.events


def test_the_steps_of_a_batch_break_no_rule_of_accessibility(images, tab) -> None:
    opened_grid(tab)
    tab.page.evaluate(AXE.read_text("utf-8"))
    tab.page.get_by_label("unsafe").check()
    tab.page.get_by_label("Violence").check()
    broken = []
    for step in (lambda: tried(tab), lambda: tab.page.keyboard.type("3\n"), lambda: tab.says("Decided unsafe: 3.")):
        step()
        broken += [one["id"] for one in tab.page.evaluate("axe.run()")["violations"]]

    assert broken == []


def test_an_item_without_identical_ones_offers_no_grid(tab) -> None:
    tab.sees("Held by you.")
    assert tab.page.get_by_role("button", name="identical").count() == 0
    tab.page.keyboard.press("a")
    assert tab.page.url.endswith("#/review")
