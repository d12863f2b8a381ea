"""Chromium as ground truth: sheets of pictures on a white and on a black page, photographed without a window.

Pictures are compared as the model gets them, stretched to its square. One of up to 1,000 pixels a side is shown at its
own size and stretched here, as the pipeline does; a larger one is shrunk by the browser. Animations stay at their first
frame (`imageAnimationPolicy`). The colour of a strip below each picture tells its size, or that it is broken.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

SIZE = 224  # the model's input: views and pictures are compared at this size, whatever their aspect ratio
_STRIP = 8
_SHRUNK, _BROKEN = (0, 128, 0), (255, 0, 0)
_OWN_SIZE = 64  # added to blue, which has the upper bits of width and height beside the lower ones in red and green
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SECONDS = 120


@dataclass(frozen=True)
class _Grid:
    """Cells of a sheet: pixels a side, columns and rows."""

    side: int
    columns: int
    rows: int

    @property
    def count(self) -> int:
        return self.columns * self.rows


_SMALL, _LARGE = _Grid(SIZE, 8, 8), _Grid(1000, 4, 3)


@dataclass(frozen=True)
class Shown:
    """Square pictures of a file, as shown on a white and on a black page."""

    white: Image.Image
    black: Image.Image


def shown(files: Mapping[str, bytes]) -> dict[str, Shown | None]:
    """Return each file as the browser shows it, None if the page stays empty."""
    small = {name: (both, shrunk) for name, both, shrunk in _photographed(files, list(files), _SMALL)}
    larger = [name for name, (_, shrunk) in small.items() if shrunk]
    own_size = {name: both for name, both, _ in _photographed(files, larger, _LARGE)}
    return {name: own_size.get(name, both) for name, (both, _) in small.items()}


def _photographed(
    files: Mapping[str, bytes], names: list[str], grid: _Grid
) -> Iterator[tuple[str, Shown | None, bool]]:
    """Return each file's name, how it is shown, and if the browser shrank it."""
    for start in range(0, len(names), grid.count):
        some = names[start : start + grid.count]
        with tempfile.TemporaryDirectory(prefix="render-") as folder:
            for number, name in enumerate(some):
                (Path(folder) / str(number)).write_bytes(files[name])
            white, black = (_sheet(Path(folder), len(some), ground, grid) for ground in ("white", "black"))
        for name, on_white, on_black in zip(some, white, black, strict=True):
            both = Shown(on_white.picture, on_black.picture) if on_white and on_black else None
            yield name, both if both and _seen(both) else None, bool(on_white and on_white.shrunk)


def version() -> str:
    """Return the browser's name and version."""
    run = subprocess.run([browser_path(), "--version"], capture_output=True, text=True, check=True)
    return " ".join(run.stdout.split()[:2])


def browser_path() -> str:
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    raise SystemExit("Chromium is needed: install the package `chromium`, or Google Chrome.")


@dataclass(frozen=True)
class _Cell:
    """Square picture, and if the browser shrank it."""

    picture: Image.Image
    shrunk: bool


def _sheet(folder: Path, count: int, ground: str, grid: _Grid) -> list[_Cell | None]:
    """Return the pictures of the files 0, 1, … in the folder, None for a broken one."""
    page, picture = folder / f"{ground}.html", folder / f"{ground}.png"
    page.write_text(_page(count, ground, grid))
    width, height = grid.columns * grid.side, grid.rows * (grid.side + _STRIP)
    subprocess.run(
        [
            browser_path(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--force-color-profile=srgb", "--force-device-scale-factor=1", "--blink-settings=imageAnimationPolicy=2",
            f"--user-data-dir={folder / 'profile'}", f"--window-size={width},{height + 200}",
            f"--screenshot={picture}", page.as_uri(),
        ],
        check=True, capture_output=True, timeout=_SECONDS,
    )  # fmt: skip
    with Image.open(picture) as sheet:
        return list(_cells(sheet.convert("RGB"), count, grid))


def _page(count: int, ground: str, grid: _Grid) -> str:
    cells = "".join(
        f'<p><img src="{number}" decoding="sync" onload="fit(this)" onerror="this.remove()"></p>'
        for number in range(count)
    )
    side = grid.side
    style = (
        f"body{{margin:0;background:{ground};width:{grid.columns * side}px}}"
        f"p{{margin:0;float:left;height:{side}px;width:{side}px;border-bottom:{_STRIP}px solid rgb{_BROKEN}}}"
        f"img{{display:block}}.shrunk{{width:{SIZE}px;height:{SIZE}px}}"
    )
    fit = f"""
function fit(image) {{
  const width = image.naturalWidth, height = image.naturalHeight, fits = width <= {side} && height <= {side}
  const upper = {_OWN_SIZE} + (width >> 8) * 8 + (height >> 8)
  image.className = fits ? "" : "shrunk"
  image.parentNode.style.borderColor = fits ? `rgb(${{width & 255}},${{height & 255}},${{upper}})` : "rgb{_SHRUNK}"
}}"""
    return f"<!doctype html><meta charset=utf-8><style>{style}</style><script>{fit}</script><body>{cells}"


def _cells(sheet: Image.Image, count: int, grid: _Grid) -> Iterator[_Cell | None]:
    for number in range(count):
        left, top = number % grid.columns * grid.side, number // grid.columns * (grid.side + _STRIP)
        strip = sheet.getpixel((left + grid.side // 2, top + grid.side + _STRIP // 2))
        if strip == _BROKEN:
            yield None
        elif strip == _SHRUNK:
            yield _Cell(sheet.crop((left, top, left + SIZE, top + SIZE)), shrunk=True)
        elif isinstance(strip, tuple) and strip[2] >= _OWN_SIZE:
            upper = strip[2] - _OWN_SIZE
            width, height = strip[0] + (upper >> 3 << 8), strip[1] + ((upper & 7) << 8)
            whole = sheet.crop((left, top, left + width, top + height))
            yield _Cell(whole.resize((SIZE, SIZE), Image.Resampling.BICUBIC), shrunk=False)
        else:
            raise RuntimeError(f"Chromium's page isn't as laid out: a strip is {strip}.")


def _seen(both: Shown) -> bool:
    """Return False for a file of which either page shows nothing but itself."""
    return both.white.getextrema() != ((255, 255),) * 3 or both.black.getextrema() != ((0, 0),) * 3
