"""Second decoders for what the browser doesn't show: libheif's and libtiff's own tools.

Their pictures are handed to the browser as PNG, which then does the rest: colour profile and page.
"""

import shutil
import subprocess
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
_TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_SECONDS = 60


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
    heif = subprocess.run([_tool("heif-convert"), "--help"], capture_output=True, text=True, check=False).stdout
    tiff = subprocess.run([_tool("tiffinfo"), "-h"], capture_output=True, text=True, check=False)
    found = [line for line in (heif + tiff.stdout + tiff.stderr).splitlines() if "version" in line.lower()]
    return ", ".join(" ".join(line.replace("heif-convert", "").replace(",", "").split()) for line in found[:2])


def _tool(name: str) -> str:
    if not (found := shutil.which(name)):
        raise SystemExit(f"{name} is needed: install the packages `libheif-examples` and `libtiff-tools`.")
    return found


def _heif(data: bytes) -> bytes | None:
    with tempfile.TemporaryDirectory(prefix="render-") as folder:
        source, result = Path(folder) / "in.heic", Path(folder) / "out.png"
        source.write_bytes(data)
        _run(_tool("heif-convert"), str(source), str(result))
        found = sorted(Path(folder).glob("out*.png"))  # of several pictures, out-1.png is the first
        return found[0].read_bytes() if found else None


def _tiff(data: bytes) -> bytes | None:
    """Decode the first page; the tool drops its colour profile, which goes along again."""
    with tempfile.TemporaryDirectory(prefix="render-") as folder:
        source, result = Path(folder) / "in.tif", Path(folder) / "out.tif"
        source.write_bytes(data)
        if not _run(_tool("tiff2rgba"), "-c", "none", str(source), str(result)):
            return None
        with Image.open(source) as original, Image.open(result) as decoded:
            kept = BytesIO()
            decoded.save(kept, "PNG", icc_profile=original.info.get("icc_profile"))
    return kept.getvalue()


def _run(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS).returncode == 0
