"""Files whose colour profile makes their decoding costly."""

from collections.abc import Callable

from PIL import Image

from local.harness.crafted.icc import gamma, lut, matrix
from local.harness.hostile_files import LARGEST, encode

_FRAMES = 5_000


def _gradients(size: tuple[int, int]) -> Image.Image:
    light = Image.radial_gradient("L").resize(size)
    turned = [light.transpose(Image.Transpose.FLIP_LEFT_RIGHT), light.transpose(Image.Transpose.FLIP_TOP_BOTTOM)]
    return Image.merge("RGBA", [light, *turned, light])


def _frames_with_a_table() -> bytes:
    frames = [Image.new("RGB", (8, 8), (number % 256, number // 256, 7)) for number in range(_FRAMES)]
    table = lut(lambda red, green, blue: (30 * red + 60 * green + 10 * blue, 0, 0), points=33)
    return encode(frames[0], "PNG", save_all=True, append_images=frames[1:], icc_profile=table)


PROFILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "PNG, 50 megapixels, transparent, with a profile": (
        lambda: encode(_gradients(LARGEST), "PNG", icc_profile=matrix(gamma(8)), compress_level=1),
        "accepted",
    ),
    "animated PNG, 5,000 frames with a table as profile": (_frames_with_a_table, "accepted"),
}
