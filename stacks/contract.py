"""Facts that the stacks share with the functions and the command, and with the code that serves BLIP-2."""

import json
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
CONTRACT: dict[str, Any] = json.loads((_ROOT / "lambdas/moderation/contract.json").read_text())
BLIP2_WEIGHTS: dict[str, str] = json.loads((_ROOT / "model_artifacts/blip2/weights.json").read_text())
