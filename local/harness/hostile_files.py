"""Hostile files: named decompression bombs and malformed images, and endless damaged variants of valid images."""

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image

LARGEST = (10_000, 5_000)  # 50 megapixels: the most that is accepted
PALETTE = bytes(range(256)) * 3
HUGE_TEXT = b"x" * 19_000_000
_HEIC = (
    Path(__file__).parent / "heic"
)  # written once by libheif 1.15 and x265, which the project doesn't need otherwise


def encode(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.copy().save(buffer, format, **options)  # Pillow leaves the settings of one format on the image it saved
    return buffer.getvalue()


def sound_files() -> dict[str, bytes]:
    """Return a small valid file of each accepted format and of each variant with a decoder of its own."""
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (48, 64, 3), dtype=np.uint8))
    grey = noise.convert("L")

    def animation(format: str, **options: object) -> bytes:
        turned = [noise.rotate(90 * turn) for turn in (1, 2, 3)]
        return encode(noise, format, save_all=True, append_images=turned, **options)

    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    return {
        "jpeg": encode(noise, "JPEG", exif=exif, icc_profile=b"profile" * 50),
        "jpeg, progressive": encode(noise, "JPEG", progressive=True),
        "jpeg, CMYK": encode(noise.convert("CMYK"), "JPEG"),
        "jpeg, several pictures": animation("MPO"),
        "png": encode(noise, "PNG", exif=exif),
        "png, palette": encode(noise.quantize(16), "PNG", transparency=0),
        "png, 16 bits": encode(grey.convert("I;16"), "PNG"),
        "png, animated": animation("PNG"),
        "gif": encode(noise, "GIF", transparency=0),
        "gif, animated": animation("GIF", disposal=2),
        "webp": encode(noise, "WEBP", exif=exif),
        "webp, lossless": encode(noise.convert("RGBA"), "WEBP", lossless=True),
        "webp, animated": animation("WEBP"),
        "bmp": encode(noise, "BMP"),
        "bmp, run-length": run_length_bmp(64, 48, b"\x40\x05\x00\x00" * 48),
        "tiff": encode(noise, "TIFF"),
        "tiff, LZW": encode(noise, "TIFF", compression="tiff_lzw"),
        "tiff, JPEG": encode(noise, "TIFF", compression="jpeg"),
        "tiff, float": encode(grey.convert("F"), "TIFF"),
        "tiff, pages": animation("TIFF", compression="tiff_adobe_deflate"),
        "avif": encode(noise, "AVIF", speed=10),
        "avif, animated": animation("AVIF", speed=10),
        **{f"heic, {file.stem}": file.read_bytes() for file in sorted(_HEIC.glob("*.heic"))},
    }


def mutants(seed: int) -> Iterator[tuple[str, bytes]]:
    """Generate damaged files with their descriptions, without end: first every file truncated at many lengths."""
    sound = sound_files()
    for name, data in sound.items():
        for kept in range(0, len(data), max(1, len(data) // 12)):
            yield f"{name}: the first {kept} bytes", data[:kept]
    rng, names = random.Random(seed), list(sound)
    for number in count():
        name, damage = rng.choice(names), rng.choice((_flip, _overwrite, _splice, _repeat, _cut_out))
        yield f"{name}: {damage.__name__[1:]} {number}", damage(rng, sound[name], sound[rng.choice(names)])


def _flip(rng: random.Random, data: bytes, other: bytes) -> bytes:
    damaged = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        damaged[_early(rng, data)] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def _overwrite(rng: random.Random, data: bytes, other: bytes) -> bytes:
    at, evil = _early(rng, data), rng.choice((b"\0", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0"))
    return data[:at] + evil + data[at + len(evil) :]


def _splice(rng: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: _early(rng, data)] + other[rng.randrange(len(other)) :]


def _repeat(rng: random.Random, data: bytes, other: bytes) -> bytes:
    start = _early(rng, data)
    end = start + rng.randrange(1, 200)
    return data[:end] + data[start:end] * rng.choice((1, 10, 500)) + data[end:]


def _cut_out(rng: random.Random, data: bytes, other: bytes) -> bytes:
    start = _early(rng, data)
    return data[:start] + data[start + rng.randrange(1, 100) :]


def _early(rng: random.Random, data: bytes) -> int:
    """Return a random position, half of the time in the header, where most defects matter."""
    return rng.randrange(min(len(data), rng.choice((120, len(data)))))


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *chunks: bytes, bits: int = 8, colour: int = 0, data: bytes | None = None) -> bytes:
    """Return a PNG of zeros; `data` replaces its compressed pixels."""
    pixels = _packed(1 + width * bits * {0: 1, 2: 3, 6: 4}[colour] // 8, height) if data is None else data
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def apng(width: int, height: int, frames: int, declared: int) -> bytes:
    """Return an animated PNG of RGBA zeros that declares `declared` frames."""
    pixels = _packed(1 + width * 4, height)
    body = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    body += chunk(b"acTL", struct.pack(">II", declared, 0))
    for frame in range(frames):
        number = max(0, 2 * frame - 1)
        body += chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, width, height, 0, 0, 1, 10, 2, 1))
        body += chunk(b"fdAT", struct.pack(">I", number + 1) + pixels) if frame else chunk(b"IDAT", pixels)
    return body + chunk(b"IEND", b"")


def _packed(row: int, rows: int) -> bytes:
    packer = zlib.compressobj(1)
    return b"".join(packer.compress(bytes(row)) for _ in range(rows)) + packer.flush()


def gif(canvas: tuple[int, int], *frames: bytes) -> bytes:
    """Return a GIF of the given image blocks."""
    return b"GIF89a" + struct.pack("<HHBBB", *canvas, 0xF7, 0, 0) + PALETTE + b"".join(frames) + b";"


def gif_frame(width: int, height: int) -> bytes:
    """Return an image block of one colour."""
    whole = encode(Image.new("P", (width, height), 1), "GIF")
    return whole[whole.index(b",\0\0\0\0") : -1]


def run_length_bmp(width: int, height: int, body: bytes) -> bytes:
    """Return a BMP with run-length encoding, which Pillow decodes in Python."""
    palette = b"\0\0\0\0" * 256
    start = 14 + 40 + len(palette)
    file = b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start)
    return file + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(body), 0, 0, 256, 0) + palette + body


def tiff_of_pages(pages: int) -> bytes:
    """Return a TIFF with `pages` directories of one pixel."""
    first = encode(Image.new("L", (1, 1)), "TIFF")
    (start,) = struct.unpack("<I", first[4:8])
    end = start + 2 + 12 * struct.unpack("<H", first[start : start + 2])[0]
    out, link = bytearray(first), end
    for _ in range(pages - 1):
        out[link : link + 4] = struct.pack("<I", len(out))
        out += first[start:end] + b"\0\0\0\0"
        link = len(out) - 4
    return bytes(out)


def jpeg_of_scans(size: tuple[int, int], scans: int) -> bytes:
    """Return a progressive JPEG that repeats its last scan, with its tables."""
    whole = encode(Image.new("L", size, 128), "JPEG", progressive=True)
    again = whole[whole.rindex(b"\xff\xc4", 0, whole.rindex(b"\xff\xda")) : -2]
    return whole[:-2] + again * scans + b"\xff\xd9"


def _pages(*sizes: tuple[int, int]) -> bytes:
    pages = [Image.new("1", size) for size in sizes]
    return encode(pages[0], "TIFF", compression="group4", save_all=True, append_images=pages[1:])


def _webp_frames() -> bytes:
    frames = [Image.new("RGB", LARGEST, (20 * number, 0, 0)) for number in range(4)]
    return encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], method=0, quality=1)


def _declared(heic: bytes, width: int, height: int) -> bytes:
    """Return a HEIC file with another declared size (ispe)."""
    at = heic.index(b"ispe") + 8
    return heic[:at] + struct.pack(">II", width, height) + heic[at + 8 :]


def _small(format: str) -> bytes:
    return encode(Image.new("RGB", (64, 64), "navy"), format)


# Files of the test suite, with their results: an error's name and a word of its message, or "accepted".
QUICK: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "UnreadableImage: .*empty"),
    "one byte": (lambda: b"\xff", "UnreadableImage: .*accepted format"),
    "20 MB of zeros": (lambda: bytes(20_000_000), "UnreadableImage: .*accepted format"),
    "over 20 MB": (lambda: bytes(20_000_001), "ImageTooLarge: .*bytes"),
    "text named .png": (lambda: b"Dear moderator, ...", "UnreadableImage: .*accepted format"),
    "an archive": (lambda: b"PK\x03\x04" + bytes(5000), "UnsupportedImage: .*ZIP archive.*accepted format"),
    "a PDF with a JPEG in it": (lambda: b"%PDF-1.7\n" + _small("JPEG"), "UnsupportedImage: .*PDF.*accepted format"),
    "an SVG": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "UnsupportedImage: .*SVG.*accepted format"),
    "a PostScript file": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n", "UnsupportedImage: .*PostScript.*accepted format"),
    "a GIF that is an archive too": (lambda: _small("GIF") + b"PK\x03\x04" + bytes(5000), "accepted"),
    "a GIF that is a script": (
        lambda: b"GIF89a" + struct.pack("<HH", 0x2A2F, 64) + b"*/=1;alert(1)",
        "UnreadableImage: .*damaged",
    ),
    "a PNG with a page after its end": (lambda: _small("PNG") + b"<script>alert(1)</script>", "accepted"),
    "a JPEG with a film after its end": (
        lambda: _small("JPEG") + random.Random(1).randbytes(3_000_000),
        "accepted",
    ),
    "PNG, 60,000 x 60,000": (lambda: png(60_000, 60_000, data=b""), "ImageTooLarge: .*pixels"),
    "PNG, 2**31 - 1 wide": (lambda: png(2**31 - 1, 1, data=b""), "ImageTooLarge: .*pixels"),
    "PNG, 50,000,000 x 1": (lambda: png(50_000_000, 1, data=b""), "ImageTooLarge: .*a side"),
    "GIF, 65,535 x 65,535": (lambda: gif((65_535, 65_535), gif_frame(1, 1)), "ImageTooLarge: .*pixels"),
    "WebP, 16,383 x 16,383": (
        lambda: b"RIFF\x1e\0\0\0WEBPVP8L\x11\0\0\0\x2f" + struct.pack("<I", 16382 | 16382 << 14) + bytes(13),
        "ImageTooLarge: .*pixels",
    ),
    "BMP, a line of 50,000,000": (
        lambda: run_length_bmp(50_000_000, 1, b"\0\2\xff\xff" * 1000),
        "UnreadableImage: .*runs of pixels",
    ),
    "PNG, text that unpacks to 19 MB": (
        lambda: png(8, 8, chunk(b"zTXt", b"k\0\0" + zlib.compress(HUGE_TEXT))),
        "accepted",
    ),
    "PNG, international text that unpacks to 19 MB": (
        lambda: png(8, 8, chunk(b"iTXt", b"k\0\1\0\0\0" + zlib.compress(HUGE_TEXT))),
        "accepted",
    ),
    "PNG, a colour profile that unpacks to 19 MB": (
        lambda: png(8, 8, chunk(b"iCCP", b"k\0\0" + zlib.compress(HUGE_TEXT))),
        "accepted",
    ),
    "PNG, 19 MB of EXIF": (lambda: png(8, 8, chunk(b"eXIf", b"MM\0*\0\0\0\x08" + HUGE_TEXT)), "accepted"),
    "PNG, pixels that unpack to too many": (
        lambda: png(8, 8, data=zlib.compress(HUGE_TEXT)),
        "accepted|UnreadableImage: .*damaged",
    ),
    "GIF, 6,000 frames": (lambda: gif((1, 1), gif_frame(1, 1) * 6000), "ImageTooLarge: .*frames"),
    "GIF, a pixel that grows to 50 megapixels again and again": (
        lambda: gif((1, 1), gif_frame(1, 1), gif_frame(*LARGEST) * 20),
        "UnreadableImage: .*damaged.*larger",
    ),
    "GIF, a pixel that grows to 4,294,836,225": (
        lambda: gif((1, 1), gif_frame(1, 1), b",\0\0\0\0\xff\xff\xff\xff\0\x08\0"),
        "UnreadableImage: .*damaged.*larger",
    ),
    "TIFF, 20,000 pages": (lambda: tiff_of_pages(20_000), "ImageTooLarge: .*frames"),
    "TIFF, four pages of 50 megapixels": (lambda: _pages(*[LARGEST] * 4), "accepted"),
    "animated PNG that declares 2**31 frames": (lambda: apng(8, 8, 2, 2**31), "ImageTooLarge: .*frames"),
    "animated PNG with fewer frames than it declares": (
        lambda: apng(8, 8, 3, 1000),
        "UnreadableImage: .*damaged",
    ),
    "JPEG, 2,000 scans of 12 megapixels": (lambda: jpeg_of_scans((4000, 3000), 2000), "ImageTooLarge: .*scans"),
    "HEIC that declares less than it contains": (
        lambda: _declared((_HEIC / "plain.heic").read_bytes(), 1, 1),
        "UnreadableImage: .*damaged",
    ),
    "HEIC that declares 40,000 x 40,000": (
        lambda: _declared((_HEIC / "plain.heic").read_bytes(), 40_000, 40_000),
        "ImageTooLarge: .*pixels",
    ),
    "HEIC, a line of 65,535": (
        lambda: _declared((_HEIC / "plain.heic").read_bytes(), 65_535, 1),
        "UnreadableImage: .*damaged",
    ),
    "JPEG, 300,000 segments of EXIF": (
        lambda: b"\xff\xd8\xff\xd9" + b"\xff\xe1\0\x09Exif\0\0x" * 300_000,
        "ImageTooLarge: .*segments",
    ),
}

# Too slow for the test suite: the accepted or inspected files that take the most memory or time.
SLOW: dict[str, tuple[Callable[[], bytes], str]] = {
    "PNG, 50 megapixels, 16 bits, transparent": (lambda: png(*LARGEST, bits=16, colour=6), "accepted"),
    "PNG, 50 megapixels, grey of 16 bits": (lambda: png(*LARGEST, bits=16), "accepted"),
    "TIFF, 50 megapixels of floats": (
        lambda: encode(Image.new("F", LARGEST), "TIFF", compression="tiff_adobe_deflate"),
        "accepted",
    ),
    "WebP, 50 megapixels, transparent": (
        lambda: encode(Image.new("RGBA", LARGEST, (1, 2, 3, 4)), "WEBP", lossless=True, method=0),
        "accepted",
    ),
    "AVIF, 50 megapixels": (lambda: encode(Image.new("RGB", LARGEST), "AVIF", speed=10, quality=1), "accepted"),
    "JPEG, 50 megapixels in 100 scans": (lambda: jpeg_of_scans(LARGEST, 90), "accepted"),
    "animated PNG, eight frames of 50 megapixels": (lambda: apng(*LARGEST, 8, 8), "accepted"),
    "animated WebP, four frames of 50 megapixels": (_webp_frames, "accepted"),
    "GIF, eight frames of 50 megapixels": (lambda: gif(LARGEST, gif_frame(*LARGEST) * 8), "accepted"),
    "TIFF, a pixel, then four pages of 50 megapixels": (
        lambda: _pages((1, 1), *[LARGEST] * 4),
        "accepted|ImageTooLarge: .*pixels",
    ),
    "GIF, a million frames": (lambda: gif((1, 1), gif_frame(1, 1) * 1_000_000), "ImageTooLarge: .*frames"),
    "TIFF, 100,000 pages": (lambda: tiff_of_pages(100_000), "ImageTooLarge: .*frames"),
    "JPEG, 20 MB of filling": (lambda: b"\xff\xd8" + b"\xff" * 19_900_000, "UnreadableImage: .*damaged"),
    "PNG, a million empty chunks": (lambda: png(8, 8, chunk(b"prVt", b"") * 1_000_000), "accepted"),
    "BMP, 20 MB of runs": (
        lambda: run_length_bmp(7000, 7000, b"\1\5" * 9_900_000),
        "UnreadableImage: .*damaged",
    ),
}
