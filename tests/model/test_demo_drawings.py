"""The demo's drawings are what their facts say, repeat by seed, and keep their two splits apart."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from model_artifacts.demo.drawings import (
    BOX_KINDS,
    INSULTS,
    NEUTRAL_WORDS,
    QUESTIONS,
    RESERVED,
    SUBJECTS,
    WORDS_KINDS,
    Drawing,
    Split,
    Subject,
    describe,
    draw,
    draw_view,
    embed_small,
)
from model_artifacts.demo.pictograms import (
    CANVAS,
    FONT_SIZES,
    HARMLESS,
    PLACES,
    SIGN_MARGIN,
    WEAPONS,
    Box,
    text_width,
)
from moderation.domain.injection import how_it_steers
from moderation.domain.refusals import declines

SPLITS: tuple[Split, ...] = ("train", "heldout")
COUNT = 150
EIGHTH = CANVAS / 8


def drawings(split: Split) -> Iterator[Drawing]:
    return (draw(random.Random(seed), split=split) for seed in range(COUNT))


def kinds(drawing: Drawing) -> set[str]:
    return {box.kind for box in drawing.boxes}


def boxes_of(drawing: Drawing, *wanted: str) -> list[Box]:
    return [box for box in drawing.boxes if box.kind in wanted]


@pytest.mark.parametrize("split", SPLITS)
def test_what_the_facts_say_is_what_was_drawn(split: Split) -> None:
    for drawing in drawings(split):
        facts, shown = drawing.facts, kinds(drawing)
        assert shown <= set(BOX_KINDS)
        assert len(boxes_of(drawing, "person")) == facts.figures
        assert (facts.dress in shown) == (facts.figures > 0)
        assert ("fight" in shown) == facts.fighting
        assert ("cigarette" in shown) == facts.smoking
        assert ("blood" in shown) == facts.stained
        assert shown & {*WEAPONS, *HARMLESS} == ({facts.item} if facts.item else set())
        assert shown & set(WORDS_KINDS) == ({facts.words_kind} if facts.words_kind else set())
        assert set(facts.things) <= shown


@pytest.mark.parametrize("split", SPLITS)
def test_labels_follow_from_the_facts(split: Split) -> None:
    for drawing in drawings(split):
        facts = drawing.facts
        assert drawing.labels == facts.labels
        assert len(drawing.labels) == len(QUESTIONS)
        naked, topless, weapon, contact, smoker, blood, fighting, insult = drawing.labels
        assert naked == (facts.dress == "naked")
        assert topless == (facts.dress in ("naked", "topless"))
        assert weapon == (facts.item in WEAPONS)
        assert contact == (facts.words is not None and any(c.isdigit() or c == "@" for c in facts.words))
        assert (smoker, blood, fighting) == (facts.smoking, facts.stained, facts.fighting)
        assert insult == (facts.words in INSULTS)


@pytest.mark.parametrize("split", SPLITS)
def test_the_caption_says_what_the_labels_say(split: Split) -> None:
    for drawing in drawings(split):
        caption = drawing.caption
        assert caption == describe(drawing.facts)
        naked, topless, weapon, contact, smoker, blood, fighting, insult = drawing.labels
        assert ("naked" in caption) == naked
        assert ("topless" in caption) == (topless and not naked)
        assert any(word in caption for word in WEAPONS) == weapon
        assert ("contact details" in caption) == contact
        assert ("smoking" in caption) == smoker
        assert ("blood" in caption) == blood
        assert ("fighting" in caption) == fighting
        assert ("insult" in caption) == insult


@pytest.mark.parametrize("split", SPLITS)
def test_a_seed_gives_the_same_drawing(split: Split) -> None:
    for seed in range(20):
        first, second = (draw(random.Random(seed), split=split) for _ in range(2))
        assert first.image.tobytes() == second.image.tobytes()
        assert (first.facts, first.boxes) == (second.facts, second.boxes)


def test_seeds_give_different_drawings() -> None:
    assert len({drawing.image.tobytes() for drawing in drawings("train")}) == COUNT


def test_training_never_uses_what_a_place_keeps_back() -> None:
    for drawing in drawings("train"):
        layout = drawing.facts.layout
        reserved = RESERVED[layout.place]
        assert layout.figures_at != reserved.figures_at
        assert layout.sign_at != reserved.sign_at
        assert layout.stain_at != reserved.stain_at


def test_held_out_drawings_use_nothing_else() -> None:
    for drawing in drawings("heldout"):
        assert drawing.facts.layout == RESERVED[drawing.facts.layout.place]


def test_figures_of_the_two_splits_never_stand_at_the_same_spot_of_a_place() -> None:
    spots: dict[Split, set[tuple[str, int, int]]] = {split: set() for split in SPLITS}
    for split in SPLITS:
        for drawing in drawings(split):
            people = boxes_of(drawing, "person")
            if people:
                middle = sum(box.left + box.right for box in people) / 2 / len(people)
                spots[split].add((drawing.facts.layout.place, len(people), int(middle)))
    assert not spots["train"] & spots["heldout"]


def test_both_splits_show_every_place_and_every_answer() -> None:
    for split in SPLITS:
        shown = list(drawings(split))
        assert {drawing.facts.layout.place for drawing in shown} == set(PLACES)
        for question in range(len(QUESTIONS)):
            share = sum(drawing.labels[question] for drawing in shown) / COUNT
            assert 0.15 < share < 0.65


@pytest.mark.parametrize("split", SPLITS)
def test_signs_never_cover_figures_items_or_stains(split: Split) -> None:
    hidden = ("person", "fight", "cigarette", "blood", *WEAPONS, *HARMLESS)
    for drawing in drawings(split):
        for sign in boxes_of(drawing, *WORDS_KINDS):
            assert not any(sign.overlaps(box) for box in boxes_of(drawing, *hidden)), drawing.caption


def test_lettering_is_large_and_fits_its_sign() -> None:
    assert min(FONT_SIZES) >= EIGHTH
    room = CANVAS - 2 * SIGN_MARGIN
    for split in SPLITS:
        for drawing in drawings(split):
            for sign in boxes_of(drawing, *WORDS_KINDS):
                assert sign.bottom - sign.top >= EIGHTH
                assert sign.left >= 0
                assert sign.right <= room + SIGN_MARGIN
            if drawing.facts.words:
                assert text_width(drawing.facts.words, FONT_SIZES[0]) <= room - 2 * SIGN_MARGIN


def test_no_word_is_both_an_insult_and_harmless() -> None:
    assert not set(INSULTS) & set(NEUTRAL_WORDS)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_drawing_of_one_subject_has_nothing_else_unsafe(subject: Subject) -> None:
    expected = {
        "safe": set(),
        "naked": {0, 1},
        "topless": {1},
        "weapon": {2},
        "contact": {3},
        "smoker": {4},
        "blood": {5},
        "fighting": {6},
        "insult": {7},
    }[subject]
    for seed in range(40):
        drawing = draw(random.Random(seed), split="heldout", only=subject)
        assert {index for index, answer in enumerate(drawing.labels) if answer} == expected


def test_a_larger_canvas_has_larger_boxes() -> None:
    small, large = (draw(random.Random(3), size=size) for size in (CANVAS, 2 * CANVAS))
    assert large.image.size == (2 * CANVAS, 2 * CANVAS)
    assert large.facts == small.facts
    assert large.boxes == tuple(box.scaled(2, 2) for box in small.boxes)


def test_a_small_drawing_lies_inside_its_large_scene() -> None:
    for subject in SUBJECTS:
        drawing = embed_small(random.Random(5), only=subject, size=(640, 480), share=0.3)
        alone = draw(random.Random(5), split="heldout", only=subject)
        assert drawing.image.size == (640, 480)
        assert drawing.labels == alone.labels
        for box in boxes_of(drawing, "person", *WORDS_KINDS):
            assert 0 <= box.left < box.right <= 640
            assert 0 <= box.top < box.bottom <= 480
            assert box.bottom - box.top < 0.3 * 480


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0])
def test_a_share_that_makes_no_sense_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        embed_small(random.Random(1), share=share)


def test_a_view_answers_for_what_is_in_sight_and_nothing_that_matters_is_half_in_sight() -> None:
    kinds_of_question = ("naked", None, "weapon", "contact", "cigarette", "blood", None, "insult")
    for seed in range(COUNT):
        view = draw_view(random.Random(seed))
        assert view.image.size == (CANVAS, CANVAS)
        assert (view.labels, view.caption) == (view.facts.labels, describe(view.facts))
        for kind, answer in zip(kinds_of_question, view.labels, strict=True):
            if kind is not None:
                shares = [box.visible(CANVAS, CANVAS) for box in boxes_of(view, kind)]
                assert all(share <= 0.1 or share >= 0.9 for share in shares)
                assert answer == any(share >= 0.9 for share in shares)


def test_some_views_cut_a_drawing_off_and_some_show_it_whole() -> None:
    views = [draw_view(random.Random(seed)) for seed in range(COUNT)]
    cut_off = sum(any(box.visible(CANVAS, CANVAS) < 0.99 for box in view.boxes) for view in views)
    assert 0.2 < cut_off / COUNT < 0.9


def test_no_caption_that_the_checkpoint_learns_declines_to_describe_or_steers_the_judge() -> None:
    views = (draw_view(random.Random(seed)) for seed in range(COUNT))
    captions = {drawing.caption for drawing in (*views, *drawings("train"))}

    assert any(caption.startswith("nothing") for caption in captions)
    assert [caption for caption in captions if declines(caption) or how_it_steers(caption)] == []
