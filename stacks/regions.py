"""Which regions offer what a deployment needs, by the data that `scripts/release/pin_regions.py` commits."""

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[1] / "moderate/regions.json"
_OFFERED: dict[str, Any] = json.loads(_FILE.read_text())

# Region → account of the registry that holds the model containers.
CONTAINER_ACCOUNTS: dict[str, str] = _OFFERED["containers"]
_POWERTOOLS = {"the managed Powertools layer": _OFFERED["powertools_layer"]}


def moderation_faults(region: str) -> list[str]:
    """Why the pipeline can't be deployed in `region`, one sentence each; empty when it can."""
    return _lacking(region, _POWERTOOLS)


def models_faults(region: str, instance_types: set[str]) -> list[str]:
    """Why our endpoints, on `instance_types`, can't be deployed beside the pipeline in `region`, one sentence each."""
    artefacts = {
        "the model containers": list(CONTAINER_ACCOUNTS),
        "JumpStart's Llama 2 artefacts": _OFFERED["jumpstart"],
    }
    hosting = {f"SageMaker hosting on {name}": _OFFERED["instance_types"][name] for name in sorted(instance_types)}
    return _lacking(region, _POWERTOOLS | artefacts | hosting)


def _lacking(region: str, offers: dict[str, list[str]]) -> list[str]:
    complete = set.intersection(*map(set, offers.values()))
    advice = f"deploy to one of {', '.join(sorted(complete))}."
    return [f"The region {region} lacks {what}: {advice}" for what, regions in offers.items() if region not in regions]
