"""The judge is asked once, once more if it can't be understood, and never trusted beyond that."""

from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest

from moderation import observability, wiring
from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.image_ref import ImageRef
from moderation.domain.manifest import ImageFacts, Manifest, Workspace, evidence_to_json, manifest_to_json, plan_queries
from moderation.domain.prompt import PROMPT_VERSION, TEMPLATES
from moderation.errors import EndpointTimeout
from moderation.handlers.judge_image import Patience, handler, judge_image, rule
from tests.support.fakes import FakeJudge, FakeWork
from tests.support.metrics import Context
from tests.unit.packs import PACK, SMOKER, WEAPON

SAFE = 'Fine. {"flag": "safe", "category": null, "reason": "Nothing."}'
UNSAFE = 'Well: {"flag": "unsafe", "category": "Violence", "reason": "A weapon."} I hope this helps'
IMAGE = ImageRef("intake", "a.jpg", "v1")


def evidence(weapon: float = 0.01, smoker: float = 0.01) -> Evidence:
    answers = (Answer("full", WEAPON.text, "no", weapon, 0.0), Answer("full", SMOKER.text, "no", smoker, 0.0))
    return Evidence(answers, (Caption("full", "a house in a park"),))


def test_a_usable_answer_is_taken_as_it_is():
    judge = FakeJudge(UNSAFE)

    ruling = rule(judge, PACK, evidence(weapon=0.97))

    assert (ruling.decision.verdict, ruling.decision.category, ruling.repairs) == ("unsafe", "Violence", 0)
    assert len(judge.heard) == 1


def test_an_unusable_answer_is_asked_for_again_with_its_fault_quoted():
    judge = FakeJudge("I cannot help with that.", SAFE)

    ruling = rule(judge, PACK, evidence())

    assert (ruling.decision.verdict, ruling.repairs) == ("safe", 1)
    first, answer, second = judge.heard[1]
    assert (first, answer.role, answer.content) == (judge.heard[0][0], "assistant", "I cannot help with that.")
    assert second.role == "user"


def test_a_judge_that_never_makes_sense_leads_to_review():
    ruling = rule(FakeJudge("Hm.", "Hm."), PACK, evidence())

    assert (ruling.decision.verdict, ruling.decision.decided_by) == ("review", "failure")


def test_a_flood_is_cut_before_it_is_sent_back():
    judge = FakeJudge("x" * 200_000, SAFE)

    rule(judge, PACK, evidence())

    assert sum(len(turn.content) for turn in judge.heard[1]) < 10_000


def test_a_judge_talked_into_safe_is_overruled_by_the_evidence():
    assert rule(FakeJudge(SAFE), PACK, evidence(weapon=0.99)).decision.verdict == "review"


def test_the_judge_is_spared_when_the_pack_allows_and_nothing_is_flagged():
    judge = FakeJudge()
    pack = replace(PACK, judge="when_flagged")

    ruling = rule(judge, pack, evidence())

    assert (ruling.decision.verdict, ruling.decision.decided_by, judge.heard) == ("safe", "evidence", [])


def prepared(work: FakeWork, workspace: Workspace, shadow=()) -> Manifest:
    facts = ImageFacts("ab" * 32, 12, 3, 4, "PNG", "image/png", None)
    pack = replace(PACK, questions_per_query=2)
    manifest = Manifest(IMAGE, facts, pack, shadow, plan_queries([pack], ["full"]), "1", "f" * 64, 7)
    whole = evidence(weapon=0.97)
    parts = [Evidence(whole.answers[:1], whole.captions), Evidence(whole.answers[1:])]
    for number, part in enumerate(parts):
        work.put_json(
            workspace.answers(number),
            {"model": "blip2-x", "milliseconds": 10 * number, "evidence": evidence_to_json(part)},
        )
    return manifest


def test_the_answers_of_all_queries_are_judged_together_and_shadow_packs_only_watch():
    work, workspace = FakeWork(), Workspace("work/x/y")
    manifest = prepared(work, workspace, shadow=(replace(PACK, name="watch"),))

    judged = judge_image(wiring.JudgeImage(work, FakeJudge(UNSAFE, SAFE)), manifest, workspace)

    assert judged.decision["verdict"] == "unsafe"
    assert len(judged.decision["findings"]) == 2
    assert judged.shadow["watch"]["verdict"] == "review"
    assert judged.models == {"blip2": "blip2-x", "llama": "fake-judge"}
    assert judged.timings["query_ms"] == 10


@pytest.mark.parametrize("left_ms", [19_999, 5_000, 0])
def test_a_judge_that_was_slow_is_not_asked_again(left_ms: int):
    judge = FakeJudge("Hm.", SAFE)

    with pytest.raises(EndpointTimeout, match="no time is left"):
        rule(judge, PACK, evidence(), Patience(lambda: left_ms))

    assert len(judge.heard) == 1


@pytest.mark.parametrize(("left_ms", "seconds"), [(20_000, 10), (45_000, 35), (89_000, 79)])
def test_a_second_request_has_the_time_that_is_left(left_ms: int, seconds: int):
    judge = FakeJudge("Hm.", SAFE)

    rule(judge, PACK, evidence(), Patience(lambda: left_ms))

    assert judge.patience == [None, seconds]


def test_a_shadow_pack_has_the_time_that_is_left():
    work, workspace = FakeWork(), Workspace("work/x/y")
    manifest = prepared(work, workspace, shadow=(replace(PACK, name="watch"), replace(PACK, name="look")))
    judge, left_ms = FakeJudge(UNSAFE, "Hm.", SAFE, SAFE), iter([60_000, 40_000, 19_000])

    with pytest.raises(EndpointTimeout):
        judge_image(wiring.JudgeImage(work, judge), manifest, workspace, Patience(lambda: next(left_ms)))

    assert judge.patience == [None, 50, 30]


def test_a_pack_that_spares_the_judge_needs_no_time():
    patience = Patience(lambda: 0)
    rule(FakeJudge(SAFE), PACK, evidence(), patience)

    ruling = rule(FakeJudge(), replace(PACK, judge="when_flagged"), evidence(), patience)

    assert ruling.decision.verdict == "safe"


def test_the_function_goes_by_the_time_that_lambda_gives_it(monkeypatch):
    work, workspace = FakeWork(), Workspace("work/x/y")
    work.put_json(workspace.manifest, manifest_to_json(prepared(work, workspace)))
    judge = FakeJudge("Hm.", SAFE)
    monkeypatch.setattr(wiring, "judge_image", lambda: wiring.JudgeImage(work, judge))
    untraced = SimpleNamespace(capture_lambda_handler=lambda **_: lambda handler: handler)
    monkeypatch.setattr(observability, "tracer", lambda: untraced)  # importing the X-Ray SDK opens a socket

    with pytest.raises(EndpointTimeout):
        handler({"prefix": workspace.prefix}, Context(remaining_ms=12_000))

    assert len(judge.heard) == 1


def test_the_prompts_that_were_used_are_kept_under_their_version():
    work, workspace = FakeWork(), Workspace("work/x/y")
    manifest = prepared(work, workspace)

    judge_image(wiring.JudgeImage(work, FakeJudge(UNSAFE)), manifest, workspace)

    assert work.get_json(f"provenance/prompts/{PROMPT_VERSION}.json") == asdict(TEMPLATES)
