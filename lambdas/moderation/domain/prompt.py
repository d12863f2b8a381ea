"""Prompts of the two models: the questions, and the judge's prompt with its token budget.

The templates are files in `prompts/`. The judge's prompt is a static part, the same for every image under a pack so
that a server's prefix cache can be used, then the evidence between two fence lines.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from string import Template
from typing import Any

from moderation.domain.evidence import Caption, Evidence
from moderation.domain.findings import Finding, findings
from moderation.domain.injection import neutralise
from moderation.domain.limits import ANSWER_TOKENS, CONTEXT_TOKENS
from moderation.domain.policy import Category, Pack
from moderation.errors import InvalidPolicy

CAPTION_CHARACTERS = 300
SHORT_CAPTION_CHARACTERS = 100
ANSWER_CHARACTERS = 60
PREVIOUS_CHARACTERS = 200

# A repair adds the rejected answer (as a turn of the conversation) and the request itself.
_REPAIR_TOKENS = ANSWER_TOKENS + 200
# The chat template around the prompt: [INST], <<SYS>>, begin and end of text.
_FRAME_TOKENS = 32
_PIECE = re.compile(r"[A-Za-z]+|\n|[^\sA-Za-z]")
_FOLDER = Path(__file__).parent.parent / "prompts"


@dataclass(frozen=True)
class Templates:
    """Templates of all prompts, with `$placeholders`."""

    question: str
    judge: str
    evidence: str
    repair: str

    @property
    def version(self) -> str:
        """Name and digest, which changes with any word of a template."""
        content = json.dumps(asdict(self), sort_keys=True)
        return f"judge-{hashlib.sha256(content.encode()).hexdigest()[:16]}"


def load_templates(folder: Path) -> Templates:
    """Load the templates in `folder`, one `<name>.txt` each."""
    names = [field.name for field in fields(Templates)]
    return Templates(**{name: (folder / f"{name}.txt").read_text("utf-8").strip() for name in names})


TEMPLATES = load_templates(_FOLDER)
PROMPT_VERSION = TEMPLATES.version


@dataclass(frozen=True)
class JudgePrompt:
    """The judge's prompt. `shortened` lists in words what was left out to fit the context."""

    static: str
    evidence: str
    shortened: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The whole prompt, static part first."""
        return f"{self.static}\n\n{self.evidence}"


def question_prompt(text: str, templates: Templates = TEMPLATES) -> str:
    """Return the prompt that asks the vision model a question."""
    return Template(templates.question).substitute(text=text)


def judge_prompt(pack: Pack, evidence: Evidence, templates: Templates = TEMPLATES) -> JudgePrompt:
    """Return the judge's prompt, which fits the model's context together with the answer and one repair.

    Evidence that doesn't fit is shortened in this order: captions of later views, the length of captions, the
    answers of questions under their threshold (least likely first). Raises `InvalidPolicy` if the policy and
    the remaining evidence don't fit even then.
    """
    static = Template(templates.judge).substitute(policy=_policy(pack), categories=_category_choice(pack))
    room = CONTEXT_TOKENS - ANSWER_TOKENS - _REPAIR_TOKENS - _FRAME_TOKENS - tokens(static)
    captions = evidence.captions if pack.caption else ()
    for text, shortened in _shorter_and_shorter(captions, _top_by_question(pack, evidence)):
        fenced = Template(templates.evidence).substitute(evidence=text)
        if tokens(fenced) <= room:
            return JudgePrompt(static, fenced, shortened)
    raise InvalidPolicy(
        f"pack {pack.name}: its text takes about {tokens(static)} of the judge's {CONTEXT_TOKENS} tokens and "
        "leaves too little for the evidence; shorten the descriptions, or use fewer categories or questions"
    )


def repair_prompt(previous: str, fault: str, templates: Templates = TEMPLATES) -> str:
    """Return the request for another answer after one that was rejected because of `fault`."""
    return Template(templates.repair).substitute(fault=fault, previous=neutralise(previous, PREVIOUS_CHARACTERS))


def answer_schema(pack: Pack) -> dict[str, Any]:
    """Return the JSON schema of the judge's answer, for endpoints that support constrained output."""
    return {
        "type": "object",
        "properties": {
            "flag": {"enum": ["safe", "unsafe"]},
            "category": {"enum": [*pack.category_names, None]},
            "reason": {"type": "string", "maxLength": 400},
        },
        "required": ["flag", "category", "reason"],
        "additionalProperties": False,
    }


def tokens(text: str) -> int:
    """Estimate the number of Llama 2's tokens for a text, rather too high than too low.

    A third of a word's letters (rounded up), each digit, sign and line break, and each byte of non-ASCII text.
    English takes about 1.3 tokens a word; this counts about 2.
    """
    return sum(
        -(-len(piece) // 3) if piece.isascii() and piece.isalpha() else len(piece.encode())
        for piece in _PIECE.findall(text)
    )


def _policy(pack: Pack) -> str:
    return "\n".join(f"{number}. {_rule(category)}" for number, category in enumerate(pack.categories, 1))


def _rule(category: Category) -> str:
    exceptions = f" (not meant: {'; '.join(category.exceptions)})" if category.exceptions else ""
    return f"{category.name}: {category.description}{exceptions}"


def _category_choice(pack: Pack) -> str:
    return " | ".join(pack.category_names)


def _top_by_question(pack: Pack, evidence: Evidence) -> list[Finding]:
    top: dict[str, Finding] = {}
    for finding in findings(pack, evidence):
        known = top.get(finding.question_id)
        if known is None or (finding.score or 0.0) > (known.score or 0.0):
            top[finding.question_id] = finding
    return list(top.values())


def _shorter_and_shorter(
    captions: tuple[Caption, ...], answers: list[Finding]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for kept in range(len(captions), 0, -1):
        yield _evidence(captions, kept, CAPTION_CHARACTERS, answers, 0)
    droppable = sum(not finding.over for finding in answers)
    for dropped in range(droppable + 1):
        yield _evidence(captions, min(1, len(captions)), SHORT_CAPTION_CHARACTERS, answers, dropped)


def _evidence(
    captions: tuple[Caption, ...], kept: int, length: int, answers: list[Finding], dropped: int
) -> tuple[str, tuple[str, ...]]:
    under = sorted((finding for finding in answers if not finding.over), key=lambda finding: finding.score or 0.0)
    left_out = under[:dropped]
    lines = [f'Caption ({caption.view}): "{neutralise(caption.text, length)}"' for caption in captions[:kept]]
    lines += [_line(finding) for finding in answers if finding not in left_out]
    shortened = []
    if kept < len(captions):
        shortened.append(f"{len(captions) - kept} of {len(captions)} captions left out")
    if any(len(caption.text) > length for caption in captions[:kept]):
        shortened.append(f"captions cut to {length} characters")
    if any(len(finding.answer) > ANSWER_CHARACTERS for finding in answers):
        shortened.append(f"answers cut to {ANSWER_CHARACTERS} characters")
    if dropped:
        shortened.append(f"{dropped} of {len(answers)} answers left out, all under their thresholds")
    lines += [f"({note} for length)" for note in shortened]
    return "\n".join(lines), tuple(shortened)


def _line(finding: Finding) -> str:
    categories = " | ".join(finding.categories) or "no category"
    answer = neutralise(finding.answer, ANSWER_CHARACTERS) or "none"
    p = "unknown" if finding.score is None else f"{finding.score:.2f}"
    place = "over" if finding.over else "under"
    return (
        f'- [{categories}] {finding.question} Answer: "{answer}" '
        f"(P {p}, threshold {finding.threshold:.2f}, {place}, view {finding.view})"
    )
