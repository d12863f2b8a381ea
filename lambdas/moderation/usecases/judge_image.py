"""Let the judge judge the evidence under the policy, and decide."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from moderation.domain.decision import Decision, decide, needs_judge
from moderation.domain.evidence import Evidence
from moderation.domain.judge_output import parse_judgement
from moderation.domain.judgement import Judgement, UnusableJudgement
from moderation.domain.judgement_file import (
    JUDGE_TEXTS,
    judge_texts,
    judgement_attributes,
    shadow_attributes,
    shadow_error,
)
from moderation.domain.limits import ANSWER_TOKENS
from moderation.domain.manifest import Manifest, Query, evidence_from_json, manifest_from_json
from moderation.domain.policy import Pack
from moderation.domain.prompt import PROMPT_VERSION, TEMPLATES, answer_schema, judge_prompt, repair_prompt
from moderation.domain.reading.text import reading_from_json
from moderation.domain.work_files import Workspace, prompt_file
from moderation.errors import EndpointTimeout, ModerationError
from moderation.ports import JudgeModel, Turn, WorkStore

# Reserve of the function's time for connecting and for writing the judgement.
_RESERVE_S = 10
# Llama answers within 2 to 8 s; with less than this left another request is pointless.
_LEAST_S = 10
_SHADOWS_S = 30  # all shadow packs together: the verdict waits for them
_TURN_CHARACTERS = 4 * ANSWER_TOKENS  # protects the second request from a server that ignores the limit


@dataclass(frozen=True)
class CollectedEvidence:
    """Answers of all queries together, the models that gave them, and the milliseconds of the slowest query.

    `failed` are the shadow queries without answers, each with the reason.
    """

    evidence: Evidence
    model: str
    milliseconds: int
    failed: tuple[tuple[Query, str], ...] = ()


@dataclass(frozen=True)
class JudgeOutcome:
    """A decision with the judgement behind it; `texts` are the judge's answers as it gave them."""

    decision: Decision
    judgement: Judgement | UnusableJudgement | None
    shortened: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def asked(self) -> int:
        """Number of requests to the judge."""
        return len(self.texts)


@dataclass(frozen=True)
class Judged:
    """The outcomes for an image; `enforced` is None where the same bytes were judged or decided before.

    `shadow_errors` has a sentence for each shadow pack that gave no verdict.
    """

    manifest: Manifest
    enforced: JudgeOutcome | None
    shadow: Mapping[str, JudgeOutcome]
    milliseconds: int
    shadow_errors: Mapping[str, str] = field(default_factory=dict)


class TimeBudget:
    """Time that each request to the judge may take, so that the function isn't stopped during one.

    The function's time-out has room for one request of any length; later requests share the rest.
    """

    def __init__(self, remaining_ms: Callable[[], int] | None = None) -> None:
        """`remaining_ms` is `get_remaining_time_in_millis` of Lambda's context; without it there is no limit."""
        self._remaining_ms = remaining_ms
        self._asked = False

    def for_request(self) -> float | None:
        """Seconds that the next request may take, None for no limit. Raises EndpointTimeout."""
        first, self._asked = not self._asked, True
        if first or self._remaining_ms is None:
            return None
        seconds = self._remaining_ms() / 1000 - _RESERVE_S
        if seconds < _LEAST_S:
            raise EndpointTimeout("The judge is so slow that there is no time left to ask it again.")
        return seconds

    def for_shadows(self) -> "ShadowBudget":
        """Return what is left for all shadow packs together, from now on."""
        return ShadowBudget(self._remaining_ms)


class ShadowBudget(TimeBudget):
    """Time for the requests of all shadow packs together, for which an image's verdict waits."""

    def __init__(self, remaining_ms: Callable[[], int] | None) -> None:
        super().__init__(remaining_ms)
        self._until = time.monotonic() + _SHADOWS_S

    def for_request(self) -> float | None:
        seconds = self._until - time.monotonic()
        if self._remaining_ms is not None:
            seconds = min(seconds, self._remaining_ms() / 1000 - _RESERVE_S)
        if seconds < _LEAST_S:
            raise EndpointTimeout("There is no time left to ask the judge for a shadow pack.")
        return seconds


def judge_image(work: WorkStore, judge: JudgeModel, workspace: Workspace, budget: TimeBudget | None = None) -> Judged:
    """Decide under the pack in force and under each shadow pack; the judgement goes to the work bucket.

    Raises the errors of the ports, but none on account of a shadow pack.
    """
    started, budget = time.monotonic(), budget or TimeBudget()
    manifest = manifest_from_json(work.get_json(workspace.manifest))
    if manifest.reused_from or manifest.decision:
        return Judged(manifest, None, {}, 0, manifest.broken_shadow)
    collected = collect_evidence(work, workspace, manifest)
    work.put_if_absent(prompt_file(PROMPT_VERSION), asdict(TEMPLATES))
    enforced = judge_evidence(judge, manifest.pack, collected.evidence, budget)
    shadow, errors = _judge_shadows(judge, manifest, collected, budget)
    milliseconds = round((time.monotonic() - started) * 1000)
    work.put_json(
        workspace.judgement,
        judgement_attributes(enforced.decision, enforced.judgement, collected.evidence)
        | {
            "shadow": _shadow(manifest, shadow, errors),
            "models": {"blip2": collected.model, "llama": judge.name},
            "prompt_version": PROMPT_VERSION,
            "shortened": list(enforced.shortened),
            "repairs": max(0, enforced.asked - 1),
            "timings": {"query_ms": collected.milliseconds, "judge_ms": milliseconds},
            JUDGE_TEXTS: {
                name: judge_texts(outcome.texts) for name, outcome in ((manifest.pack.name, enforced), *shadow.items())
            },
        },
    )
    return Judged(manifest, enforced, shadow, milliseconds, errors)


def _judge_shadows(
    judge: JudgeModel, manifest: Manifest, collected: CollectedEvidence, budget: TimeBudget
) -> tuple[dict[str, JudgeOutcome], dict[str, str]]:
    """Return the outcomes of the shadow packs by name, and a sentence for each pack that has none."""
    outcomes: dict[str, JudgeOutcome] = {}
    errors, left = dict(manifest.broken_shadow), budget.for_shadows()
    for pack in manifest.shadow:
        unanswered = [why for query, why in collected.failed if _is_asked_by(pack, query)]
        if unanswered:
            errors[pack.name] = f"Its questions weren't answered: {unanswered[0]}"
            continue
        try:
            outcomes[pack.name] = judge_evidence(judge, pack, collected.evidence, left)
        except ModerationError as error:
            errors[pack.name] = f"It couldn't be judged: {error}"
    return outcomes, errors


def _is_asked_by(pack: Pack, query: Query) -> bool:
    return (query.caption and pack.caption) or any(question.text in query.questions for question in pack.questions)


def _shadow(
    manifest: Manifest, outcomes: Mapping[str, JudgeOutcome], errors: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """The shadow verdicts as they are stored, by the names of the packs."""
    packs = {pack.name: pack for pack in manifest.shadow}
    judged = {
        name: shadow_attributes(packs[name], outcome.decision, outcome.judgement) for name, outcome in outcomes.items()
    }
    return judged | {name: shadow_error(sentence, packs.get(name)) for name, sentence in errors.items()}


def collect_evidence(work: WorkStore, workspace: Workspace, manifest: Manifest) -> CollectedEvidence:
    """Return the answers of all queries together, and what got no view. Raises the errors of the port."""
    every = [work.get_json(workspace.answers(number)) for number in range(len(manifest.queries))]
    failed = tuple(
        (query, file["error"]) for query, file in zip(manifest.queries, every, strict=True) if "error" in file
    )
    files = [file for file in every if "error" not in file]
    parts = [evidence_from_json(file["evidence"]) for file in files]
    evidence = Evidence(
        answers=tuple(answer for part in parts for answer in part.answers),
        captions=tuple(caption for part in parts for caption in part.captions),
        unseen=manifest.unseen,
        partly_unread=manifest.partly_unread,
        **_reading(work, workspace, manifest),
    )
    models = dict.fromkeys(file["model"] for file in files)
    return CollectedEvidence(evidence, ", ".join(models), max(file["milliseconds"] for file in files), failed)


def _reading(work: WorkStore, workspace: Workspace, manifest: Manifest) -> dict[str, Any]:
    """The text that was read, or why it wasn't, as fields of the evidence."""
    if manifest.pages is None:
        return {}
    file = work.get_json(workspace.reading)
    return {"unread": str(file["error"])} if "error" in file else {"reading": reading_from_json(file["reading"])}


def judge_evidence(judge: JudgeModel, pack: Pack, evidence: Evidence, budget: TimeBudget | None = None) -> JudgeOutcome:
    """Ask the judge if the pack requires it, once more if its answer can't be used, and decide.

    A judge that hasn't read all that supports a category can't call the image safe. Raises the errors of the port,
    EndpointTimeout also where no time is left to ask.
    """
    budget = budget or TimeBudget()
    if not needs_judge(pack, evidence):
        return JudgeOutcome(decide(pack, evidence, None), None)
    prompt = judge_prompt(pack, evidence)
    turns = [Turn("user", prompt.text)]
    texts = [judge.complete(turns, answer_schema(pack), budget.for_request())]
    judgement = _parse(texts[0], pack)
    if isinstance(judgement, UnusableJudgement):
        turns += [Turn("assistant", texts[0][:_TURN_CHARACTERS]), Turn("user", repair_prompt(texts[0], str(judgement)))]
        texts.append(judge.complete(turns, answer_schema(pack), budget.for_request()))
        judgement = _parse(texts[1], pack)
    if prompt.left_out and isinstance(judgement, Judgement) and judgement.flag == "safe":
        judgement = UnusableJudgement(f"it was given without {'; '.join(prompt.left_out)}, for lack of room")
    return JudgeOutcome(decide(pack, evidence, judgement), judgement, prompt.shortened, tuple(texts))


def _parse(text: str, pack: Pack) -> Judgement | UnusableJudgement:
    try:
        return parse_judgement(text, pack)
    except UnusableJudgement as fault:
        return fault
