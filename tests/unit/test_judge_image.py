"""The judge is asked once, once more if it can't be understood, and never trusted beyond that."""

from dataclasses import asdict, replace

from moderation import wiring
from moderation.domain.evidence import Answer, Caption, Evidence, ImageRef
from moderation.domain.manifest import ImageFacts, Manifest, Workspace, evidence_to_json, plan_queries
from moderation.domain.prompt import PROMPT_VERSION, TEMPLATES
from moderation.handlers.judge_image import judge_image, rule
from tests.support.fakes import FakeJudge, FakeWork
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


def test_the_prompts_that_were_used_are_kept_under_their_version():
    work, workspace = FakeWork(), Workspace("work/x/y")
    manifest = prepared(work, workspace)

    judge_image(wiring.JudgeImage(work, FakeJudge(UNSAFE)), manifest, workspace)

    assert work.get_json(f"provenance/prompts/{PROMPT_VERSION}.json") == asdict(TEMPLATES)
