"""Figures of an evaluation that is kept as baseline, to compare a later one with."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.sections import markdown


@dataclass(frozen=True)
class Figures:
    """Metrics by name, and the first letter of each drawing's verdict, in the order of their numbers."""

    metrics: Mapping[str, float]
    verdicts: str

    @classmethod
    def read(cls, file: Path) -> "Figures":
        return cls(**json.loads(file.read_text()))

    def write(self, file: Path) -> None:
        """Write the figures to a file, from which they are read again."""
        rounded = {name: round(value, 4) for name, value in self.metrics.items()}
        file.write_text(json.dumps(asdict(self) | {"metrics": rounded}, indent=1) + "\n")


def comparison(before: Figures, now: Figures) -> str:
    """Return a table of the metrics, and a sentence about the verdicts that changed."""
    rows = [(name, f"{before.metrics[name]:.3f}", f"{value:.3f}") for name, value in now.metrics.items()]
    table = markdown(("metric", "baseline", "now"), rows)
    return f"### Compared with the baseline\n\n{table}\n\n{_changes(before.verdicts, now.verdicts)}"


def _changes(before: str, now: str) -> str:
    names = {"s": "safe", "u": "unsafe", "r": "review"}
    changed = Counter((old, new) for old, new in zip(before, now, strict=True) if old != new)
    if not changed:
        return f"All {len(now):,} drawings have the verdict of the baseline."
    listed = ", ".join(f"{names[old]} to {names[new]} {count}" for (old, new), count in changed.most_common())
    return f"The verdicts of {changed.total():,} of {len(now):,} drawings differ from the baseline: {listed}."
