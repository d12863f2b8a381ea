"""JudgeImage: let Llama 2 judge the evidence under the policy, and decide."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from moderation import wiring
from moderation.domain.decision import Decision, decide, needs_judge
from moderation.domain.evidence import Evidence
from moderation.domain.judge_output import Judgement, UnusableJudgement, parse_judgement
from moderation.domain.limits import ANSWER_TOKENS
from moderation.domain.manifest import Manifest, Workspace, evidence_from_json, manifest_from_json
from moderation.domain.policy import Pack
from moderation.domain.prompt import PROMPT_VERSION, TEMPLATES, answer_schema, judge_prompt, repair_prompt
from moderation.domain.record import Judged, captions_to_plain, shadow_summary
from moderation.errors import EndpointTimeout
from moderation.observability import count, identify, logger, observed, took
from moderation.ports import JudgeModel, Turn, WorkStore

# What a further request leaves of the function's time: to connect, and to write the judgement.
_RESERVE_S = 10
# Llama answers within 2 to 8 s; with less than this left another request isn't worth its while.
_LEAST_S = 10
_TURN_CHARACTERS = 4 * ANSWER_TOKENS  # a server that ignores the limit may not flood the second request


@dataclass(frozen=True)
class Seen:
    """What the queries left: the evidence, which model gave it, and how long its slowest query took."""

    evidence: Evidence
    model: str
    milliseconds: int


@dataclass(frozen=True)
class Ruling:
    """A decision, and how it came about."""

    decision: Decision
    shortened: tuple[str, ...]
    repairs: int


class Patience:
    """How long each request to the judge may take, so that the function isn't stopped in the midst of one.

    Its time-out has room for one request of any length; those that follow share what is left.
    """

    def __init__(self, remaining_ms: Callable[[], int] | None = None) -> None:
        """`remaining_ms` is that of Lambda's context; without it there is no hurry."""
        self._remaining_ms = remaining_ms
        self._asked = False

    def for_request(self) -> float | None:
        """Seconds that the next request may take, None for as long as it wants. Raises EndpointTimeout."""
        first, self._asked = not self._asked, True
        if first or self._remaining_ms is None:
            return None
        seconds = self._remaining_ms() / 1000 - _RESERVE_S
        if seconds < _LEAST_S:
            raise EndpointTimeout("The judge is so slow that no time is left to ask it again.")
        return seconds


@observed
def handler(event: dict[str, Any], context: Any) -> None:
    """`{prefix}` → nothing: the judgement goes to the work bucket."""
    workspace = Workspace(event["prefix"])
    parts = wiring.judge_image()
    manifest = manifest_from_json(parts.work.get_json(workspace.manifest))
    identify(manifest.image, workspace.execution)
    if manifest.reused_from:
        logger.info("judged before")
        count("VerdictsReused")
        return
    judged = judge_image(parts, manifest, workspace, Patience(lambda: context.get_remaining_time_in_millis()))
    parts.work.put_json(workspace.judgement, asdict(judged))
    took("JudgeMilliseconds", judged.timings["judge_ms"])
    count("JudgeRepairs", judged.repairs)
    logger.info("judged", verdict=judged.decision["verdict"], decided_by=judged.decision["decided_by"])


def judge_image(
    parts: wiring.JudgeImage, manifest: Manifest, workspace: Workspace, patience: Patience | None = None
) -> Judged:
    """Decide under the enforced pack and, without consequence, under each shadow pack. Raises the ports' errors."""
    started = time.monotonic()
    patience = patience or Patience()
    seen = collect(parts.work, workspace, len(manifest.queries))
    parts.work.keep(f"provenance/prompts/{PROMPT_VERSION}.json", asdict(TEMPLATES))
    ruling = rule(parts.judge, manifest.pack, seen.evidence, patience)
    shadow = {
        pack.name: shadow_summary(pack, rule(parts.judge, pack, seen.evidence, patience).decision)
        for pack in manifest.shadow
    }
    return Judged(
        decision=asdict(ruling.decision),
        shadow=shadow,
        captions=captions_to_plain(seen.evidence.captions),
        models={"blip2": seen.model, "llama": parts.judge.name},
        prompt_version=PROMPT_VERSION,
        shortened=list(ruling.shortened),
        repairs=ruling.repairs,
        timings={"query_ms": seen.milliseconds, "judge_ms": round((time.monotonic() - started) * 1000)},
    )


def collect(work: WorkStore, workspace: Workspace, queries: int) -> Seen:
    """The answers of all queries together. Raises the errors of the port."""
    files = [work.get_json(workspace.answers(number)) for number in range(queries)]
    parts = [evidence_from_json(file["evidence"]) for file in files]
    evidence = Evidence(
        answers=tuple(answer for part in parts for answer in part.answers),
        captions=tuple(caption for part in parts for caption in part.captions),
    )
    models = dict.fromkeys(file["model"] for file in files)
    return Seen(evidence, ", ".join(models), max(file["milliseconds"] for file in files))


def rule(judge: JudgeModel, pack: Pack, evidence: Evidence, patience: Patience | None = None) -> Ruling:
    """Ask the judge if the pack wants it asked, once more if its answer can't be used, and decide.

    Raises the errors of the port, EndpointTimeout also where no time is left to ask.
    """
    patience = patience or Patience()
    if not needs_judge(pack, evidence):
        count("JudgeSpared")
        return Ruling(decide(pack, evidence, None), (), 0)
    prompt = judge_prompt(pack, evidence)
    turns = [Turn("user", prompt.text)]
    answer = judge.complete(turns, answer_schema(pack), patience.for_request())
    first = _parse(answer, pack.category_names)
    if isinstance(first, Judgement):
        return Ruling(decide(pack, evidence, first), prompt.shortened, 0)
    turns += [Turn("assistant", answer[:_TURN_CHARACTERS]), Turn("user", repair_prompt(answer, str(first)))]
    repaired = judge.complete(turns, answer_schema(pack), patience.for_request())
    second = _parse(repaired, pack.category_names)
    return Ruling(decide(pack, evidence, second), prompt.shortened, 1)


def _parse(text: str, categories: Sequence[str]) -> Judgement | UnusableJudgement:
    try:
        return parse_judgement(text, categories)
    except UnusableJudgement as fault:
        return fault
