"""Visible differences between pictures, and contrast that is too low to see."""

from collections.abc import Iterator

from PIL import Image, ImageChops

_COMPARED_SIDE = 256  # averages noise, keeps figures
# Difference in colour from the samples as stored, over which it is more than the larger space of a camera's profile:
_RECOLOURED = 30  # of 255, in a channel beyond a share of the colour's saturation (Display P3: at most 30)
_SATURATION = 0.6
_RELIT = 40  # of 255, in brightness (Display P3: at most 39)
_RECOLOURED_SHARE = 0.01  # of the pixels
_STRETCHED_SIDE = 64
_SLIVER = 24  # of 255: a contrast that the model sees well enough is larger
_NOISE = 3  # of 255: less is a plain picture
_TAIL = 0.01  # of the pixels at either end: odd pixels, a thin frame
_MARGIN = 0.1  # of each side: a broader frame

Bounds = tuple[tuple[int, int], ...]  # lowest and highest sample of each channel


def comparable(picture: Image.Image) -> Image.Image:
    """Return a copy of the size at which pictures are compared: instead of the picture itself, for memory."""
    return _reduced(picture, _COMPARED_SIDE)


def share_apart(one: Image.Image, other: Image.Image, levels: int) -> float:
    """Return the share of pixels that differ by over `levels` of 255 in a channel, at 256 pixels a side."""
    difference = ImageChops.difference(comparable(one), comparable(other))
    histogram = _brightest(difference).histogram()
    return sum(histogram[levels + 1 :]) / sum(histogram)


def recoloured(raw: Image.Image, managed: Image.Image) -> bool:
    """Tell whether colour management changed a picture by much more than usual profiles of cameras do."""
    before, after = comparable(raw), comparable(managed)
    usual = _saturation(before).point([round(level * _SATURATION) for level in range(256)])
    beyond = ImageChops.subtract(_brightest(ImageChops.difference(before, after)), usual)
    relit = ImageChops.difference(before.convert("L"), after.convert("L"))
    much = ImageChops.lighter(_over(beyond, _RECOLOURED), _over(relit, _RELIT)).histogram()
    return much[255] > _RECOLOURED_SHARE * sum(much)


def stretched(picture: Image.Image, opaque: Image.Image | None) -> Image.Image | None:
    """Raise the contrast of an RGB picture that uses a sliver of the range. None if it uses more, or is plain.

    `opaque` is a mask of what isn't transparent: the background then doesn't hide how little contrast there is.
    """
    small = _reduced(picture, _STRETCHED_SIDE)
    mask = _over(_reduced(opaque, _STRETCHED_SIDE), 254) if opaque else None
    for part, part_mask in _parts(small, mask):
        bounds = _bounds(part, part_mask)
        widest = max((high - low for low, high in bounds), default=0)
        if _NOISE <= widest <= _SLIVER:
            return _spread(picture, bounds, 255 / widest)
    return None


def _parts(small: Image.Image, mask: Image.Image | None) -> Iterator[tuple[Image.Image, Image.Image | None]]:
    x, y = round(small.width * _MARGIN), round(small.height * _MARGIN)
    centre = (x, y, small.width - x, small.height - y)
    yield small, None
    yield small.crop(centre), None
    if mask:
        yield small, mask
        yield small.crop(centre), mask.crop(centre)


def _bounds(picture: Image.Image, mask: Image.Image | None) -> Bounds:
    histogram = picture.histogram(mask)
    channels = (histogram[start : start + 256] for start in range(0, len(histogram), 256))
    return tuple((_percentile(channel, _TAIL), _percentile(channel, 1 - _TAIL)) for channel in channels if sum(channel))


def _percentile(histogram: list[int], share: float) -> int:
    wanted, seen = share * sum(histogram), 0
    for level, count in enumerate(histogram):
        seen += count
        if seen > wanted:
            return level
    return 255


def _spread(picture: Image.Image, bounds: Bounds, gain: float) -> Image.Image:
    """Apply one gain to all channels, each around its own middle, so that differences in hue keep their proportion."""
    middles = [(low + high) / 2 for low, high in bounds]
    table = [127.5 + (level - middle) * gain for middle in middles for level in range(256)]
    return picture.point([min(255, max(0, round(value))) for value in table])


def _brightest(picture: Image.Image) -> Image.Image:
    red, green, blue = picture.split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def _saturation(picture: Image.Image) -> Image.Image:
    red, green, blue = picture.split()
    return ImageChops.subtract(_brightest(picture), ImageChops.darker(ImageChops.darker(red, green), blue))


def _over(picture: Image.Image, level: int) -> Image.Image:
    return picture.point([255 * (value > level) for value in range(256)])


def _reduced(picture: Image.Image, side: int) -> Image.Image:
    return picture.reduce((max(1, picture.width // side), max(1, picture.height // side)))
