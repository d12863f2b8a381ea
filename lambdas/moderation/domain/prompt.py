"""Prompts of the two models: the questions, and the judge's prompt with its token budget.

The templates are files in `prompts/`. The judge's prompt is a static part, the same for every image under a pack so
that a server's prefix cache can be used, then the descriptions of the categories in question, and the evidence between
two fence lines.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from string import Template
from typing import Any

from moderation.domain.evidence import Evidence
from moderation.domain.evidence_lines import description_lines, evidence_lines, fitting, left_out, shortened
from moderation.domain.injection import neutralise
from moderation.domain.limits import ANSWER_TOKENS, CONTEXT_TOKENS
from moderation.domain.policy import Pack, uncovered_categories
from moderation.domain.tokens import tokens
from moderation.errors import InvalidPolicy

PREVIOUS_CHARACTERS = 200
NO_CATEGORY = "none"

# A repair adds the rejected answer (as a turn of the conversation) and the request itself.
_REPAIR_TOKENS = ANSWER_TOKENS + 200
# The chat template around the prompt: [INST], <<SYS>>, begin and end of text.
_FRAME_TOKENS = 32
_NOTES_TOKENS = 100
_LEAST_EVIDENCE_TOKENS = 400
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
    """The judge's prompt.

    `shortened` lists in words what was left out or cut to fit the context, `left_out` what of it supports a category:
    then the judge hasn't read all that speaks against the image.
    """

    static: str
    evidence: str
    shortened: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The whole prompt, static part first."""
        return f"{self.static}\n\n{self.evidence}"


def question_prompt(text: str, templates: Templates = TEMPLATES) -> str:
    """Return the prompt that asks the vision model a question."""
    return Template(templates.question).substitute(text=text)


def judge_prompt(pack: Pack, evidence: Evidence, templates: Templates = TEMPLATES) -> JudgePrompt:
    """Return the judge's prompt, which fits the model's context together with the answer and one repair.

    A category is described if it has no question, or if an answer or a caption supports it; the others are named.
    Where not everything fits, that which supports a category comes first. Raises `InvalidPolicy` if the policy leaves
    too little room for evidence.
    """
    static, room = _static(pack, templates), evidence_room(pack, templates)
    fenced = Template(templates.evidence)
    lines = [*description_lines(pack, evidence), *evidence_lines(pack, evidence)]
    kept = fitting(lines, room - _NOTES_TOKENS)
    notes = shortened(lines, kept)
    descriptions = [line.text for line in kept if line.kind == "descriptions"] or ["None."]
    told = [line.text for line in kept if line.kind != "descriptions"] + [f"({note} for length)" for note in notes]
    text = fenced.substitute(descriptions="\n".join(descriptions), evidence="\n".join(told))
    return JudgePrompt(static, text, notes, left_out(lines, kept))


def evidence_room(pack: Pack, templates: Templates = TEMPLATES) -> int:
    """Return the judge's tokens that the pack leaves for evidence. Raises `InvalidPolicy` if they are too few."""
    static = tokens(_static(pack, templates))
    room = CONTEXT_TOKENS - ANSWER_TOKENS - _REPAIR_TOKENS - _FRAME_TOKENS - static - tokens(templates.evidence)
    if room < _LEAST_EVIDENCE_TOKENS:
        raise InvalidPolicy(
            f"pack {pack.name}: its text takes about {static} of the judge's {CONTEXT_TOKENS} tokens and "
            "leaves too little for the evidence; shorten the descriptions, or use fewer categories or questions"
        )
    return room


def crowded(pack: Pack) -> list[str]:
    """List what of a pack may not fit into the judge's context, as `policy.lint` does. Raises `InvalidPolicy`."""
    uncovered, room = uncovered_categories(pack), evidence_room(pack) - _NOTES_TOKENS
    needed = sum(tokens(category.rule) + 4 for category in pack.categories if category.name not in uncovered)
    if needed <= room:
        return []
    return [
        f"categories: the descriptions take about {needed} tokens together, but the judge has room for {room}; an "
        "image that raises many of them goes to review"
    ]


def repair_prompt(previous: str, fault: str, templates: Templates = TEMPLATES) -> str:
    """Return the request for another answer after one that was rejected because of `fault`."""
    return Template(templates.repair).substitute(fault=fault, previous=neutralise(previous, PREVIOUS_CHARACTERS))


def answer_schema(pack: Pack) -> dict[str, Any]:
    """Return the JSON schema of the judge's answer, for endpoints that support constrained output.

    Text-generation-inference drops null from an enum, and takes half a minute to compile a `maxLength`.
    """
    return {
        "type": "object",
        "properties": {
            "flag": {"type": "string", "enum": ["safe", "unsafe"]},
            "category": {"type": "string", "enum": [*pack.category_names, NO_CATEGORY]},
            "reason": {"type": "string"},
        },
        "required": ["flag", "category", "reason"],
        "additionalProperties": False,
    }


def _static(pack: Pack, templates: Templates) -> str:
    return Template(templates.judge).substitute(policy=_policy(pack))


def _policy(pack: Pack) -> str:
    """Return the categories by name, and those that only the judge can find with their descriptions."""
    uncovered = uncovered_categories(pack)
    return "\n".join(
        f"{number}. {category.rule if category.name in uncovered else category.name}"
        for number, category in enumerate(pack.categories, 1)
    )
