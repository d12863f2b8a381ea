"""`make quality`: how good the demo pipeline's verdicts are, written into docs/quality.md and build/quality.json.

1,000 held-out drawings go through the whole pipeline on the laptop cloud, as uploads do; then scenes with small
drawings in them are judged in this process, with the pack's views and by the whole picture alone. Exit status 1 if a
goal isn't met.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import torch
from boto3.dynamodb.types import TypeDeserializer
from rich.console import Console
from rich.progress import Progress

from local.deploy import client
from local.session import Session, laptop_cloud
from model_artifacts.demo.drawings import Drawing
from scripts.evaluation.dataset import SCENES_SEED, SHARE, evaluation_drawings, scenes
from scripts.evaluation.evasion import Evasion, judge, summary, told_of_tiles
from scripts.evaluation.inprocess_pipeline import Looker, demo_pack, png
from scripts.evaluation.metrics import Outcome, true_categories
from scripts.evaluation.page import RESULTS, write_page

SHARES = (0.25, 0.33, SHARE, 0.5)
AT_ONCE = 8
POLL_S, TIMEOUT_S = 0.25, 900

_deserialize = TypeDeserializer().deserialize


@dataclass(frozen=True)
class Sizes:
    """How much is measured; scenes are for each share."""

    drawings: int = 1000
    unsafe_scenes: int = 120
    safe_scenes: int = 120


QUICK = Sizes(drawings=24, unsafe_scenes=8, safe_scenes=4)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="only show that it works")
    sizes = QUICK if parser.parse_args().quick else Sizes()
    count = sizes.drawings
    console = Console()
    with laptop_cloud(console) as session, Progress(console=console) as progress:
        outcomes = list(progress.track(moderated(session, count), total=count, description="Moderating drawings"))
    with Progress(console=console) as progress:
        evasion, tiles = evade(sizes, progress)
    results = {
        "drawings": [asdict(outcome) for outcome in outcomes],
        "evasion": [asdict(one) for one in evasion],
        "tiles": tiles,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1, default=float) + "\n")  # DynamoDB's numbers are decimals
    return 0 if write_page(console) else 1


def evade(sizes: Sizes, progress: Progress) -> tuple[list[Evasion], list[dict[str, Any]]]:
    """The figures of scenes by the share of their side that a drawing takes; what was told of tiles at `SHARE`."""
    torch.set_num_threads(1)  # a small network loses more to threads than it gains
    looker, pack = Looker(), demo_pack()
    figures, tiles = [], []
    for share in SHARES:
        seen = scenes(SCENES_SEED, sizes.unsafe_scenes, sizes.safe_scenes, share)
        total = sizes.unsafe_scenes + sizes.safe_scenes
        described = f"Judging scenes, drawings at {share:.0%}"
        judged = list(progress.track(judge(looker, pack, seen), total=total, description=described))
        figures.append(summary(share, judged))
        if share == SHARE:
            tiles = [asdict(answer) | {"truth": truth} for answer, truth in told_of_tiles(judged, pack)]
    return figures, tiles


def moderated(session: Session, count: int) -> Iterator[Outcome]:
    """The drawings' outcomes in their order, `AT_ONCE` under way at a time."""
    store = RecordStore(session)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(store.moderate, range(count), evaluation_drawings(count))


class RecordStore:
    """Intake and records of the laptop cloud, as an uploader and an operator see them."""

    def __init__(self, session: Session) -> None:
        self._s3, self._dynamodb = client("s3", session.url), client("dynamodb", session.url)
        self._bucket, self._table = session.outputs["IntakeBucketName"], session.outputs["VerdictTableName"]
        self._pack = demo_pack()

    def moderate(self, number: int, drawing: Drawing) -> Outcome:
        """Upload a drawing and wait for its verdict. Raises TimeoutError."""
        key = f"quality/{number:04}.png"
        version = self._s3.put_object(Bucket=self._bucket, Key=key, Body=png(drawing.image))["VersionId"]
        record = self._decided(f"{self._bucket}#{key}", version)
        return Outcome(
            number=number,
            truth=true_categories(self._pack, drawing),
            verdict=record["verdict"],
            category=record["category"],
            decided_by=record["decided_by"],
            caption=" / ".join(caption["text"] for caption in record.get("captions", [])),
            findings=tuple(record.get("evidence", [])),
        )

    def _decided(self, pk: str, sk: str) -> dict[str, Any]:
        until = time.monotonic() + TIMEOUT_S
        while time.monotonic() < until:
            key = {"pk": {"S": pk}, "sk": {"S": sk}}
            item = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item", {})
            if "verdict" in item:
                return {name: _deserialize(value) for name, value in item.items()}
            time.sleep(POLL_S)
        raise TimeoutError(f"{pk} has no verdict after {TIMEOUT_S} s: look at its execution with `make local`.")


if __name__ == "__main__":
    sys.exit(main())
