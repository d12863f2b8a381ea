"""Check that the region offers what a deployment needs, by the committed data; makes no call."""

import json
from pathlib import Path
from typing import Any

from moderate.checks.check import Check

_FILE = Path(__file__).parents[1] / "regions.json"


def offers(region: str, instance_types: list[str], *, llama: bool, console: bool) -> Check:
    """The Lambda layer; for endpoints of our own their containers, Llama's artefacts and the instances; a console's.

    Those of a console are the services that people sign in by, and come in by.
    """
    needed = _needed(instance_types, llama, console)
    lacking = [what for what, regions in needed.items() if region not in regions]
    if not lacking:
        return Check("region's artefacts", "ok", f"{region} has {', '.join(needed)}")
    complete = sorted(set.intersection(*map(set, needed.values())))
    return Check(
        "region's artefacts",
        "fail",
        f"{region} lacks {', '.join(lacking)}",
        f"Set AWS_DEFAULT_REGION to one that has everything: {', '.join(complete)}",
    )


def _needed(instance_types: list[str], llama: bool, console: bool) -> dict[str, list[str]]:
    known: dict[str, Any] = json.loads(_FILE.read_text())
    needed = {"the managed Powertools layer": known["powertools_layer"]}
    if instance_types:
        needed["the model containers"] = list(known["containers"])
        needed |= {f"hosting on {name}": known["instance_types"][name] for name in instance_types}
    if llama:
        needed["JumpStart's Llama 2 artefacts"] = known["jumpstart"]
    if console:
        needed |= known["console"]
    return needed
