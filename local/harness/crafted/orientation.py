"""Orientation, as each format says it, and in places where a browser doesn't look."""

from collections.abc import Callable

from PIL import Image

from local.harness.crafted import bmff, jpeg, png, tiff
from local.harness.crafted.jpeg import SOI, exif, exif_segment, segment, split
from local.harness.crafted.scene import scene
from local.harness.crafted.webp import EXIF, XMP, lossless, webp
from local.harness.crafted.webp import stored as stored_webp
from local.harness.hostile_files import chunk, encode

_PACKET = (
    b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF "
    b"xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about='' "
    b"xmlns:tiff='http://ns.adobe.com/tiff/1.0/' tiff:Orientation='%d'/></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
)
_XMP_SEGMENT = b"http://ns.adobe.com/xap/1.0/\0"


def _jpeg(*segments: bytes) -> Callable[[], bytes]:
    return lambda: jpeg.jpeg(scene(), *segments)


def _png(*chunks: bytes) -> Callable[[], bytes]:
    return lambda: png.png(scene(), *chunks)


def _webp(body: bytes) -> Callable[[], bytes]:
    return lambda: webp(lossless(), (b"EXIF", body), flags=EXIF)


def _behind_tables(extra: bytes) -> bytes:
    """Return a JPEG with a segment right before its first scan."""
    segments, scan = split(jpeg.jpeg(scene()))
    return SOI + b"".join(segments) + extra + scan


def _exif_chunk(orientation: int, order: str = "<") -> bytes:
    return chunk(b"eXIf", exif(orientation, order))


def _thumbnail_only(orientation: int) -> bytes:
    """Return an EXIF structure whose first directory is empty and whose second one has the orientation."""
    tag = exif(orientation)[8:26]
    return b"Exif\0\0II*\0\x08\0\0\0" + b"\0\0" + b"\x0e\0\0\0" + tag


def _raw_profile(orientation: int) -> bytes:
    """Return the text chunk in which ImageMagick keeps EXIF."""
    body = b"Exif\0\0" + exif(orientation)
    words = b"\nexif\n%8d\n" % len(body) + body.hex().encode() + b"\n"
    return chunk(b"zTXt", b"Raw profile type exif\0\0" + png.stored(words))


def _gif_with_xmp() -> bytes:
    data = encode(Image.fromarray(scene()).quantize(16), "GIF")
    trailer = bytes(range(255, -1, -1)) + b"\0"
    block = b"!\xff\x0bXMP DataXMP" + _PACKET % 6 + b"\x01" + trailer
    return data[:-1] + block + b";"


def _avif(*properties: bytes) -> Callable[[], bytes]:
    return lambda: bmff.with_properties(bmff.stored("opaque.avif"), *properties)


def _heic(*properties: bytes) -> Callable[[], bytes]:
    return lambda: bmff.with_properties(bmff.stored("opaque.heic"), *properties)


def _tiff(orientation: int) -> Callable[[], bytes]:
    return lambda: tiff.tiff(scene(), tags={274: orientation})


FILES: dict[str, Callable[[], bytes]] = {
    **{f"JPEG, EXIF {number}": _jpeg(exif_segment(number)) for number in range(10)},
    "JPEG, EXIF 6, high byte first": _jpeg(exif_segment(6, order=">")),
    "JPEG, EXIF 6 as LONG": _jpeg(exif_segment(6, kind=4)),
    "JPEG, EXIF 6 as LONG, high byte first": _jpeg(exif_segment(6, kind=4, order=">")),
    "JPEG, EXIF 6, then EXIF 3": _jpeg(exif_segment(6), exif_segment(3)),
    "JPEG, EXIF of nothing, then EXIF 6": _jpeg(segment(0xE1, b"Exif\0\0"), exif_segment(6)),
    "JPEG, EXIF of one byte, then EXIF 6": _jpeg(segment(0xE1, b"Exif\0\0I"), exif_segment(6)),
    "JPEG, EXIF 1, then EXIF 6": _jpeg(exif_segment(1), exif_segment(6)),
    "JPEG, EXIF 6 after XMP": _jpeg(segment(0xE1, _XMP_SEGMENT + _PACKET % 1), exif_segment(6)),
    "JPEG, EXIF 6 and XMP 3": _jpeg(exif_segment(6), segment(0xE1, _XMP_SEGMENT + _PACKET % 3)),
    "JPEG, XMP 6 alone": _jpeg(segment(0xE1, _XMP_SEGMENT + _PACKET % 6)),
    "JPEG, EXIF 6 right before the scan": lambda: _behind_tables(exif_segment(6)),
    "JPEG, EXIF 6 after its end": lambda: jpeg.jpeg(scene()) + exif_segment(6),
    "JPEG, EXIF 6 in APP2": _jpeg(segment(0xE2, b"Exif\0\0" + exif(6))),
    "JPEG, EXIF 6 in a comment": _jpeg(segment(0xFE, b"Exif\0\0" + exif(6))),
    "JPEG, EXIF 6 without its name": _jpeg(segment(0xE1, exif(6))),
    "JPEG, EXIF 6 with an odd name": _jpeg(segment(0xE1, b"Exif\0\xff" + exif(6))),
    "JPEG, EXIF 6 of its thumbnail alone": _jpeg(segment(0xE1, _thumbnail_only(6))),
    "JPEG, EXIF 6 cut short": _jpeg(segment(0xE1, b"Exif\0\0" + exif(6)[:17])),
    "JPEG, EXIF with a wrong signature": _jpeg(segment(0xE1, b"Exif\0\0" + b"XX*\0" + exif(6)[4:])),
    "JPEG, EXIF that points beyond its end": _jpeg(segment(0xE1, b"Exif\0\0II*\0\xff\xff\0\0")),
    "JPEG of grey, EXIF 5": lambda: jpeg.jpeg(scene()[..., 1], exif_segment(5)),
    "JPEG, progressive, EXIF 8": lambda: jpeg.jpeg(scene(), exif_segment(8), progressive=True),
    **{f"PNG, eXIf {number}": _png(_exif_chunk(number)) for number in range(2, 9)},
    "PNG, eXIf 6, high byte first": lambda: png.png(scene(), _exif_chunk(6, ">")),
    "PNG, eXIf 6 after the pixels": lambda: png.png(scene(), after=[_exif_chunk(6)]),
    "PNG, eXIf 6 twice, then 3": lambda: png.png(scene(), _exif_chunk(6), _exif_chunk(3)),
    "PNG, eXIf 6 with JPEG's name": lambda: png.png(scene(), chunk(b"eXIf", b"Exif\0\0" + exif(6))),
    "PNG, eXIf 6 with a wrong checksum": lambda: png.png(scene(), _exif_chunk(6)[:-1] + b"\0"),
    "PNG, EXIF 6 in a text chunk": lambda: png.png(scene(), _raw_profile(6)),
    "PNG, XMP 6": lambda: png.png(scene(), chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + _PACKET % 6)),
    **{f"WebP, EXIF {number}": _webp(exif(number)) for number in (2, 3, 5, 6, 7, 8)},
    "WebP, EXIF 6 with JPEG's name": lambda: webp(lossless(), (b"EXIF", b"Exif\0\0" + exif(6)), flags=EXIF),
    "WebP, EXIF 6 that the flags deny": lambda: webp(lossless(), (b"EXIF", exif(6)), flags=0),
    "WebP, EXIF 6 before the pixels": lambda: webp((b"EXIF", exif(6)), lossless(), flags=EXIF),
    "WebP, XMP 6": lambda: webp(lossless(), (b"XMP ", _PACKET % 6), flags=XMP),
    "WebP, lossy, EXIF 6": lambda: webp(stored_webp("lossy.webp"), (b"EXIF", exif(6)), flags=EXIF),
    **{f"TIFF, orientation {number}": _tiff(number) for number in range(1, 10)},
    "GIF, XMP 6": _gif_with_xmp,
    "AVIF, irot 1": _avif(bmff.rotated(1)),
    "AVIF, irot 2": _avif(bmff.rotated(2)),
    "AVIF, irot 3": _avif(bmff.rotated(3)),
    "AVIF, imir 0": _avif(bmff.mirrored(0)),
    "AVIF, imir 1": _avif(bmff.mirrored(1)),
    "AVIF, irot 1 and imir 0": _avif(bmff.rotated(1), bmff.mirrored(0)),
    "AVIF, irot 3 and imir 1": _avif(bmff.rotated(3), bmff.mirrored(1)),
    "HEIC, as encoded": lambda: bmff.stored("opaque.heic"),
    "HEIC, irot 1": _heic(bmff.rotated(1)),
    "HEIC, irot 2": _heic(bmff.rotated(2)),
    "HEIC, irot 3": _heic(bmff.rotated(3)),
    "HEIC, imir 0": _heic(bmff.mirrored(0)),
    "HEIC, irot 1 and imir 1": _heic(bmff.rotated(1), bmff.mirrored(1)),
    "HEIC with alpha, irot 1": lambda: bmff.with_properties(bmff.stored("alpha.heic"), bmff.rotated(1)),
    "HEIC with alpha, imir 0": lambda: bmff.with_properties(bmff.stored("alpha.heic"), bmff.mirrored(0)),
    "AVIF with alpha, irot 1": lambda: bmff.with_properties(bmff.stored("alpha.avif"), bmff.rotated(1)),
    "HEIC, EXIF 6, no irot": lambda: bmff.stored("exif.heic"),
    "AVIF, EXIF 6, no irot": lambda: bmff.stored("exif.avif"),
}
