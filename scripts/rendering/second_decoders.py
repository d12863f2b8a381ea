"""Second decoders for what the browser doesn't show: libheif's and libtiff's own tools.

Their pictures are handed to the browser as PNG, which then does the rest: colour profile and page.
"""

import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from PIL import Image

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
_TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
ORIENTATION = 0x0112
_SECONDS = 60
_FAULTS = (OSError, SyntaxError, ValueError, TypeError, LookupError, RuntimeError)  # of Pillow, on damaged files


def as_png(data: bytes) -> bytes | None:
    """Return a HEIF or TIFF file as PNG by its second decoder, None for one that it can't decode.

    Any other file comes back as it is.
    """
    if data[:4] in _TIFF_SIGNATURES:
        return _tiff(data)
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS and b"avif" not in data[8:40]:
        return _heif(data)
    return data


def versions() -> str:
    """Return the names of the second decoders with their versions."""
    return f"libheif {_version('heif-convert', '--help')}, libtiff {_version('tiffinfo', '-h')}"


def _version(tool: str, option: str) -> str:
    run = subprocess.run([_tool(tool), option], capture_output=True, text=True, check=False)
    return next(iter(re.findall(r"version:? ([0-9.]+)", run.stdout + run.stderr, re.IGNORECASE)), "of unknown version")


def _tool(name: str) -> str:
    if not (found := shutil.which(name)):
        raise SystemExit(f"{name} is needed: install the packages `libheif-examples` and `libtiff-tools`.")
    return found


def _heif(data: bytes) -> bytes | None:
    """Decode the main picture, turned by its properties; EXIF, which the tool copies, doesn't turn it again."""
    with tempfile.TemporaryDirectory(prefix="render-") as folder:
        source, result = Path(folder) / "in.heic", Path(folder) / "out.png"
        source.write_bytes(data)
        _run(_tool("heif-convert"), str(source), str(result))
        found = sorted(Path(folder).glob("out*.png"))  # of several pictures, out-1.png is the first
        if not found:
            return None
        kept = BytesIO()
        with Image.open(found[0]) as decoded:
            decoded.save(kept, "PNG", icc_profile=decoded.info.get("icc_profile"), exif=b"")
    return kept.getvalue()


def _tiff(data: bytes) -> bytes | None:
    """Decode the first page. The tool drops its colour profile and turns it wrong: both are left to the browser."""
    profile, orientation = _labels(data)
    with tempfile.TemporaryDirectory(prefix="render-") as folder:
        source, result = Path(folder) / "in.tif", Path(folder) / "out.tif"
        source.write_bytes(data)
        if orientation != 1:
            _run(_tool("tiffset"), "-s", str(ORIENTATION), "1", str(source))
        _run(_tool("tiff2rgba"), "-c", "none", str(source), str(result))  # it exits with 0 after some failures, too
        exif, kept = Image.Exif(), BytesIO()
        exif[ORIENTATION] = orientation
        try:
            with Image.open(result) as decoded:
                decoded.save(kept, "PNG", icc_profile=profile, exif=exif)
        except _FAULTS:
            return None
    return kept.getvalue()


def _labels(data: bytes) -> tuple[bytes | None, int]:
    """Return (colour profile, orientation) of a TIFF file."""
    with suppress(*_FAULTS), Image.open(BytesIO(data)) as image:
        orientation = image.getexif().get(ORIENTATION, 1)
        return image.info.get("icc_profile"), orientation if orientation in range(1, 9) else 1
    return None, 1


def _run(*command: str) -> None:
    subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS)
