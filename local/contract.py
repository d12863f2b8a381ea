"""Facts that the laptop cloud shares with what is deployed to it."""

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[1] / "lambdas/moderation/contract.json"
CONTRACT: dict[str, Any] = json.loads(_FILE.read_text())
