"""Pinned BLIP-2 weights, as listed next to the code that serves them."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLIP2_WEIGHTS: dict[str, str] = json.loads((ROOT / "model_artifacts/blip2/weights.json").read_text())
