"""Appeals and notices: how they wait, who answers them, and what becomes of them."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from moderation.api import shapes
from moderation.domain.people import Person
from moderation.domain.record import escalated, utc
from moderation.domain.reports import LONGEST_TEXT, MOST_OPEN, plain_text, reports_of
from moderation.domain.review import screen_of
from moderation.errors import AppealRefused, DecidedMeanwhile, OutOfScope, ReportRefused
from moderation.usecases.decide import PersonDecision, decide
from moderation.usecases.review.claim import claim, release
from moderation.usecases.review.decide_pending import Choice, decide_pending
from moderation.usecases.review.next_item import next_item
from moderation.usecases.review.park import park
from moderation.usecases.review.report import report
from moderation.usecases.review.sweep_queue import sweep_queue
from moderation.usecases.review.undo import undo
from tests.unit.review.desk import ANNA, BEN, LEA, NOW, Desk, later

SHOP = Person(
    id="arn:aws:sts::1:assumed-role/Shop",
    pseudonym="p-shop",
    roles=frozenset({"app"}),
    trusted_flaggers=frozenset({"ngo"}),
)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def safe(desk: Desk, name: str):
    """An image that the machine found safe: nobody looks at it."""
    made = desk.wait(name, "Violence")
    desk.verdicts.records[made] |= {"verdict": "safe"}
    for key in ("queue", "queue_order", "severity", "due_at"):
        desk.verdicts.records[made].pop(key)
    desk.images.tags[made] = "safe"
    return made


def unsafe(desk: Desk, name: str, who: Person = ANNA):
    """An image that a person found unsafe."""
    made = desk.wait(name, "Violence")
    desk.people.people[who.id] = who
    desk.finalise(made, desk.decide(who, made, "unsafe"), later(11))
    assert desk.get(made).verdict == "unsafe"
    return made


def notice(desk: Desk, made, notifier="u1", text="He is in this picture", at=NOW, app=SHOP):
    return report(desk.review, app, made, "notice", notifier, text, at)


def appeal(desk: Desk, made, notifier="owner", text="It is a toy", at=NOW):
    return report(desk.review, SHOP, made, "appeal", notifier, text, at)


def taken(desk: Desk, who: Person, at) -> Any:
    return next_item(desk.review, who, at).record


def test_a_notice_brings_a_safe_image_to_a_person_and_leaves_its_verdict(desk) -> None:
    made = safe(desk, "a")
    assert taken(desk, ANNA, NOW) is None

    sent = notice(desk, made)

    record = desk.get(made)
    assert (record.verdict, record.severity, record.due_at) == ("safe", 7, sent.due_at)
    assert taken(desk, ANNA, NOW).image == made
    assert desk.images.tags[made] == "safe"


def test_trusted_notices_come_before_notices_appeals_and_ordinary_reviews(desk) -> None:
    images = {kind: safe(desk, kind) for kind in ("notice", "trusted")} | {"appeal": unsafe(desk, "appeal")}
    images["review"] = desk.wait("review", "Violence", hours_ago=40)
    images["gore"] = desk.wait("gore", "Gore")
    notice(desk, images["notice"])
    notice(desk, images["trusted"], notifier="ngo")
    appeal(desk, images["appeal"])

    order = [taken(desk, BEN, later(20)).image.key for _ in images]

    assert order == ["gore", "trusted", "notice", "appeal", "review"]


def test_reports_of_one_image_are_one_item_and_repeated_ones_the_same_report(desk) -> None:
    made = safe(desk, "a")

    first, again, other = notice(desk, made), notice(desk, made), notice(desk, made, "u2", at=later(5))

    assert first == again != other
    assert [one.id for one in reports_of(desk.get(made))] == [first.id, other.id]
    assert desk.get(made).due_at == first.due_at
    assert taken(desk, ANNA, later(6)).image == made
    assert taken(desk, BEN, later(6)) is None


def test_other_peoples_notices_keep_neither_a_trusted_flagger_nor_an_appeal_away(desk) -> None:
    made = safe(desk, "a")
    for number in range(MOST_OPEN):
        notice(desk, made, f"u{number}")
    with pytest.raises(ReportRefused, match="a person will see it"):
        notice(desk, made, "one more")

    sent = notice(desk, made, "ngo")

    assert (desk.get(made).severity, desk.get(made).due_at) == (8, sent.due_at)
    desk.verdicts.records[made]["verdict"] = "unsafe"  # the machine, which was asked again
    assert appeal(desk, made).kind == "appeal"


def test_whoever_appeals_is_heard_and_answered(desk) -> None:
    made, other = unsafe(desk, "a"), replace(SHOP, id="arn:aws:sts::1:assumed-role/Other", pseudonym="p-other")
    appeal(desk, made, "somebody", "lol")
    appeal(desk, made, "somebody", "lol again")
    report(desk.review, other, made, "appeal", "owner", "It is a toy", NOW)
    assert [one.text for one in reports_of(desk.get(made))] == ["lol", "It is a toy"]

    desk.finalise(made, desk.decide(BEN, made, "safe", later(20)), later(31))

    assert [one["outcome"] for one in shapes.app_record(desk.get(made), "p-other")["reports"]] == ["reversed"]


def test_no_number_of_reports_leaves_a_decision_without_room(desk) -> None:
    made, long = safe(desk, "a"), "\U0001f600" * LONGEST_TEXT
    desk.verdicts.records[made]["evidence"] = [{"view": "full", "question": "x" * 100_000}]
    for round in range(3):
        for number in range(MOST_OPEN):
            with suppress(ReportRefused):
                notice(desk, made, f"u{number}", long, at=later(100 * round))
        assert reports_of(desk.get(made))[-1].text == long
        pending = desk.decide(ANNA, made, "safe", later(100 * round + 1), reply=long[:1000])
        stored = json.dumps(desk.get(made).attributes(), ensure_ascii=False).encode()
        assert len(stored) < 390_000
        desk.finalise(made, pending, later(100 * round + 12))
        assert all(one.outcome for one in reports_of(desk.get(made)))
        assert len(json.dumps(desk.get(made).attributes(), ensure_ascii=False).encode()) < 400_000


def test_an_appeal_goes_to_another_person_than_who_decided(desk) -> None:
    made = unsafe(desk, "a", ANNA)
    appeal(desk, made)

    assert taken(desk, ANNA, later(20)) is None
    with pytest.raises(AppealRefused, match="somebody else"):
        claim(desk.review, ANNA, made, later(20))
    record = taken(desk, BEN, later(20))
    assert record.image == made
    assert record.evidence == desk.verdicts.records[made]["evidence"]


def test_also_a_lead_is_no_judge_of_their_own_decision(desk) -> None:
    made = unsafe(desk, "a", LEA)
    appeal(desk, made)

    assert taken(desk, LEA, later(20)) is None


def test_nobody_opens_their_decision_again_to_answer_the_appeal_against_it(desk) -> None:
    made = unsafe(desk, "a", ANNA)
    pending = desk.get(made).history[-1]["id"]
    appeal(desk, made)

    with pytest.raises(AppealRefused, match="somebody else"):
        undo(desk.review, ANNA, made, str(pending), later(20))
    assert desk.get(made).lease_holder is None


def test_an_appeal_against_a_decision_that_is_open_again_is_left_to_others(desk) -> None:
    made = unsafe(desk, "a", ANNA)
    undo(desk.review, ANNA, made, str(desk.get(made).history[-1]["id"]), later(20))
    appeal(desk, made, at=later(21))
    again = Choice("unsafe", ("Violence",), "Still", screen_of(desk.get(made)), seen=True)

    with pytest.raises(AppealRefused, match="somebody else"):
        decide_pending(desk.review, ANNA, made, again, later(22))


def test_a_report_of_a_later_release_keeps_nobody_from_the_queue(desk) -> None:
    made = safe(desk, "a")
    notice(desk, made)
    desk.verdicts.records[made]["reports"][0]["since_then"] = True

    assert taken(desk, ANNA, NOW).image == made


def test_the_same_name_in_another_role_is_the_same_person(desk) -> None:
    commanding = replace(ANNA, id="arn:aws:sts::1:assumed-role/Reviewer/anna")
    made = unsafe(desk, "a", replace(commanding, id="arn:aws:sts::1:assumed-role/Admin/anna"))
    appeal(desk, made)

    assert taken(desk, commanding, later(20)) is None


def test_an_image_that_is_escalated_while_it_is_reported_stays_out_of_the_queue(desk) -> None:
    made = safe(desk, "a")

    def withdraw() -> None:
        record = desk.get(made)
        assert desk.verdicts.compare_and_set(record, escalated(record, utc(NOW)))

    desk.queue.meanwhile.append(withdraw)

    with pytest.raises(OutOfScope):
        notice(desk, made)
    assert "queue" not in desk.get(made).other
    assert taken(desk, LEA, later(20)) is None


@pytest.mark.parametrize(("verdict", "outcome"), [("safe", "reversed"), ("unsafe", "upheld")])
def test_an_appeal_is_answered_with_an_outcome_and_a_reply_and_published(desk, verdict, outcome) -> None:
    made = unsafe(desk, "a")
    sent = appeal(desk, made)
    desk.publisher.published.clear()
    pending = desk.decide(BEN, made, verdict, later(20), reply="We looked again: see https://rules.example\u202e")

    assert [one.outcome for one in reports_of(desk.get(made))] == [""]
    ended = desk.finalise(made, pending, later(31))

    (answer,) = reports_of(desk.get(made))
    assert (answer.id, answer.outcome, answer.reply) == (sent.id, outcome, "We looked again: see [link]")
    assert desk.get(made).history[-1].get("appeal", False) is (verdict == "safe")
    assert ended.result.topics == ("unsafe",)
    told = [{"kind": "appeal", "id": sent.id, "outcome": outcome, "reply": answer.reply}]
    assert {"unsafe"} <= {verdict for verdict, _, _ in desk.publisher.published}
    assert all(message["answers"] == told for _, message, _ in desk.publisher.published)
    assert BEN.id not in str(desk.publisher.published) and BEN.pseudonym not in str(desk.publisher.published)
    assert desk.get(made).other["queue"].startswith("person#")


def test_whoever_was_answered_hears_that_the_decision_was_turned(desk) -> None:
    made = unsafe(desk, "a")
    sent = appeal(desk, made)
    desk.finalise(made, desk.decide(BEN, made, "unsafe", later(20), reply="It is no toy"), later(31))
    desk.publisher.published.clear()

    desk.finalise(made, desk.decide(BEN, made, "safe", later(40), reply="It is, sorry"), later(51))

    (answer,) = reports_of(desk.get(made))
    assert (answer.outcome, answer.reply, answer.answered_at) == ("reversed", "It is, sorry", desk.get(made).decided_at)
    told = [{"kind": "appeal", "id": sent.id, "outcome": "reversed", "reply": "It is, sorry"}]
    assert desk.publisher.published and all(message["answers"] == told for _, message, _ in desk.publisher.published)
    assert shapes.app_record(desk.get(made), SHOP.pseudonym)["reports"][0]["outcome"] == "reversed"

    desk.finalise(made, desk.decide(BEN, made, "unsafe", later(60)), later(71))
    assert [(one.outcome, one.reply) for one in reports_of(desk.get(made))] == [("upheld", "")]


def test_a_new_decision_upon_a_notice_is_no_answer_to_an_earlier_appeal(desk) -> None:
    made = unsafe(desk, "a")
    appeal(desk, made)
    desk.finalise(made, desk.decide(BEN, made, "safe", later(20)), later(31))
    notice(desk, made, at=later(40))
    desk.finalise(made, desk.decide(BEN, made, "unsafe", later(41)), later(52))

    assert [(one.kind, one.outcome) for one in reports_of(desk.get(made))] == [
        ("appeal", "reversed"),
        ("notice", "reversed"),
    ]
    assert appeal(desk, made, at=later(60)).outcome == "", "it can be appealed against again"


def test_a_restriction_after_a_notice_says_so_and_one_without_does_not(desk) -> None:
    made, own = safe(desk, "a"), unsafe(desk, "b")
    notice(desk, made, "u1")
    notice(desk, made, "ngo")

    desk.finalise(made, desk.decide(ANNA, made, "unsafe", later(1)), later(12))

    assert desk.get(made).history[-1]["source"] == "trusted_flagger"
    assert "source" not in desk.get(own).history[-1]
    assert {one.outcome for one in reports_of(desk.get(made))} == {"reversed"}


def test_what_an_appeal_leaves_in_force_still_names_the_notice_that_led_to_it(desk) -> None:
    made = safe(desk, "a")
    notice(desk, made, "ngo")
    desk.finalise(made, desk.decide(ANNA, made, "unsafe", later(1)), later(12))
    appeal(desk, made, at=later(20))

    desk.finalise(made, desk.decide(BEN, made, "unsafe", later(21)), later(32))
    assert desk.get(made).history[-1]["source"] == "trusted_flagger"

    desk.finalise(made, desk.decide(BEN, made, "safe", later(40)), later(51))
    desk.finalise(made, desk.decide(LEA, made, "unsafe", later(60)), later(71))
    assert "source" not in desk.get(made).history[-1], "somebody found it anew"


def test_a_decision_by_the_command_names_the_notice_that_it_answers(desk) -> None:
    made = safe(desk, "a")
    notice(desk, made)

    decide(desk.deciding, desk.get(made), PersonDecision("unsafe", ("Violence",), "A fight", ANNA.id))

    assert desk.get(made).history[-1]["source"] == "notice"


def decide_at(desk: Desk, who: Person, made, verdict: str, seconds: float) -> str:
    pending = desk.decide(who, made, verdict, later(seconds))
    desk.finalise(made, pending, later(seconds + 11))
    return pending


def test_who_turns_their_own_answer_to_a_notice_restricts_upon_that_notice(desk) -> None:
    made = safe(desk, "a")
    notice(desk, made)
    answered = decide_at(desk, ANNA, made, "safe", 20)

    undo(desk.review, ANNA, made, answered, later(60))
    decide_at(desk, ANNA, made, "unsafe", 70)

    assert desk.get(made).history[-1]["source"] == "notice"


def test_who_turns_their_own_answer_to_an_appeal_restores_what_led_to_the_restriction(desk) -> None:
    made = safe(desk, "a")
    notice(desk, made, "ngo")
    decide_at(desk, ANNA, made, "unsafe", 20)
    appeal(desk, made, at=later(60))
    answered = decide_at(desk, BEN, made, "safe", 70)

    undo(desk.review, BEN, made, answered, later(120))
    decide_at(desk, BEN, made, "unsafe", 130)

    assert desk.get(made).history[-1]["source"] == "trusted_flagger"


def test_who_turns_anothers_answer_to_a_notice_found_it_anew(desk) -> None:
    made = safe(desk, "a")
    notice(desk, made)
    decide_at(desk, ANNA, made, "safe", 20)

    decide_at(desk, LEA, made, "unsafe", 70)

    assert "source" not in desk.get(made).history[-1]


def test_a_decision_on_a_screen_without_the_newest_report_comes_to_nothing(desk) -> None:
    made = safe(desk, "a")
    notice(desk, made)
    pending = desk.decide(ANNA, made, "safe", later(1))
    notice(desk, made, "u2", "Look at the left", at=later(2))

    ended = desk.finalise(made, pending, later(12))

    assert "has changed" in ended.refused
    assert {one.outcome for one in reports_of(desk.get(made))} == {""}
    assert taken(desk, BEN, later(13)).image == made


def test_a_report_that_comes_between_reading_and_writing_is_not_answered_unread(desk) -> None:
    made = safe(desk, "a")
    notice(desk, made)
    pending = desk.decide(ANNA, made, "safe", later(1))
    read = desk.get(made)
    notice(desk, made, "u2", at=later(2))

    with pytest.raises(DecidedMeanwhile):
        decide(desk.deciding, read, PersonDecision("safe", (), "fine", ANNA.id, seen=True, pending=pending))

    assert {one.outcome for one in reports_of(desk.get(made))} == {""}


def test_the_same_decision_again_answers_a_later_notice(desk) -> None:
    made = safe(desk, "a")
    for at in (0, 100):
        notice(desk, made, at=later(at))
        desk.finalise(made, desk.decide(ANNA, made, "safe", later(at + 1)), later(at + 12))

    assert [one.outcome for one in reports_of(desk.get(made))] == ["upheld", "upheld"]
    assert taken(desk, BEN, later(200)) is None


def test_what_comes_while_somebody_holds_the_item_waits_when_they_free_it(desk) -> None:
    made = desk.wait("a", "Violence")
    assert taken(desk, ANNA, NOW).severity == 4
    sent = notice(desk, made)

    release(desk.review, ANNA, made, later(1))

    assert (desk.get(made).severity, desk.get(made).due_at) == (7, sent.due_at)
    assert taken(desk, BEN, later(2)).image == made


def test_the_sweeper_leaves_a_report_its_rank(desk) -> None:
    made = safe(desk, "a")
    notice(desk, made)
    desk.verdicts.records[made]["queue"] = "review#0"

    sweep_queue(desk.review, later(1))

    assert desk.get(made).severity == 7
    assert taken(desk, ANNA, later(2)).image == made


def test_nobody_hides_a_late_appeal_by_parking_it(desk) -> None:
    made, other = unsafe(desk, "a"), unsafe(desk, "b")
    appeal(desk, made)
    claim(desk.review, ANNA, other, later(20))  # who looks at their own decision again lets nobody wait
    claim(desk.review, BEN, made, later(20))
    park(desk.review, BEN, made, later(7 * 86_400), later(21))

    assert sweep_queue(desk.review, later(60)).overdue == 0
    assert sweep_queue(desk.review, later(4 * 86_400)).overdue == 1


def test_limits_hold_for_each_user_of_an_app(desk) -> None:
    strict = replace(SHOP, reports_a_day=1)
    first, second, third = (safe(desk, name) for name in "abc")
    notice(desk, first, app=strict)

    with pytest.raises(ReportRefused, match="has sent 1 appeals and notices today"):
        notice(desk, second, app=strict)
    notice(desk, first, app=strict)  # a duplicate isn't counted
    notice(desk, third, "u2", app=strict)

    assert not desk.get(second).reports


def test_what_would_change_nothing_is_refused(desk) -> None:
    fine, held, restricted = safe(desk, "a"), desk.wait("b"), unsafe(desk, "c")
    for made in (fine, held):
        with pytest.raises(AppealRefused, match="found unsafe"):
            appeal(desk, made)
    with pytest.raises(ReportRefused, match="restricted already"):
        notice(desk, restricted)
    appeal(desk, restricted)
    desk.finalise(restricted, desk.decide(BEN, restricted, "unsafe", later(20)), later(31))

    with pytest.raises(AppealRefused, match="answer to an appeal"):
        appeal(desk, restricted, at=later(40))


def test_out_of_scope_escalated_and_unknown_look_alike(desk) -> None:
    made, hidden = safe(desk, "a/x"), safe(desk, "b/x")
    desk.verdicts.records[hidden]["escalated_at"] = "2026-11-27T10:00:00.000Z"
    narrow, leading = replace(SHOP, prefixes=("b/",)), replace(SHOP, roles=SHOP.roles | LEA.roles)

    for app, image in (
        (narrow, made),
        (SHOP, hidden),
        (leading, hidden),
        (SHOP, replace(made, key="gone")),
        (ANNA, made),
    ):
        with pytest.raises(OutOfScope):
            notice(desk, image, app=app)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("see http://x.test/a?b and www.x.test now", "see [link] and [link] now"),
        ("javascript:alert(1)", "[link]"),
        ("https:evil.example or HTTP:/\\evil.example, magnet:?xt=1", "[link] or [link] [link]"),
        ("my metadata: none, a tel: too", "my metadata: none, a tel: too"),
        ("evil.example/path ok", "[link] ok"),
        ("a\u202eb\u2066c\u200bd\u0000e\nf", "abcde\nf"),
        ("<b>1.5 of 3</b>", "<b>1.5 of 3</b>"),
        ("x" * 5000, "x" * LONGEST_TEXT),
    ],
)
def test_texts_lose_links_and_what_turns_their_direction(given, shown) -> None:
    assert plain_text(given) == shown


@pytest.mark.parametrize("text", ["\u202e\u200b", "https://evil.example/x", "(www.evil.example), tel:1!"])
def test_nothing_but_a_link_is_no_report(desk, text) -> None:
    with pytest.raises(ReportRefused, match="in words"):
        notice(desk, safe(desk, "a"), text=text)
