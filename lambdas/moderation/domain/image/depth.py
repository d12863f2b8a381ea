"""Samples of over eight bits: as browsers show them, and over the part of their range that is used."""

import io
import math
from collections.abc import Iterator
from typing import cast

from PIL import Image, ImageChops

_MAX = 65_535
_FRACTION = 0.375  # of the range: up to 14 of 16 bits
_NOISE = 64  # of 65,535: less is a plain picture
_TAILS = (0.01, 0.05)  # of the pixels at either end: odd pixels, lettering
_SAMPLED_SIDE = 256
# How Pillow's decoder picks the upper byte of a sample: the mode and the name that make it pick the lower one.
_LOWER = {"RGB;16B": ("RGB", "RGB;16L"), "RGBA;16B": ("RGBA", "RGBA;16L"), "LA;16B": ("RGBA", "RGBA")}

_Bounds = tuple[float, float]


def low_bytes(image: Image.Image, data: bytes) -> Image.Image | None:
    """Decode the lower bytes of a still PNG's 16-bit colours, which Pillow leaves out. None for any other file."""
    tile = getattr(image, "tile", [])
    if image.format != "PNG" or not tile or tile[0].args not in _LOWER or getattr(image, "is_animated", False):
        return None
    mode, lower = _LOWER[tile[0].args]
    again = Image.open(io.BytesIO(data), formats=("PNG",))
    again.info.pop("transparency", None)
    again.__dict__.update(_mode=mode, tile=[tile[0]._replace(args=lower)])  # Pillow has no setting for it
    again.load()
    if tile[0].args.startswith("LA"):
        return Image.merge("RGB", [again.getchannel("G")] * 3)  # upper and lower byte of L, of A
    return again if again.mode == "RGB" else again.convert("RGB")


def eight_bit(image: Image.Image, low: Image.Image | None) -> Image.Image:
    """Return the upper byte of 16-bit samples, or the whole range of 32-bit ones, which have no standard range."""
    transparent = image.info.get("transparency")
    if image.mode.startswith("I;16"):
        wide = image.convert("I")
        picture = wide.point([value >> 8 for value in range(_MAX + 1)], "L")
        if transparent is not None:
            picture.putalpha(wide.point([0 if value == transparent else 255 for value in range(_MAX + 1)], "L"))
        return picture
    if image.mode in ("I", "F"):
        return _spread(image, *_extremes(image))
    if image.mode == "RGB" and low and transparent:
        picture = Image.merge("RGB", image.split())
        picture.putalpha(_other_than(transparent, image, low))
        return picture
    return image


def deep_stretched(image: Image.Image, low: Image.Image | None) -> Image.Image | None:
    """Raise the contrast of samples that use a fraction of their range. None for 8 bits and for those that use it."""
    if not low and image.mode not in ("I", "F") and not image.mode.startswith("I;16"):
        return None
    samples = [_finite(channel) for channel in _wide(_sampled(image), low and _sampled(low))]
    if not samples or not all(samples):
        return None
    least, most = _wanted_range(image)
    for tail in _TAILS:
        bounds = [_percentiles(values, tail) for values in samples]
        widest = max(high - low for low, high in bounds)
        if least < widest <= most:
            middles = [(low + high) / 2 for low, high in bounds]
            channels = zip(_wide(image, low), middles, strict=True)
            spread = [_spread(channel, middle - widest / 2, middle + widest / 2) for channel, middle in channels]
            return Image.merge("RGB", spread if len(spread) == 3 else spread * 3)
    return None


def _wanted_range(image: Image.Image) -> _Bounds:
    """Bounds between which a range of samples is worth raising. One of 32 bits is compared with odd pixels' alone."""
    if image.mode not in ("I", "F"):
        return _NOISE, _MAX * _FRACTION
    low, high = cast("_Bounds", image.convert("F").getextrema())  # one channel: one pair
    return 0, (high - low) * _FRACTION if math.isfinite(high - low) else math.inf


def _wide(image: Image.Image, low: Image.Image | None) -> Iterator[Image.Image]:
    """Channels with all the bits of their samples, one at a time."""
    if image.mode.startswith("I;16"):
        yield image.convert("I")
    elif image.mode in ("I", "F"):
        yield image
    elif low:
        for number in range(3):
            both = bytearray(2 * image.width * image.height)
            both[0::2] = low.getchannel(number).tobytes()
            both[1::2] = image.getchannel(0 if image.mode == "LA" else number).tobytes()
            yield Image.frombytes("I;16", image.size, both).convert("I")


def _sampled(image: Image.Image) -> Image.Image:
    return image.resize((_SAMPLED_SIDE, _SAMPLED_SIDE), Image.Resampling.NEAREST)


def _spread(channel: Image.Image, low: float, high: float) -> Image.Image:
    scale = 255 / (high - low) if high > low else 0.0
    if channel.mode == "I" and channel.getextrema()[0] >= 0 and channel.getextrema()[1] <= _MAX:  # type: ignore[operator]
        table = [min(255, max(0, round((value - low) * scale))) for value in range(_MAX + 1)]
        return channel.point(table, "L")
    return channel.convert("F").point(lambda value: value * scale + -low * scale).convert("L")


def _extremes(channel: Image.Image) -> _Bounds:
    low, high = cast("_Bounds", channel.convert("F").getextrema())  # one channel: one pair
    return (low, high) if math.isfinite(high - low) else (0.0, 0.0)


def _finite(sample: Image.Image) -> list[float]:
    values = cast("tuple[float, ...]", sample.get_flattened_data())  # one channel: one number a pixel
    return sorted(value for value in values if math.isfinite(value))


def _percentiles(values: list[float], tail: float) -> _Bounds:
    return values[int(tail * (len(values) - 1))], values[int((1 - tail) * (len(values) - 1))]


def _other_than(sample: tuple[int, ...], upper: Image.Image, low: Image.Image) -> Image.Image:
    """Alpha that is 0 where all three 16-bit samples equal `sample`."""
    alpha = Image.new("L", upper.size)
    for value, high_channel, low_channel in zip(sample, upper.split(), low.split(), strict=True):
        for channel, wanted in ((high_channel, value >> 8), (low_channel, value & 255)):
            alpha = ImageChops.lighter(alpha, channel.point([255 * (level != wanted) for level in range(256)]))
    return alpha
