"""Moderated drawings of the evaluation, with their labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model_artifacts.demo.drawings import QUESTIONS, Drawing
from moderation.domain.metrics import flagged_categories
from moderation.domain.policy import Pack


@dataclass(frozen=True)
class EvaluatedDrawing:
    """Moderated drawing. `truth` names the categories that apply to it, `findings` is the evidence on its record."""

    number: int
    truth: tuple[str, ...]
    verdict: str
    category: str | None
    decided_by: str
    caption: str
    findings: tuple[Mapping[str, Any], ...]

    @property
    def flagged(self) -> frozenset[str]:
        """Categories that an unsafe verdict rests on."""
        return flagged_categories(self.verdict, self.category, self.findings)

    def score(self, category: str) -> float:
        """Return the highest score for a category."""
        return float(self.evidence(category)["score"])

    def evidence(self, category: str) -> Mapping[str, Any]:
        """Return the answer with the highest score for a category."""
        answers = (finding for finding in self.findings if category in finding["categories"])
        return max(answers, key=lambda finding: float(finding["score"]))


def true_categories(pack: Pack, drawing: Drawing) -> tuple[str, ...]:
    """Return the categories of the questions whose true answer about a drawing is yes."""
    labels = dict(zip(QUESTIONS, drawing.labels, strict=True))
    return tuple(name for question in pack.questions if labels[question.text] for name in question.categories)
