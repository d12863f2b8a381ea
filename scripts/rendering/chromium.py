"""Chromium as ground truth: sheets of pictures on a white and on a black page, photographed without a window.

Pictures are compared as the model gets them, stretched to its square. One that fits into the square is shown at its
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
_COLUMNS, _ROWS = 8, 8
_SHRUNK, _BROKEN = (0, 128, 0), (255, 0, 0)
_OWN_SIZE = 64  # as blue, beside the width as red and the height as green
_FIT = f"""
function fit(image) {{
  const width = image.naturalWidth, height = image.naturalHeight, fits = width <= {SIZE} && height <= {SIZE}
  image.className = fits ? "" : "shrunk"
  image.parentNode.style.borderColor = fits ? `rgb(${{width}},${{height}},{_OWN_SIZE})` : "rgb{_SHRUNK}"
}}"""
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SECONDS = 120


@dataclass(frozen=True)
class Shown:
    """Square pictures of a file, as shown on a white and on a black page."""

    white: Image.Image
    black: Image.Image


def shown(files: Mapping[str, bytes]) -> dict[str, Shown | None]:
    """Return each file as the browser shows it, None if the page stays empty."""
    names, found = list(files), dict[str, Shown | None]()
    for start in range(0, len(names), _COLUMNS * _ROWS):
        some = names[start : start + _COLUMNS * _ROWS]
        with tempfile.TemporaryDirectory(prefix="render-") as folder:
            for number, name in enumerate(some):
                (Path(folder) / str(number)).write_bytes(files[name])
            white, black = (_sheet(Path(folder), len(some), ground) for ground in ("white", "black"))
        for name, on_white, on_black in zip(some, white, black, strict=True):
            found[name] = Shown(on_white, on_black) if on_white and on_black and _seen(on_white, on_black) else None
    return found


def version() -> str:
    """Return the browser's name and version."""
    run = subprocess.run([_browser(), "--version"], capture_output=True, text=True, check=True)
    return " ".join(run.stdout.split()[:2])


def _browser() -> str:
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    raise SystemExit("Chromium is needed: install the package `chromium`, or Google Chrome.")


def _sheet(folder: Path, count: int, ground: str) -> list[Image.Image | None]:
    """Return the pictures of the files 0, 1, … in the folder, None for a broken one."""
    page, picture = folder / f"{ground}.html", folder / f"{ground}.png"
    page.write_text(_page(count, ground))
    width, height = _COLUMNS * SIZE, _ROWS * (SIZE + _STRIP)
    subprocess.run(
        [
            _browser(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--force-color-profile=srgb", "--force-device-scale-factor=1", "--blink-settings=imageAnimationPolicy=2",
            f"--user-data-dir={folder / 'profile'}", f"--window-size={width},{height + 200}",
            f"--screenshot={picture}", page.as_uri(),
        ],
        check=True, capture_output=True, timeout=_SECONDS,
    )  # fmt: skip
    with Image.open(picture) as sheet:
        return list(_cells(sheet.convert("RGB"), count))


def _page(count: int, ground: str) -> str:
    cells = "".join(
        f'<p><img src="{number}" decoding="sync" onload="fit(this)" onerror="this.remove()"></p>'
        for number in range(count)
    )
    style = (
        f"body{{margin:0;background:{ground};width:{_COLUMNS * SIZE}px}}"
        f"p{{margin:0;float:left;height:{SIZE}px;width:{SIZE}px;border-bottom:{_STRIP}px solid rgb{_BROKEN}}}"
        f"img{{display:block}}.shrunk{{width:{SIZE}px;height:{SIZE}px}}"
    )
    return f"<!doctype html><meta charset=utf-8><style>{style}</style><script>{_FIT}</script><body>{cells}"


def _cells(sheet: Image.Image, count: int) -> Iterator[Image.Image | None]:
    for number in range(count):
        left, top = number % _COLUMNS * SIZE, number // _COLUMNS * (SIZE + _STRIP)
        strip = sheet.getpixel((left + SIZE // 2, top + SIZE + _STRIP // 2))
        if strip == _BROKEN:
            yield None
        elif strip == _SHRUNK:
            yield sheet.crop((left, top, left + SIZE, top + SIZE))
        elif isinstance(strip, tuple) and strip[2] == _OWN_SIZE:
            whole = sheet.crop((left, top, left + strip[0], top + strip[1]))
            yield whole.resize((SIZE, SIZE), Image.Resampling.BICUBIC)
        else:
            raise RuntimeError(f"Chromium's page isn't as laid out: a strip is {strip}.")


def _seen(on_white: Image.Image, on_black: Image.Image) -> bool:
    """Return False for a file of which either page shows nothing but itself."""
    return on_white.getextrema() != ((255, 255),) * 3 or on_black.getextrema() != ((0, 0),) * 3
