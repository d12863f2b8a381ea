"""Second opinions, golden items and samples: seen blind, without effect, and settled by a lead."""

from dataclasses import replace
from datetime import datetime

import pytest

from moderation.domain.blind import blinded, hides, opinions_of, upload_shown
from moderation.domain.policy import Category
from moderation.domain.record import drawn, utc
from moderation.domain.review import screen_of
from moderation.domain.sample import Draw
from moderation.domain.work_files import Workspace
from moderation.errors import NothingPending, OutOfScope
from moderation.ports import Policies
from moderation.usecases.decision_keys import chance_of
from moderation.usecases.review.claim import claim, release
from moderation.usecases.review.decide_pending import Choice, decide_pending
from moderation.usecases.review.finalise import Ended, finalise_stragglers
from moderation.usecases.review.next_item import next_item
from tests.support.fakes import FakeWork
from tests.unit.review.blind import SECOND, answer, decided, golden, is_chosen, taken
from tests.unit.review.desk import ANNA, BEN, GRAVE, LEA, NOW, Desk, image, later

OTHER = next(f"n{number}" for number in range(200) if not is_chosen(f"n{number}"))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def sampled(desk: Desk, name: str = "drawn", verdict: str = "unsafe"):
    made = desk.wait(name, "Violence", verdict=verdict, category="Violence", decided_by="judge", row="flagged")
    for key in ("queue", "queue_order"):
        desk.verdicts.records[made].pop(key)
    lot = Draw(0.1, verdict, "Violence", utc(NOW), utc(NOW), utc(NOW))
    assert desk.verdicts.compare_and_set(desk.get(made), drawn(desk.get(made), lot.stored()))
    return made


def test_a_tenth_of_the_decisions_on_reviews_gets_a_second_opinion(desk) -> None:
    assert 60 < sum(chance_of(desk.work, image(f"k{number}")) % 10 == 0 for number in range(1000)) < 140
    for name, gets_one in ((SECOND[0], True), (OTHER, False)):
        assert desk.get(decided(desk, name)).other["queue"].startswith("second#") is gets_one


def test_nobody_can_tell_beforehand_which_decision_gets_a_second_opinion(desk) -> None:
    images, elsewhere = [image(f"k{number}") for number in range(100)], FakeWork()

    chosen = [made for made in images if chance_of(desk.work, made) % 10 == 0]

    assert chosen != [made for made in images if chance_of(elsewhere, made) % 10 == 0], "by a deployment's own secret"
    assert chosen == [made for made in images if chance_of(desk.work, made) % 10 == 0]


def test_a_second_opinion_goes_to_another_person_once(desk) -> None:
    made = decided(desk, SECOND[0])

    assert taken(desk, ANNA) is None
    record = taken(desk, BEN)
    assert record.image == made
    answer(desk, BEN, record, "unsafe")

    assert desk.get(made).other["queue"].startswith("person#")
    assert taken(desk, LEA, 60) is None
    assert [(o.who, o.agrees) for o in opinions_of(desk.get(made))] == [(BEN.id, True)]
    assert list(desk.verdicts.decided_by_people("2026")) == [made]


def test_an_opinion_changes_no_verdict_and_no_tag_and_publishes_nothing(desk) -> None:
    made = decided(desk, SECOND[0])
    before, published = desk.get(made), list(desk.publisher.published)
    stuck = dict(desk.verdicts.decisions.__dict__)

    ended = answer(desk, BEN, taken(desk, BEN), "safe")

    after = desk.get(made)
    assert ended.refused == "" and ended.result is None
    assert (after.verdict, after.decider, after.history) == (before.verdict, ANNA.id, before.history)
    assert desk.images.tags[made] == "unsafe"
    assert desk.publisher.published == published
    assert dict(desk.verdicts.decisions.__dict__) == stuck
    assert "opinion" in [event.action for event in desk.audit.events]


def test_an_opinion_of_a_later_release_is_read(desk) -> None:
    made = golden(desk)
    answer(desk, BEN, taken(desk, BEN), "safe")
    desk.verdicts.records[made]["opinions"][0]["since_then"] = True

    assert [opinion.who for opinion in opinions_of(desk.get(made))] == [BEN.id]


def test_where_two_people_differ_a_lead_decides(desk) -> None:
    made = decided(desk, SECOND[0])
    answer(desk, BEN, taken(desk, BEN), "safe")
    assert taken(desk, BEN, 60) is None

    record = taken(desk, LEA, 60, first=False)
    assert record.image == made and not record.blind
    answer(desk, LEA, record, "safe", 61)

    assert (desk.get(made).verdict, desk.get(made).decider) == ("safe", LEA.id)
    assert desk.images.tags[made] == "safe"
    assert desk.get(made).other["queue"].startswith("person#")


def test_a_golden_answer_neither_tags_nor_sticks_and_comes_once_to_each_person(desk) -> None:
    made = golden(desk)
    assert taken(desk, ANNA, first=False) is None

    for number, who in enumerate((ANNA, BEN)):
        record = taken(desk, who, 20 + 20 * number)
        assert record.image == made
        answer(desk, who, record, "safe", 21 + 20 * number)
        assert taken(desk, who, 35 + 20 * number) is None

    after = desk.get(made)
    assert (after.verdict, after.is_golden, desk.images.tags[made]) == ("unsafe", True, "unsafe")
    assert [o.agrees for o in opinions_of(after)] == [False, False]
    assert after.other["queue"].startswith("golden#")


def test_a_sample_reaches_the_queue_and_its_answer_is_a_decision(desk) -> None:
    made = sampled(desk)

    record = taken(desk, ANNA, first=False)
    assert record.image == made
    answer(desk, ANNA, record, "safe")

    after = desk.get(made)
    assert (after.verdict, after.decided_by, desk.images.tags[made]) == ("safe", "person", "safe")
    assert after.sample["probability"] == 0.1


def test_a_larger_sample_leaves_an_item_to_who_is_at_work_on_it(desk) -> None:
    made = sampled(desk)
    record = taken(desk, ANNA)
    choice = Choice("safe", (), "", screen_of(record), seen=True)
    decide_pending(desk.review, ANNA, made, choice, later(21))
    larger = Draw(0.5, "unsafe", "Violence", utc(NOW), utc(NOW), utc(NOW))

    assert desk.verdicts.compare_and_set(desk.get(made), drawn(desk.get(made), larger.stored()))

    assert [one.image for one in desk.queue.pending(utc(later(40)))] == [made]
    assert [end.error for end in finalise_stragglers(desk.review, desk.deciding, later(40))] == [""]
    assert (desk.get(made).verdict, desk.get(made).sample["probability"]) == ("safe", 0.5)


@pytest.mark.parametrize("make", [lambda desk: decided(desk, SECOND[0]), golden, sampled])
@pytest.mark.parametrize("idle", [False, True])
def test_what_a_person_saw_blind_stays_so_when_they_claim_it_again(desk, make, idle) -> None:
    made = make(desk)
    purpose = (taken(desk, BEN).blind or {})["purpose"]
    if not idle:
        release(desk.review, BEN, made, later(21))

    record = claim(desk.review, BEN, made, later(300))

    assert (record.blind or {}).get("purpose") == purpose
    assert hides(record, BEN.id, utc(later(301)), lead=False)


def test_an_item_that_is_taken_blind_cannot_be_claimed_once_it_is_answered(desk) -> None:
    made = golden(desk)
    answer(desk, BEN, taken(desk, BEN), "safe")

    with pytest.raises(NothingPending, match="has been counted, and can't be taken back"):
        claim(desk.review, BEN, made, later(300))


def test_a_decision_that_somebody_else_replaced_is_refused_in_the_words_of_a_blind_answer(desk) -> None:
    made = decided(desk, OTHER)
    desk.finalise(made, desk.decide(LEA, made, "safe", later(20)), later(31))

    with pytest.raises(NothingPending, match="has been counted, and can't be taken back"):
        claim(desk.review, ANNA, made, later(300))
    with pytest.raises(OutOfScope):
        claim(desk.review, BEN, made, later(300))


def test_an_answer_that_is_ended_twice_counts_once(desk) -> None:
    made = golden(desk)
    record = taken(desk, BEN)
    choice = Choice("safe", (), "", screen_of(record), seen=True)
    pending = str(decide_pending(desk.review, BEN, made, choice, later(21)).id)
    desk.finalise(made, pending, later(32))

    assert desk.finalise(made, pending, later(33)) == Ended()
    assert len(opinions_of(desk.get(made))) == 1


@pytest.mark.parametrize("make", [lambda desk: decided(desk, SECOND[0]), golden])
def test_an_answer_that_is_sent_again_is_answered_alike_although_its_category_is_of_a_later_policy(desk, make) -> None:
    made = make(desk)
    newer = replace(GRAVE, categories=(*GRAVE.categories, Category("Fraud", "Deception")))
    desk.policies.policies = Policies(newer, ())
    choice = Choice("unsafe", ("Fraud",), "", screen_of(taken(desk, BEN)), seen=True, press="one press of a key")
    pending = decide_pending(desk.review, BEN, made, choice, later(21)).id
    desk.finalise(made, pending, later(32))

    again = decide_pending(desk.review, BEN, made, choice, later(33))

    assert (again.id, again.until) == (pending, utc(later(33))) and len(opinions_of(desk.get(made))) == 1


def test_what_a_person_may_not_look_at_hides_no_blind_item_for_ever(desk) -> None:
    names = [f"n{number}" for number in range(4000) if is_chosen(f"n{number}")][:101]
    made = [decided(desk, name) for name in names[:-1]] + [decided(desk, names[-1], who=BEN)]
    for number, one in enumerate(made):
        desk.verdicts.records[one]["queue_order"] = utc(later(86400 * (number - 101)))

    assert taken(desk, ANNA) is None
    lots = [number / 20 for number in range(20)]
    found = [next_item(desk.review, ANNA, later(40), blind_first=True, lot=lot).record for lot in lots]
    assert made[-1] in {record.image for record in found if record}


def test_golden_items_whose_views_have_expired_hide_no_newer_one(desk) -> None:
    for number in range(90):
        made = golden(desk, f"old{number}")
        old = {"created_at": utc(later(86400 * (number - 200))), "queue_order": utc(later(86400 * (number - 199)))}
        desk.verdicts.records[made] |= old
        desk.work.files.pop(Workspace.of(made, f"run-old{number}").manifest)
    fresh = golden(desk)

    found = [next_item(desk.review, BEN, later(40), blind_first=True, lot=number / 20).record for number in range(20)]

    assert [record.image for record in found if record] == [fresh]
    assert found[0], "also from the oldest on"


def test_ordinary_items_come_before_blind_ones_unless_it_is_their_turn(desk) -> None:
    ordinary, drawn_one = desk.wait("a", "Violence"), sampled(desk)

    assert taken(desk, ANNA, first=False).image == ordinary
    assert taken(desk, BEN, first=True).image == drawn_one


@pytest.mark.parametrize("make", [lambda desk: decided(desk, SECOND[0]), golden, sampled])
def test_whoever_holds_it_sees_neither_verdict_nor_history_nor_an_old_date(desk, make) -> None:
    make(desk)
    record = taken(desk, BEN)

    assert hides(record, BEN.id, utc(later(21)), lead=False)
    shown = blinded(record, GRAVE, later(21), chance_of(desk.work, record.image))
    assert (shown.verdict, shown.history, shown.shadow, shown.opinions, shown.sample) == ("review", (), {}, (), None)
    assert utc(later(-6 * 3600)) <= shown.created_at < utc(later(20)) < str(shown.due_at)
    assert shown.evidence == record.evidence
    assert ANNA.id not in str(shown.attributes()) and LEA.id not in str(shown.attributes())


def test_a_second_opinion_shows_what_the_machine_said_to_the_first(desk) -> None:
    decided(desk, SECOND[0])
    shown = blinded(taken(desk, BEN), GRAVE, later(21), chance=7)

    assert (shown.verdict, shown.reason, shown.decided_by, shown.row) == ("review", "?", "evidence", "disagreement")


def test_a_lease_that_runs_out_leaves_the_item_for_its_purpose(desk) -> None:
    made = decided(desk, SECOND[0])
    taken(desk, BEN)
    next_item(desk.review, ANNA, later(200))

    assert desk.get(made).lease_holder is None and desk.get(made).other["queue"].startswith("second#")
    assert taken(desk, BEN, 201).image == made


def test_the_age_shown_tells_nothing_of_which_items_get_a_second_opinion(desk) -> None:
    decided(desk, SECOND[0])
    record = taken(desk, BEN)
    shown = [datetime.fromisoformat(upload_shown(record, GRAVE, None, NOW, chance)) for chance in range(0, 600, 10)]

    assert len({int((NOW - uploaded).total_seconds()) % 10 for uploaded in shown}) == 10
