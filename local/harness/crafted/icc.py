"""ICC profiles of a few kilobytes, from their tags."""

import itertools
import struct
from collections.abc import Callable, Mapping

Triple = tuple[float, float, float]
Tags = Mapping[bytes, bytes]
IDENTITY = bytes(range(256))

D50: Triple = (0.9642, 1.0, 0.8249)
SRGB: tuple[Triple, Triple, Triple] = ((0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7139))
P3: tuple[Triple, Triple, Triple] = ((0.5151, 0.2412, -0.0011), (0.2919, 0.6922, 0.0419), (0.1572, 0.0666, 0.7841))
ADOBE: tuple[Triple, Triple, Triple] = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
PROPHOTO: tuple[Triple, Triple, Triple] = ((0.7977, 0.2880, 0.0), (0.1352, 0.7119, 0.0), (0.0313, 0.0001, 0.8249))


def profile(
    tags: Tags, space: bytes = b"RGB ", kind: bytes = b"mntr", pcs: bytes = b"XYZ ", version: int = 0x02400000
) -> bytes:
    """Return a profile of the given tags, with a description and a white point."""
    every = {b"desc": text("crafted"), b"wtpt": xyz(D50), **tags}
    at, table, body = 128 + 4 + 12 * len(every), struct.pack(">I", len(every)), b""
    for signature, value in every.items():
        value += bytes(-len(value) % 4)
        table += signature + struct.pack(">II", at + len(body), len(value))
        body += value
    head = struct.pack(
        ">I4sI4s4s4s6H4s4s", at + len(body), b"", version, kind, space, pcs, 2026, 1, 1, 0, 0, 0, b"acsp", b""
    )
    head += struct.pack(">I4s4sQI", 0, b"", b"", 0, 0) + struct.pack(">3i", *map(fixed, D50))
    return head.ljust(128, b"\0") + table + body


def matrix(curve: bytes, primaries: tuple[Triple, Triple, Triple] = SRGB, version: int = 0x02400000) -> bytes:
    """Return an RGB profile with one curve and three primaries."""
    red, green, blue = map(xyz, primaries)
    tags = {b"rXYZ": red, b"gXYZ": green, b"bXYZ": blue, b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    return profile(tags, version=version)


def gray(curve: bytes) -> bytes:
    """Return a profile for grey pictures."""
    return profile({b"kTRC": curve}, b"GRAY")


def lut(
    to_lab: Callable[..., Triple],
    channels: int = 3,
    space: bytes = b"RGB ",
    kind: bytes = b"mntr",
    points: int = 2,
    given: bytes = IDENTITY,
    wanted: bytes = IDENTITY,
    pcs: bytes = b"Lab ",
) -> bytes:
    """Return a profile with a table of 8 bits and a curve before and after it.

    `to_lab` takes 0..1 and gives L 0..100, a, b.
    """
    steps = [step / (points - 1) for step in range(points)]
    grid = b"".join(lab(to_lab(*point)) for point in itertools.product(steps, repeat=channels))
    head = b"mft1" + bytes(4) + bytes((channels, 3, points, 0))
    head += b"".join(struct.pack(">i", fixed(float(row == column))) for row in range(3) for column in range(3))
    return profile({b"A2B0": head + given * channels + grid + wanted * 3}, space, kind, pcs)


def lab(value: Triple) -> bytes:
    """Return a colour as Lab of 8 bits."""
    light, a, b = value
    return bytes(max(0, min(255, round(part))) for part in (light * 2.55, a + 128, b + 128))


def gamma(value: float) -> bytes:
    """Return a curve of one exponent."""
    return b"curv" + struct.pack(">4xIH2x", 1, round(value * 256))


def curve(*samples: float) -> bytes:
    """Return a curve through samples of 0..1."""
    return b"curv" + struct.pack(f">4xI{len(samples)}H", len(samples), *(round(value * 65_535) for value in samples))


def parametric(kind: int, *values: float) -> bytes:
    """Return a parametric curve."""
    return b"para" + struct.pack(">4xHH", kind, 0) + struct.pack(f">{len(values)}i", *map(fixed, values))


def xyz(value: Triple) -> bytes:
    """Return an XYZ value."""
    return b"XYZ " + bytes(4) + struct.pack(">3i", *map(fixed, value))


def text(words: str) -> bytes:
    """Return a description."""
    return b"desc" + struct.pack(">4xI", len(words) + 1) + words.encode() + b"\0" + bytes(78)


def fixed(value: float) -> int:
    """Return a number with 16 bits before and 16 behind its point."""
    return round(value * 65_536)


SRGB_CURVE = parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
INVERTED = curve(*(1 - step / 255 for step in range(256)))
THRESHOLD = curve(*(float(step > 140) for step in range(256)))
FLAT = curve(*(0.5 for _ in range(256)))
ALTERNATING = curve(*(float(step % 2) for step in range(17)))
ALTERNATING_BYTES = bytes(255 * (step // 16 % 2) for step in range(256))
