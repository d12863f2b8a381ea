"""Recorded ground truth of the crafted files, so that tests need no browser.

A sheet of thumbnails each for the white and the black page, and an index of the files in the sheets' order: the SHA-256
of each file and whether anything is shown of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from PIL import Image

from scripts.rendering.truth import THUMBNAIL, Thumbnail, Truth

_COLUMNS = 24


@dataclass(frozen=True)
class Recorded:
    """Recorded file: its SHA-256, and what is shown of it, None for nothing."""

    sha256: str
    seen: Truth | None


def write_recording(folder: Path, viewers: str, files: Mapping[str, bytes], truths: Mapping[str, Truth | None]) -> None:
    """Write sheets and index of the files; `viewers` names the programs that showed them."""
    folder.mkdir(parents=True, exist_ok=True)
    for ground in ("white", "black"):
        nothing = np.full((THUMBNAIL, THUMBNAIL, 3), 255 if ground == "white" else 0, np.uint8)
        cells = [nothing if (seen := truths[name]) is None else getattr(seen, ground) for name in files]
        _sheet(cells).save(folder / f"{ground}.png", optimize=True)
    rows = [{"file": name, "sha256": digest(data), "shown": truths[name] is not None} for name, data in files.items()]
    lines = ",\n".join(json.dumps(row) for row in rows)
    (folder / "files.json").write_text(f'{{"viewers": {json.dumps(viewers)}, "files": [\n{lines}\n]}}\n')


def read_recording(folder: Path) -> dict[str, Recorded]:
    """Return the recorded files by name."""
    rows = json.loads((folder / "files.json").read_text())["files"]
    white, black = (_cells(folder / f"{ground}.png", len(rows)) for ground in ("white", "black"))
    return {
        row["file"]: Recorded(row["sha256"], Truth(on_white, on_black) if row["shown"] else None)
        for row, on_white, on_black in zip(rows, white, black, strict=True)
    }


def digest(data: bytes) -> str:
    """Return the SHA-256 of a file."""
    return sha256(data).hexdigest()


def _sheet(cells: list[Thumbnail]) -> Image.Image:
    rows = -(-len(cells) // _COLUMNS)
    sheet = np.zeros((rows * THUMBNAIL, _COLUMNS * THUMBNAIL, 3), np.uint8)
    for number, cell in enumerate(cells):
        top, left = (side * THUMBNAIL for side in divmod(number, _COLUMNS))
        sheet[top : top + THUMBNAIL, left : left + THUMBNAIL] = cell
    return Image.fromarray(sheet)


def _cells(file: Path, count: int) -> list[Thumbnail]:
    with Image.open(file) as picture:
        sheet = np.asarray(picture.convert("RGB"))
    places = [[side * THUMBNAIL for side in divmod(number, _COLUMNS)] for number in range(count)]
    return [sheet[top : top + THUMBNAIL, left : left + THUMBNAIL] for top, left in places]
