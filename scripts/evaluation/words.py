"""`make quality-words`: compare the verdicts on words with and without reading, and write docs/quality.md.

The drawings of `scripts.evaluation`, and scenes with small words in them, are judged in this process under the pack
`demo`, twice on the same answers of the checkpoint: as shipped, and as if no question were answered by the text. The
exit status is 1 if a goal isn't met.
"""

import argparse
import random
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from rich.console import Console
from rich.progress import Progress

from model_artifacts.demo.drawings import Drawing, Subject, embed_small
from moderation.domain.evaluation import EvaluatedPicture, evaluated
from moderation.domain.evidence import Evidence
from moderation.domain.metrics import category_metrics
from moderation.domain.policy import Pack
from scripts.evaluation.__main__ import EvaluationConfig
from scripts.evaluation.dataset import SCENE_SIZE, SCENES_SEED, evaluation_drawing
from scripts.evaluation.inprocess_pipeline import DemoModel, decision, demo_pack, png
from scripts.evaluation.metrics import true_categories
from scripts.evaluation.page import PAGE, Goal, goal_table
from scripts.sections import markdown, write_section

SCENES = 120  # of each subject
SHARE = 0.25  # of the scene's side that a drawing takes
SUBJECTS: tuple[Subject, ...] = ("insult", "contact", "safe")
CONTACT, HARASSMENT = "Contact Information", "Harassment"
MIN_HARASSMENT_RECALL, MIN_CONTACT, MIN_SCENES = 0.95, 0.98, 0.85


@dataclass(frozen=True)
class Pair:
    """Outcomes for one picture, without reading and with it."""

    unread: EvaluatedPicture
    read: EvaluatedPicture


@dataclass(frozen=True)
class Results:
    """Outcomes for the drawings, and for the scenes by their subject."""

    drawings: Sequence[Pair]
    scenes: Mapping[Subject, Sequence[Pair]]


def main() -> int:
    """Judge all pictures, write the page and return 1 if a goal isn't met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="judge every Nth picture only")
    every, console = parser.parse_args().every, Console()
    torch.set_num_threads(1)  # threads slow a small network down
    with Progress(console=console) as progress:
        results = judged(every, progress)
    goals = goals_of(results)
    parts = [goal_table(goals), drawing_table(results.drawings), scene_table(results.scenes)]
    write_section(PAGE, "words", "\n\n".join(parts))
    for goal in goals:
        console.print(f"{goal.metric}: {goal.reached:.3f} ({goal.condition} {'met' if goal.met else 'NOT met'})")
    return 0 if all(goal.met for goal in goals) else 1


def judged(every: int, progress: Progress) -> Results:
    """Judge every `every`-th drawing of the evaluation, and as large a share of the scenes."""
    model, pack = DemoModel(), demo_pack()
    numbers = EvaluationConfig().drawings[::every]
    drawings = (evaluation_drawing(number) for number in numbers)
    pairs = list(progress.track(_pairs(model, pack, drawings), total=len(numbers), description="Judging drawings"))
    scenes = {}
    for subject in SUBJECTS:
        chosen = range(0, SCENES, every)
        described = f"Judging scenes: {subject}"
        judging = _pairs(model, pack, (scene(subject, number) for number in chosen))
        scenes[subject] = list(progress.track(judging, total=len(chosen), description=described))
    return Results(pairs, scenes)


def scene(subject: Subject, number: int) -> Drawing:
    """Draw a scene with a small drawing of a subject."""
    rng = random.Random(f"{SCENES_SEED} {subject} {number}")
    return embed_small(rng, only=subject, size=SCENE_SIZE, share=SHARE)


def _pairs(model: DemoModel, pack: Pack, drawings: Iterable[Drawing]) -> Iterator[Pair]:
    return (pair(model, pack, drawing) for drawing in drawings)


def pair(model: DemoModel, pack: Pack, drawing: Drawing) -> Pair:
    """Judge a drawing twice on evidence that is collected once."""
    evidence = model.evidence(png(drawing.image), pack)
    truth = true_categories(pack, drawing)
    unread = replace(pack, questions=tuple(replace(question, reads=(), words=()) for question in pack.questions))
    return Pair(_outcome(unread, truth, replace(evidence, reading=None)), _outcome(pack, truth, evidence))


def _outcome(pack: Pack, truth: Sequence[str], evidence: Evidence) -> EvaluatedPicture:
    return evaluated("", truth, pack, evidence, decision(pack, evidence), None)


def goals_of(results: Results) -> list[Goal]:
    """Return the goals for verdicts with reading."""
    read = [one.read for one in results.drawings]
    contact, harassment = category_metrics(read, CONTACT), category_metrics(read, HARASSMENT)
    small = [one.read for subject in SUBJECTS if subject != "safe" for one in results.scenes[subject]]
    return [
        Goal(f"recall of {HARASSMENT}", harassment.recall, MIN_HARASSMENT_RECALL),
        Goal(f"recall of {CONTACT}", contact.recall, MIN_CONTACT),
        Goal(f"precision of {CONTACT}", contact.precision, MIN_CONTACT),
        Goal(f"scenes with words at {SHARE:.0%} of the side called unsafe", _share(small, "unsafe"), MIN_SCENES),
    ]


def drawing_table(pairs: Sequence[Pair]) -> str:
    """Return precision and recall of the two categories, without reading and with it."""
    rows = []
    for category in (CONTACT, HARASSMENT):
        unread, read = (
            category_metrics(outcomes, category)
            for outcomes in ([one.unread for one in pairs], [one.read for one in pairs])
        )
        found = (unread.precision, read.precision, unread.recall, read.recall)
        rows.append((category, f"{read.positives} of {len(pairs):,}", *(f"{value:.3f}" for value in found)))
    columns = ("category", "drawings with it", "precision: not read", "read", "recall: not read", "read")
    return markdown(columns, rows)


def scene_table(scenes: Mapping[Subject, Sequence[Pair]]) -> str:
    """Return the verdicts on scenes, without reading and with it."""
    rows = [
        (
            subject,
            str(len(pairs)),
            *(
                f"{_share([getattr(one, way) for one in pairs], verdict):.1%}"
                for verdict in ("unsafe", "review")
                for way in ("unread", "read")
            ),
        )
        for subject, pairs in scenes.items()
    ]
    columns = (f"scenes, {SHARE:.0%}", "count", "unsafe: not read", "read", "review: not read", "read")
    return markdown(columns, rows)


def _share(outcomes: Sequence[EvaluatedPicture], verdict: str) -> float:
    return sum(one.verdict == verdict for one in outcomes) / len(outcomes)


if __name__ == "__main__":
    sys.exit(main())
