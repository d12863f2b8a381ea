"""Canary: a picture with a question that must be answered yes and one that must be answered no."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

from moderation.domain.evidence import Answer
from moderation.domain.findings import score
from moderation.domain.policy import Question
from moderation.errors import InvalidPolicy

_FIELDS = {"picture", "yes", "no"}
_MAX_CHARACTERS = 300


@dataclass(frozen=True)
class Canary:
    """A picture, and the questions about it whose answers are known."""

    picture: bytes
    yes: str
    no: str

    @property
    def questions(self) -> tuple[str, str]:
        return self.yes, self.no

    def fault(self, answers: Sequence[Answer]) -> str:
        """Return what is wrong with the answers to `questions`; empty if both are right."""
        for question, expected, answer in zip(self.questions, ("yes", "no"), answers, strict=True):
            p_yes = score(Question("canary", question), answer)
            if p_yes is None or (p_yes >= 0.5) != (expected == "yes"):
                p = "no P" if answer.p_yes is None else f"P(yes) {answer.p_yes:.2f}"
                return f'"{question}" must be answered {expected}, but is answered {answer.text[:60]!r}, {p}'
        return ""


def parse_canary(text: bytes | str, where: str) -> Canary:
    """Read a canary's JSON: `picture` in base64, `yes`, `no`. Raises InvalidPolicy."""
    try:
        data = json.loads(text)
        picture = base64.b64decode(data["picture"], validate=True)
        valid = set(data) == _FIELDS and picture and all(_is_question(data[name]) for name in ("yes", "no"))
    except (ValueError, TypeError, KeyError):
        valid = False
    if not valid:
        raise InvalidPolicy(f"{where} isn't a canary: give picture (base64), yes and no (questions that end with '?').")
    return Canary(picture, data["yes"], data["no"])


def canary_json(picture: bytes, yes: str, no: str) -> bytes:
    """Return the JSON that `parse_canary` reads."""
    return json.dumps({"picture": base64.b64encode(picture).decode(), "yes": yes, "no": no}, indent=2).encode()


def _is_question(value: object) -> bool:
    return isinstance(value, str) and value.endswith("?") and len(value) <= _MAX_CHARACTERS
