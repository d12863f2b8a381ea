"""Wheels of the layers: locked by hash, downloaded by `make setup`, unpacked at synthesis. Stdlib only."""

import hashlib
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]
LAYERS = ROOT / "lambdas/layers"
IMAGING, READING, TOKENS = "imaging", "reading", "tokens"
REQUIREMENTS = tuple(LAYERS / layer / "requirements.txt" for layer in (IMAGING, READING, TOKENS))
WHEELS = ROOT / "build/wheels"
READER_MODELS = ROOT / "build/reader"  # for the laptop, which has no layers

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
# Of RapidOCR's wheel the reading layer needs the two models alone.
_MODELS = re.compile(r"rapidocr/models/(PP-OCRv6_(?:det|rec)_small\.onnx)|(rapidocr-[^/]+/licenses/.+)")
# Parts that no function imports; a layer and what else a function has may take 250 MB together.
_UNUSED = re.compile(
    r"(.*/)?tests/|onnxruntime/(?:tools|transformers|quantization|datasets)/|numpy/(?:f2py|_core/include)/"
)


class MissingWheels(Exception):
    """A layer's wheel is missing, or its hash differs from the lock file."""


def locked_wheels(requirements: Path, folder: Path = WHEELS) -> list[Path]:
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


def unpacked(names: Iterable[str], models: str) -> Iterator[tuple[str, str]]:
    """Yield the files of a wheel that a layer takes, each with its place there; models go to the folder `models`."""
    for name in names:
        if name.startswith("rapidocr"):
            if match := _MODELS.fullmatch(name):
                yield name, f"{models}/{PurePosixPath(match[1] or match[2]).name}"
        elif not name.endswith("/") and not _UNUSED.match(name):
            yield name, f"python/{name}"


def unpack_models(folder: Path = READER_MODELS) -> None:
    """Write the reader's models to a folder. Raises MissingWheels."""
    folder.mkdir(parents=True, exist_ok=True)
    for wheel in locked_wheels(LAYERS / READING / "requirements.txt"):
        if wheel.name.startswith("rapidocr"):
            with zipfile.ZipFile(wheel) as archive:
                for name, place in unpacked(archive.namelist(), "."):
                    (folder / place).write_bytes(archive.read(name))
