"""The judge is asked once, once more if it can't be understood, and never trusted beyond that."""

import re
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest

from moderation import observability, wiring
from moderation.domain.evidence import Answer, Caption, Evidence, answer_data
from moderation.domain.image_ref import ImageRef
from moderation.domain.judgement_file import MAX_TEXT
from moderation.domain.manifest import ImageFacts, Manifest, Query, evidence_to_json, manifest_to_json, plan_queries
from moderation.domain.policy import Category
from moderation.domain.prompt import PROMPT_VERSION, TEMPLATES
from moderation.domain.work_files import Workspace
from moderation.errors import EndpointTimeout, PermanentError, TransientError
from moderation.handlers.judge_image import handler
from moderation.usecases.judge_image import TimeBudget, judge_evidence, judge_image
from tests.support.fakes import FakeJudge, FakeWork
from tests.support.metrics import Context
from tests.unit.packs import PACK, SMOKER, WEAPON

SAFE = 'Fine. {"flag": "safe", "category": null, "reason": "Nothing."}'
UNSAFE = 'Well: {"flag": "unsafe", "category": "Violence", "reason": "A weapon."} I hope this helps'
IMAGE = ImageRef("intake", "a.jpg", "v1")


def evidence(weapon: float = 0.01, smoker: float = 0.01) -> Evidence:
    asked = ((WEAPON, weapon), (SMOKER, smoker))
    answers = tuple(Answer("full", q.text, "yes" if p >= 0.5 else "no", p, 0.0) for q, p in asked)
    return Evidence(answers, (Caption("full", "a house in a park"),))


def test_a_usable_answer_is_taken_as_it_is():
    judge = FakeJudge(UNSAFE)

    outcome = judge_evidence(judge, PACK, evidence(weapon=0.97))

    assert (outcome.decision.verdict, outcome.decision.category, outcome.asked) == ("unsafe", "Violence", 1)
    assert len(judge.heard) == 1


def test_an_unusable_answer_is_asked_for_again_with_its_fault_quoted():
    judge = FakeJudge("I cannot help with that.", SAFE)

    outcome = judge_evidence(judge, PACK, evidence())

    assert (outcome.decision.verdict, outcome.asked) == ("safe", 2)
    first, answer, second = judge.heard[1]
    assert (first, answer.role, answer.content) == (judge.heard[0][0], "assistant", "I cannot help with that.")
    assert second.role == "user"


def test_a_judge_that_never_makes_sense_leads_to_review():
    outcome = judge_evidence(FakeJudge("Hm.", "Hm."), PACK, evidence())

    assert (outcome.decision.verdict, outcome.decision.decided_by) == ("review", "failure")


def test_a_flood_is_cut_before_it_is_sent_back():
    judge = FakeJudge("x" * 200_000, SAFE)

    judge_evidence(judge, PACK, evidence())

    assert sum(len(turn.content) for turn in judge.heard[1]) < 10_000


def test_a_judge_talked_into_safe_is_overruled_by_the_evidence():
    assert judge_evidence(FakeJudge(SAFE), PACK, evidence(weapon=0.99)).decision.verdict == "review"


def test_the_judge_is_spared_when_the_pack_allows_and_nothing_is_flagged():
    judge = FakeJudge()
    pack = replace(PACK, judge="when_flagged")

    outcome = judge_evidence(judge, pack, evidence())

    assert (outcome.decision.verdict, outcome.decision.decided_by, judge.heard) == ("safe", "evidence", [])


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
    work.put_json(workspace.manifest, manifest_to_json(manifest))
    return manifest


def test_the_answers_of_all_queries_are_judged_together_and_shadow_packs_only_observe():
    work, workspace = FakeWork(), Workspace("work/x/y")
    prepared(work, workspace, shadow=(replace(PACK, name="watch"),))

    judged = judge_image(work, FakeJudge(UNSAFE, SAFE), workspace)

    assert judged.enforced is not None
    assert judged.enforced.decision.verdict == "unsafe"
    assert len(judged.enforced.decision.findings) == 2
    assert judged.shadow["watch"].decision.verdict == "review"


def test_what_the_manifest_says_is_unseen_keeps_a_safe_image_from_being_safe():
    work, workspace = FakeWork(), Workspace("work/x/y")
    manifest = prepared(work, workspace)
    work.put_json(workspace.answers(0), {"model": "b", "milliseconds": 1, "evidence": evidence_to_json(evidence())})
    seen = manifest_to_json(replace(manifest, looked_at={"views": [], "unseen": ["2 of 9 frames differ."]}))
    work.put_json(workspace.manifest, seen)

    judged = judge_image(work, FakeJudge(SAFE), workspace)

    assert judged.enforced is not None
    assert (judged.enforced.decision.verdict, judged.enforced.decision.row) == ("review", "unseen")
    assert "2 of 9 frames differ." in judged.enforced.decision.reason


def test_the_judgement_holds_all_that_a_replay_needs():
    work, workspace = FakeWork(), Workspace("work/x/y")
    shadow = replace(PACK, name="watch", questions=(WEAPON, SMOKER))
    prepared(work, workspace, shadow=(shadow,))

    judge_image(work, FakeJudge(UNSAFE, "Hm.", "Hm."), workspace)

    stored = work.get_json(workspace.judgement)
    assert stored["answers"] == [answer_data(answer) for answer in evidence(weapon=0.97).answers]
    assert stored["captions"] == [{"view": "full", "text": "a house in a park"}]
    assert (stored["row"], stored["judgement"]) == (
        "unsafe",
        {"flag": "unsafe", "category": "Violence", "reason": "A weapon."},
    )
    assert stored["shadow"]["watch"]["digest"] == shadow.digest
    assert (stored["shadow"]["watch"]["row"], list(stored["shadow"]["watch"]["judgement"])) == (
        "no_judgement",
        ["unusable"],
    )
    assert stored["models"] == {"blip2": "blip2-x", "llama": "fake-judge"}
    assert stored["timings"]["query_ms"] == 10


def test_the_judges_own_words_are_kept_in_the_work_bucket_for_each_pack():
    work, workspace = FakeWork(), Workspace("work/x/y")
    prepared(work, workspace, shadow=(replace(PACK, name="watch"),))

    judge_image(work, FakeJudge("Hm. \ud83d", UNSAFE, UNSAFE), workspace)

    assert work.get_json(workspace.judgement)["judge_texts"] == {PACK.name: ["Hm. ?", UNSAFE], "watch": [UNSAFE]}


def test_a_flood_is_kept_in_part():
    work, workspace = FakeWork(), Workspace("work/x/y")
    prepared(work, workspace)

    judge_image(work, FakeJudge("x" * 100_000, UNSAFE), workspace)

    assert work.get_json(workspace.judgement)["judge_texts"] == {PACK.name: ["x" * MAX_TEXT, UNSAFE]}


KINDS = ["red", "blue", "green", "black", "white", "brown", "grey", "yellow", "pink", "old", "new", "wet"]
MANY = Evidence(
    tuple(replace(answer, view=f"view-{i}") for i in range(12) for answer in evidence().answers),
    tuple(Caption(f"view-{i}", f"a {kind} weapon in {'a street ' * 30}") for i, kind in enumerate(KINDS)),
)


@pytest.mark.parametrize(("said", "verdict"), [(SAFE, "review"), (UNSAFE, "unsafe")])
def test_a_judge_that_could_not_read_all_that_speaks_for_a_category_cannot_call_it_safe(said: str, verdict: str):
    outcome = judge_evidence(FakeJudge(said), PACK, MANY)

    assert outcome.decision.verdict == verdict
    assert outcome.shortened
    if verdict == "review":
        assert re.search(r"given without \d+ of 12 captions that speak for a category", outcome.decision.reason)


@pytest.mark.parametrize("left_ms", [19_999, 5_000, 0])
def test_a_judge_that_was_slow_is_not_asked_again(left_ms: int):
    judge = FakeJudge("Hm.", SAFE)

    with pytest.raises(EndpointTimeout, match="no time left"):
        judge_evidence(judge, PACK, evidence(), TimeBudget(lambda: left_ms))

    assert len(judge.heard) == 1


@pytest.mark.parametrize(("left_ms", "seconds"), [(20_000, 10), (45_000, 35), (89_000, 79)])
def test_a_second_request_has_the_time_that_is_left(left_ms: int, seconds: int):
    judge = FakeJudge("Hm.", SAFE)

    judge_evidence(judge, PACK, evidence(), TimeBudget(lambda: left_ms))

    assert judge.patience == [None, seconds]


def test_a_shadow_pack_has_the_time_that_is_left():
    work, workspace = FakeWork(), Workspace("work/x/y")
    prepared(work, workspace, shadow=(replace(PACK, name="watch"), replace(PACK, name="look")))
    judge, left_ms = FakeJudge(UNSAFE, "Hm.", SAFE, SAFE), iter([39_000, 32_000, 19_000])

    judged = judge_image(work, judge, workspace, TimeBudget(lambda: next(left_ms)))

    assert judge.patience == [None, 29, 22]
    assert list(judged.shadow) == ["watch"]
    assert "no time left" in judged.shadow_errors["look"]


def test_no_image_waits_longer_than_half_a_minute_for_its_shadow_packs():
    work, workspace = FakeWork(), Workspace("work/x/y")
    prepared(work, workspace, shadow=(replace(PACK, name="watch"),))
    judge = FakeJudge(UNSAFE, SAFE)

    judge_image(work, judge, workspace, TimeBudget(lambda: 80_000))

    assert judge.patience[1] == pytest.approx(30, abs=1)


class Failing(FakeJudge):
    """Judges once, and fails for the packs that are judged after that."""

    def __init__(self, error: Exception) -> None:
        super().__init__(UNSAFE)
        self.error = error

    def complete(self, turns, schema, within_s=None):
        if not self.texts:
            raise self.error
        return super().complete(turns, schema, within_s)


ERRORS = [error for base in (TransientError, PermanentError) for error in base.__subclasses__()]


@pytest.mark.parametrize("error", ERRORS)
def test_a_judge_that_fails_for_a_shadow_pack_leaves_the_verdict_alone(error):
    work, workspace = FakeWork(), Workspace("work/x/y")
    prepared(work, workspace, shadow=(replace(PACK, name="watch"),))

    judged = judge_image(work, Failing(error("It failed.")), workspace)

    kept = work.get_json(workspace.judgement)
    assert (kept["verdict"], kept["category"]) == ("unsafe", "Violence")
    assert (kept["shadow"]["watch"]["verdict"], kept["shadow"]["watch"]["decided_by"]) == ("error", "failure")
    assert kept["shadow"]["watch"]["reason"] == "It couldn't be judged: It failed."
    assert judged.shadow_errors == {"watch": "It couldn't be judged: It failed."}


def test_shadow_packs_that_are_too_long_broken_or_unanswered_say_so():
    work, workspace = FakeWork(), Workspace("work/x/y")
    endless = tuple(Category(f"C{n}", "nothing of the kind " * 40) for n in range(60))
    long = replace(PACK, name="long", categories=(*PACK.categories, *endless))
    slow = replace(PACK, name="slow", questions=(replace(SMOKER, text="Is there smoke?"),))
    manifest = prepared(work, workspace, shadow=(long, slow))
    queries = (*manifest.queries, Query("full", ("Is there smoke?",), False, shadow=True))
    broken = {"gone": "No pack is named 'gone'."}
    work.put_json(workspace.manifest, manifest_to_json(replace(manifest, queries=queries, broken_shadow=broken)))
    work.put_json(workspace.answers(2), {"error": "Endpoint blip2 didn't answer in time."})

    judge_image(work, FakeJudge(UNSAFE), workspace)

    kept = work.get_json(workspace.judgement)
    assert kept["verdict"] == "unsafe"
    assert {name: shadow["verdict"] for name, shadow in kept["shadow"].items()} == dict.fromkeys(
        ("long", "slow", "gone"), "error"
    )
    reasons = {name: shadow["reason"] for name, shadow in kept["shadow"].items()}
    assert "of the judge's 4096 tokens" in reasons["long"]
    assert reasons["slow"] == "Its questions weren't answered: Endpoint blip2 didn't answer in time."
    assert reasons["gone"] == broken["gone"]
    assert (kept["shadow"]["slow"]["digest"], "digest" in kept["shadow"]["gone"]) == (slow.digest, False)


def test_a_pack_that_spares_the_judge_needs_no_time():
    budget = TimeBudget(lambda: 0)
    judge_evidence(FakeJudge(SAFE), PACK, evidence(), budget)

    outcome = judge_evidence(FakeJudge(), replace(PACK, judge="when_flagged"), evidence(), budget)

    assert outcome.decision.verdict == "safe"


def test_the_function_goes_by_the_time_that_lambda_gives_it(monkeypatch):
    work, workspace = FakeWork(), Workspace("work/x/y")
    prepared(work, workspace)
    judge = FakeJudge("Hm.", SAFE)
    monkeypatch.setattr(wiring, "judge_image", lambda: wiring.JudgePorts(work, judge))
    untraced = SimpleNamespace(capture_lambda_handler=lambda **_: lambda handler: handler)
    monkeypatch.setattr(observability, "tracer", lambda: untraced)  # importing the X-Ray SDK opens a socket

    with pytest.raises(EndpointTimeout):
        handler({"prefix": workspace.prefix}, Context(remaining_ms=12_000))

    assert len(judge.heard) == 1


def test_the_prompts_that_were_used_are_kept_under_their_version():
    work, workspace = FakeWork(), Workspace("work/x/y")
    prepared(work, workspace)

    judge_image(work, FakeJudge(UNSAFE), workspace)

    assert work.get_json(f"provenance/prompts/{PROMPT_VERSION}.json") == asdict(TEMPLATES)
