"""`make judge-modes`: compare the verdicts of `judge: always` and `judge: when_flagged`, and write docs/quality.md.

The drawings and scenes of `scripts.evaluation` are judged in this process under the pack `demo` in both modes, on the
same evidence.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import torch
from PIL import Image
from rich.console import Console
from rich.progress import Progress

from moderation.domain.evidence import Evidence
from moderation.domain.policy import Pack
from moderation.usecases.judge_image import JudgeOutcome, judge_evidence
from scripts.evaluation.__main__ import EvaluationConfig
from scripts.evaluation.dataset import RANDOM_DRAWINGS, SCENES_SEED, evaluation_drawing, scenes
from scripts.evaluation.inprocess_pipeline import DemoModel, StandInJudge, demo_pack, png
from scripts.evaluation.page import PAGE
from scripts.sections import markdown, write_section

VERDICTS = ("safe", "unsafe", "review")


@dataclass(frozen=True)
class Material:
    """Pictures of one kind, generated one by one."""

    name: str
    count: int
    pictures: Callable[[], Iterable[Image.Image]]


@dataclass(frozen=True)
class Comparison:
    """Outcomes of one material in both modes, in the same order."""

    name: str
    always: Sequence[JudgeOutcome]
    flagged: Sequence[JudgeOutcome]

    @property
    def judged(self) -> float:
        """Share of the pictures that the judge is asked about with `when_flagged`."""
        return sum(outcome.asked > 0 for outcome in self.flagged) / len(self.flagged)

    @property
    def changes(self) -> Counter[tuple[str, str]]:
        """Verdicts of both modes where they differ, counted."""
        verdicts = [(a.decision.verdict, f.decision.verdict) for a, f in zip(self.always, self.flagged, strict=True)]
        return Counter(pair for pair in verdicts if pair[0] != pair[1])


def main() -> int:
    """Compare the modes and write the section of the page."""
    torch.set_num_threads(1)  # threads slow a small network down
    with Progress(console=Console()) as progress:
        compared = list(compare(materials(EvaluationConfig()), progress))
    write_section(PAGE, "judge-modes", table(compared))
    return 0


def materials(config: EvaluationConfig) -> list[Material]:
    """Return the drawings and scenes of the evaluation."""
    unsafe, safe = config.unsafe_scenes, config.safe_scenes
    return [
        Material("drawings of random contents", config.random_drawings, lambda: _drawings(0, config.random_drawings)),
        Material("safe drawings", config.safe_drawings, lambda: _drawings(RANDOM_DRAWINGS, config.safe_drawings)),
        Material("scenes with prohibited content", unsafe, lambda: (s.image for s in scenes(SCENES_SEED, unsafe, 0))),
        Material(
            "safe scenes", safe, lambda: (s.image for s in islice(scenes(SCENES_SEED, unsafe, safe), unsafe, None))
        ),
    ]


def compare(chosen: Iterable[Material], progress: Progress) -> Iterable[Comparison]:
    """Judge each picture once in each mode, on evidence that is collected once."""
    model, pack = DemoModel(), demo_pack()
    for material in chosen:
        pictures = progress.track(material.pictures(), total=material.count, description=f"Judging {material.name}")
        pairs = [both_modes(pack, model.evidence(png(picture), pack)) for picture in pictures]
        yield Comparison(material.name, [pair[0] for pair in pairs], [pair[1] for pair in pairs])


def both_modes(pack: Pack, evidence: Evidence) -> tuple[JudgeOutcome, JudgeOutcome]:
    """Return the outcomes of `always` and `when_flagged` on the same evidence."""
    judge = StandInJudge()
    return (
        judge_evidence(judge, replace(pack, judge="always"), evidence),
        judge_evidence(judge, replace(pack, judge="when_flagged"), evidence),
    )


def table(compared: Iterable[Comparison]) -> str:
    """Return the comparison as Markdown."""
    rows = [
        (
            one.name,
            f"{len(one.always):,}",
            f"{one.judged:.1%}",
            *(_counted(one, verdict) for verdict in VERDICTS),
            ", ".join(f"{a} to {f} {count}" for (a, f), count in one.changes.most_common()) or "none",
        )
        for one in compared
    ]
    return markdown(("material", "pictures", "judged with `when_flagged`", *VERDICTS, "verdicts that differ"), rows)


def _counted(one: Comparison, verdict: str) -> str:
    """Return the number of pictures with a verdict: with `always`, then with `when_flagged`."""
    counts = [sum(o.decision.verdict == verdict for o in outcomes) for outcomes in (one.always, one.flagged)]
    return f"{counts[0]:,} / {counts[1]:,}"


def _drawings(first: int, count: int) -> Iterable[Image.Image]:
    return (evaluation_drawing(first + number).image for number in range(count))


if __name__ == "__main__":
    sys.exit(main())
