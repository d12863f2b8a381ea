"""Each page of the console: for everybody to read, at any width, and with nothing that its policy forbids."""

import pytest

from tests.console.browser import AXE, opened
from tests.unit.api.place import HOSTILE, person

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIEWS = {
    "review": "a#b/photo.jpg",
    "policies": "Routes",
    "policies/small": "Threshold",
    "metrics": "What people decided",
    "keys": "Single keys act",
}


def of_one(place) -> dict[str, str]:
    """The views of one item."""
    name = place.name_of(place.image)
    return {f"item/{name}": "History", f"identical/{name}": "Decide on all that are ticked"}


def go(tab, view: str, text: str) -> None:
    tab.page.evaluate("place => { location.hash = '#/' + place }", view)
    tab.page.get_by_text(text).first.wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_breaks_a_rule_of_accessibility(browser, console, place, scheme) -> None:
    with opened(browser, console, color_scheme=scheme) as tab:
        tab.page.evaluate(AXE.read_text("utf-8"))
        for view, text in {**VIEWS, **of_one(place)}.items():
            go(tab, view, text)
            tab.page.clock.run_for(500)
            found = tab.page.evaluate("rules => axe.run({runOnly: rules})", RULES)
            broken = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
            assert broken == [], view


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_no_view_scrolls_sideways(browser, console, place, width) -> None:
    place.put("x" * 900 + "/" + HOSTILE)
    with opened(browser, console, viewport={"width": width, "height": 640}) as tab:
        for view, text in {**VIEWS, **of_one(place)}.items():
            go(tab, view, text)
            assert tab.page.evaluate("document.documentElement.scrollWidth") <= width, view


def test_nothing_is_loaded_from_anywhere_else(browser, console, place) -> None:
    with opened(browser, console) as tab:
        for view, text in {**VIEWS, **of_one(place)}.items():
            go(tab, view, text)
        assert {asked.split()[1].removeprefix(console.origin)[:1] for asked in tab.asked} == {"/"}
        assert tab.complaints == []


def test_a_person_sees_the_pages_that_they_may_see(browser, console, place) -> None:
    place.people.people["sub-1"] = person("policy-author")
    with opened(browser, console) as tab:
        assert tab.page.get_by_role("navigation").get_by_role("link").all_inner_texts() == ["Policies", "Keys"]
        tab.sees("Routes")


@pytest.mark.parametrize("width", [320, 1100])
def test_what_has_the_focus_is_never_hidden_by_the_bar_of_the_decision(browser, console, width) -> None:
    with opened(browser, console, viewport={"width": width, "height": 700}) as tab:
        tab.sees("Held by you.")
        for _ in range(30):
            tab.page.keyboard.press("Tab")
            assert tab.page.evaluate(
                """() => {
                    const focused = document.activeElement;
                    const {left, top, width, height} = focused.getBoundingClientRect();
                    const seen = document.elementFromPoint(left + width / 2, top + Math.min(height, 20) / 2);
                    return focused === document.body || focused.contains(seen) || seen?.contains(focused);
                }"""
            ), tab.page.evaluate("document.activeElement.outerHTML")


def test_an_item_that_is_not_there_says_so(tab) -> None:
    go(tab, "item/nonsense", "There is nothing here, or not for you.")
    tab.complaints.clear()


def test_the_whole_of_a_page_is_reached_by_the_tab_key(tab) -> None:
    tab.sees("Held by you.")
    reached = set()
    for _ in range(60):
        tab.page.keyboard.press("Tab")
        reached.add(tab.page.evaluate("document.activeElement.textContent.trim() || document.activeElement.type"))
    wanted = ("Skip to the content", "Policies", "Show the picture", "Safe", "Unsafe", "Skip", "Park", "Escalate")
    assert [text for text in wanted if not any(text in one for one in reached)] == []
