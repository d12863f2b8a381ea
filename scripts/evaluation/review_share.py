"""`make review-share`: count the ordinary uploads that go to review, and write docs/quality.md.

Each file passes the use cases of the workflow in this process. For the drawings the demo checkpoint answers and the
stand-in judges; for everything else a model that clearly sees nothing and a judge that calls everything safe, so that
only the rules send a file to review. The counts go to build/review-share.json, too. The exit status is 1 if a goal
isn't met.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from rich.console import Console
from rich.progress import Progress

from local.synth import PROJECT
from moderation.domain.policy import Pack, parse_pack
from scripts.evaluation.dataset import RANDOM_DRAWINGS, evaluation_drawing
from scripts.evaluation.inprocess_pipeline import INPUT_SIZE, DemoModel, StandInJudge, demo_pack, png
from scripts.evaluation.ordinary.materials import ANIMATIONS, MATERIALS
from scripts.evaluation.ordinary.upload import Material, Upload
from scripts.evaluation.page import PAGE, PICTURES, Goal
from scripts.evaluation.whole_pipeline import AllSafe, NothingSeen, Outcome, Pipeline, in_memory_cloud
from scripts.sections import markdown, write_section

RESULTS = PROJECT / "build" / "review-share.json"
BASELINE = PICTURES / "review-share-baseline.json"
DEFAULT_PACK = PROJECT / "lambdas/moderation/packs/default.yaml"
BLIP2_INPUT_SIZE = 224

# Of animations a share of 0.10 would need 20 views (docs/quality.md).
MAX_TOGETHER, MAX_ANIMATIONS, MAX_OVER_BASELINE = 0.02, 0.25, 0.01
SAFE_DRAWINGS = 300


def _drawing(number: int) -> Upload:
    drawing = evaluation_drawing(number)
    return Upload(png(drawing.image), drawing.caption, "image/png")


def _safe_drawing(number: int) -> Upload:
    return _drawing(RANDOM_DRAWINGS + number)


DRAWINGS = Material("drawings of random contents", RANDOM_DRAWINGS, _drawing)
SAFE = Material("safe drawings", SAFE_DRAWINGS, _safe_drawing)


@dataclass(frozen=True)
class ReviewShare:
    """Files of one material, and those that went to review: number of the file, cause and reason of each."""

    material: str
    files: int
    reviewed: tuple[tuple[int, str, str], ...]

    @property
    def share(self) -> float:
        return len(self.reviewed) / max(1, self.files)

    @property
    def causes(self) -> str:
        """Rows of the decision table and names of errors, each with its number of files."""
        counts = Counter(cause for _, cause, _ in self.reviewed).most_common()
        return ", ".join(f"`{cause}` {count}" for cause, count in counts)


def main() -> int:
    """Count all materials, write the page and return 1 if a goal isn't met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="count every Nth file of each material only")
    every, console = parser.parse_args().every, Console()
    torch.set_num_threads(1)  # threads slow a small network down
    with in_memory_cloud(), Progress(console=console) as progress:
        shares = [*of_drawings(progress, every), *of_files(progress, every)]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(one) for one in shares], indent=1) + "\n")
    return 0 if write_page(shares, [sample(one, every) for one in read(BASELINE)], console) else 1


def of_drawings(progress: Progress, every: int) -> Iterable[ReviewShare]:
    """Moderate the drawings of the evaluation with the demo checkpoint and the stand-in."""
    pipeline = Pipeline(demo_pack(), DemoModel(), StandInJudge(), INPUT_SIZE)
    for material in (DRAWINGS, SAFE):
        numbers = progress.track(range(0, material.count, every), description=material.name.capitalize())
        yield review_share(material, [(number, pipeline.moderate(material.make(number))) for number in numbers])


def of_files(progress: Progress, every: int) -> Iterable[ReviewShare]:
    """Moderate the other materials with models that see nothing."""
    for material in MATERIALS:
        numbers = progress.track(range(0, material.count, every), description=material.name.capitalize())
        yield review_share(material, [(number, outcome(material.make(number))) for number in numbers])


def outcome(upload: Upload) -> Outcome:
    """Moderate an upload with models that see nothing: only the rules can send it to review."""
    return Pipeline(default_pack(), NothingSeen(upload.caption), AllSafe(), BLIP2_INPUT_SIZE).moderate(upload)


def review_share(material: Material, outcomes: Sequence[tuple[int, Outcome]]) -> ReviewShare:
    """Sum up the outcomes of a material."""
    reviewed = [(number, one.cause, one.reason) for number, one in outcomes if one.verdict == "review"]
    return ReviewShare(material.name, len(outcomes), tuple(reviewed))


def default_pack() -> Pack:
    """Return the shipped pack `default`."""
    return parse_pack(yaml.safe_load(DEFAULT_PACK.read_text("utf-8")))


def read(file: Path) -> list[ReviewShare]:
    """Read the counts of an earlier run."""
    data: list[Mapping[str, Any]] = json.loads(file.read_text())
    return [ReviewShare(one["material"], one["files"], tuple(map(tuple, one["reviewed"]))) for one in data]


def sample(share: ReviewShare, every: int) -> ReviewShare:
    """Return the part of a material's outcomes that a run over every `every`-th file gives."""
    files = len(range(0, share.files, every))
    return ReviewShare(share.material, files, tuple(found for found in share.reviewed if found[0] % every == 0))


def write_page(shares: Sequence[ReviewShare], baseline: Sequence[ReviewShare], console: Console) -> bool:
    """Write the section of the page, print the goals, and return True if all are met."""
    met = goals(shares, baseline)
    rows = [(goal.metric, f"{goal.reached:.3f}", goal.condition, "yes" if goal.met else "**no**") for goal in met]
    parts = [markdown(("share to review", "measured", "goal", "met"), rows), share_table(shares, baseline)]
    write_section(PAGE, "review-share", "\n\n".join(parts))
    for goal in met:
        console.print(f"{goal.metric}: {goal.reached:.3f} ({goal.condition} {'met' if goal.met else 'NOT met'})")
    return all(goal.met for goal in met)


def goals(shares: Sequence[ReviewShare], baseline: Sequence[ReviewShare]) -> list[Goal]:
    """Return the goals; the drawings are compared with their baseline, animations have a goal of their own."""
    by_name, before = {one.material: one for one in shares}, {one.material: one for one in baseline}
    over = [
        Goal(f"{name}, over the baseline", by_name[name].share - before[name].share, MAX_OVER_BASELINE, is_maximum=True)
        for name in (DRAWINGS.name, SAFE.name)
    ]
    return [
        Goal("ordinary files together, without animations", together(shares).share, MAX_TOGETHER, is_maximum=True),
        Goal("animations", by_name[ANIMATIONS.name].share, MAX_ANIMATIONS, is_maximum=True),
        *over,
    ]


def together(shares: Iterable[ReviewShare]) -> ReviewShare:
    """Sum up everything but drawings and animations."""
    files = [one for one in shares if one.material not in (DRAWINGS.name, SAFE.name, ANIMATIONS.name)]
    reviewed = tuple(found for one in files for found in one.reviewed)
    return ReviewShare("together, without drawings and animations", sum(one.files for one in files), reviewed)


def share_table(shares: Sequence[ReviewShare], baseline: Sequence[ReviewShare]) -> str:
    """Return a row for each material, and one for all files together but drawings and animations."""
    before = {one.material: one for one in [*baseline, together(baseline)]}
    rows = [
        (
            one.material,
            f"{one.files:,}",
            f"{len(before[one.material].reviewed)}",
            f"{len(one.reviewed)}",
            f"{one.share:.1%}",
            one.causes,
        )
        for one in [*shares, together(shares)]
    ]
    return markdown(("material", "files", "to review: baseline", "now", "share", "row or error, files"), rows)


if __name__ == "__main__":
    sys.exit(main())
