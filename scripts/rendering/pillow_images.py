"""Pillow's own test images, from its source package."""

import subprocess
import sys
import tarfile
from collections import defaultdict
from pathlib import Path, PurePosixPath

from local.synth import PROJECT

VERSION = "13.0.0"
_SHA256 = "cdcd1ba258178f7356d74170c9a81ba4eab6a5d55748bc402a5a2a6fe6be3510"
_FOLDER = PROJECT / "build" / "pillow-source"
_FORMATS = {
    ".apng": "PNG",
    ".avif": "AVIF",
    ".avifs": "AVIF",
    ".bmp": "BMP",
    ".dib": "BMP",
    ".gif": "GIF",
    ".heic": "HEIF",
    ".heif": "HEIF",
    ".jpeg": "JPEG",
    ".jpg": "JPEG",
    ".mpo": "JPEG",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WebP",
}


def pillow_images() -> dict[str, dict[str, bytes]]:
    """Return Pillow's test images of the accepted formats, by class and path. Downloads them at the first call."""
    found: dict[str, dict[str, bytes]] = defaultdict(dict)
    with tarfile.open(_source()) as source:
        for member in source:
            path = PurePosixPath(member.name)
            if member.isfile() and "images" in path.parts and path.suffix in _FORMATS:
                file = source.extractfile(member)
                assert file is not None  # noqa: S101 - of a regular file
                name = "/".join(path.parts[path.parts.index("images") + 1 :])
                found[f"Pillow's {_FORMATS[path.suffix]}"][name] = file.read()
    return dict(sorted(found.items()))


def _source() -> Path:
    package = _FOLDER / f"pillow-{VERSION}.tar.gz"
    if not package.exists():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        pinned = _FOLDER / "requirements.txt"
        pinned.write_text(f"pillow=={VERSION} --hash=sha256:{_SHA256}\n")
        options = "--quiet", "--no-deps", "--no-binary", "pillow", "--require-hashes"
        pip = sys.executable, "-m", "pip", "download", *options, "--dest", str(_FOLDER), "--requirement", str(pinned)
        subprocess.run(pip, check=True)
    return package
