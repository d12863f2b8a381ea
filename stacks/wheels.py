"""Wheels of the imaging layer: locked by hash, downloaded by `make setup`, unpacked at synthesis. Stdlib only."""

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
LAYER_SOURCE = ROOT / "lambdas/layers/imaging"
REQUIREMENTS = LAYER_SOURCE / "requirements.txt"
WHEELS = ROOT / "build/wheels"

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class MissingWheels(Exception):
    """A wheel of the imaging layer is missing, or its hash differs from the lock file."""


def locked_wheels(requirements: Path = REQUIREMENTS, folder: Path = WHEELS) -> list[Path]:
    """Return the downloaded wheels whose hashes are locked in `requirements`.

    Raises MissingWheels if one of them is not in `folder`.
    """
    locked = set(_HASH.findall(requirements.read_text()))
    found = {hashlib.sha256(wheel.read_bytes()).hexdigest(): wheel for wheel in sorted(folder.glob("*.whl"))}
    if missing := locked - found.keys():
        raise MissingWheels(
            f"{folder} lacks {len(missing)} of the {len(locked)} wheels locked in {requirements}: run `make setup`"
        )
    return sorted(found[digest] for digest in locked)
