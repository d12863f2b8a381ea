"""PNG files made chunk by chunk, and ICC profiles made tag by tag."""

import itertools
import struct
import zlib
from collections.abc import Callable, Sequence

from local.harness.hostile_files import chunk

SRGB_XYZ = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))  # adapted to D50
SRGB_XY = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
SWAPPED_XY = (0.15, 0.06, 0.30, 0.60, 0.64, 0.33)  # red and blue


def with_chunks(png: bytes, *chunks: bytes) -> bytes:
    """Put chunks behind a PNG's header."""
    return png[:33] + b"".join(chunks) + png[33:]


def gamma(value: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(value * 100_000)))


def primaries(points: Sequence[float], white: Sequence[float] = (0.3127, 0.3290)) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in (*white, *points))))


def code_points(primaries: int, transfer: int, matrix: int = 0, full_range: int = 1) -> bytes:
    return chunk(b"cICP", bytes([primaries, transfer, matrix, full_range]))


def embedded(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"x\0\0" + zlib.compress(profile))


def png_of_samples(size: tuple[int, int], depth: int, colour: int, row: bytes, *chunks: bytes) -> bytes:
    """Make a PNG whose rows are all the same."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress((b"\0" + row) * size[1]))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + data + chunk(b"IEND", b"")


def power_curve(exponent: float) -> bytes:
    return b"para\0\0\0\0\0\0\0\0" + struct.pack(">i", round(exponent * 65536))


INVERTED_CURVE = b"curv\0\0\0\0" + struct.pack(">I2H", 2, 65535, 0)


def matrix_profile(
    curve: bytes, columns: Sequence[Sequence[float]] = SRGB_XYZ, extra: dict[bytes, bytes] | None = None
) -> bytes:
    xyz = [_xyz(column) for column in columns]
    named = {b"rXYZ": xyz[0], b"gXYZ": xyz[1], b"bXYZ": xyz[2], b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    return assembled(b"RGB ", b"XYZ ", named | (extra or {}))


def grey_profile(curve: bytes) -> bytes:
    return assembled(b"GRAY", b"XYZ ", {b"kTRC": curve})


def table_profile(
    space: bytes, channels: int, lab: Callable[..., tuple[float, float, float]], tag: bytes = b"A2B0", grid: int = 9
) -> bytes:
    """Make a profile whose table is `lab` of the channels (0 to 1)."""
    points = itertools.product(*[[step / (grid - 1) for step in range(grid)]] * channels)
    nodes = b"".join(
        bytes(round(value) for value in (L * 2.55, a + 128, b + 128)) for L, a, b in itertools.starmap(lab, points)
    )
    identity = bytes(range(256))
    unit = struct.pack(">9i", *(65536 * (place % 4 == 0) for place in range(9)))
    table = b"mft1\0\0\0\0" + bytes([channels, 3, grid, 0]) + unit + identity * channels + nodes + identity * 3
    return assembled(space, b"Lab ", {tag: table})


def assembled(space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    tags = {b"wtpt": _xyz((0.9642, 1.0, 0.8249)), **tags}
    start = 132 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        table += name + struct.pack(">II", start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    header = struct.pack(">I4xI4s4s4s12x4s28x", start + len(body), 0x02400000, b"mntr", space, connection, b"acsp")
    return (header + _xyz((0.9642, 1.0, 0.8249))[8:]).ljust(128, b"\0") + table + body


def exif(orientation: int, kind: int = 3, count: int = 1, order: str = "<") -> bytes:
    """Make EXIF of one entry, the orientation."""
    value = struct.pack(order + ("HH" if kind == 3 else "I"), *((orientation, 0) if kind == 3 else (orientation,)))
    start = b"II*\0" if order == "<" else b"MM\0*"
    return start + struct.pack(order + "IHHHI", 8, 1, 0x0112, kind, count) + value + bytes(4)


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


SWAPPED = matrix_profile(power_curve(2.2), SRGB_XYZ[::-1])  # red and blue
HIDING = matrix_profile(power_curve(30))  # all but white is black
