"""Facts that the functions, the command and the stacks share: `contract.json`, which `stacks` reads by its path."""

import json
from pathlib import Path
from typing import Any

_CONTRACT: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text())

INDEXES: dict[str, dict[str, Any]] = _CONTRACT["indexes"]
BY_VERDICT: str = INDEXES["by_verdict"]["name"]
BY_SHA256: str = INDEXES["by_sha256"]["name"]
