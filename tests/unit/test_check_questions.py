"""A pack's questions are tried on a blank picture."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from moderation.ports import ScoredText, VisionReply
from moderation.usecases.check_questions import check_questions
from tests.support.fakes import FakeVision
from tests.unit.packs import PACK


def test_all_questions_are_asked_once_about_a_picture_of_one_colour() -> None:
    model = FakeVision(VisionReply("blip2-x", (ScoredText("no", 0.1, 0.1), ScoredText("no", 0.1, 0.2)), None))

    assert check_questions(model, PACK, 96) == []

    [(png, prompts, caption)] = model.asked
    picture = Image.open(io.BytesIO(png))
    assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (96, 96))
    assert picture.getcolors() == [(96 * 96, (123, 117, 104))]
    assert prompts == tuple(f"Question: {question.text} Answer:" for question in PACK.questions)
    assert not caption


@pytest.mark.parametrize(
    "answer",
    [ScoredText("no", 0.1, 0.5), ScoredText("yes", 0.5), ScoredText("Yes, it does"), ScoredText("yes", 0.9, 0.8)],
)
def test_a_yes_is_named_whatever_the_endpoint_gives(answer: ScoredText) -> None:
    model = FakeVision(VisionReply("blip2-x", (ScoredText("no", 0.1, 0.1), answer), None))

    [fault] = check_questions(model, PACK, 96)

    assert fault.startswith('smoker: "Does this photo contain a smoker?" is answered yes about a blank image')


def test_an_answer_without_p_is_read_as_in_traffic_with_its_question() -> None:
    denies_another_thing = ScoredText("yes, there is no dog")
    model = FakeVision(VisionReply("blip2-x", (ScoredText("no"), denies_another_thing), None))

    assert check_questions(model, PACK, 96) == []


def test_a_yes_without_p_is_no_fault_where_no_is_the_unsafe_answer() -> None:
    pack = replace(PACK, questions=tuple(replace(question, unsafe_answer="no") for question in PACK.questions))
    model = FakeVision(VisionReply("blip2-x", (ScoredText("yes"), ScoredText("yes")), None))

    assert check_questions(model, pack, 96) == []


@pytest.mark.parametrize(
    "answer", [ScoredText("no"), ScoredText("ssss"), ScoredText("no", 0.4), ScoredText("yes", 0.9, 0.1)]
)
def test_anything_else_is_no_yes(answer: ScoredText) -> None:
    model = FakeVision(VisionReply("blip2-x", (ScoredText("no", 0.1, 0.1), answer), None))

    assert check_questions(model, PACK, 96) == []
