"""The reader gets the very pictures whose views the model sees, at full resolution."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from local.harness.crafted import crafted_files
from local.harness.hostile_files import encode, sound_files
from moderation.domain.image import PreparedImage, page_pictures, prepare
from moderation.domain.image.readable import MAX_PAGE_PIXELS, MAX_PAGES_PIXELS, Readable, Sheet
from moderation.domain.image.renderings import Rendering
from moderation.domain.image.strokes import Strokes
from moderation.domain.page import Page
from moderation.errors import ImageTooLarge, ModerationError, UnreadableImage
from tests.support.colour_files import exif

SIZE = 64


def prepared(data: bytes) -> PreparedImage | None:
    try:
        return prepare(data, "full", SIZE, read=True)
    except ModerationError:
        return None


def scene(size: tuple[int, int] = (300, 200)) -> Image.Image:
    """Many colours, a mark in one corner, and a lettering that is smaller than the view shows."""
    pixels = np.random.default_rng(3).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)
    ImageDraw.Draw(picture).text((5, 5), "Call 555-0143", fill="white")
    return picture


def transparent() -> Image.Image:
    picture = Image.new("RGBA", (120, 80), (0, 0, 0, 0))
    ImageDraw.Draw(picture).ellipse((30, 20, 90, 60), fill=(255, 255, 255, 255))
    return picture


def frames(format: str) -> bytes:
    """Three frames, so different that each is looked at."""
    pictures = [Image.new("RGB", (120, 90), colour) for colour in ("red", "green", "blue")]
    for number, picture in enumerate(pictures):
        ImageDraw.Draw(picture).rectangle((10 + 30 * number, 20, 30 + 30 * number, 70), fill="white")
    return encode(pictures[0], format, save_all=True, append_images=pictures[1:])


FILES: Mapping[str, bytes] = {
    "jpeg": encode(scene(), "JPEG"),
    "jpeg, turned": encode(scene(), "JPEG", exif=b"Exif\0\0" + exif(6)),
    "png, transparent": encode(transparent(), "PNG"),
    **{f"{format}, three frames": frames(format) for format in ("GIF", "PNG", "WEBP", "TIFF")},
    **sound_files(),
}


@pytest.mark.parametrize("name", FILES)
def test_a_page_is_the_picture_of_its_view(name: str) -> None:
    assert_pages_are_views(FILES[name])


def test_the_pages_of_crafted_files_are_the_pictures_of_their_views() -> None:
    files = [data for kind in crafted_files().values() for data in kind.values() if prepared(data)]

    assert len(files) > 50
    for data in files:
        assert_pages_are_views(data)


def assert_pages_are_views(data: bytes) -> None:
    seen = prepare(data, "full", SIZE, read=True)
    views = {view.name: view for view in seen.views}

    pictures = dict(zip(seen.pages, page_pictures(data, seen.pages), strict=True))

    assert [page.view for page in pictures][: len(views)] == list(views), "under `full` every view is whole"
    for page, png in list(pictures.items())[: len(views)]:
        picture, view = Image.open(io.BytesIO(png)), views[page.view]
        assert (page.frame, picture.mode, picture.size) == (view.frame, "RGB", view.box[2:])
        resized = picture.resize((SIZE, SIZE), Image.Resampling.BICUBIC)
        assert resized.tobytes() == Image.open(io.BytesIO(view.png)).tobytes(), page


def test_these_files_have_several_frames_and_renderings() -> None:
    """Otherwise the test above would say little."""
    views = {name: {page.view for page in seen.pages} for name, data in FILES.items() if (seen := prepared(data))}

    assert views["png, transparent"] == {"full", "full-black"}
    for format in ("GIF", "PNG", "WEBP", "TIFF"):
        assert views[f"{format}, three frames"] == {"full", "frame-1", "frame-2"}, format


def test_a_turned_photograph_is_read_upright() -> None:
    data = FILES["jpeg, turned"]
    seen = prepared(data)
    assert seen is not None

    (png,) = page_pictures(data, seen.pages)

    assert Image.open(io.BytesIO(png)).size == (200, 300)


def test_a_large_picture_is_shrunk_and_those_of_several_frames_share_the_pixels() -> None:
    single = encode(Image.new("RGB", (4500, 3000), "white"), "PNG")
    pages = [Image.new("L", (3000, 3000), colour) for colour in (0, 120, 255)]
    several = encode(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="tiff_deflate")

    for data, count, most in ((single, 1, MAX_PAGE_PIXELS), (several, 3, MAX_PAGES_PIXELS // 3)):
        seen = prepared(data)
        assert seen is not None
        sizes = [Image.open(io.BytesIO(png)).size for png in page_pictures(data, seen.pages)]
        assert len(sizes) == count
        for (width, height), page in zip(sizes, seen.pages, strict=True):
            assert 0.99 * most < width * height <= most
            assert page.scale < 1


def test_a_page_that_the_file_does_not_have_is_an_error() -> None:
    data = FILES["jpeg"]

    with pytest.raises(UnreadableImage, match="frame-1"):
        page_pictures(data, [Page("full"), Page("frame-1")])
    with pytest.raises(UnreadableImage):
        page_pictures(data, [Page("full"), Page("frame-1", frame=1)])


def test_a_file_is_decoded_within_the_same_limits() -> None:
    with pytest.raises(UnreadableImage):
        page_pictures(FILES["jpeg"][:400], [Page("full")])
    with pytest.raises(ImageTooLarge):
        page_pictures(encode(Image.new("1", (10_000, 6_000)), "PNG"), [Page("full")])


NUMBER = "0171 555 0143"


def lettered(
    picture: Image.Image, size: int = 16, fill: str | tuple[int, int, int] = "white", text: str = NUMBER
) -> Image.Image:
    copy = picture.copy()
    ImageDraw.Draw(copy).text((20, 30), text, fill=fill, font=ImageFont.load_default(size))
    return copy


def film(frames: Sequence[Image.Image], format: str) -> bytes:
    kinds: Mapping[str, Mapping[str, object]] = {"WEBP": {"quality": 60}, "TIFF": {"compression": "tiff_deflate"}}
    options = kinds.get(format, {})
    return encode(frames[0], format, save_all=True, append_images=frames[1:], **options)


@pytest.mark.parametrize("size", [8, 12, 16])
@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_a_frame_that_differs_in_small_text_alone_is_read(format: str, size: int) -> None:
    plain = scene((640, 480))
    data = film([plain, lettered(plain, 10, "black"), lettered(plain, size), plain], format)

    seen = prepare(data, "full", SIZE, read=True)

    assert [view.frame for view in seen.views] == [0], "the model sees no difference"
    assert {page.frame for page in seen.pages} >= {0, 1, 2}
    assert not seen.unread and not seen.unseen
    pictures = [Image.open(io.BytesIO(png)) for png in page_pictures(data, seen.pages)]
    assert {picture.size for picture in pictures} == {plain.size}, "nothing is shrunk"


def test_a_digit_that_changes_and_letters_that_are_faint_are_read() -> None:
    plain = Image.new("RGB", (400, 300), "white")
    for other in (lettered(plain, 16, (235, 235, 235)), lettered(plain, 16, (90, 90, 90))):
        data = film([lettered(plain, 16, "black"), other, plain], "PNG")

        assert {page.frame for page in prepare(data, "full", SIZE, read=True).pages} == {0, 1}, "the last adds nothing"


def test_noise_is_nothing_to_read() -> None:
    smooth = np.asarray(Image.linear_gradient("L").resize((640, 480)).convert("RGB"), dtype=np.float64)
    rng = np.random.default_rng(1)
    frames = [Image.fromarray((smooth + rng.normal(0, 2, smooth.shape)).clip(0, 255).astype(np.uint8)) for _ in "1234"]

    assert len(prepare(film(frames, "PNG"), "full", SIZE, read=True).pages) == 1


def test_more_text_than_is_read_is_said() -> None:
    plain = Image.new("RGB", (300, 200), "white")
    frames = []
    for number in range(100):
        frames.append(plain.copy())
        ImageDraw.Draw(frames[-1]).text(
            (20, 30), f"0171 555 {number:04}", fill="black", font=ImageFont.load_default(16)
        )

    seen = prepare(film(frames, "GIF"), "full", SIZE, read=True)

    assert len(seen.pages) == 80 + len([view for view in seen.views if view.frame >= 80])
    assert seen.unread == (
        f"{100 - len(seen.pages)} of 100 frames weren't read, and may have small text of their own.",
    )


def test_pages_are_planned_only_where_they_are_read() -> None:
    seen = prepare(film([scene(), lettered(scene())], "GIF"), "full", SIZE)

    assert (seen.pages, seen.unread, seen.shrunk) == ((), (), ())


@pytest.mark.parametrize("fill", [(255, 255, 255, 255), (250, 250, 250, 255), (255, 255, 255, 90)])
def test_small_light_letters_on_transparency_are_read_on_black(fill: tuple[int, int, int, int]) -> None:
    picture = Image.new("RGBA", (1600, 1200), (0, 0, 0, 0))
    ImageDraw.Draw(picture).text((900, 700), NUMBER, fill=fill, font=ImageFont.load_default(16))

    seen = prepare(encode(picture, "PNG"), "full", SIZE, read=True)

    assert [page.view for page in seen.pages] == ["full", "full-black"]


def test_what_is_shrunk_is_said_and_small_text_in_what_is_shrunk_far_counts_as_unread() -> None:
    large = prepare(encode(Image.new("L", (4500, 3000)), "PNG"), "full", SIZE, read=True)
    scans = [Image.new("L", (4000, 3000)) for _ in range(12)]
    for number, scan in enumerate(scans):
        scan.paste(255, (300 * number, 0, 300 * number + 300, 3000))
    many = prepare(film(scans, "TIFF"), "full", SIZE, read=True)

    assert large.shrunk == ("Text was read in 1 of 1 pictures at down to 94% of their side.",)
    assert large.unread == ()
    assert many.shrunk == ("Text was read in 12 of 12 pictures at down to 41% of their side.",)
    assert many.unread == ("Small text in 12 of 12 pictures wasn't read: under 45% of their side.",)


def test_a_frame_is_compared_first_with_the_one_that_showed_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    add_to = Strokes.add_to

    def counted(mine: Strokes, other: Strokes) -> bool:
        compared.append(other)
        return add_to(mine, other)

    monkeypatch.setattr(Strokes, "add_to", counted)
    pictures = [Image.new("RGB", (200, 100), "white") for _ in range(3)]
    for number, picture in enumerate(pictures):
        ImageDraw.Draw(picture).text((10, 10 + 30 * number), NUMBER, fill="black")
    readable = Readable()

    for number in (0, 1, 2, 0, 0, 0):
        readable.add(Sheet(f"frame-{number}", number, (200, 100)), Rendering("", pictures[number]))

    assert [sheet.frame for sheet in readable.sheets] == [0, 1, 2]
    assert len(compared) == 1 + 2 + 3 + 1 + 1


def test_what_an_animation_says_is_read_in_the_order_in_which_it_says_it() -> None:
    said = [Image.new("RGB", (700, 500), colour) for colour in ("white", "white", "blue")]
    ImageDraw.Draw(said[1]).text((300, 200), NUMBER, font=ImageFont.load_default(14), fill="black")

    read = prepare(encode(said[0], "GIF", save_all=True, append_images=said[1:]), "full", SIZE, read=True)

    assert [view.frame for view in read.views] == [0, 2]
    assert [page.frame for page in read.pages] == [0, 1, 2]


def test_the_strokes_of_a_transparent_frame_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []
    of = Strokes.of

    def counted(picture: Image.Image) -> Strokes:
        looked_at.append(picture.size)
        return of(picture)

    monkeypatch.setattr(Strokes, "of", counted)
    picture = Image.new("RGBA", (700, 500), (0, 0, 0, 0))
    other = picture.copy()
    ImageDraw.Draw(picture).text((9, 9), NUMBER, fill="white")
    ImageDraw.Draw(other).text((9, 300), NUMBER, fill="white")

    prepare(encode(picture, "PNG", save_all=True, append_images=[other]), "full", SIZE, read=True)

    assert len(looked_at) == 4  # of two frames, on white and on black
