"""Facts that the stacks share with the functions and the command."""

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[1] / "lambdas/moderation/contract.json"
CONTRACT: dict[str, Any] = json.loads(_FILE.read_text())
