"""Renderings of a decoded frame: the 8-bit RGB pictures that a viewer may show of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from moderation.domain.image.appearance import Appearance
from moderation.domain.image.bmp import without_blank_alpha
from moderation.domain.image.colour import stored
from moderation.domain.image.contrast import comparable, recoloured, share_apart, stretched
from moderation.domain.image.depth import deep_stretched, eight_bit
from moderation.domain.image.orientation import upright
from moderation.domain.image.strokes import Strokes
from moderation.domain.image.tiff_palette import read_palette_of_bytes

# Another rendering is worth a view if over this share of its pixels differs by over so many levels of 255.
_APART_SHARE, _APART_LEVELS = 0.002, 4


@dataclass(frozen=True)
class Rendering:
    """Upright 8-bit RGB picture. `name` tells an alternative from the main rendering, whose name is empty.

    One that differs in small strokes alone is for the reader, and no view of it is worth a look. `strokes` are its own,
    where they were looked for.
    """

    name: str
    picture: Image.Image
    for_reader: bool = False
    strokes: Strokes | None = None

    def __post_init__(self) -> None:
        """Drop the file's own metadata: Pillow would write it into the view, a transparent sample included."""
        self.picture.info.clear()


def renderings(frame: Image.Image, appearance: Appearance, *, read: bool = False) -> Iterator[Rendering]:
    """Return the renderings of a frame one at a time, the main one first: in sRGB, on white.

    Others follow where they show something else: `black` (on black), `stretched` and `black-stretched` (contrast too
    low to see, raised), `raw` and `black-raw` (without colour management). With `read`, `black` also follows for what
    it adds to read. None is kept while the next one is made: those of 50 megapixels wouldn't fit into memory together.
    """
    if frame.format == "TIFF":
        read_palette_of_bytes(frame)
    frame.load()
    if frame.format == "WEBP" and not getattr(frame, "is_animated", False):
        frame.__dict__["_decoder"] = None  # Pillow keeps it, and with it the picture twice
    image = upright(without_blank_alpha(frame) if frame.format == "BMP" else frame, appearance.orientation)
    low = appearance.low and upright(appearance.low, appearance.orientation)
    samples = eight_bit(image, low)
    converted = appearance.profile.managed(samples) if appearance.profile else None
    shown = converted or stored(samples)
    opaque = _opaque(shown)

    main = _on("white", shown)  # each is let go before the next is made: those of 50 megapixels don't fit together
    on_white = comparable(main)
    strokes_on_white = Strokes.of(main) if opaque and read else None
    yield Rendering("", main, strokes=strokes_on_white)
    higher = deep_stretched(image, low) or stretched(main, opaque)
    del main
    if higher:
        yield Rendering("stretched", higher)
    del higher
    on_black = on_white
    if opaque:
        black = _on("black", shown)
        on_black = comparable(black)
        if apart := _is_apart(on_white, on_black):
            yield Rendering("black", black)
        elif strokes_on_white and (strokes := Strokes.of(black)).add_to(strokes_on_white):
            yield Rendering("black", black, for_reader=True, strokes=strokes)
        higher = stretched(black, opaque) if apart else None
        del black
        if higher:
            yield Rendering("black-stretched", higher)
        del higher
    if converted:
        del converted, shown
        raw = stored(samples)
        picture = _on("white", raw)
        if recoloured(picture, on_white) or (not appearance.certain and _is_apart(picture, on_white)):
            yield Rendering("raw", picture)
        if opaque and not appearance.certain and _is_apart(picture := _on("black", raw), on_black):
            yield Rendering("black-raw", picture)


def _is_apart(one: Image.Image, other: Image.Image) -> bool:
    return share_apart(one, other, _APART_LEVELS) > _APART_SHARE


def _on(background: str, picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    page = Image.new("RGB", picture.size, background)
    page.paste(picture, mask=picture.getchannel("A"))
    return page


def _opaque(picture: Image.Image) -> Image.Image | None:
    """Mask of what is more than half opaque, None if there is no transparency."""
    if picture.mode != "RGBA":
        return None
    return picture.getchannel("A").point([255 * (level >= 128) for level in range(256)])
