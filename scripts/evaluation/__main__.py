"""`make quality`: evaluate the demo pipeline's verdicts, and write docs/quality.md and build/quality.json.

1,300 held-out drawings, 360 of them safe, are uploaded to the laptop cloud and pass the whole pipeline. Scenes that
contain small drawings are then judged in this process, once with the pack's views and once with the full view only. The
exit status is 1 if a goal isn't met.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import torch
from rich.console import Console
from rich.progress import Progress

from local.deploy import client
from local.session import Session, laptop_cloud
from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record
from scripts.evaluation.dataset import RANDOM_DRAWINGS, SCENES_SEED, SHARE, evaluation_drawing, scenes
from scripts.evaluation.evasion import Evasion, judge, summary, tile_answers
from scripts.evaluation.inprocess_pipeline import DemoModel, demo_pack, png
from scripts.evaluation.metrics import EvaluatedDrawing, true_categories
from scripts.evaluation.page import RESULTS, write_page

SHARES = (0.25, 0.33, SHARE, 0.5)
AT_ONCE = 8
POLL_S, TIMEOUT_S = 0.25, 900


@dataclass(frozen=True)
class EvaluationConfig:
    """Sizes of an evaluation; the numbers of scenes are per share."""

    random_drawings: int = RANDOM_DRAWINGS
    safe_drawings: int = 300
    unsafe_scenes: int = 120
    safe_scenes: int = 120

    @property
    def drawings(self) -> list[int]:
        """Numbers of the drawings, as in `dataset.evaluation_drawing`."""
        return [*range(self.random_drawings), *range(RANDOM_DRAWINGS, RANDOM_DRAWINGS + self.safe_drawings)]


QUICK = EvaluationConfig(random_drawings=16, safe_drawings=8, unsafe_scenes=8, safe_scenes=4)


def main() -> int:
    """Run the evaluation and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="evaluate a few images only, as a smoke test")
    config = QUICK if parser.parse_args().quick else EvaluationConfig()
    numbers = config.drawings
    console = Console()
    with laptop_cloud(console) as session, Progress(console=console) as progress:
        outcomes = list(
            progress.track(moderated(session, numbers), total=len(numbers), description="Moderating drawings")
        )
    with Progress(console=console) as progress:
        evasion, tiles = evade(config, progress)
    results = {
        "drawings": [asdict(outcome) for outcome in outcomes],
        "evasion": [asdict(one) for one in evasion],
        "tiles": tiles,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1, default=float) + "\n")  # DynamoDB's numbers are decimals
    return 0 if write_page(console) else 1


def evade(config: EvaluationConfig, progress: Progress) -> tuple[list[Evasion], list[dict[str, Any]]]:
    """Return the detection rates by the drawing's share of the scene, and the labelled tile answers at `SHARE`."""
    torch.set_num_threads(1)  # threads slow a small network down
    model, pack = DemoModel(), demo_pack()
    figures, tiles = [], []
    for share in SHARES:
        drawn = scenes(SCENES_SEED, config.unsafe_scenes, config.safe_scenes, share)
        total = config.unsafe_scenes + config.safe_scenes
        described = f"Judging scenes, drawings at {share:.0%}"
        judged = list(progress.track(judge(model, pack, drawn), total=total, description=described))
        figures.append(summary(share, judged))
        if share == SHARE:
            tiles = [asdict(answer) | {"truth": truth} for answer, truth in tile_answers(judged, pack)]
    return figures, tiles


def moderated(session: Session, numbers: Sequence[int]) -> Iterator[EvaluatedDrawing]:
    """Moderate the drawings, `AT_ONCE` at a time, and yield the results in order."""
    store = RecordStore(session)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(store.moderate, numbers)


class RecordStore:
    """Intake bucket and verdict table of the laptop cloud."""

    def __init__(self, session: Session) -> None:
        self._s3, self._bucket = client("s3", session.url), session.outputs["IntakeBucketName"]
        self._verdicts = DynamoVerdictStore(client("dynamodb", session.url), session.outputs["VerdictTableName"])
        self._pack = demo_pack()

    def moderate(self, number: int) -> EvaluatedDrawing:
        """Upload a drawing and wait for its verdict. Raises TimeoutError."""
        drawing = evaluation_drawing(number)
        key = f"quality/{number:04}.png"
        version = self._s3.put_object(Bucket=self._bucket, Key=key, Body=png(drawing.image))["VersionId"]
        record = self._decided(ImageRef(self._bucket, key, version))
        return EvaluatedDrawing(
            number=number,
            truth=true_categories(self._pack, drawing),
            verdict=str(record.verdict),
            category=record.category,
            decided_by=str(record.decided_by),
            caption=" / ".join(caption["text"] for caption in record.captions),
            findings=tuple(record.findings),
        )

    def _decided(self, image: ImageRef) -> Record:
        until = time.monotonic() + TIMEOUT_S
        while time.monotonic() < until:
            record = self._verdicts.get(image)
            if record and record.verdict:
                return record
            time.sleep(POLL_S)
        raise TimeoutError(f"{image.key} has no verdict after {TIMEOUT_S} s: look at its execution with `make local`.")


if __name__ == "__main__":
    sys.exit(main())
