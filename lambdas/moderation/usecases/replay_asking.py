"""Ask the models about records that can't be replayed on their stored answers alone."""

import time
from dataclasses import dataclass, replace

from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.findings import views
from moderation.domain.image_ref import ImageRef
from moderation.domain.prompt import question_prompt
from moderation.domain.record import Record
from moderation.domain.replay import NotReplayable, Replayed, evidence_of
from moderation.domain.work_files import Workspace
from moderation.errors import Misconfigured, ModerationError, TransientError
from moderation.ports import JudgeModel, VerdictStore, VisionModel, WorkStore
from moderation.usecases.replay import Part, Replayer, Selection

_WAITS_S = (1, 4, 0)  # after each attempt


@dataclass(frozen=True)
class Asking:
    """Models to ask, None for one that may not be asked; `views` is the work bucket as who may view images reads it."""

    verdicts: VerdictStore
    views: WorkStore
    judge: JudgeModel | None
    vision: VisionModel | None


def ask_about(replayer: Replayer, asking: Asking, image: ImageRef, selection: Selection) -> Part:
    """Replay the record of an image with the models' help; it may have been erased or escalated since.

    An error of a model is the reason why there is no verdict. Raises the errors of the stores.
    """
    part, record = Part(), asking.verdicts.get(image)
    if record is None or not selection.has(record):
        return part
    record = replayer.loaded(record)
    replayer.add(part, record, _decided(replayer, asking, record))
    return part


def _decided(replayer: Replayer, asking: Asking, record: Record) -> Replayed | NotReplayable:
    lacking = replayer.one(record)
    if isinstance(lacking, Replayed) or lacking.needs == "nothing":
        return lacking
    evidence = evidence_of(record)
    for left in _WAITS_S:
        try:
            if lacking.needs == "vision" and asking.vision:
                evidence = _with_answers(asking, asking.vision, record, evidence, lacking)
                result = replayer.with_answers(record, evidence, lacking)
                if isinstance(result, Replayed):
                    return result
                lacking = result
            if lacking.needs == "judge" and asking.judge:
                return replayer.asked(asking.judge, evidence, lacking)
            return lacking
        except _ViewsExpired:
            return NotReplayable("Its views are no longer kept.", before=lacking.before)
        except TransientError as error:
            fault: ModerationError = error
            time.sleep(left)
        except ModerationError as error:
            fault = error
            break
    return NotReplayable(f"A model didn't answer: {fault}", before=lacking.before)


class _ViewsExpired(Exception):
    """The work bucket no longer has the views of the image."""


def _with_answers(
    asking: Asking, vision: VisionModel, record: Record, evidence: Evidence, lacking: NotReplayable
) -> Evidence:
    """Ask the questions that weren't asked about each view that was kept."""
    workspace = views_of(asking.verdicts, record)
    if workspace is None:
        raise _ViewsExpired
    answers, captions = list(evidence.answers), list(evidence.captions)
    prompts = [question_prompt(text) for text in lacking.questions]
    for view in views(evidence):
        try:
            png = asking.views.get_bytes(workspace.view(view))
        except Misconfigured as error:
            raise _ViewsExpired from error
        reply = vision.ask(png, prompts, lacking.caption)
        answers += (
            Answer(view, question, said.text, said.p_yes, said.p_blank, said.p_yes_no)
            for question, said in zip(lacking.questions, reply.answers, strict=True)
        )
        captions += [Caption(view, reply.caption)] if reply.caption is not None else []
    return replace(evidence, answers=tuple(answers), captions=tuple(captions))


def views_of(verdicts: VerdictStore, record: Record) -> Workspace | None:
    """Return where the views were written: for a reused judgement those of the upload that it was made on.

    None if that upload was erased. Raises the errors of the port.
    """
    if not record.reused_from:
        return Workspace.of(record.image, record.execution or "")
    origin = verdicts.get(ImageRef.from_keys(record.reused_from["pk"], record.reused_from["sk"]))
    return Workspace.of(origin.image, origin.execution or "") if origin else None
