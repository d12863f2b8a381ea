"""What the dashboard's estimate reckons with: the dated price file that `moderate cost` reads."""

import json
from pathlib import Path

from stacks.models_stack import BLIP2_INSTANCE_TYPE, LLAMA_INSTANCE_TYPES
from stacks.settings import Endpoints, Settings

_FILE = Path(__file__).parents[1] / "moderate/costs/prices.json"


def usd(name: str) -> float:
    """Dollars for one unit of what the file calls so. Raises KeyError where it has no such price."""
    return float(json.loads(_FILE.read_text())["prices"][name]["usd"])


def of_instances(settings: Settings, endpoints: Endpoints) -> dict[str, float]:
    """Dollars an hour for one instance of each endpoint; nothing is known of endpoints that others made."""
    if settings.existing_endpoints:
        return {}
    return {endpoints.blip2: usd(BLIP2_INSTANCE_TYPE), endpoints.llama: usd(LLAMA_INSTANCE_TYPES[settings.llama_size])}
