"""A query is put to the vision model in the words of the prompt, and its answers are kept with their questions."""

from dataclasses import replace

import pytest

from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.image_ref import ImageRef
from moderation.domain.manifest import (
    ImageFacts,
    Manifest,
    evidence_from_json,
    manifest_to_json,
    plan_queries,
)
from moderation.domain.work_files import Workspace
from moderation.errors import (
    EndpointRejected,
    EndpointThrottled,
    EndpointTimeout,
    InvalidPolicy,
    MalformedResponse,
    NoCapacity,
)
from moderation.ports import ScoredText, VisionReply
from moderation.usecases.query_image import query_image
from tests.support.fakes import FakeVision, FakeWork
from tests.unit.packs import PACK, SMOKER, WEAPON

WORKSPACE = Workspace("work/x/y")


def prepared(pack=PACK, *shadow) -> FakeWork:
    """The work bucket as PrepareImage leaves it."""
    facts = ImageFacts("ab" * 32, 12, 3, 4, "PNG", "image/png", None)
    queries = plan_queries([pack, *shadow], ["full"])
    manifest = Manifest(ImageRef("intake", "a.jpg", "v1"), facts, pack, shadow, queries, "1", "f" * 64, 7)
    work = FakeWork()
    work.put_json(WORKSPACE.manifest, manifest_to_json(manifest))
    work.put_bytes(WORKSPACE.view("full"), b"png")
    return work


def test_all_of_a_views_questions_are_asked_at_once_and_answers_keep_their_questions():
    work = prepared()
    model = FakeVision(
        VisionReply("blip2-x", (ScoredText("yes", 0.9, 0.1), ScoredText("no", 0.2, None, 0.9)), "a house")
    )

    query_image(work, model, WORKSPACE, 0)

    prompts = tuple(f"Question: {question.text} Answer:" for question in (WEAPON, SMOKER))
    assert model.asked == [(b"png", prompts, True)]
    kept = work.get_json(WORKSPACE.answers(0))
    answers = (Answer("full", WEAPON.text, "yes", 0.9, 0.1), Answer("full", SMOKER.text, "no", 0.2, None, 0.9))
    assert evidence_from_json(kept["evidence"]) == Evidence(answers, (Caption("full", "a house"),))
    assert kept["model"] == "blip2-x"


def test_a_question_that_a_blank_image_is_a_yes_to_breaks_the_pack_in_force():
    work = prepared()
    model = FakeVision(VisionReply("blip2-x", (ScoredText("no", 0.1, 0.0), ScoredText("no", 0.2, 0.5)), "a house"))

    with pytest.raises(InvalidPolicy, match=r"Pack small can't be used .* smoker: .* blank image \(P\(yes\) 0\.50"):
        query_image(work, model, WORKSPACE, 0)

    assert evidence_from_json(work.get_json(WORKSPACE.answers(0))["evidence"]).answers[1].p_blank == 0.5


def test_a_yes_without_p_breaks_the_pack_in_force_if_a_blank_image_is_a_yes_too():
    answers = (ScoredText("no"), ScoredText("yes", p_blank=1.0))

    with pytest.raises(InvalidPolicy, match=r"Pack small can't be used .* smoker: "):
        query_image(prepared(), FakeVision(VisionReply("blip2-x", answers, "a house")), WORKSPACE, 0)


def test_a_broken_question_of_a_shadow_pack_has_no_effect():
    watching = replace(PACK, name="watching", questions=(WEAPON, replace(SMOKER, text="Is there smoke?")))
    work = prepared(replace(PACK, questions=(WEAPON,)), watching)
    model = FakeVision(VisionReply("blip2-x", (ScoredText("no", 0.2, 0.9),), None))

    query_image(work, model, WORKSPACE, 1)

    assert len(evidence_from_json(work.get_json(WORKSPACE.answers(1))["evidence"]).answers) == 1


@pytest.mark.parametrize("error", [EndpointRejected, EndpointTimeout, EndpointThrottled, NoCapacity, MalformedResponse])
def test_a_shadow_packs_questions_that_the_model_cannot_answer_are_not_tried_again(error):
    watching = replace(PACK, name="watching", questions=(replace(SMOKER, text="Is there smoke?"),))
    work, model = prepared(PACK, watching), FakeVision()

    def fail(*_, **__):
        raise error("Too many prompts.")

    model.ask = fail  # type: ignore[method-assign]
    query_image(work, model, WORKSPACE, 1)

    assert work.get_json(WORKSPACE.answers(1)) == {"error": "Too many prompts."}
    with pytest.raises(error):
        query_image(work, model, WORKSPACE, 0)


def test_a_shadow_query_has_half_a_minute():
    watching = replace(PACK, name="watching", questions=(replace(SMOKER, text="Is there smoke?"),))
    model = FakeVision(VisionReply("b", (ScoredText("no"),), None), VisionReply("b", (ScoredText("no"),) * 2, "a"))

    query_image(prepared(PACK, watching), model, WORKSPACE, 1)
    query_image(prepared(PACK, watching), model, WORKSPACE, 0)

    assert model.patience == [30, None]


def test_a_query_without_a_caption_leaves_none():
    work = prepared(replace(PACK, caption=False))
    model = FakeVision(VisionReply("blip2-x", (ScoredText("no"), ScoredText("no")), None))

    query_image(work, model, WORKSPACE, 0)

    assert model.asked[0][2] is False
    assert evidence_from_json(work.get_json(WORKSPACE.answers(0))["evidence"]).captions == ()
