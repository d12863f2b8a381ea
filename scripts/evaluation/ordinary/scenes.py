"""Synthetic photographs: gradients, hills, smooth noise and the noise of a sensor, in any size."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Size = tuple[int, int]
Pixels = npt.NDArray[np.float32]

_COMPOSED = 512  # longer side in pixels at which a scene is composed, before it is enlarged
_NOISE_TILE = 512
_WORDS = ("the", "fox", "runs", "over", "a", "lazy", "dog", "while", "rain", "falls", "on", "quiet", "hills", "tonight")


def photograph(number: int, size: Size) -> tuple[Image.Image, str]:
    """Return a photograph of `size` (width, height) pixels, the same for each number, and a caption for it."""
    compose, caption = _SCENES[number % len(_SCENES)]
    rng = np.random.default_rng(number)
    scale = min(1.0, _COMPOSED / max(size))
    small = compose(rng, (max(8, round(size[0] * scale)), max(8, round(size[1] * scale))))
    return _with_sensor_noise(rng, small.resize(size, Image.Resampling.BICUBIC)), caption


def sentence(rng: np.random.Generator, words: int) -> str:
    """Return random harmless words."""
    return " ".join(rng.choice(_WORDS, words))


def _with_sensor_noise(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    sigma = float(rng.uniform(1.5, 5))
    tile = Image.fromarray(np.clip(rng.normal(128, sigma, (_NOISE_TILE, _NOISE_TILE, 3)), 0, 255).astype(np.uint8))
    noise = Image.new("RGB", image.size)
    for left in range(0, image.width, _NOISE_TILE):
        for top in range(0, image.height, _NOISE_TILE):
            noise.paste(tile, (left, top))
    pixels = np.asarray(image, np.int16) + np.asarray(noise, np.int16) - 128
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _smooth(rng: np.random.Generator, size: Size, cells: int) -> Pixels:
    """Return noise in [0, 1], shape (height, width), that changes over a `cells`-th of the width."""
    coarse = Image.fromarray(rng.random((cells, cells), np.float32))
    return np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), np.float32)


def _texture(rng: np.random.Generator, size: Size) -> Pixels:
    octaves = [_smooth(rng, size, 4 << octave) / (2 << octave) for octave in range(5)]
    texture: Pixels = np.sum(octaves, axis=0, dtype=np.float32)
    return texture


def _gradient(size: Size, top: Pixels, bottom: Pixels) -> Pixels:
    share = np.linspace(0, 1, size[1], dtype=np.float32)[:, None, None]
    return np.broadcast_to(top * (1 - share) + bottom * share, (size[1], size[0], 3)).copy()


def _rgb(red: float, green: float, blue: float) -> Pixels:
    return np.array([red, green, blue], np.float32)


def _colour(rng: np.random.Generator, low: float, high: float) -> Pixels:
    return rng.uniform(low, high, 3).astype(np.float32)


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _landscape(rng: np.random.Generator, size: Size) -> Image.Image:
    sky = _gradient(size, _rgb(60, 120, 200) + _colour(rng, -30, 30), _rgb(220, 215, 200))
    rows = np.arange(size[1], dtype=np.float32)[:, None]
    for layer, green in enumerate((0.5, 0.7, 1.0)):
        line = size[1] * (0.45 + 0.15 * layer) + size[1] * 0.15 * (_smooth(rng, (size[0], 8), 5 + 2 * layer)[:1] - 0.5)
        ground = _rgb(70, 110, 50) * green + _colour(rng, -20, 20)
        below = (rows > line)[:, :, None]
        sky = np.where(below, ground * (0.6 + 0.8 * _texture(rng, size)[:, :, None]), sky)
    return _image(sky)


def _flowers(rng: np.random.Generator, size: Size) -> Image.Image:
    image = _image(_rgb(40, 120, 30) * (0.5 + _texture(rng, size)[:, :, None]))
    pen = ImageDraw.Draw(image)
    for _ in range(60):
        x, y, radius = rng.uniform(0, size[0]), rng.uniform(0, size[1]), rng.uniform(0.01, 0.05) * min(size)
        saturated = tuple(int(level) for level in rng.permutation([255, int(rng.uniform(0, 120)), 0]))
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=saturated)
    return image.filter(ImageFilter.GaussianBlur(0.8))


def _night(rng: np.random.Generator, size: Size) -> Image.Image:
    image = _image(_gradient(size, _rgb(6, 8, 18), _rgb(22, 18, 16)) + 12 * _texture(rng, size)[..., None])
    pen = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(3, 30))):
        x, y, radius = rng.uniform(0, size[0]), rng.uniform(size[1] / 2, size[1]), rng.uniform(0.002, 0.01) * max(size)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(255, 220, 140))
    return image.filter(ImageFilter.GaussianBlur(1.5))


def _fog(rng: np.random.Generator, size: Size) -> Image.Image:
    hills = np.asarray(_landscape(rng, size), np.float32)
    return _image(175 + 0.22 * (hills - 128))


def _room(rng: np.random.Generator, size: Size) -> Image.Image:
    wall = _gradient(size, _colour(rng, 150, 230), _colour(rng, 110, 190))
    image = _image(wall + 14 * (_texture(rng, size)[:, :, None] - 0.5))
    pen = ImageDraw.Draw(image)
    for _ in range(7):
        left, top = rng.uniform(0, 0.8, 2) * size
        width, height = rng.uniform(0.08, 0.35, 2) * size
        shade = tuple(int(level) for level in rng.uniform(30, 220, 3))
        pen.rectangle((left, top, left + width, top + height), fill=shade)
    return image.filter(ImageFilter.GaussianBlur(1.0))


def _page(rng: np.random.Generator, size: Size) -> Image.Image:
    image = _image(_gradient(size, _colour(rng, 215, 245), _colour(rng, 195, 230)))
    pen, height = ImageDraw.Draw(image), max(8, size[1] // 40)
    font = ImageFont.load_default(height)
    for line in range(2, 30, 2):
        pen.text((size[0] // 12, line * height), sentence(rng, 9), fill=(40, 40, 50), font=font)
    return image


_SCENES: tuple[tuple[Callable[[np.random.Generator, Size], Image.Image], str], ...] = (
    (_landscape, "a view of green hills under a blue sky"),
    (_flowers, "a field of red and yellow flowers"),
    (_night, "a city at night seen from a hill"),
    (_fog, "a foggy morning in the hills"),
    (_room, "a living room with a couch and a table"),
    (_page, "a page of a book with text on it"),
)
