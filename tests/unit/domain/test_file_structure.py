"""Structure of files: contradictions are refused, faults of metadata are not."""

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from local.harness.hostile_files import chunk, encode, gif, gif_frame, run_length_bmp, sound_files
from moderation.domain.image import png, prepare
from moderation.domain.image.declared_colours import heif_code_points
from moderation.errors import UnreadableImage, UnsupportedImage

SIZE = 64
NOISE = Image.fromarray(np.random.default_rng(3).integers(0, 255, (48, 64, 3), dtype=np.uint8))
PLAIN = encode(NOISE, "PNG")
PALETTED = encode(NOISE.quantize(16), "PNG", transparency=0)
JPEG = encode(NOISE, "JPEG", quality=92)
PROGRESSIVE = encode(NOISE, "JPEG", progressive=True)
GIF = encode(NOISE, "GIF")
BMP = encode(NOISE.quantize(16), "BMP")
TIFF = encode(NOISE, "TIFF")
SOUND = sound_files()


def parts(data: bytes) -> list[bytes]:
    """The chunks of a PNG, each as it is written."""
    edges = [8]
    while edges[-1] < len(data):
        edges.append(edges[-1] + 12 + int.from_bytes(data[edges[-1] : edges[-1] + 4], "big"))
    return [data[start:end] for start, end in pairwise(edges)]


def rebuilt(change: Callable[[list[bytes]], list[bytes]], data: bytes = PLAIN) -> bytes:
    return png.SIGNATURE + b"".join(change(parts(data)))


def kinds(listed: list[bytes]) -> list[bytes]:
    return [part[4:8] for part in listed]


def at(kind: bytes, listed: list[bytes]) -> int:
    return kinds(listed).index(kind)


def broken(part: bytes) -> bytes:
    return part[:-4] + bytes(4)


def before(kind: bytes, *more: bytes) -> Callable[[list[bytes]], list[bytes]]:
    return lambda listed: [*listed[: at(kind, listed)], *more, *listed[at(kind, listed) :]]


def after(kind: bytes, *more: bytes) -> Callable[[list[bytes]], list[bytes]]:
    return lambda listed: [*listed[: at(kind, listed) + 1], *more, *listed[at(kind, listed) + 1 :]]


def moved(kind: bytes, target: bytes) -> Callable[[list[bytes]], list[bytes]]:
    """A chunk moved to just before another one."""

    def change(listed: list[bytes]) -> list[bytes]:
        chosen = listed[at(kind, listed)]
        return before(target, chosen)([part for part in listed if part is not chosen])

    return change


def split_pixels(*between: bytes) -> Callable[[list[bytes]], list[bytes]]:
    def change(listed: list[bytes]) -> list[bytes]:
        where = at(b"IDAT", listed)
        body = listed[where][8:-4]
        halves = [chunk(b"IDAT", body[:100]), *between, chunk(b"IDAT", body[100:])]
        return [*listed[:where], *halves, *listed[where + 1 :]]

    return change


def segment(kind: int, body: bytes) -> bytes:
    return bytes((0xFF, kind)) + struct.pack(">H", len(body) + 2) + body


def jpeg_with(*segments: bytes) -> bytes:
    return JPEG[:2] + b"".join(segments) + JPEG[2:]


def webp(*chunks: tuple[bytes, bytes], flags: int | None = None, size: tuple[int, int] = (64, 48)) -> bytes:
    extended = []
    if flags is not None:
        sides = b"".join(struct.pack("<I", side - 1)[:3] for side in size)
        extended = [(b"VP8X", struct.pack("<I", flags) + sides)]
    written = b"".join(
        kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2) for kind, body in (*extended, *chunks)
    )
    return b"RIFF" + struct.pack("<I", 4 + len(written)) + b"WEBP" + written


def lossless() -> tuple[bytes, bytes]:
    data = encode(NOISE, "WEBP", lossless=True)
    return b"VP8L", data[20 : 20 + struct.unpack("<I", data[16:20])[0]]


def transparent() -> tuple[bytes, bytes]:
    half = NOISE.convert("RGBA")
    half.paste((0, 0, 0, 0), (0, 0, 32, 48))
    data = encode(half, "WEBP", lossless=True)
    at = data.index(b"VP8L")
    return b"VP8L", data[at + 8 : at + 8 + struct.unpack("<I", data[at + 4 : at + 8])[0]]


def tiff_with_tag_twice(tag: int) -> bytes:
    (start,) = struct.unpack("<I", TIFF[4:8])
    (count,) = struct.unpack("<H", TIFF[start : start + 2])
    entries = [TIFF[start + 2 + 12 * n : start + 14 + 12 * n] for n in range(count)]
    twice = sorted(
        [*entries, *(entry for entry in entries if struct.unpack("<H", entry[:2])[0] == tag)], key=lambda e: e[:2][::-1]
    )
    directory = struct.pack("<H", len(twice)) + b"".join(twice) + bytes(4)
    return TIFF[:4] + struct.pack("<I", len(TIFF)) + TIFF[8:] + directory


def big_tiff_with_tag_twice(tag: int) -> bytes:
    whole = encode(NOISE, "TIFF", big_tiff=True)
    (start,) = struct.unpack("<Q", whole[8:16])
    (count,) = struct.unpack("<Q", whole[start : start + 8])
    entries = [whole[start + 8 + 20 * n : start + 28 + 20 * n] for n in range(count)]
    again = [entry for entry in entries if struct.unpack("<H", entry[:2])[0] == tag]
    directory = struct.pack("<Q", count + 1) + b"".join([*entries, *again]) + bytes(8)
    return whole[:8] + struct.pack("<Q", len(whole)) + whole[16:] + directory


ANIMATED = SOUND["png, animated"]
HEADER = parts(PLAIN)[0]
OTHER_PALETTE = chunk(b"PLTE", bytes(range(48)))

CONTRADICTIONS: dict[str, bytes] = {
    "a second header": rebuilt(after(b"IHDR", HEADER)),
    "the header is second": rebuilt(before(b"IHDR", chunk(b"tEXt", b"a\0b"))),
    "a second palette": rebuilt(after(b"PLTE", OTHER_PALETTE), PALETTED),
    "the palette behind the pixels": rebuilt(moved(b"PLTE", b"IEND"), PALETTED),
    "no palette": rebuilt(lambda listed: [part for part in listed if part[4:8] not in (b"PLTE", b"tRNS")], PALETTED),
    "a palette of 4 bytes": rebuilt(
        lambda listed: [chunk(b"PLTE", b"abcd") if part[4:8] == b"PLTE" else part for part in listed], PALETTED
    ),
    "transparency before the palette": rebuilt(moved(b"tRNS", b"PLTE"), PALETTED),
    "transparency behind the pixels": rebuilt(moved(b"tRNS", b"IEND"), PALETTED),
    "transparency twice": rebuilt(after(b"tRNS", chunk(b"tRNS", b"\xff\0")), PALETTED),
    "transparency of more colours than there are": rebuilt(after(b"PLTE", chunk(b"tRNS", bytes(250))), PALETTED),
    "transparency of the wrong length": rebuilt(before(b"IDAT", chunk(b"tRNS", b"\0\0"))),
    "interrupted pixels": rebuilt(split_pixels(chunk(b"tEXt", b"a\0b"))),
    "pixels whose checksum is wrong": rebuilt(lambda listed: [*listed[:-2], broken(listed[-2]), listed[-1]]),
    "a header whose checksum is wrong": rebuilt(lambda listed: [broken(listed[0]), *listed[1:]]),
    "an unknown chunk that is necessary": rebuilt(before(b"IDAT", chunk(b"XyZz", b"?"))),
    "what is no chunk": rebuilt(before(b"IDAT", chunk(b"\1\2\3\4", b"?"))),
    "an unknown way of interlacing": rebuilt(lambda listed: [chunk(b"IHDR", HEADER[8:20] + b"\2"), *listed[1:]]),
    "two gammas": rebuilt(before(b"IDAT", chunk(b"gAMA", b"\0\0\0\1"), chunk(b"gAMA", b"\0\0\xff\0"))),
    "an animation declared twice": rebuilt(after(b"acTL", chunk(b"acTL", struct.pack(">II", 2, 0))), ANIMATED),
    "an animation declared too late": rebuilt(moved(b"acTL", b"IEND"), ANIMATED),
    "an animation that isn't declared": rebuilt(
        lambda listed: [part for part in listed if part[4:8] != b"acTL"], ANIMATED
    ),
    "an animation of no frames": rebuilt(before(b"IDAT", chunk(b"acTL", bytes(8)))),
    "more frames than declared": rebuilt(
        lambda listed: [chunk(b"acTL", struct.pack(">II", 2, 0)) if p[4:8] == b"acTL" else p for p in listed], ANIMATED
    ),
    "frames out of order": rebuilt(moved(b"fdAT", b"fcTL"), ANIMATED),
    "JPEG, two frame headers": JPEG.replace(
        b"\xff\xc0" + JPEG[JPEG.index(b"\xff\xc0") + 2 : JPEG.index(b"\xff\xc0") + 19],
        JPEG[JPEG.index(b"\xff\xc0") : JPEG.index(b"\xff\xc0") + 19] * 2,
    ),
    "JPEG, cut in the middle": JPEG[: len(JPEG) // 2],
    "JPEG, cut in its last pixels": JPEG[:-10],
    "JPEG, progressive, cut in a scan": PROGRESSIVE[:-200],
    "GIF, a frame larger than its canvas": GIF[:6] + struct.pack("<HH", 30, 30) + GIF[10:],
    "GIF, a first frame that leaves a part of the canvas": gif((80, 60), gif_frame(64, 48)),
    "GIF, junk between its blocks": GIF[:-1] + b"\x99junk" + gif_frame(64, 48) + b";",
    "WebP, two pictures": webp(lossless(), lossless()),
    "WebP, two extended headers": webp((b"VP8X", bytes(10)), lossless(), flags=0),
    "WebP, a larger canvas": webp(lossless(), flags=0, size=(128, 96)),
    "WebP, an animation that is none": webp(lossless(), flags=2),
    "WebP, frames that aren't declared": webp(lossless(), (b"ANMF", bytes(24)), flags=0),
    "WebP, a transparency that isn't declared": webp((b"ALPH", b"\0"), lossless(), flags=0),
    "WebP, a transparent picture that isn't declared": webp(transparent(), flags=0),
    "TIFF, two widths": tiff_with_tag_twice(256),
    "TIFF, two widths in a large file": big_tiff_with_tag_twice(256),
    "TIFF, two photometric interpretations": tiff_with_tag_twice(262),
    "BMP, a palette that reaches into its pixels": BMP[:10] + struct.pack("<I", 54) + BMP[14:],
    "BMP, runs that end before their row": run_length_bmp(8, 2, b"\x08\1\0\0\x04\1\0\1"),
    "BMP, runs that skip pixels": run_length_bmp(8, 2, b"\x08\1\0\0\0\2\4\0\4\1\0\1"),
    "BMP, runs that leave their row": run_length_bmp(8, 2, b"\x09\1\0\0\x08\1\0\1"),
    "BMP, runs cut short": run_length_bmp(8, 2, b"\x08\1"),
    "AVIF, two descriptions": SOUND["avif"] + b"\0\0\0\x0cmeta\0\0\0\0",
    "HEIC, two descriptions": SOUND["heic, plain"] + b"\0\0\0\x0cmeta\0\0\0\0",
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_file_that_two_programs_may_show_differently_is_damaged(name: str) -> None:
    with pytest.raises(UnreadableImage, match=r"damaged|cut short"):
        prepare(CONTRADICTIONS[name], "auto", SIZE)


BOMB = zlib.compress(b"x" * 19_000_000)
NO_EXIF = b"Exif\0\0no EXIF at all, but words"
METADATA: dict[str, tuple[bytes, bytes]] = {
    "PNG, text over the decoder's limit": (rebuilt(before(b"IDAT", chunk(b"zTXt", b"k\0\0" + BOMB))), PLAIN),
    "PNG, text behind the pixels": (rebuilt(after(b"IDAT", chunk(b"iTXt", b"k\0\1\0\0\0" + BOMB))), PLAIN),
    "PNG, text that is none": (rebuilt(before(b"IDAT", chunk(b"zTXt", b"k\0\7junk"), chunk(b"iTXt", b"k\0"))), PLAIN),
    "PNG, a profile over the decoder's limit": (rebuilt(before(b"IDAT", chunk(b"iCCP", b"k\0\0" + BOMB))), PLAIN),
    "PNG, a profile that is none": (rebuilt(before(b"IDAT", chunk(b"iCCP", b"k\0\7junk"))), PLAIN),
    "PNG, EXIF that is none": (rebuilt(before(b"IDAT", chunk(b"eXIf", b"no EXIF"))), PLAIN),
    "PNG, EXIF of nothing": (rebuilt(before(b"IDAT", chunk(b"eXIf", b""))), PLAIN),
    "PNG, EXIF that is cut short": (rebuilt(before(b"IDAT", chunk(b"eXIf", b"II*\0\x08\0\0\0\xe8\3"))), PLAIN),
    "PNG, a wrong checksum of a text": (rebuilt(before(b"IDAT", broken(chunk(b"tEXt", b"a\0b")))), PLAIN),
    "PNG, a wrong checksum of a gamma": (rebuilt(before(b"IDAT", broken(chunk(b"gAMA", b"\0\0\0\1")))), PLAIN),
    "PNG, headers cut short": (rebuilt(before(b"IDAT", chunk(b"pHYs", b"\0"), chunk(b"sRGB", b""))), PLAIN),
    "PNG, unknown chunks": (rebuilt(before(b"IDAT", *[chunk(b"abCd", b"x")] * 300)), PLAIN),
    "PNG, no end": (PLAIN[:-12], PLAIN),
    "PNG, cut in its last checksum": (PLAIN[:-14], PLAIN),
    "PNG, no end and then zeros": (PLAIN[:-12] + bytes(50), PLAIN),
    "PNG, more behind its end": (PLAIN + PALETTED, PLAIN),
    "PNG, a palette that is only suggested": (rebuilt(before(b"IDAT", chunk(b"PLTE", bytes(6)))), PLAIN),
    "PNG, pixels in many chunks": (rebuilt(split_pixels(chunk(b"IDAT", b""))), PLAIN),
    "JPEG, no end": (JPEG[:-2], JPEG),
    "JPEG, progressive, no end": (PROGRESSIVE[:-2], PROGRESSIVE),
    "JPEG, no end and then zeros": (JPEG[:-2] + bytes(100), JPEG),
    "JPEG, EXIF that is none": (jpeg_with(segment(0xE1, NO_EXIF)), JPEG),
    "JPEG, EXIF that loops": (jpeg_with(segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0\x08\0\0\0")), JPEG),
    "JPEG, EXIF twice": (jpeg_with(*[segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0")] * 2), JPEG),
    "JPEG, XMP that is none": (jpeg_with(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:broken")), JPEG),
    "JPEG, a profile that lacks a part": (jpeg_with(segment(0xE2, b"ICC_PROFILE\0\1\2xx")), JPEG),
    "JPEG, a list of pictures that is none": (jpeg_with(segment(0xE2, b"MPF\0junk")), JPEG),
    "JPEG, a Photoshop block that is none": (jpeg_with(segment(0xED, b"Photoshop 3.0\x008BIM\3\xed\0\0\0\xff")), JPEG),
    "JPEG, Adobe's header cut short": (jpeg_with(segment(0xEE, b"Adobe\0")), JPEG),
    "JPEG, JFIF's header cut short": (JPEG[:2] + segment(0xE0, b"JFIF\0") + JPEG[20:], JPEG),
    "JPEG, another picture and a film behind its end": (JPEG + PROGRESSIVE + bytes(1000), JPEG),
    "GIF, no end": (GIF[:-1], GIF),
    "GIF, zeros instead of its end": (GIF[:-1] + bytes(20), GIF),
    "GIF, more behind its end": (GIF + b"trailing" * 10, GIF),
    "WebP, EXIF that is none": (webp(lossless(), (b"EXIF", b"no EXIF"), flags=8), webp(lossless())),
    "WebP, XMP that is none": (webp(lossless(), (b"XMP ", b"<x:"), flags=4), webp(lossless())),
    "WebP, EXIF declared and none there": (webp(lossless(), flags=8), webp(lossless())),
    "WebP, unknown chunks": (webp(lossless(), (b"junk", b"junk")), webp(lossless())),
    "WebP, more behind its end": (webp(lossless()) + b"trailing" * 10, webp(lossless())),
    "TIFF, a description twice": (tiff_with_tag_twice(305), TIFF),
    "HEIC, EXIF that is none": (
        SOUND["heic, turned"].replace(b"MM\0*", b"junk").replace(b"II*\0", b"junk"),
        SOUND["heic, turned"],
    ),
    "HEIC, more behind its end": (SOUND["heic, plain"] + b"trailing" * 10, SOUND["heic, plain"]),
}


@pytest.mark.parametrize("name", METADATA)
def test_a_fault_of_metadata_is_no_fault_of_the_picture(name: str) -> None:
    data, sound = METADATA[name]

    assert [view.png for view in prepare(data, "auto", SIZE).views] == [
        view.png for view in prepare(sound, "auto", SIZE).views
    ]


def test_exif_that_is_none_keeps_no_avif_from_being_looked_at() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a description"
    sound = encode(NOISE, "AVIF", speed=10, exif=exif)
    data = sound.replace(b"MM\0*", b"junk").replace(b"II*\0", b"junk")
    assert data != sound

    assert prepare(data, "full", SIZE).views[0].png == prepare(sound, "full", SIZE).views[0].png


def test_the_directory_of_a_big_tiff_is_read_like_another() -> None:
    big = encode(NOISE, "TIFF", big_tiff=True)

    assert prepare(big, "full", SIZE).views[0].png == prepare(TIFF, "full", SIZE).views[0].png


def test_a_bmp_of_os2_is_read_like_another() -> None:
    rgb = encode(NOISE, "BMP")
    header = struct.pack("<IHHHH", 12, *NOISE.size, 1, 24)
    os2 = rgb[:10] + struct.pack("<I", 14 + len(header)) + header + rgb[54:]

    assert prepare(os2, "full", SIZE).views[0].png == prepare(rgb, "full", SIZE).views[0].png


def test_a_bmp_without_its_header_is_damaged() -> None:
    with pytest.raises(UnreadableImage):
        prepare(BMP[:30], "full", SIZE)


def colour_at(data: bytes, x: float, y: float) -> tuple[int, ...]:
    picture = Image.open(io.BytesIO(prepare(data, "full", SIZE).views[0].png))
    found = picture.getpixel((round(x * SIZE), round(y * SIZE)))
    assert isinstance(found, tuple)
    return tuple(round(value / 64) for value in found)


RED, BLUE, GREEN = (3, 1, 1), (0, 1, 3), (1, 3, 1)


def test_a_heic_is_shown_as_its_own_tools_show_it() -> None:
    plain = SOUND["heic, plain"]

    assert (prepare(plain, "full", SIZE).format, prepare(plain, "full", SIZE).width) == ("HEIF", 96)
    assert [colour_at(plain, x, y) for x, y in ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8))] == [RED, BLUE, GREEN]


def test_a_heic_is_turned_once_by_its_own_rotation_and_not_by_its_exif() -> None:
    turned = SOUND["heic, turned"]  # by 270 degrees; its EXIF says the same

    assert (prepare(turned, "full", SIZE).width, prepare(turned, "full", SIZE).height) == (64, 96)
    assert [colour_at(turned, x, y) for x, y in ((0.8, 0.2), (0.8, 0.8), (0.2, 0.8))] == [RED, BLUE, GREEN]


def test_of_several_pictures_in_a_heic_the_main_one_is_looked_at() -> None:
    several = prepare(SOUND["heic, several"], "auto", SIZE)

    assert (several.frames, [view.name for view in several.views]) == (1, ["full"])
    assert colour_at(SOUND["heic, several"], 0.2, 0.2) == RED


def with_code_points(primaries: int, transfer: int, matrix: int = 6) -> bytes:
    coded = SOUND["heic, coded"]
    at = coded.index(b"nclx") + 4
    return coded[:at] + struct.pack(">HHH", primaries, transfer, matrix) + coded[at + 6 :]


def test_a_heic_is_looked_at_with_its_code_points_and_without() -> None:
    plain, coded = prepare(with_code_points(1, 13), "full", SIZE), prepare(with_code_points(12, 13), "full", SIZE)

    assert [view.name for view in plain.views] == ["full"]
    assert [view.name for view in coded.views] == ["full", "full-raw"]
    assert coded.views[0].png != plain.views[0].png
    assert coded.views[1].png == plain.views[0].png == prepare(SOUND["heic, plain"], "full", SIZE).views[0].png


@pytest.mark.parametrize("transfer", [16, 18])
def test_a_heic_of_a_high_dynamic_range_is_not_accepted(transfer: int) -> None:
    with pytest.raises(UnsupportedImage, match="high dynamic range"):
        prepare(with_code_points(9, transfer), "full", SIZE)


@pytest.mark.parametrize("matrix", [0, 8, 10, 12, 13])
def test_a_heic_of_an_unusual_form_of_colour_is_refused(matrix: int) -> None:
    with pytest.raises(UnreadableImage, match=f"matrix coefficients {matrix}"):
        prepare(with_code_points(1, 13, matrix), "full", SIZE)


@pytest.mark.parametrize("matrix", [1, 2, 4, 5, 6, 7, 9])
def test_a_heic_of_brightness_and_colour_difference_is_accepted(matrix: int) -> None:
    assert len(prepare(with_code_points(1, 13, matrix), "full", SIZE).views) == 1


def described(*colours: bytes, tiles: Sequence[int] = (), wide: bool = False) -> bytes:
    """HEIF's description of picture 1, derived from `tiles`; `colours` are the nclx of the pictures 1, 2, …"""
    number = "I" if wide else "H"
    version = bytes([wide, 0, 0, 0])
    reference = struct.pack(f">{number}H{len(tiles)}{number}", 1, len(tiles), *tiles)
    links = [(item, item) for item, colour in enumerate(colours, 1) if colour]
    listed = b"".join(box(b"colr", b"nclx" + colour) if colour else box(b"free", b"") for colour in colours)
    ipma = struct.pack(">I", len(links)) + b"".join(struct.pack(f">{number}BB", item, 1, at) for item, at in links)
    inside = box(b"pitm", version + struct.pack(f">{number}", 1)) + box(b"iref", version + box(b"dimg", reference))
    inside += box(b"iprp", box(b"ipco", listed) + box(b"ipma", version + ipma))
    return box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(b"meta", bytes(4) + inside)


SRGB_POINTS, GBR_POINTS = (struct.pack(">HHHB", 1, 13, matrix, 128) for matrix in (6, 0))


@pytest.mark.parametrize("wide", [False, True])
def test_the_code_points_of_a_heics_tiles_are_read(wide: bool) -> None:
    assert heif_code_points(described(SRGB_POINTS, wide=wide)) == (1, 13, 6)
    assert heif_code_points(described(b"", GBR_POINTS, GBR_POINTS, tiles=(2, 3), wide=wide)) == (1, 13, 0)
    assert heif_code_points(described(SRGB_POINTS, b"", GBR_POINTS, tiles=(2,), wide=wide)) == (1, 13, 6)
    assert heif_code_points(described(b"", b"", tiles=(2,), wide=wide)) == (2, 2, 2)
    assert heif_code_points(described(b"", tiles=(2,) * 9, wide=wide)[:-9]) == (2, 2, 2)


def test_tiles_of_different_code_points_are_contradictory() -> None:
    with pytest.raises(UnreadableImage, match="tiles"):
        heif_code_points(described(b"", GBR_POINTS, SRGB_POINTS, tiles=(2, 3)))


def test_an_index_over_the_end_of_a_palette_is_its_last_colour() -> None:
    short = rebuilt(
        lambda listed: [chunk(b"PLTE", part[8:-4][:6]) if part[4:8] == b"PLTE" else part for part in listed],
        encode(NOISE.quantize(4), "PNG"),
    )
    full = rebuilt(
        lambda listed: [
            chunk(b"PLTE", part[8:-4][:6] + part[8:-4][3:6] * 2) if part[4:8] == b"PLTE" else part for part in listed
        ],
        encode(NOISE.quantize(4), "PNG"),
    )

    assert [v.png for v in prepare(short, "auto", SIZE).views] == [v.png for v in prepare(full, "auto", SIZE).views]


def test_what_is_transparent_in_a_heic_is_composited() -> None:
    assert colour_at(SOUND["heic, alpha"], 0.2, 0.2) == (4, 4, 4)


def test_a_heic_of_ten_bits_has_its_whole_range() -> None:
    grey = np.asarray(Image.open(io.BytesIO(prepare(SOUND["heic, ten_bits"], "full", SIZE).views[0].png)))

    assert (grey.min(), grey.max()) <= (5, 255)
    assert grey.max() > 200


def box(kind: bytes, *content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(b"".join(content)), kind) + b"".join(content)


def raw_tiff(*entries: tuple[int, int, int], start: bytes = b"II*\0\x08\0\0\0") -> bytes:
    listed = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in sorted(entries))
    return start + struct.pack("<H", len(entries)) + listed + bytes(100)


UNSUPPORTED: dict[str, tuple[bytes, str]] = {
    "PDF": (b"%PDF-1.7\n", "a PDF document"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
    "SVG with a prologue": (
        b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- x -->\n<svg:svg xmlns:svg="x"/>',
        "an SVG drawing",
    ),
    "SVG in UTF-16": ("\ufeff<svg xmlns='http://www.w3.org/2000/svg'/>".encode("utf-16-le"), "an SVG drawing"),
    "SVG, compressed": (b"\x1f\x8b\x08\0\0\0\0\0", "gzip"),
    "HTML": (b"  <!DOCTYPE html><html><img src=x></html>", "a web page"),
    "HTML, a script": (b"<script>alert(1)</script>", "a web page"),
    "XML": (b"<?xml version='1.0'?><rss/>", "an XML document"),
    "JPEG XL": (b"\xff\x0a\xfa\x7f", "a JPEG XL image"),
    "JPEG XL in a container": (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL image"),
    "JPEG 2000": (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 image"),
    "PSD": (b"8BPS\0\1", "Photoshop"),
    "ICO": (b"\0\0\1\0\1\0\x10\x10", "an icon"),
    "CR2": (b"II*\0\x10\0\0\0CR\2\0" + bytes(50), "RAW photograph \\(CR2"),
    "CR3": (box(b"ftyp", b"crx \0\0\0\1crx isom"), "RAW photograph \\(CR3"),
    "DNG": (raw_tiff((254, 4, 1), (50706, 4, 0x401)), "RAW photograph \\(DNG"),
    "NEF": (raw_tiff((254, 4, 1), (330, 4, 60)), "RAW photograph"),
    "a sensor's data": (
        raw_tiff(
            (262, 3, 32803),
        ),
        "RAW photograph",
    ),
    "RAF": (b"FUJIFILMCCD-RAW 0201", "RAW photograph \\(RAF"),
    "ORF": (b"IIRO\x08\0\0\0", "RAW photograph \\(ORF"),
    "RW2": (b"IIU\0\x18\0\0\0", "RAW photograph \\(RW2"),
    "MP4": (box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41"), "a video"),
    "MOV": (box(b"ftyp", b"qt  \0\0\2\0qt  "), "a video \\(MOV"),
    "MOV without a type": (box(b"wide") + box(b"mdat", bytes(20)), "a video \\(MOV"),
    "WebM": (b"\x1aE\xdf\xa3\x9fB\x86\x81", "a video"),
    "AVI": (b"RIFF\x24\0\0\0AVI LIST", "a video"),
    "HEIF, moving": (box(b"ftyp", b"hevc\0\0\0\0hevcheicmif1"), "a moving HEIF"),
    "ZIP": (b"PK\3\4\x14\0", "ZIP"),
    "a program": (b"MZ\x90\0", "a program"),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_a_kind_that_is_not_accepted_is_named(name: str) -> None:
    data, says = UNSUPPORTED[name]

    with pytest.raises(UnsupportedImage, match=f"The object is .*{says}.*, not a picture of an accepted format .*HEIF"):
        prepare(data, "full", SIZE)


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_file_is_of_no_other_kind_and_contradicts_itself_nowhere(name: str) -> None:
    assert prepare(SOUND[name], "full", SIZE).views


def test_a_first_frame_on_nothing_may_be_smaller_than_its_canvas() -> None:
    clear = b"!\xf9\4\1\0\0\0\0"

    assert prepare(gif((80, 60), clear + gif_frame(64, 48)), "auto", SIZE).views


def test_a_canvas_without_frames_that_leave_it_is_no_contradiction() -> None:
    assert prepare(gif((64, 48), gif_frame(64, 48), gif_frame(20, 20)), "auto", SIZE).frames == 2


@pytest.mark.parametrize(
    "body", [b"\x08\1\0\0\0\5\1\1\1\1\1\0\3\1\0\0\0\1", b"\x08\1\0\0\x08\1\0\1", b"\x08\1\0\0\x08\1"]
)
def test_runs_that_fill_the_rows_of_a_bmp_are_sound(body: bytes) -> None:
    assert prepare(run_length_bmp(8, 2, body), "full", SIZE).views


def test_a_bmp_whose_alpha_is_zero_everywhere_is_opaque() -> None:
    blank, half = NOISE.convert("RGBA"), NOISE.convert("RGBA")
    blank.putalpha(0)
    half.putalpha(Image.linear_gradient("L").resize(half.size))

    assert names(_bmp_with_alpha(blank)) == ["full"]
    assert names(_bmp_with_alpha(half)) == ["full", "full-black"]


def _bmp_with_alpha(picture: Image.Image) -> bytes:
    """A BMP of 32 bits whose header names the bits of its alpha."""
    body = picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM).tobytes("raw", "BGRA")
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    info = struct.pack("<IiiHHIIiiII", 108, *picture.size, 1, 32, 3, len(body), 0, 0, 0, 0) + masks
    info += b"BGRs" + bytes(48)
    return b"BM" + struct.pack("<IHHI", 14 + len(info) + len(body), 0, 0, 14 + len(info)) + info + body


def names(data: bytes) -> list[str]:
    return [view.name for view in prepare(data, "full", SIZE).views]


def test_an_animation_with_a_palette_keeps_its_colours_when_it_is_read_again() -> None:
    red = Image.new("P", (32, 32), 0)
    red.putpalette([255, 0, 0, 0, 255, 0])
    green = red.point([1] * 256)
    view = prepare(encode(red, "PNG", save_all=True, append_images=[green]), "full", SIZE).views[0]

    assert Image.open(io.BytesIO(view.png)).getpixel((9, 9)) == (255, 0, 0)
