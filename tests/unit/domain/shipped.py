"""The packs that ship, and the demo's, for the tests of the domain."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from model_artifacts.demo import DEMO_PACK
from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.policy import Pack, parse_pack
from moderation.domain.reading.text import Reading

HERE = Path(__file__).parent
PROJECT = Path(__file__).parents[3]
PACKS = PROJECT / "lambdas" / "moderation" / "packs"
FILES = {file.stem: file for file in sorted(PACKS.glob("*.yaml"))} | {"demo": DEMO_PACK}
NAMES = tuple(FILES)


def read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def pack_data(name: str) -> dict[str, Any]:
    """The plain data of a pack."""
    data = read_yaml(FILES[name])
    assert isinstance(data, dict)
    return data


@cache
def shipped(name: str) -> Pack:
    return parse_pack(pack_data(name))


@cache
def uncalibrated(name: str) -> Pack:
    """A pack with neutral numbers, so that fitting them anew changes no test of anything else."""
    pack = shipped(name)
    questions = tuple(replace(question, threshold=0.5, temperature=1.0) for question in pack.questions)
    return replace(pack, questions=questions)


def evidence_of(
    pack: Pack,
    caption: str | None = "a dog on a beach",
    *,
    view: str = "full",
    p: float = 0.02,
    **answers: str | float | None,
) -> Evidence:
    """Answers of the vision model on one view, without text in it: every question unlikely, but for those named by id.

    A text is an answer without P, a number a P(yes), None an answer that never came.
    """
    said = {question.id: answers.get(question.id, p) for question in pack.questions}
    given = [
        Answer(view, question.text, value, None, None)
        if isinstance(value, str)
        else Answer(view, question.text, "yes" if value >= 0.5 else "no", value, 0.1)
        for question in pack.questions
        if (value := said[question.id]) is not None
    ]
    captions = () if caption is None else (Caption(view, caption),)
    return Evidence(tuple(given), captions, reading=Reading() if pack.is_read else None)
