"""Each page of the console: for everybody to read, at any width, and with nothing that its policy forbids."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from moderation.domain.audit import AuditEvent, Head, entry
from moderation.domain.judgement import Judgement
from moderation.domain.policy import Case
from moderation.domain.policy_history import PolicyChange
from moderation.domain.record import PERSON_QUEUE, utc
from moderation.usecases.check_audit import check_audit
from tests.console.browser import AXE, opened
from tests.unit.api.place import HOSTILE, person
from tests.unit.packs import PACK, WEAPON

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIEWS = {
    "review": "a#b/photo.jpg",
    "policies": "Routes",
    "policies/small": "Threshold",
    "changes": "Versions of the files that decide",
    "metrics": "What people decided",
    "audit": "entries that were read",
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
    logged(place)
    place.verdicts.records[place.image] |= {
        "shadow": {"strict": {"verdict": "unsafe", "category": "Violence"}},
        "reading": {"lines": [{"text": HOSTILE, "confidence": 0.98, "box": [1, 2, 30, 40]}]},
    }
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
    reading = {"lines": [{"text": "W" * 900, "confidence": 0.98, "box": [1000, 2000, 3000, 4000]}]}
    place.verdicts.records[place.image]["reading"] = reading
    logged(place)
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
        assert tab.page.get_by_role("navigation").get_by_role("link").all_inner_texts() == [
            *("Policies", "Policy log", "Keys")
        ]
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


def logged(place) -> None:
    """Entries about two images, of a hostile writer too, and a change of a policy."""
    head = Head()
    for number, image in enumerate(("a" * 32, "b" * 32)):
        event = AuditEvent(
            action="reveal",
            who=f"p-{number}",
            at=f"2026-11-26T10:00:0{number}.000Z",
            image=image,
            facts={"view": HOSTILE, "graphic": True},
        )
        file, head = entry(event, "2026-11-26/w1", head)
        place.audit_files.files[file.key] = file.body
    check_audit(place.audit_files, datetime(2026, 11, 27, 1, tzinfo=UTC))
    place.policy_log.changes.append(
        PolicyChange("2026-11-26T10:00:00Z", "packs/small.yaml", "v2", "push", "eve", "d" * 64, HOSTILE)
    )


def test_an_auditor_finds_what_somebody_did_and_if_the_log_is_whole(tab, place) -> None:
    logged(place)
    go(tab, "changes", "packs/small.yaml")  # the item is let go meanwhile
    place.people.people["sub-1"] = person("auditor")
    go(tab, "audit", "2 of 2 entries that were read")
    rows = tab.page.locator("tbody tr")
    assert tab.page.get_by_text("✓ Whole").is_visible()
    assert [row.locator("button").first.inner_text() for row in rows.all()] == ["p-1", "p-0"]
    assert f"graphic: true, view: {HOSTILE}" in rows.first.inner_text()

    tab.page.get_by_role("button", name="b" * 32).click()
    tab.page.get_by_text("1 of 2 entries that were read").wait_for()

    assert tab.page.get_by_label("Image's id").input_value() == "b" * 32
    tab.page.get_by_label("Pseudonym").fill("p-9")
    tab.page.get_by_role("button", name="Search").click()
    tab.page.get_by_text("0 of 2 entries that were read").wait_for()
    tab.page.get_by_role("button", name="Everything").click()
    tab.page.get_by_text("2 of 2 entries that were read").wait_for()


def test_who_reviews_sees_in_the_audit_log_on_no_image_what_others_did(tab, place) -> None:
    logged(place)

    go(tab, "audit", "You review yourself")

    assert "a" * 32 not in tab.page.content() and "b" * 32 not in tab.page.content()
    assert tab.page.get_by_text("withheld").count() == 2


def test_leads_see_what_people_are_exposed_to_and_which_questions_are_wrong(tab, place) -> None:
    now = datetime.now(UTC)
    for number in range(3):
        place.reveals.count("p-1", f"{now:%Y-%m-%dT%H}", f"i{number}", number == 0, None)
    said = {"question_id": "gun", "question": "Gun?", "categories": ["Violence"], "over": True, "view": "full"}
    image = place.put("wrong.jpg", evidence=[said | {"score": 0.95, "threshold": 0.9}])
    by_machine = {"verdict": "unsafe", "category": "Violence", "decided_by": "judge", "at": utc(now)}
    by_person = {
        "verdict": "safe",
        "category": None,
        "decided_by": "person",
        "history": [by_machine, {"who": "a", "decided_by": "person", "at": utc(now)}],
    }
    place.verdicts.records[image] |= {
        **by_person,
        "queue": PERSON_QUEUE,
        "created_at": utc(now),
        "decided_at": utc(now),
    }

    go(tab, "metrics", "Pictures that people revealed")

    shown = {row.inner_text() for row in tab.page.locator("tbody tr").all()}
    assert {"all\t3\t3\t3", "graphic\t1\t1\t1"} <= shown
    [question] = [row for row in shown if "gun" in row]
    assert question.startswith(f"{PACK.name}\tgun\t1\t100.0 %")


def test_a_policy_shows_what_its_questions_read_and_what_its_cases_expect(browser, console, place) -> None:
    question = replace(WEAPON, reads=("phone",), words=(HOSTILE, "gun"))
    judge = Judgement("unsafe", "Violence", "")
    cases = (
        Case("a gun", "unsafe", "Violence", "a man with a gun", (("weapon", 0.99),), judge),
        Case(HOSTILE, "safe", None, "", (("weapon", None),), None, ("HELLO", "YOU")),
    )
    place.rewrite(questions=(question,), cases=cases)
    with opened(browser, console) as tab:
        go(tab, "policies/small", "Cases")
        assert [text.removeprefix("Does this photo contain weapon? ") for text in lines_under(tab, "Questions")] == [
            f"(Violence; threshold 0.5; reads phone; words: {HOSTILE}, gun)"
        ]
        assert lines_under(tab, "Cases") == [
            "a gun: expects unsafe, Violence. Caption: “a man with a gun”. weapon: 0.99. Judge: unsafe, Violence.",
            f"{HOSTILE}: expects safe. Text: “HELLO”, “YOU”. weapon: none. Judge: as the answers say.",
        ]


def lines_under(tab, heading: str) -> list[str]:
    found = tab.page.locator(f"h2:text-is('{heading}') + ul li").all_inner_texts()
    return [" ".join(line.split()) for line in found]


def test_a_broken_audit_log_says_since_when(tab, place) -> None:
    logged(place)
    del place.audit_files.files["entries/2026-11-26/w1/000001.json"]
    check_audit(place.audit_files, datetime(2026, 11, 28, 1, tzinfo=UTC))

    go(tab, "audit", "Broken since 2026-11-26")


def test_what_is_no_entry_is_shown_as_unreadable_beside_the_others(tab, place) -> None:
    logged(place)
    event = {"action": "reveal", "who": "p-9", "at": "2026-11-26T10:00:02.000Z", "image": None, "facts": None}
    stored = {"chain": "2026-11-26/x", "number": 1, "previous": "", "event": event}
    place.audit_files.files["entries/2026-11-26/x/000001.json"] = json.dumps(stored).encode()

    go(tab, "audit", "3 of 3 entries that were read")

    rows = [row.inner_text() for row in tab.page.locator("tbody tr").all()]
    assert sum("unreadable" in row for row in rows) == 1 and sum("p-0" in row for row in rows) == 1


def test_an_entry_without_facts_leaves_the_page_whole(tab, place) -> None:
    event = {"action": "reveal", "who": "p-9", "at": "2026-11-26T10:00:02.000Z", "image": None, "facts": None}
    entries = [{"key": "entries/2026-11-26/x/000001.json", "event": event}]
    found = {"entries": entries, "read": 1, "older": "", "checked": None}
    tab.page.route("**/audit?*", lambda route: route.fulfill(json=found))

    go(tab, "audit", "1 of 1 entries that were read")

    assert "p-9" in tab.page.locator("tbody tr").inner_text()


def test_a_lead_sees_who_changed_a_policy_and_how_to_compare_it(tab, place) -> None:
    logged(place)
    go(tab, "changes", "moderate policy pull small --version v2")

    [row] = tab.page.locator("tbody tr").all()
    assert all(text in row.inner_text() for text in ("eve", "push", HOSTILE, "d" * 12))
