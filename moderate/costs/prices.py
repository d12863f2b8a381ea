"""The dated price file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("prices.json")


@dataclass(frozen=True)
class Prices:
    """US dollars by name; `tiers` are (images a month up to, dollars an image), None for the rest."""

    region: str
    as_of: str
    usd: Mapping[str, float]
    rekognition_tiers: tuple[tuple[float | None, float], ...]

    def __getitem__(self, name: str) -> float:
        return self.usd[name]


def load(file: Path = FILE) -> Prices:
    """Load the price file. Raises OSError, and KeyError if something is missing."""
    document = json.loads(file.read_text())
    return Prices(
        document["region"],
        document["as_of"],
        {name: price["usd"] for name, price in document["prices"].items()},
        tuple((tier["up_to"], tier["usd"]) for tier in document["rekognition_tiers"]),
    )
