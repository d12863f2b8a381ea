"""Text on a plate in ways in which people write it, or turn the picture, so that a reader may miss it."""

import math
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFont, ImageOps

SIZE = 28  # pixels of the font
_PLATE, _INK = "white", "black"
_BICUBIC = Image.Resampling.BICUBIC

Way = Callable[[str], Image.Image]


def plain(text: str, ink: str = _INK) -> Image.Image:
    """Return a text in one line."""
    plate = Image.new("RGBA", (math.ceil(_font().getlength(text)) + 2 * SIZE, 2 * SIZE), _PLATE)
    ImageDraw.Draw(plate).text((SIZE, SIZE), text, font=_font(), fill=ink, anchor="lm")
    return plate


def turned(degrees: int) -> Way:
    return lambda text: plain(text).rotate(degrees, expand=True, resample=_BICUBIC)


def spaced(spaces: int) -> Way:
    return lambda text: plain((" " * spaces).join(text))


def stacked(text: str) -> Image.Image:
    """Return one letter below the other."""
    plate = Image.new("RGBA", (3 * SIZE, SIZE * (len(text) + 1)), _PLATE)
    for number, letter in enumerate(text):
        ImageDraw.Draw(plate).text((1.5 * SIZE, SIZE * (number + 1)), letter, font=_font(), fill=_INK, anchor="mm")
    return plate


def bent(degrees: int) -> Way:
    """Return lines that are an arc of so many degrees."""

    def made(text: str) -> Image.Image:
        radius = _font().getlength(text) / math.radians(degrees)
        side = math.ceil(2 * radius + 4 * SIZE)
        plate, along = Image.new("RGBA", (side, side), _PLATE), 0.0
        for letter in text:
            width = _font().getlength(letter)
            angle = (along + width / 2) / radius - math.radians(degrees) / 2
            middle = side / 2 + radius * math.sin(angle), side / 2 - radius * math.cos(angle)
            _set(plate, letter, middle, -math.degrees(angle))
            along += width
        left, top, right, bottom = ImageOps.invert(plate.convert("L")).getbbox() or (0, 0, side, side)
        return plate.crop((left - SIZE // 2, top - SIZE // 2, right + SIZE // 2, bottom + SIZE // 2))

    return made


def tumbling(degrees: int) -> Way:
    """Return lines whose letters lean left and right by turns."""

    def made(text: str) -> Image.Image:
        plate, along = Image.new("RGBA", (SIZE * (len(text) + 2), 3 * SIZE), _PLATE), 1.5 * SIZE
        for number, letter in enumerate(text):
            _set(plate, letter, (along, 1.5 * SIZE), degrees if number % 2 else -degrees)
            along += 0.3 * SIZE + _font().getlength(letter)
        return plate

    return made


def _set(plate: Image.Image, letter: str, middle: tuple[float, float], degrees: float) -> None:
    cast = Image.new("RGBA", (2 * SIZE, 2 * SIZE))
    ImageDraw.Draw(cast).text((SIZE, SIZE), letter, font=_font(), fill=_INK, anchor="mm")
    place = round(middle[0]) - SIZE, round(middle[1]) - SIZE
    plate.alpha_composite(cast.rotate(degrees, resample=_BICUBIC), place)


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(SIZE)


WAYS: dict[str, Way] = {
    "in a line": plain,
    **{f"turned by {degrees}°": turned(degrees) for degrees in (45, 90, 135, 180, -90)},
    "mirrored": lambda text: ImageOps.mirror(plain(text)),
    "mirrored, on its head": lambda text: ImageOps.flip(plain(text)),
    "a space between letters": spaced(1),
    **{f"{spaces} spaces between letters": spaced(spaces) for spaces in (2, 4)},
    "one letter below the other": stacked,
    **{f"bent, {degrees}° of a circle": bent(degrees) for degrees in (30, 60, 120)},
    **{f"each letter leaning by {degrees}°": tumbling(degrees) for degrees in (10, 20)},
    "light grey on white": lambda text: plain(text, "#e6e6e6"),
}
