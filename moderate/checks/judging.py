"""One line of evidence for a judge, and the row about its judgement."""

import time

from moderate.checks.check import Check
from moderation.domain.evidence import Answer, Evidence
from moderation.domain.judge_output import parse_judgement
from moderation.domain.judgement import UnusableJudgement
from moderation.domain.policy import Category, Pack, Question
from moderation.domain.prompt import answer_schema, judge_prompt
from moderation.ports import JudgeModel, Turn

_PACK = Pack(
    name="doctor",
    description="One category and one question, to hear the judge",
    categories=(Category("Weapons", "Guns, knives and other weapons"),),
    questions=(Question("weapon", "Does this photo contain a weapon?", ("Weapons",)),),
)
_EVIDENCE = Evidence((Answer("full", _PACK.questions[0].text, "yes", p_yes=0.99),))


def judged(name: str, judge: JudgeModel, form: str, log: str) -> Check:
    """Return the row about the judge's answer; `log` is where its faults are told. Raises the errors of the port."""
    started = time.monotonic()
    text = judge.complete([Turn("user", judge_prompt(_PACK, _EVIDENCE).text)], answer_schema(_PACK))
    spoken = f"in {time.monotonic() - started:.1f} s ({form})"
    try:
        judgement = parse_judgement(text, _PACK)
    except UnusableJudgement as fault:
        remedy = f"One failure is harmless: the workflow retries. If it persists, images go to review: see {log}"
        return Check(name, "warn", f"unusable, {spoken}: {fault}", remedy)
    if judgement.flag == "safe":
        remedy = "Such a judge sends unsafe images to review. Test your cases with it, or choose another: -c judge=…"
        return Check(name, "warn", f"it calls a weapon with P 0.99 safe, {spoken}", remedy)
    verdict = " / ".join(filter(None, (judgement.flag, judgement.category)))
    return Check(name, "ok", f"a weapon is {verdict}, {spoken}")
