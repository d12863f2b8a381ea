"""Colour and orientation that a PNG's chunks declare, as browsers read them."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress

from moderation.domain.image import icc
from moderation.domain.image.cicp import BT709_PRIMARIES, code_point_profile, power
from moderation.domain.image.icc import D65, RgbSpace, rgb_profile
from moderation.errors import UnreadableImage

MAX_PROFILE_BYTES = 10_000_000
_SIGNATURE = 8
_MAX_INTENT = 3  # of sRGB
_SRGB_GAMMA, _NEAR = 0.45455, 0.05
_LONGEST_NAME = 79
_GREY, _COLOUR = 0, 2  # types of colour without palette or alpha


def ancillary_chunks(data: bytes) -> dict[bytes, bytes]:
    """Return the first intact chunk of each kind before the picture's data."""
    chunks: dict[bytes, bytes] = {}
    for kind, content in _intact_chunks(data):
        chunks.setdefault(kind, content)
    return chunks


def _intact_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = _SIGNATURE
    while at + 12 <= len(data) and (kind := data[at + 4 : at + 8]) != b"IDAT":
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        if zlib.crc32(data[at + 4 : end]) == int.from_bytes(data[end : end + 4], "big"):
            yield kind, data[at + 8 : end]
        at = end + 4


def declared_profile(chunks: dict[bytes, bytes]) -> bytes | None:
    """Return the ICC profile by precedence: cICP, iCCP, sRGB, gAMA with cHRM. None is sRGB."""
    if coded := _coded(chunks.get(b"cICP", b"")):
        return coded
    profile = _embedded(chunks.get(b"iCCP", b""))
    if icc.colour_space(profile):
        return icc.table_as_rgb(profile)
    intent = chunks.get(b"sRGB", b"")
    if len(intent) == 1 and intent[0] <= _MAX_INTENT:
        return None
    return _measured(chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b""))


def transparent_sample(chunks: dict[bytes, bytes]) -> dict[str, int | tuple[int, ...]]:
    """Return Pillow's `transparency` for tRNS of samples under 16 bits: cut to their bits and scaled to eight."""
    header, sample = chunks.get(b"IHDR", b""), chunks.get(b"tRNS", b"")
    if len(header) < 10 or (depth := header[8]) >= 16 or len(sample) != {_GREY: 2, _COLOUR: 6}.get(header[9]):
        return {}
    most = (1 << depth) - 1
    values = tuple((value & most) * 255 // most for (value,) in struct.iter_unpack(">H", sample))
    return {"transparency": values if header[9] == _COLOUR else values[0]}


def _coded(chunk: bytes) -> bytes | None:
    if len(chunk) != 4:
        return None
    primaries, transfer, matrix, full_range = chunk
    if matrix != 0:
        raise UnreadableImage("The PNG file declares brightness and colour difference (cICP), which PNG can't contain.")
    return code_point_profile(primaries, transfer) if full_range == 1 else None


def _embedded(chunk: bytes) -> bytes:
    name, _, rest = chunk.partition(b"\0")
    if not 1 <= len(name) <= _LONGEST_NAME or rest[:1] != b"\0":
        return b""
    stream = zlib.decompressobj()
    with suppress(zlib.error):
        profile = stream.decompress(rest[1:], MAX_PROFILE_BYTES)
        if stream.eof:
            return profile
    return b""


def _measured(gamma: bytes, chromaticities: bytes) -> bytes | None:
    if len(gamma) != 4 or not (value := int.from_bytes(gamma, "big") / 100_000):
        return None
    curves = (power(1 / value),) * 3
    if len(chromaticities) == 32:
        x, y, *primaries = (number / 100_000 for number in struct.unpack(">8I", chromaticities))
        red, green, blue = zip(primaries[::2], primaries[1::2], strict=True)
        return rgb_profile(RgbSpace((red, green, blue), (x, y), curves))
    if abs(value / _SRGB_GAMMA - 1) < _NEAR:
        return None
    return rgb_profile(RgbSpace(BT709_PRIMARIES, D65, curves))
