"""Plain files, which are most uploads, cost one view: one request to the vision model."""

import pytest
from PIL import Image

from moderation.domain.image import prepare
from scripts.evaluation.ordinary.profiles import srgb
from scripts.evaluation.ordinary.upload import encoded

INPUT_SIZE = 224
BELOW = 895  # one pixel below four times the input size, from where on pictures are cut into tiles


def plain(mode: str, size: tuple[int, int]) -> Image.Image:
    """Return a picture of three different channels that fills its frame and the range of its samples."""
    across = Image.linear_gradient("L").rotate(90).resize(size)
    down = Image.linear_gradient("L").resize(size)
    around = Image.radial_gradient("L").resize(size)
    return Image.merge("RGB", (across, down, around)).convert(mode)


@pytest.mark.parametrize("mode", ["auto", "full"])
@pytest.mark.parametrize("size", [(640, 480), (480, 640), (BELOW, BELOW), (1200, BELOW), (64, 64)])
@pytest.mark.parametrize(
    "format, colours, options",
    [
        ("JPEG", "RGB", {}),
        ("JPEG", "L", {}),
        ("JPEG", "RGB", {"progressive": True, "icc_profile": srgb()}),
        ("PNG", "RGB", {}),
        ("PNG", "L", {}),
        ("PNG", "P", {}),
        ("PNG", "RGB", {"icc_profile": srgb(), "dpi": (72, 72)}),
    ],
)
def test_a_plain_opaque_file_below_the_tiling_size_has_one_view(mode, size, format, colours, options):
    views = prepare(encoded(plain(colours, size), format, **options), mode, INPUT_SIZE).views

    assert [view.name for view in views] == ["full"]


def test_from_the_tiling_size_on_there_are_more():
    assert len(prepare(encoded(plain("RGB", (BELOW + 1, BELOW + 1)), "PNG"), "auto", INPUT_SIZE).views) > 1
