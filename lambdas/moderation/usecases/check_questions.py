"""Ask the vision model a pack's questions about a blank picture: one that is answered yes can't be used."""

import struct
import zlib

from moderation.domain.findings import unanswerable
from moderation.domain.policy import Pack, Question
from moderation.domain.prompt import question_prompt
from moderation.domain.yes_no import yes_or_no
from moderation.ports import ScoredText, VisionModel

# The mean colour of CLIP's training images, which BLIP-2's processor turns into zeros.
_BLANK_COLOUR = bytes((123, 117, 104))


def check_questions(model: VisionModel, pack: Pack, model_input_size: int) -> list[str]:
    """Return a sentence for each question that is answered yes about a blank picture; asks all of them at once.

    Raises the errors of the port.
    """
    prompts = [question_prompt(question.text) for question in pack.questions]
    reply = model.ask(_blank_png(model_input_size), prompts, caption=False)
    asked = zip(pack.questions, reply.answers, strict=True)
    return unanswerable(pack, {question.text: _p_blank(question, answer) for question, answer in asked})


def _p_blank(question: Question, answer: ScoredText) -> float | None:
    """Return P(yes) on a blank picture of an answer about one: the endpoint's own, or else the answer itself."""
    if answer.p_blank is not None:
        return answer.p_blank
    if answer.p_yes is not None:
        return answer.p_yes
    return {"yes": 1.0, "no": 0.0}.get(yes_or_no(answer.text, question.text) or "")


def _blank_png(size: int) -> bytes:
    """Return a square of the blank colour as a PNG, written by hand because Pillow isn't needed for it."""
    rows = zlib.compress((b"\0" + _BLANK_COLOUR * size) * size)
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
