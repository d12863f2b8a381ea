"""The pipeline's judgement in one process, without a cloud: the same domain code, checkpoint and stand-in judge.

It serves tests and measurements of many images. The figures for the whole pipeline come from the laptop cloud
(`scripts.evaluation`).
"""

import base64
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from PIL import Image

from local.models.blip2 import HANDLER, Checkpoint
from local.models.chat import Chat, Message
from local.models.container import load_handler
from local.models.stand_in import StandIn
from model_artifacts.demo import DEMO_PACK
from model_artifacts.demo.export import CHECKPOINT
from moderation.adapters.reader.ocr import OcrReader
from moderation.domain.decision import Decision
from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.image import View, prepare
from moderation.domain.limits import ANSWER_TOKENS
from moderation.domain.policy import Pack, parse_pack
from moderation.domain.prompt import question_prompt
from moderation.ports import ScoredText, Turn, VisionReply
from moderation.usecases.evaluate import with_text
from moderation.usecases.judge_image import judge_evidence
from stacks.wheels import READER_MODELS

# adds the handler's folder to the import path
load_handler(HANDLER)

from blip2_serving.service import Service  # noqa: E402

INPUT_SIZE = Checkpoint(CHECKPOINT, "demo", "").input_size


def demo_pack() -> Pack:
    """Return the shipped pack `demo`."""
    return parse_pack(yaml.safe_load(DEMO_PACK.read_text("utf-8")))


def png(image: Image.Image) -> bytes:
    """Encode an image losslessly for an upload."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


class DemoModel:
    """Demo checkpoint behind the service that the container runs."""

    def __init__(self) -> None:
        self._service = Service()
        self._service.initialize({"model_id": str(CHECKPOINT)})
        self._reader = OcrReader(READER_MODELS)

    def evidence(self, data: bytes, pack: Pack) -> Evidence:
        """Return the evidence about an uploaded file under a pack, with all its views as one batch."""
        prepared = prepare(data, pack.views, INPUT_SIZE, read=pack.is_read)
        evidence = self.answer(prepared.views, pack)
        return with_text(evidence, self._reader, data, prepared.pages) if pack.is_read else evidence

    def ask(self, png: bytes, prompts: Sequence[str], caption: bool, within_s: float | None = None) -> VisionReply:
        """Return the answers about one view, as `ports.VisionModel` does."""
        body = json.dumps({"image": base64.b64encode(png).decode(), "prompts": list(prompts), "caption": caption})
        (reply,) = self._service.answer([body.encode()])
        if not isinstance(reply, dict):
            raise TypeError(f"The view wasn't answered: {reply}")
        answers = tuple(ScoredText(said["text"], said["p_yes"], said["p_blank"]) for said in reply["answers"])
        return VisionReply("demo", answers, reply.get("caption"))

    def answer(self, views: Sequence[View], pack: Pack) -> Evidence:
        """Return the evidence about some views."""
        questions = [question.text for question in pack.asked]
        prompts = [question_prompt(text) for text in questions]
        bodies = [
            json.dumps(
                {"image": base64.b64encode(view.png).decode(), "prompts": prompts, "caption": pack.caption}
            ).encode()
            for view in views
        ]
        answers: list[Answer] = []
        captions: list[Caption] = []
        for view, reply in zip(views, self._service.answer(bodies), strict=True):
            if not isinstance(reply, dict):
                raise TypeError(f"The view {view.name} wasn't answered: {reply}")
            answers += [
                Answer(view.name, question, said["text"], said["p_yes"], said["p_blank"], said["p_yes_no"])
                for question, said in zip(questions, reply["answers"], strict=True)
            ]
            captions += [Caption(view.name, reply["caption"])] if pack.caption else []
        return Evidence(tuple(answers), tuple(captions))


class StandInJudge:
    """Implements `ports.JudgeModel` with the laptop's stand-in."""

    name = StandIn.name

    def complete(self, turns: Sequence[Turn], schema: Mapping[str, Any], within_s: float | None = None) -> str:
        """Return the stand-in's next turn."""
        messages = tuple(Message(turn.role, turn.content) for turn in turns)
        return StandIn().complete(Chat(messages, ANSWER_TOKENS)).text


def decision(pack: Pack, evidence: Evidence) -> Decision:
    """Return the decision of judge and rules on the evidence."""
    return judge_evidence(StandInJudge(), pack, evidence).decision
