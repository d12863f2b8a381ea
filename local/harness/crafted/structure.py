"""Damaged and contradictory structure: chunks that are missing, doubled, misplaced or broken."""

import struct
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from PIL import Image

from local.harness.crafted import jpeg, png, tiff
from local.harness.crafted.jpeg import EOI, SOI, exif_segment, segment, split
from local.harness.crafted.png import IEND, SIGNATURE, assemble, header, idat, packed
from local.harness.crafted.scene import GROUND, grey, scene
from local.harness.crafted.webp import chunk as riff_chunk
from local.harness.crafted.webp import lossless, webp
from local.harness.crafted.webp import stored as stored_webp
from local.harness.hostile_files import chunk, encode, gif_frame

_OTHER = np.asarray(scene()[::-1, ::-1])  # a second picture: the first one upside down
_INDICES, _COLOURS = png.indexed(scene())
_PLTE = png.palette(_COLOURS)


def _png(*chunks: bytes) -> Callable[[], bytes]:
    return lambda: assemble(*chunks)


def _idats(*cuts: int) -> list[bytes]:
    stream, edges = packed(scene()), [0, *cuts, None]
    return [chunk(b"IDAT", stream[start:end]) for start, end in pairwise(edges)]


def _broken(part: bytes) -> bytes:
    """Return a chunk with a wrong checksum."""
    return part[:-4] + bytes(byte ^ 0xFF for byte in part[-4:])


def _jpeg() -> bytes:
    return jpeg.jpeg(scene())


def _gif(pixels: np.ndarray = _INDICES) -> bytes:
    image = Image.fromarray(pixels).convert("P")
    image.putpalette(bytes(sample for colour in _COLOURS for sample in colour))
    return encode(image, "GIF")


def _gif_parts() -> tuple[bytes, bytes]:
    """Return (header and palette, image block) of a GIF."""
    data = _gif()
    start = data.index(b",\0\0\0\0")
    return data[:start], data[start:-1]


def _gif_canvas(width: int, height: int) -> bytes:
    head, block = _gif_parts()
    return head[:6] + struct.pack("<HH", width, height) + head[10:] + block + b";"


def _gif_controls(*see_through: int) -> bytes:
    """Return a GIF with several controls of its frame; the ground is see-through or not."""
    head, block = _gif_parts()
    ground = _COLOURS.index(GROUND)
    return head + b"".join(b"!\xf9\4" + bytes((each, 10, 0, ground, 0)) for each in see_through) + block + b";"


def _gif_at(left: int, top: int) -> bytes:
    head, block = _gif_parts()
    return head[:6] + struct.pack("<HH", 160, 120) + head[10:] + b"," + struct.pack("<HH", left, top) + block[5:] + b";"


def _jpeg_with(change: Callable[[list[bytes], bytes], bytes]) -> Callable[[], bytes]:
    return lambda: change(*split(_jpeg()))


def _sof(segments: list[bytes]) -> int:
    return next(at for at, part in enumerate(segments) if part[1] == 0xC0)


def _shrunk_sof(segments: list[bytes], rest: bytes) -> bytes:
    """Declare half of the height that the scan has."""
    at = _sof(segments)
    segments[at] = segments[at][:5] + struct.pack(">H", 32) + segments[at][7:]
    return SOI + b"".join(segments) + rest


def _second_sof(segments: list[bytes], rest: bytes) -> bytes:
    at = _sof(segments)
    segments.insert(at + 1, segments[at])
    return SOI + b"".join(segments) + rest


FILES: dict[str, Callable[[], bytes]] = {
    "PNG, as encoded": lambda: png.png(scene()),
    "PNG, pixels in three chunks": _png(header(scene()), *_idats(500, 7000), IEND),
    "PNG, pixels in chunks of one byte": _png(header(scene()), *_idats(*range(1, 60)), IEND),
    "PNG, empty chunks of pixels": _png(header(scene()), chunk(b"IDAT", b""), *_idats(900), chunk(b"IDAT", b""), IEND),
    "PNG, a text chunk between the pixels": _png(
        header(scene()), _idats(900)[0], chunk(b"tEXt", b"a\0b"), _idats(900)[1], IEND
    ),
    "PNG, two headers": _png(header(scene()), header(scene()), idat(scene()), IEND),
    "PNG, two headers, the second smaller": _png(header(scene()), header(scene()[:32, :48]), idat(scene()), IEND),
    "PNG, the header is second": _png(chunk(b"tEXt", b"a\0b"), header(scene()), idat(scene()), IEND),
    "PNG, two pictures": _png(header(scene()), idat(scene()), idat(_OTHER), IEND),
    "PNG, a second file behind its end": lambda: png.png(scene()) + png.png(_OTHER),
    "PNG, chunks behind its end": lambda: png.png(scene()) + chunk(b"tEXt", b"a\0b"),
    "PNG, no end": _png(header(scene()), idat(scene())),
    "PNG, end with a body": _png(header(scene()), idat(scene()), chunk(b"IEND", b"body")),
    "PNG, no pixels": _png(header(scene()), IEND),
    "PNG, half of the rows": lambda: assemble(header(scene()), idat(scene()[:32]), IEND),
    "PNG, too many rows": lambda: assemble(header(scene()), idat(np.vstack([scene(), scene()])), IEND),
    "PNG, cut in the middle of its pixels": lambda: png.png(scene())[:9000],
    "PNG, cut in its last checksum": lambda: png.png(scene())[:-2],
    "PNG, cut in its last pixels": lambda: png.png(scene())[:-40],
    "PNG, wrong checksum of the header": _png(_broken(header(scene())), idat(scene()), IEND),
    "PNG, wrong checksum of the pixels": _png(header(scene()), _broken(idat(scene())), IEND),
    "PNG, wrong checksum of the palette": _png(header(_INDICES, colour=3), _broken(_PLTE), idat(_INDICES), IEND),
    "PNG, wrong checksum of a text chunk": _png(header(scene()), _broken(chunk(b"tEXt", b"a\0b")), idat(scene()), IEND),
    "PNG, wrong checksum of the end": _png(header(scene()), idat(scene()), _broken(IEND)),
    "PNG, wrong checksum of the stream": lambda: assemble(
        header(scene()), chunk(b"IDAT", packed(scene())[:-4] + b"\0\0\0\0"), IEND
    ),
    "PNG, unknown critical chunk": _png(header(scene()), chunk(b"XyZz", b"?"), idat(scene()), IEND),
    "PNG, unknown ancillary chunk": _png(header(scene()), chunk(b"xyZz", b"?"), idat(scene()), IEND),
    "PNG, chunk with no letters for a name": _png(header(scene()), chunk(b"\1\2\3\4", b"?"), idat(scene()), IEND),
    "PNG, chunk longer than the file": lambda: (
        assemble(header(scene())) + struct.pack(">I", 0x7FFFFFF0) + b"tEXt" + png.png(scene())[33:]
    ),
    "PNG, palette after the pixels": _png(header(_INDICES, colour=3), idat(_INDICES), _PLTE, IEND),
    "PNG, no palette": _png(header(_INDICES, colour=3), idat(_INDICES), IEND),
    "PNG, two palettes": _png(header(_INDICES, colour=3), _PLTE, png.palette(reversed(_COLOURS)), idat(_INDICES), IEND),
    "PNG, palette of 4 bytes": _png(header(_INDICES, colour=3), chunk(b"PLTE", b"\1\2\3\4"), idat(_INDICES), IEND),
    "PNG, palette in a picture of RGB": _png(header(scene()), _PLTE, idat(scene()), IEND),
    "PNG, palette in a picture of grey": _png(header(grey()), _PLTE, idat(grey()), IEND),
    "PNG, sizes of zero": _png(chunk(b"IHDR", bytes(8) + b"\x08\2\0\0\0"), idat(scene()), IEND),
    "PNG, unknown colour type": _png(header(scene(), colour=5), idat(scene()), IEND),
    "PNG, 3 bits": _png(header(scene(), bits=3), idat(scene()), IEND),
    "PNG, unknown compression": _png(
        chunk(b"IHDR", struct.pack(">IIBBBBB", 96, 64, 8, 2, 1, 0, 0)), idat(scene()), IEND
    ),
    "PNG, unknown filter": lambda: assemble(
        header(scene()), chunk(b"IDAT", png.stored(b"".join(b"\7" + row for row in png.rows(scene(), 8)))), IEND
    ),
    "PNG, unknown interlace": _png(header(scene(), interlace=2), idat(scene()), IEND),
    "PNG, signature with a line break of Unix": lambda: b"\x89PNG\n\x1a\n" + png.png(scene())[8:],
    "PNG behind a byte order mark": lambda: b"\xef\xbb\xbf" + png.png(scene()),
    "JPEG, as encoded": _jpeg,
    "JPEG, no end": lambda: _jpeg()[:-2],
    "JPEG, half of its end": lambda: _jpeg()[:-1],
    "JPEG, filling instead of its end": lambda: _jpeg()[:-2] + b"\xff" * 300,
    "JPEG, cut in the middle": lambda: _jpeg()[: len(_jpeg()) * 2 // 3],
    "JPEG, cut in its last bytes": lambda: _jpeg()[:-12],
    "JPEG, progressive, cut in the middle": lambda: (lambda data: data[: len(data) // 2])(
        jpeg.jpeg(scene(), progressive=True)
    ),
    "JPEG, two starts": lambda: SOI + _jpeg(),
    "JPEG, two pictures": lambda: _jpeg() + jpeg.jpeg(_OTHER),
    "JPEG, a picture in its first segment": lambda: jpeg.jpeg(scene(), segment(0xE5, jpeg.jpeg(_OTHER))),
    "JPEG, end before the scan": _jpeg_with(lambda segments, rest: SOI + b"".join(segments) + EOI + rest),
    "JPEG, two frame headers": _jpeg_with(_second_sof),
    "JPEG, half of the height": _jpeg_with(_shrunk_sof),
    "JPEG, Huffman tables twice": _jpeg_with(
        lambda segments, rest: SOI + b"".join(segments + [part for part in segments if part[1] == 0xC4]) + rest
    ),
    "JPEG, Huffman tables missing": lambda: jpeg.without(_jpeg(), 0xC4),
    "JPEG, quantisation missing": lambda: jpeg.without(_jpeg(), 0xDB),
    "JPEG, second quantisation wins": _jpeg_with(
        lambda segments, rest: SOI + b"".join(segments) + segment(0xDB, b"\0" + b"\x28" * 64) + rest
    ),
    "JPEG, restart markers that are none": _jpeg_with(
        lambda segments, rest: SOI + b"".join(segments) + segment(0xDD, b"\0\4") + rest
    ),
    "JPEG, filling between segments": _jpeg_with(
        lambda segments, rest: SOI + b"\xff\xff\xff".join(segments) + b"\xff\xff" + rest
    ),
    "JPEG, garbage between segments": _jpeg_with(lambda segments, rest: SOI + b"junk".join(segments) + rest),
    "JPEG, a marker in the scan": _jpeg_with(
        lambda segments, rest: SOI + b"".join(segments) + rest[:300] + b"\xff\xe5\0\2" + rest[300:]
    ),
    "JPEG, garbage behind its end": lambda: _jpeg() + b"trailing" * 100,
    "JPEG, wrong length of a segment": lambda: SOI + b"\xff\xe5\xff\xff" + _jpeg()[2:],
    "JPEG, arithmetic coding declared": _jpeg_with(
        lambda segments, rest: SOI + b"".join(segments).replace(b"\xff\xc0", b"\xff\xc9") + rest
    ),
    "JPEG of 12 bits declared": _jpeg_with(
        lambda segments, rest: SOI + b"".join(segments).replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c") + rest
    ),
    "JPEG, EXIF 6 and a broken scan": lambda: jpeg.jpeg(scene(), exif_segment(6))[:-400],
    "GIF, as encoded": _gif,
    "GIF, canvas larger than its frame": lambda: _gif_canvas(200, 150),
    "GIF, canvas smaller than its frame": lambda: _gif_canvas(40, 30),
    "GIF, canvas of zero": lambda: _gif_canvas(0, 0),
    "GIF, frame off its corner": lambda: _gif_at(50, 40),
    "GIF, frame partly outside": lambda: _gif_at(120, 90),
    "GIF, frame outside": lambda: _gif_at(500, 400),
    "GIF, no end": lambda: _gif()[:-1],
    "GIF, cut in the middle": lambda: _gif()[: len(_gif()) * 2 // 3],
    "GIF, garbage behind its end": lambda: _gif() + b"trailing" * 100,
    "GIF, unknown block": lambda: b"".join((_gif_parts()[0], b"\x99\4junk\0", _gif_parts()[1], b";")),
    "GIF, unknown extension": lambda: b"".join((_gif_parts()[0], b"!\x77\4junk\0", _gif_parts()[1], b";")),
    "GIF, comment": lambda: b"".join((_gif_parts()[0], b"!\xfe\4junk\0", _gif_parts()[1], b";")),
    "GIF, plain text extension": lambda: b"".join(
        (_gif_parts()[0], b"!\1\x0c" + bytes(12) + b"\4junk\0", _gif_parts()[1], b";")
    ),
    "GIF, no palette": lambda: _gif()[:10] + b"\0\0\0" + b",".join((b"", _gif_parts()[1][1:])) + b";",
    "GIF, two controls, the first see-through": lambda: _gif_controls(1, 0),
    "GIF, two controls, the second see-through": lambda: _gif_controls(0, 1),
    "GIF, the same control twice": lambda: _gif_controls(1, 1),
    "GIF, version 87a": lambda: b"GIF87a" + _gif()[6:],
    "GIF, unknown version": lambda: b"GIF90z" + _gif()[6:],
    "GIF, no image": lambda: _gif_parts()[0] + b";",
    "GIF, first frame of one pixel": lambda: b"".join((_gif_parts()[0], gif_frame(1, 1), _gif_parts()[1], b";")),
    "WebP, as encoded": lambda: webp(lossless()),
    "WebP, lossy": lambda: webp(stored_webp("lossy.webp")),
    "WebP, flagged as animated": lambda: webp(lossless(), flags=2),
    "WebP, a larger canvas": lambda: webp(lossless(), flags=0, size=(200, 100)),
    "WebP, two pictures": lambda: webp(lossless(), stored_webp("alpha.webp")),
    "WebP, two extended headers": lambda: webp((b"VP8X", bytes(10)), lossless(), flags=0),
    "WebP, unknown chunk first": lambda: webp((b"junk", b"junk"), lossless()),
    "WebP, unknown chunk behind": lambda: webp(lossless(), (b"junk", b"junk")),
    "WebP, cut short": lambda: webp(lossless())[:-60],
    "WebP, garbage behind its end": lambda: webp(lossless()) + b"trailing" * 100,
    "WebP, declared longer": lambda: (lambda data: data[:4] + struct.pack("<I", 99_999) + data[8:])(webp(lossless())),
    "WebP, declared shorter": lambda: (lambda data: data[:4] + struct.pack("<I", 60) + data[8:])(webp(lossless())),
    "WebP, chunk declared longer": lambda: (lambda data: data[:16] + struct.pack("<I", 99_999) + data[20:])(
        webp(lossless())
    ),
    "WebP in a list": lambda: b"RIFF" + struct.pack("<I", 400) + b"WEBP" + riff_chunk(b"LIST", webp(lossless())[8:]),
    "BMP, as encoded": lambda: encode(Image.fromarray(scene()), "BMP"),
    "BMP, cut short": lambda: encode(Image.fromarray(scene()), "BMP")[:9000],
    "BMP, pixels elsewhere": lambda: (
        lambda data: data[:10] + struct.pack("<I", 74) + data[14:54] + bytes(20) + data[54:]
    )(encode(Image.fromarray(scene()), "BMP")),
    "TIFF, as encoded": lambda: tiff.tiff(scene()),
    "TIFF, cut short": lambda: (lambda data: data[:4] + struct.pack("<I", 8) + data[-400:])(tiff.tiff(scene())),
    "TIFF, high byte first": lambda: tiff.tiff(scene(), order=">"),
    "TIFF, rows filled from the right": lambda: tiff.tiff(grey() >> 7, 1, tags={266: 2}),
    "nothing but a signature": lambda: SIGNATURE,
}
