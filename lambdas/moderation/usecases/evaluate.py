"""Evaluate a pack and the models on a labelled picture: bytes that the models look at, or the evidence on a record.

The same steps as in the workflow, without storing anything but the models' answers, which a memory keeps: what it holds
isn't asked again, so that an evaluation can be resumed, or repeated under another pack.
"""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from moderation.domain.evaluation import EvaluatedPicture, Spent, evaluated, rejected
from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.image import prepare
from moderation.domain.manifest import plan_queries
from moderation.domain.page import Page
from moderation.domain.policy import Pack
from moderation.domain.prompt import question_prompt
from moderation.domain.record import Record
from moderation.domain.replay import NotReplayable, Replay, Replayed, evidence_of
from moderation.errors import InvalidPolicy, Misconfigured, PermanentError, ReadingFailed
from moderation.ports import JudgeModel, Reader, ScoredText, Turn, VisionModel
from moderation.usecases.judge_image import judge_evidence
from moderation.usecases.read_image import read_pages


class Memory(Protocol):
    """Answers of the models by key."""

    def get(self, key: str) -> Mapping[str, Any] | None:
        """Return what was kept under a key."""
        ...

    def put(self, key: str, value: Mapping[str, Any]) -> None:
        """Keep something, in place of what was under the key."""
        ...


@dataclass(frozen=True)
class Models:
    """The models of a deployment; `name` tells them from those of others. `input_size` is that of the vision model."""

    name: str
    vision: VisionModel
    judge: JudgeModel
    input_size: int
    memory: Memory
    reader: Reader | None = None  # needed for a pack that reads


@dataclass(frozen=True)
class LookedAt:
    """Evidence about a picture, and the milliseconds that the vision model took for it."""

    evidence: Evidence
    milliseconds: int


def evaluate_picture(models: Models, pack: Pack, path: str, truth: Sequence[str], data: bytes) -> EvaluatedPicture:
    """Return the outcome for the bytes of a file, which is `review` for a file that can't be moderated.

    Raises the errors that a retry may fix, InvalidPolicy and Misconfigured.
    """
    try:
        return _judged(models, pack, path, truth, look_at(models, pack, data))
    except (InvalidPolicy, Misconfigured):
        raise
    except PermanentError as error:
        return rejected(path, truth, type(error).__name__, str(error))


def evaluate_record(
    models: Models, pack: Pack, path: str, truth: Sequence[str], record: Record, packs: Mapping[str, Pack]
) -> EvaluatedPicture | None:
    """Return the outcome for the evidence on a record, None if it lacks what the pack asks for.

    `packs` are those behind the record, by digest. The judge is asked only where it would read something else than it
    did. Raises the errors of its port.
    """
    replayed = Replay(pack, packs).of(record)
    if isinstance(replayed, NotReplayable) and replayed.needs != "judge":
        return None
    evidence, vision_ms = evidence_of(record), record.timings.get("query_ms")
    if isinstance(replayed, Replayed) and replayed.judge != "held":
        asked = int(replayed.judgement is not None)
        spent = Spent(asked, vision_ms, record.timings.get("judge_ms") if asked else 0)
        return evaluated(path, truth, pack, evidence, replayed.decision, replayed.judgement, spent)
    return _judged(models, pack, path, truth, LookedAt(evidence, vision_ms or 0))


def stored_evidence(pack: Pack, record: Record, packs: Mapping[str, Pack]) -> Evidence | None:
    """Return the evidence on a record if it has all that the pack asks for."""
    replayed = Replay(pack, packs).of(record)
    lacks = isinstance(replayed, NotReplayable) and replayed.needs != "judge"
    return None if lacks else evidence_of(record)


def look_at(models: Models, pack: Pack, data: bytes) -> LookedAt:
    """Return the vision model's evidence about a file under a pack. Raises the errors of the port and of `prepare`."""
    is_read = pack.is_read and models.reader is not None
    prepared = prepare(data, pack.views, models.input_size, read=is_read)
    pngs = {view.name: view.png for view in prepared.views}
    answers: list[Answer] = []
    captions: list[Caption] = []
    spent: dict[str, int] = {}
    for query in plan_queries([pack], list(pngs)):
        said = _ask(models, pngs[query.view], query.questions, query.caption)
        answers += [
            Answer(query.view, question, scored.text, scored.p_yes, scored.p_blank, scored.p_yes_no)
            for question in query.questions
            for scored in [ScoredText(*said["answers"][question])]
        ]
        captions += [Caption(query.view, said["caption"])] if query.caption and said["caption"] is not None else []
        spent[query.view] = said["ms"]
    evidence = Evidence(tuple(answers), tuple(captions), prepared.unseen, partly_unread=prepared.unread)
    if pack.is_read and models.reader:
        evidence = with_text(evidence, models.reader, data, prepared.pages)
    return LookedAt(evidence, sum(spent.values()))


def with_text(evidence: Evidence, reader: Reader, data: bytes, pages: Sequence[Page]) -> Evidence:
    """Return the evidence with the text on the pages of a file; a reader that fails leaves it missing."""
    try:
        return replace(evidence, reading=read_pages(reader, data, pages))
    except ReadingFailed as error:
        return replace(evidence, unread=str(error))


def _ask(models: Models, png: bytes, questions: Sequence[str], caption: bool) -> Mapping[str, Any]:
    """Return all that is known about a view, after asking what isn't."""
    key = _key("vision", models.name, png)
    known = models.memory.get(key) or {"answers": {}, "caption": None, "captioned": False, "ms": 0}
    missing = [question for question in questions if question not in known["answers"]]
    describe = caption and not known["captioned"]
    if not missing and not describe:
        return known
    started = time.monotonic()
    reply = models.vision.ask(png, [question_prompt(text) for text in missing], describe)
    told = {
        question: [scored.text, scored.p_yes, scored.p_blank, scored.p_yes_no]
        for question, scored in zip(missing, reply.answers, strict=True)
    }
    merged = {
        "answers": {**known["answers"], **told},
        "caption": reply.caption if describe else known["caption"],
        "captioned": known["captioned"] or describe,
        "ms": known["ms"] + _since(started),
    }
    models.memory.put(key, merged)
    return merged


def _judged(models: Models, pack: Pack, path: str, truth: Sequence[str], looked: LookedAt) -> EvaluatedPicture:
    judge = _RememberedJudge(models)
    outcome = judge_evidence(judge, pack, looked.evidence)
    spent = Spent(outcome.asked, looked.milliseconds, judge.milliseconds)
    return evaluated(path, truth, pack, looked.evidence, outcome.decision, outcome.judgement, spent)


class _RememberedJudge:
    """Implements `ports.JudgeModel` for one picture: the models' judge, asked once for the same turns."""

    def __init__(self, models: Models) -> None:
        self._models, self.name, self.milliseconds = models, models.judge.name, 0

    def complete(self, turns: Sequence[Turn], schema: Mapping[str, Any], within_s: float | None = None) -> str:
        """Return the judge's next turn. Raises the errors of the port."""
        said = json.dumps([[[turn.role, turn.content] for turn in turns], schema], sort_keys=True)
        key = _key("judge", self._models.name, said.encode())
        known = self._models.memory.get(key)
        if known is None:
            started = time.monotonic()
            text = self._models.judge.complete(turns, schema, within_s)
            known = {"text": text, "ms": _since(started)}
            self._models.memory.put(key, known)
        self.milliseconds += known["ms"]
        return str(known["text"])


def _key(kind: str, name: str, content: bytes) -> str:
    return hashlib.sha256(b"\0".join((kind.encode(), name.encode(), content))).hexdigest()


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
