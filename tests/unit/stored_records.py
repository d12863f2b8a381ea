"""Stored records of verdicts that the models made on known evidence, and edits of their pack."""

import json
from dataclasses import replace
from typing import Any

from moderation.domain.decision import decide
from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.judgement import Judgement, UnusableJudgement
from moderation.domain.judgement_file import judgement_attributes
from moderation.domain.policy import Pack, Question
from moderation.domain.record import Record
from tests.unit.packs import PACK, SMOKER, WEAPON

SAFE = Judgement("safe", None, "Nothing.")
UNSAFE = Judgement("unsafe", "Violence", "A weapon.")
NAKED = Question("naked", "Does this photo contain a naked person?", ("Violence",))


def evidence(weapon: float = 0.02, smoker: float = 0.02, caption: str = "a house", views: int = 1) -> Evidence:
    names = ["full", *(f"tile-{n}" for n in range(1, views))]
    answers = [
        Answer(view, question.text, "yes" if p >= 0.5 else "no", p, 0.1)
        for question, p in ((WEAPON, weapon), (SMOKER, smoker))
        for view in names
    ]
    return Evidence(tuple(answers), tuple(Caption(view, caption) for view in names))


def record(
    seen: Evidence, judgement: Judgement | UnusableJudgement | None, pack: Pack = PACK, **attributes: Any
) -> Record:
    """The record that RecordVerdict writes, through JSON as it is stored."""
    made = judgement_attributes(decide(pack, seen, judgement), judgement, seen)
    item = made | {
        "pk": "intake#a.png",
        "sk": "v1",
        "policy": {"name": pack.name, "digest": pack.digest},
        "looked_at": {"unseen": list(seen.unseen)},
        **attributes,
    }
    return Record.from_attributes(json.loads(json.dumps(item)))


def with_threshold(threshold: float) -> Pack:
    return replace(PACK, questions=(replace(WEAPON, threshold=threshold), SMOKER))


def described(name: str, description: str) -> Pack:
    return replace(
        PACK, categories=tuple(replace(c, description=description) if c.name == name else c for c in PACK.categories)
    )
