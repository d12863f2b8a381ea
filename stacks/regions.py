"""Availability by region of what a deployment needs, from the data that `scripts/release/pin_regions.py` writes."""

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[1] / "moderate/regions.json"
_OFFERED: dict[str, Any] = json.loads(_FILE.read_text())

# Region → account of the registry that holds the model containers.
CONTAINER_ACCOUNTS: dict[str, str] = _OFFERED["containers"]
_POWERTOOLS = {"the managed Powertools layer": _OFFERED["powertools_layer"]}


def moderation_faults(region: str) -> list[str]:
    """List what `region` lacks for the pipeline, one sentence each."""
    return _lacking(region, _POWERTOOLS)


def models_faults(region: str, instance_types: set[str], *, llama: bool = True) -> list[str]:
    """List what `region` lacks for the pipeline and its endpoints on `instance_types`, one sentence each."""
    artefacts = {"the model containers": list(CONTAINER_ACCOUNTS)}
    if llama:
        artefacts["JumpStart's Llama 2 artefacts"] = _OFFERED["jumpstart"]
    hosting = {f"SageMaker hosting on {name}": _OFFERED["instance_types"][name] for name in sorted(instance_types)}
    return _lacking(region, _POWERTOOLS | artefacts | hosting)


def console_faults(region: str) -> list[str]:
    """List what `region` lacks for the pipeline and its review console, one sentence each."""
    return _lacking(region, _POWERTOOLS | _OFFERED["console"])


def _lacking(region: str, offers: dict[str, list[str]]) -> list[str]:
    complete = set.intersection(*map(set, offers.values()))
    advice = f"deploy to one of {', '.join(sorted(complete))}."
    return [f"The region {region} lacks {what}: {advice}" for what, regions in offers.items() if region not in regions]
