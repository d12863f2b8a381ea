"""A review in the browser: keys, what is decided when, and what happens when something goes wrong."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Route

from moderation.domain.lanes import Lane, order_of
from moderation.domain.policy import Category, pack_data
from moderation.domain.record import utc
from moderation.domain.work_files import pack_file
from moderation.ports import StoredImage
from tests.console.browser import AXE, opened
from tests.unit.api.place import HOSTILE, PREVIEW, Place, person
from tests.unit.packs import PACK

KEY = "a#b/photo.jpg"


def ready(tab) -> None:
    """Wait for the item, and let the time pass in which no key decides."""
    tab.sees(KEY)
    tab.settle()


def press(tab, *keys: str) -> None:
    for key in keys:
        tab.page.keyboard.press(key)


def standing(place):
    return place.verdicts.get(place.image)


def posted(tab, word: str) -> int:
    return sum(asked.startswith("POST") and asked.endswith(f"/{word}") for asked in tab.asked)


def test_it_opens_on_the_next_item_and_leaves_no_token_in_the_address(tab, place, console) -> None:
    tab.sees(KEY)

    assert tab.page.url == f"{console.origin}/#/review"
    assert standing(place).lease_holder == "sub-1"


def test_texts_of_pictures_and_people_are_shown_as_text(tab) -> None:
    tab.sees(HOSTILE)

    assert tab.page.locator("main [onerror]").count() == 0


def test_what_was_not_looked_at_or_was_read_smaller_stands_among_the_facts(browser, console, place) -> None:
    said = {"unseen": ["2 frames are in no view."], "unread": ["1 of 3 pictures wasn't read."]}
    place.verdicts.records[place.image]["looked_at"] |= {
        **said,
        "shrunk": [f"Text was read at 94% of its side {HOSTILE}."],
    }

    with opened(browser, console) as tab:
        tab.sees(KEY)
        facts = tab.page.locator(".facts div").all_inner_texts()

    assert "Not looked at\n2 frames are in no view. 1 of 3 pictures wasn't read." in facts
    assert f"Read smaller\nText was read at 94% of its side {HOSTILE}." in facts


def test_the_text_that_was_read_stands_beside_the_picture_as_text_with_its_place(browser, console, place) -> None:
    place.verdicts.records[place.image]["reading"] = {
        "lines": [{"text": HOSTILE, "confidence": 0.98, "box": [1, 2, 30, 40], "view": "tile-5"}],
        "codes": [{"text": "go\u202eon", "format": "QR code", "box": [5, 6, 7, 8], "view": "full"}],
    }

    with opened(browser, console) as tab:
        for place_of_it in ("review", f"item/{place.name_of(place.image)}"):
            tab.page.evaluate("place => { location.hash = '#/' + place }", place_of_it)
            table = tab.page.get_by_role("table", name="Text in the picture")
            table.wait_for()
            assert table.locator("tbody tr").all_inner_texts() == [
                f"{HOSTILE}\tline\ttile-5\t1 2 30 40\t0.98",
                "go\\u202eon\tQR code\tfull\t5 6 7 8\tnone",
            ]
    assert tab.complaints == []


def test_where_no_text_was_read_no_table_says_so(tab) -> None:
    ready(tab)

    assert tab.page.get_by_text("Text in the picture").count() == 0


def test_what_nobody_found_safe_or_unsafe_yet_has_no_verdict_in_force(tab) -> None:
    ready(tab)

    assert tab.page.get_by_text("In force until you decide").count() == 0


def test_where_nothing_was_read_smaller_no_fact_says_so(tab) -> None:
    ready(tab)

    facts = tab.page.locator(".facts dt").all_inner_texts()
    assert "Not looked at" in facts and "Read smaller" not in facts


def test_a_name_that_turns_the_direction_of_writing_shows_how_it_is_spelled(browser, console, place) -> None:
    place.verdicts.records.clear()
    place.put("shop/\u202egpj.exe\n.png")
    with opened(browser, console) as tab:
        tab.sees("shop/\\u202egpj.exe\\u000a.png")
        tab.settle()
        press(tab, "s")
        tab.page.get_by_role("button", name="Z takes back: safe on shop/\\u202egpj.exe").wait_for()


def test_a_safe_verdict_takes_one_key_and_is_in_force_after_ten_seconds(tab, place) -> None:
    ready(tab)
    press(tab, "s")
    tab.says(f"Decided: safe on {KEY}.")
    assert standing(place).verdict == "review"

    place.later = timedelta(seconds=10)
    tab.page.clock.run_for(11_000)
    tab.says(f"In force: safe on {KEY}.")
    assert standing(place).verdict == "safe"


def test_an_unsafe_verdict_needs_a_category_and_takes_the_note(tab, place) -> None:
    ready(tab)
    press(tab, "u")
    tab.says("Choose a category first.")

    press(tab, "n")
    tab.page.keyboard.type("s u z 1")  # letters in a field are letters
    press(tab, "Escape", "2", "1", "2", "u")
    tab.says(f"Decided: unsafe (Violence) on {KEY}.")

    pending = standing(place).pending
    assert (pending["verdict"], pending["categories"], pending["note"]) == ("unsafe", ["Violence"], "s u z 1")
    assert pending["seen"] is False


def test_a_key_that_was_meant_for_the_item_before_decides_nothing(tab, place) -> None:
    tab.sees(KEY)
    press(tab, "s")
    tab.says("That was too soon")

    assert standing(place).pending is None


def test_a_held_key_is_one_press(tab, place) -> None:
    other = place.put("a#b/second.jpg")
    ready(tab)
    tab.page.keyboard.down("s")
    tab.says(f"Decided: safe on {KEY}.")
    tab.sees(other.key)
    tab.settle()
    for _ in range(5):
        tab.page.keyboard.down("s")  # repeats
    tab.page.keyboard.up("s")

    assert posted(tab, "decide") == 1
    assert place.verdicts.get(other).pending is None


def test_a_decision_is_not_ended_while_it_is_being_taken_back(tab) -> None:
    held: list[Route] = []
    tab.page.route("**/undo", lambda route: held.append(route))
    tab.page.route("**/finish", lambda route: route.fulfill(json={}))
    ready(tab)
    press(tab, "s")
    tab.page.get_by_role("button", name=f"Z takes back: safe on {KEY}").wait_for()
    with tab.page.expect_request("**/undo"):
        press(tab, "z")
    tab.page.clock.run_for(15_000)
    assert posted(tab, "finish") == 0

    held[0].abort()
    with tab.page.expect_request("**/finish"):
        tab.page.get_by_text("nobody knows if this arrived").wait_for()
        tab.page.clock.run_for(15_000)
    assert posted(tab, "finish") == 1
    tab.complaints.clear()


def test_what_the_key_takes_back_is_said_and_nothing_is_left_of_it(tab, place) -> None:
    ready(tab)
    press(tab, "s")
    tab.page.get_by_role("button", name=f"Z takes back: safe on {KEY}").wait_for()
    press(tab, "z")
    tab.says(f"Taken back: safe on {KEY}.")
    tab.sees("Held by you.")
    tab.page.clock.run_for(15_000)

    assert posted(tab, "finish") == 0
    assert (standing(place).verdict, standing(place).pending_id) == ("review", None)
    assert set(standing(place).pending) == {"id"}  # by which a late request is known


def test_a_decision_in_force_is_reversed_by_another_one(tab, place) -> None:
    ready(tab)
    press(tab, "s")
    tab.says("Decided")
    place.later = timedelta(seconds=10)
    tab.page.clock.run_for(11_000)
    tab.page.get_by_role("button", name=f"Z reverses: safe on {KEY}").wait_for()
    press(tab, "z")
    tab.says("It is in force: deciding again reverses it.")
    tab.settle()
    press(tab, "1", "u")
    tab.says(f"Decided: unsafe (Violence) on {KEY}.")

    assert (standing(place).verdict, standing(place).pending["verdict"]) == ("safe", "unsafe")


def test_a_refused_decision_keeps_its_note(tab, place) -> None:
    ready(tab)
    press(tab, "n")
    tab.page.keyboard.type("A long thought")
    press(tab, "Escape")
    place.verdicts.records[place.image]["lease_holder"] = "somebody"
    press(tab, "s")
    tab.says("your note is kept")

    assert tab.page.get_by_label("Note").input_value() == "A long thought"
    assert standing(place).pending is None
    tab.complaints.clear()  # the browser itself reports the 409


def test_a_network_that_is_cut_in_mid_decision_says_that_nobody_knows(tab, place) -> None:
    ready(tab)
    tab.page.route("**/decide", lambda route: route.abort())
    press(tab, "s")
    tab.says("nobody knows if this arrived")
    tab.page.unroute("**/decide")
    tab.sees("Held by you.")
    press(tab, "s")
    tab.says(f"Decided: safe on {KEY}.")
    tab.complaints.clear()


def test_a_lease_renews_while_somebody_is_there_and_frees_after_two_idle_minutes(tab, place) -> None:
    ready(tab)
    for _ in range(3):
        with tab.page.expect_response("**/renew"):
            tab.page.clock.run_for(30_000)
    assert standing(place).lease_holder == "sub-1"

    tab.page.clock.run_for(30_000)
    tab.says("You were away for two minutes")
    assert standing(place).lease_holder is None


def test_an_item_that_somebody_else_took_can_only_be_read(tab, place) -> None:
    ready(tab)
    place.verdicts.records[place.image]["lease_holder"] = "somebody"
    tab.page.clock.run_for(31_000)
    tab.says("Your note is kept.")
    tab.sees("You don't hold it any more:")

    assert tab.page.get_by_role("button", name="S Safe").is_disabled()
    press(tab, "s")
    assert posted(tab, "decide") == 0
    tab.complaints.clear()


def test_an_item_is_left_to_others_or_parked_by_keys_alone(tab, place) -> None:
    other = place.put("a#b/second.jpg")
    ready(tab)
    press(tab, "k")
    tab.says("Left to others.")
    tab.sees(other.key)
    tab.settle()
    press(tab, "p")
    tab.page.get_by_role("dialog").wait_for()
    press(tab, "Tab", "Enter")
    tab.says("Parked until")

    assert standing(place).skipped_by == ["sub-1"]
    assert str(place.verdicts.get(other).other["queue"]).startswith("parked")


def test_an_item_is_parked_until_a_time_of_ones_choice(tab, place) -> None:
    ready(tab)
    until = datetime.now().replace(second=0, microsecond=0) + timedelta(days=2)
    press(tab, "p")
    tab.page.get_by_label("or until").fill(until.isoformat(timespec="minutes"))
    tab.page.get_by_role("button", name="Park until then").focus()
    press(tab, "Enter")
    tab.says("Parked until")

    assert utc(until.astimezone(UTC))[:16] in str(standing(place).other)


@pytest.mark.parametrize("until", ["2020-01-01T00:00", "2990-01-01T00:00", "275000-01-01T00:00"])
def test_a_time_that_is_past_or_far_away_is_refused_where_it_is_written(tab, place, until) -> None:
    ready(tab)
    press(tab, "p")
    tab.page.get_by_label("or until").evaluate("(field, value) => { field.value = value }", until)
    tab.page.get_by_role("button", name="Park until then").click()

    assert tab.page.get_by_label("or until").evaluate("field => field.validationMessage") != ""
    assert posted(tab, "park") == 0


def test_what_refuses_a_parking_is_said_in_its_dialog(tab, place) -> None:
    ready(tab)
    press(tab, "p")
    place.audit.failing = True
    tab.page.get_by_role("button", name="four hours").click()

    tab.page.get_by_role("dialog").get_by_role("alert").filter(has_text="The store is busy").wait_for()
    tab.complaints.clear()


def test_the_words_of_a_policy_that_differ_now_are_marked(browser, console, place) -> None:
    place.rewrite(categories=(Category("Violence", "Weapons, knives."),), questions=())
    with opened(browser, console) as tab:
        ready(tab)
        tab.page.get_by_text("as it was then").focus()
        press(tab, "Enter")
        changed = tab.page.locator(".changed")

        assert changed.locator("del").all_inner_texts() == ["fights."]
        assert changed.locator("ins").all_inner_texts() == ["knives."]


def test_an_escalation_is_asked_for_once_more(tab, place) -> None:
    ready(tab)
    press(tab, "e")
    tab.page.get_by_role("dialog").wait_for()
    press(tab, "Tab", "Enter")  # Cancel
    tab.page.get_by_role("dialog").wait_for(state="hidden")
    assert place.escalated == []

    press(tab, "e")
    tab.page.get_by_role("dialog").wait_for()
    press(tab, "Enter")
    tab.says("Escalated.")
    assert place.escalated == [(place.image, "otter")]


def test_an_escalation_that_takes_long_says_so_and_offers_no_way_back(tab, place) -> None:
    ready(tab)
    held: list[Route] = []
    tab.page.route("**/escalate", lambda route: held.append(route))
    press(tab, "e")
    dialog = tab.page.get_by_role("dialog")
    dialog.wait_for()
    press(tab, "Enter")

    dialog.get_by_role("status").filter(has_text="Wait").wait_for()
    assert dialog.get_by_role("button", name="Cancel").is_disabled()
    press(tab, "Escape")
    assert dialog.is_visible()

    held[0].continue_()
    tab.says("Escalated.")
    assert dialog.is_hidden()


def test_keys_are_changed_and_switched_off(tab, place) -> None:
    ready(tab)
    press(tab, "?")
    tab.page.get_by_label("Decide: safe").fill("x")
    tab.says("X: Decide: safe.")
    tab.page.get_by_label("Decide: unsafe").fill("x")
    tab.says("X is taken")
    tab.page.get_by_role("link", name="Review").click()
    ready(tab)
    press(tab, "s")
    assert posted(tab, "decide") == 0
    press(tab, "x")
    tab.says("Decided: safe")
    tab.page.get_by_role("link", name="Keys").click()
    tab.page.get_by_label("Single keys act").uncheck()
    tab.page.get_by_role("link", name="Review").click()
    tab.sees("Nothing waits for you.")
    press(tab, "z")
    assert posted(tab, "undo") == 0


def test_a_key_acts_after_a_category_was_ticked_by_the_mouse(tab, place) -> None:
    ready(tab)
    tab.page.get_by_label("Violence").click()
    press(tab, " ")  # the box's own key
    assert not tab.page.get_by_label("Violence").is_checked()
    press(tab, " ", "u")
    tab.says(f"Decided: unsafe (Violence) on {KEY}.")

    assert posted(tab, "reveal") == 0


@pytest.mark.parametrize(
    ("typed", "code", "decides"),
    [("ы", "KeyS", True), ("o", "KeyS", False), ("é", "KeyX", False)],
)
def test_where_a_layout_writes_other_letters_the_place_of_a_key_counts(tab, typed, code, decides) -> None:
    ready(tab)
    tab.page.evaluate(
        "init => document.body.dispatchEvent(new KeyboardEvent('keydown', {...init, bubbles: true, cancelable: true}))",
        {"key": typed, "code": code},
    )
    tab.page.wait_for_timeout(100)
    tab.settle()

    assert posted(tab, "decide") == decides
    tab.complaints.clear()


def test_digits_choose_where_a_layout_writes_them_with_shift_alone(tab, place) -> None:
    ready(tab)
    tab.page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '&', code: 'Digit1', bubbles: true}))"
    )
    assert tab.page.get_by_label("Violence").is_checked()


@pytest.fixture
def ten_categories(place: Place) -> None:
    """A policy of ten categories behind the item."""
    more = (Category(f"Category {number}", "One more") for number in range(len(PACK.categories) + 1, 11))
    pack = replace(PACK, categories=(*PACK.categories, *more))
    place.work.put_json(pack_file(pack.digest), pack_data(pack))
    place.verdicts.records[place.image]["policy"] = {"name": pack.name, "digest": pack.digest}


def test_zero_chooses_the_tenth_category(ten_categories, tab, place) -> None:
    ready(tab)
    press(tab, "0", "u")
    tab.says(f"Decided: unsafe (Category 10) on {KEY}.")
    assert standing(place).pending["categories"] == ["Category 10"]


def test_a_key_is_typed_over_the_one_before_and_a_refused_one_goes(tab) -> None:
    ready(tab)
    press(tab, "?")
    field = tab.page.get_by_label("Decide: safe")
    field.click()
    for _ in range(2):
        tab.page.keyboard.type("u")
        tab.says("U is taken")
        assert field.input_value() == "s"
    press(tab, "Backspace")
    tab.page.keyboard.type("x")
    tab.says("X: Decide: safe.")
    press(tab, "Backspace", "Tab")

    assert field.input_value() == "x"
    held = tab.page.get_by_label("Show the picture while it is held")
    assert held.input_value() == "Space"
    held.fill("y")
    held.fill(" ")
    tab.says("Space: Show the picture while it is held.")
    assert held.input_value() == "Space"


def test_a_reload_needs_another_link(tab) -> None:
    tab.sees(KEY)
    tab.page.reload()
    tab.says("This page has no session.")


class Pictures:
    """Answers the links of pictures with one grey pixel, and counts them."""

    def __init__(self, tab) -> None:
        self.shown: list[str] = []
        tab.page.route("https://pictures.example/**", self._answer)

    def _answer(self, route) -> None:
        self.shown.append(route.request.url.partition("/views/")[2].partition("?")[0])
        assert "referer" not in route.request.headers
        route.fulfill(body=base64.b64decode(PREVIEW), content_type="image/png")


def test_no_picture_is_loaded_before_it_is_asked_for_and_the_mouse_alone_never_does(tab, place) -> None:
    pictures = Pictures(tab)
    ready(tab)
    tab.page.get_by_alt_text("Blurred grey preview").wait_for()
    section = tab.page.get_by_role("region", name="Picture")
    section.hover()
    section.click()
    tab.page.get_by_role("button", name="Show the picture").click()
    tab.says("The mouse shows no picture: press V, or hold SPACE.")
    press(tab, "1", "u")
    tab.says("Decided: unsafe")

    assert (pictures.shown, posted(tab, "reveal")) == ([], 0)
    assert place.audit.events[0].action == "decide"


def test_a_picture_is_shown_while_the_key_is_held_the_named_tile_first(tab, place) -> None:
    pictures = Pictures(tab)
    ready(tab)
    tab.page.keyboard.down(" ")
    tab.page.get_by_alt_text("View tile-5 of the image").wait_for()
    assert tab.page.locator("figure img").evaluate_all("all => all.map(each => each.alt.split(' ')[1])") == [
        "tile-5",
        "full",
    ]
    tab.page.keyboard.up(" ")
    tab.page.get_by_alt_text("Blurred grey preview").wait_for()

    assert pictures.shown == ["tile-5.png", "full.png"]
    press(tab, "s")
    tab.says("Decided")
    assert standing(place).pending["seen"] is True


def test_a_picture_is_shown_and_hidden_by_a_key_or_a_button_that_the_keyboard_presses(tab) -> None:
    Pictures(tab)
    ready(tab)
    press(tab, "v")
    tab.page.get_by_alt_text("View full of the image").wait_for()
    press(tab, "v")
    tab.page.get_by_alt_text("Blurred grey preview").wait_for()
    tab.page.get_by_role("button", name="Show the picture").focus()
    press(tab, "Enter")
    tab.page.get_by_alt_text("View full of the image").wait_for()


def test_there_is_no_picture_if_it_cannot_be_noted_down(tab, place) -> None:
    pictures = Pictures(tab)
    ready(tab)
    place.audit.failing = True
    press(tab, "v")
    tab.says("There is no picture.")

    assert pictures.shown == []
    tab.complaints.clear()


def larger(tab):
    return tab.page.get_by_alt_text("The whole upload")


def test_the_whole_upload_is_shown_larger_by_a_key_and_nothing_asks_for_it_before(tab, place) -> None:
    place.store(place.image)
    pictures = Pictures(tab)
    ready(tab)
    press(tab, "v")
    tab.page.get_by_alt_text("View full of the image").wait_for()
    tab.page.get_by_role("button", name="Show the whole upload, larger").click()
    tab.says("The mouse shows no picture: press O.")
    assert posted(tab, "original") == 0
    view = tab.page.get_by_alt_text("View full of the image").bounding_box()

    press(tab, "o")
    larger(tab).wait_for()
    tab.says("This is the whole upload.")
    assert larger(tab).evaluate("image => [image.naturalWidth, image.naturalHeight]") == [1200, 800]
    assert larger(tab).bounding_box()["width"] > 2 * view["width"]
    assert [event.action for event in place.audit.events] == ["reveal", "reveal original"]
    press(tab, "v")
    tab.page.get_by_alt_text("View full of the image").wait_for()
    press(tab, "o", "o")
    tab.page.get_by_alt_text("Blurred grey preview").wait_for()

    assert (posted(tab, "original"), len(pictures.shown)) == (1, 2)
    press(tab, "s")
    tab.says("Decided")
    assert standing(place).pending["seen"] is True


def test_the_whole_upload_is_asked_for_anew_after_a_while_and_noted_down_each_time(tab, place) -> None:
    place.store(place.image)
    ready(tab)
    tab.page.get_by_role("button", name="Show the whole upload, larger").focus()
    press(tab, "Enter")
    larger(tab).wait_for()
    press(tab, "Enter")
    tab.page.get_by_alt_text("Blurred grey preview").wait_for()
    tab.page.clock.run_for(60_000)
    place.audit.failing = True
    press(tab, "o")
    tab.says("There is no picture.")

    assert larger(tab).count() == 0
    tab.complaints.clear()


def test_an_upload_that_is_no_picture_says_why(tab, place) -> None:
    place.images.objects[place.image] = StoredImage(b"%PDF-1.7", "image/png")
    ready(tab)
    press(tab, "o")
    tab.says("There is no picture. The upload can't be shown: The object is a PDF document")

    assert larger(tab).count() == 0
    tab.complaints.clear()


def test_who_may_not_see_uploads_is_offered_none(browser, place, others_console) -> None:
    with opened(browser, others_console) as tab:
        ready(tab)
        press(tab, "o")
        tab.says("You may see the views alone, not the upload.")

        assert tab.page.get_by_role("button", name="Show the picture").count() == 1
        assert tab.page.get_by_role("button", name="larger").count() == 0
        assert posted(tab, "original") == 0


def test_a_finger_that_stays_shows_what_it_is_on(browser, place, console) -> None:
    place.store(place.image)
    with opened(browser, console, has_touch=True) as tab:
        Pictures(tab)
        ready(tab)
        for name, alt in (
            ("Show the picture", "View full of the image"),
            ("Show the whole upload", "The whole upload"),
        ):
            button = tab.page.get_by_role("button", name=name)
            button.dispatch_event("pointerdown", {"pointerType": "touch"})
            tab.page.clock.run_for(500)
            tab.page.get_by_alt_text(alt).wait_for()
            tab.page.get_by_role("region", name="Picture").dispatch_event("pointerup", {"pointerType": "touch"})
            tab.page.get_by_alt_text("Blurred grey preview").wait_for()


@pytest.mark.parametrize("width", [320, 1280])
def test_the_whole_upload_breaks_no_rule_of_accessibility_and_scrolls_nothing_sideways(
    browser, place, console, width
) -> None:
    place.store(place.image, (2000, 1500))
    with opened(browser, console, viewport={"width": width, "height": 700}) as tab:
        tab.page.evaluate(AXE.read_text("utf-8"))
        ready(tab)
        press(tab, "o")
        larger(tab).wait_for()
        found = tab.page.evaluate("axe.run()")

        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= width


def test_two_people_at_once_get_different_items_and_see_who_is_at_work(browser, tab, others_console, place) -> None:
    other = place.put("a#b/second.jpg")
    ready(tab)
    with opened(browser, others_console) as second:
        second.sees(other.key)
        second.page.evaluate("place => { location.hash = '#/item/' + place }", place.name_of(place.image))
        second.sees("Somebody else is at work on it.")

    assert standing(place).lease_holder == "sub-1"


def test_a_queue_in_which_little_waits_says_so(tab) -> None:
    tab.sees("Waiting: fewer than 10. Nothing is overdue.")


def test_what_waits_and_what_is_overdue_is_said(browser, place, console) -> None:
    lane = Lane("intake", 4, ("Violence",), "a#b/")
    place.verdicts.open_lane(lane)
    others = [(f"n{number}", "2999-01-01") for number in range(10)]
    for name, due in (("second", "2020-01-01"), ("third", "2020-01-02"), *others):
        waits = {"queue": lane.partition, "queue_order": order_of(4, f"{due}T10:00:00.000Z")}
        place.verdicts.records[place.put(f"a#b/{name}.jpg")] |= waits
    with opened(browser, console) as tab:
        tab.sees("a#b/second.jpg")
        tab.page.clock.run_for(60_000)
        tab.sees("Waiting: 10 or more. ⚠ up to 10 overdue.")


def test_a_queue_whose_head_is_out_of_scope_is_searched_to_its_end(browser, place, others_console) -> None:
    for number in range(500):
        made = place.put(f"others/{number}.jpg")
        place.verdicts.records[made]["queue_order"] = f"5#2026-11-19T10:{number // 60:02}:{number % 60:02}.000Z"
    place.people.people["sub-2"] = replace(place.people.people["sub-2"], prefixes=("a#b/",))
    with opened(browser, others_console) as tab:
        tab.sees(KEY)


def test_an_address_that_nobody_can_decode_opens_the_review(tab) -> None:
    ready(tab)
    tab.page.evaluate("() => { location.hash = '#/%' }")
    tab.page.evaluate("() => { location.hash = '#/policies' }")
    tab.page.get_by_role("heading", name="Policies").wait_for()


def test_the_next_deadline_is_said(browser, place, console) -> None:
    lane = Lane("intake", 4, ("Violence",), "a#b/")
    place.verdicts.open_lane(lane)
    waits = {"queue": lane.partition, "queue_order": order_of(4, "2999-01-01T10:00:00.000Z")}
    for number in range(12):
        place.verdicts.records[place.put(f"a#b/{number}.jpg")] |= waits
    with opened(browser, console) as tab:
        tab.sees("The next is due after")


def test_an_appeal_shows_as_text_and_is_answered_with_a_reply(browser, place, console) -> None:
    place.verdicts.records[place.image] |= {"verdict": "unsafe"}
    body = {"key": place.image.key, "version": "v1", "notifier": "u1", "text": f"It is a toy.\n{HOSTILE}"}
    assert place.ask_as_app(person("app"), "POST", "/appeals", body)[0] == 200

    with opened(browser, console) as tab:
        ready(tab)
        tab.sees("Appeal, to be answered by")
        assert tab.page.locator("blockquote").inner_text() == f"It is a toy.\n{HOSTILE}"
        tab.sees("In force until you decide: ✕ unsafe: Violence")
        tab.page.get_by_label("Reply, without your name").fill("You are right.")
        press(tab, "Escape", "s")
        tab.says(f"Decided: safe on {KEY}.")

    assert standing(place).pending["reply"] == "You are right."
