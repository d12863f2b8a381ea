"""`make calibrate`: fit the demo pack on labelled drawings and scenes, as `moderate policy fit` does for any pack.

The checkpoint answers in this process. No evaluation uses these drawings.
"""

import sys
from collections.abc import Iterator

import torch
from rich.console import Console
from rich.progress import track

from model_artifacts.demo import DEMO_PACK
from model_artifacts.demo.drawings import QUESTIONS, Drawing
from moderate.policy_fit import failing_cases, fit_table, write_fit
from moderation.domain.fitting import LabelledAnswers, fit, labelled_answers
from moderation.domain.policy import Pack
from scripts.evaluation.dataset import CALIBRATION_SCENES_SEED, CALIBRATION_SEED, heldout_drawings, scenes
from scripts.evaluation.inprocess_pipeline import DemoModel, demo_pack, png
from scripts.evaluation.metrics import true_categories

DRAWINGS, UNSAFE_SCENES, SAFE_SCENES = 400, 160, 320
PRECISION = 0.9  # 880 pictures are too few for 0.95 of contact information and harassment


def main() -> int:
    """Fit the pack, and return 1 if a category is refused or one of the pack's cases fails with the fitted values."""
    torch.set_num_threads(1)  # threads slow a small network down
    console, pack, model = Console(), demo_pack(), DemoModel()
    drawings = track(calibration_set(), "Asking the model", DRAWINGS + UNSAFE_SCENES + SAFE_SCENES, console=console)
    fitted = fit(pack, [labelled(model, pack, drawing) for drawing in drawings], PRECISION)
    for refused in fitted.refused:
        console.print(f"{refused.category}: {refused.reason}.")
    if fitted.refused:
        return 1
    source = f"{DRAWINGS} drawings and {UNSAFE_SCENES + SAFE_SCENES} scenes by `make calibrate`"
    write_fit(DEMO_PACK, fitted, source, PRECISION)
    console.print(fit_table(fitted.fitted))
    failing = failing_cases(fitted.pack)
    for name in failing:
        console.print(f'The case "{name}" of the pack fails with the fitted values: correct its answers.')
    return 1 if failing else 0


def calibration_set() -> Iterator[Drawing]:
    """Generate drawings, then scenes with a small drawing in them."""
    yield from heldout_drawings(CALIBRATION_SEED, DRAWINGS)
    yield from (scene.drawing for scene in scenes(CALIBRATION_SCENES_SEED, UNSAFE_SCENES, SAFE_SCENES))


def labelled(model: DemoModel, pack: Pack, drawing: Drawing) -> LabelledAnswers:
    """Ask the pack's questions about every view that the pipeline cuts."""
    labels = dict(zip(QUESTIONS, drawing.labels, strict=True))
    known = {question.id: labels[question.text] for question in pack.questions}
    return labelled_answers(pack, model.evidence(png(drawing.image), pack), true_categories(pack, drawing), known)


if __name__ == "__main__":
    sys.exit(main())
