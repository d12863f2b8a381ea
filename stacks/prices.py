"""Prices for the dashboard's cost estimate, from the dated file that `moderate cost` uses."""

import json
from pathlib import Path

from stacks.models_stack import BLIP2_INSTANCE_TYPE, LLAMA_INSTANCE_TYPES
from stacks.settings import DeploymentSettings, EndpointNames

_FILE = Path(__file__).parents[1] / "moderate/costs/prices.json"


def usd(name: str) -> float:
    """Return the dollars per unit for a name in the price file. Raises KeyError if it isn't there."""
    return float(json.loads(_FILE.read_text())["prices"][name]["usd"])


def of_instances(settings: DeploymentSettings, endpoints: EndpointNames) -> dict[str, float]:
    """Return dollars per hour for one instance of each endpoint; empty for existing endpoints."""
    if settings.existing_endpoints:
        return {}
    judge = {endpoints.llama: usd(LLAMA_INSTANCE_TYPES[settings.llama_size])} if endpoints.llama else {}
    return {endpoints.blip2: usd(BLIP2_INSTANCE_TYPE), **judge}
