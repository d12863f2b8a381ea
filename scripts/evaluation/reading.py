"""Measure the reader and write docs/reading.md: `python -m scripts.evaluation.reading`, on one thread.

It needs scikit-image and scikit-learn beside the project's packages, for the photographs that they ship:
`pip install scikit-image==0.26.0 scikit-learn==1.9.1` into an environment of its own. Nothing else is downloaded.

- `photographs`: those two packages' own, in which nothing is to be found;
- `seconds` of processor time by size of the picture;
- `drawings` and `scenes` of the demo, as in the quality set: insults and contact details, the drawing alone and small;
- `detectors`: pictures with one find of each kind over those photographs, turned by up to 15°, as JPEG, by lettering;
- `lettering`: addresses of mail and insults on them, turned, mirrored, spaced, bent or stacked, a tenth as many.
"""

import argparse
import io
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zxingcpp
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console

from local.synth import PROJECT
from model_artifacts.demo.drawings import INSULTS, SUBJECTS, Subject, draw, embed_small
from moderate.costs.prices import load as load_prices
from moderate.costs.reading import MEMORY_MB
from moderation.adapters.reader.ocr import OcrReader
from moderation.domain.reading.text import Reading
from moderation.domain.reading.word_list import words_found
from scripts.evaluation.lettering import WAYS
from scripts.sections import markdown, write_section
from stacks.wheels import READER_MODELS

PAGE = PROJECT / "docs" / "reading.md"
SEED = 2026
LETTERING = (12, 16, 20, 28, 40)  # height of the font in pixels
CONTACT = ("phone", "email", "handle")
_INSULTS = tuple(word.lower() for word in INSULTS)
_TURNS = (0, 0, 5, -8, 15, -15)
_SCENE, _SMALL = (1024, 1024), 0.25  # size in pixels, and the share of its side that a drawing takes
_SIZES = ((512, 512), (1024, 1024), (2000, 1500), (4000, 3000))
_PHOTOGRAPH = (1024, 768)  # pixels, below generated text
_QR_LETTERING = 10  # a code's module is this part of the lettering's size
_PHOTOGRAPHS = (
    "astronaut", "camera", "cat", "chelsea", "coffee", "coins", "rocket", "moon", "brick", "grass", "gravel", "clock",
    "immunohistochemistry", "hubble_deep_field", "retina", "horse", "cell", "stereo_motorcycle", "colorwheel",
)  # fmt: skip


def main() -> None:
    """Measure the chosen parts, write a section of the page for each, and the figures as JSON."""
    arguments = argparse.ArgumentParser(description="Measure the reader.")
    arguments.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(_SECTIONS)}; all by default")
    arguments.add_argument("--count", type=int, default=200, help="pictures of each kind")
    arguments.add_argument("--out", type=Path, default=PROJECT / "build/reading.json")
    chosen = arguments.parse_args()
    if unknown := set(chosen.parts) - set(_SECTIONS):
        arguments.error(f"no such part: {', '.join(sorted(unknown))}")
    console, reader, photographs = Console(), OcrReader(READER_MODELS), load_photographs()
    measures: dict[str, Callable[[], dict[str, Any]]] = {
        "photographs": lambda: on_photographs(reader, photographs),
        "seconds": lambda: seconds_by_size(reader, photographs),
        "drawings": lambda: on_drawings(reader, chosen.count, share=None),
        "scenes": lambda: on_drawings(reader, chosen.count, share=_SMALL),
        "detectors": lambda: on_generated(reader, chosen.count, list(photographs.values())),
        "lettering": lambda: on_lettering(reader, max(1, chosen.count // 10), list(photographs.values())),
    }
    measured: dict[str, Any] = {"seed": SEED, "count": chosen.count}
    for name in chosen.parts or _SECTIONS:
        measured[name] = measures[name]()
        console.print(name, measured[name])
        write_section(PAGE, name, _SECTIONS[name](measured[name]))
        chosen.out.write_text(json.dumps(measured, indent=2) + "\n")


@dataclass
class Counted:
    """Pictures with and without something to be found, and in how many of each it was found."""

    present: int = 0
    found: int = 0
    absent: int = 0
    false: int = 0

    def add(self, is_there: bool, is_found: bool) -> None:
        self.present += is_there
        self.found += is_there and is_found
        self.absent += not is_there
        self.false += is_found and not is_there


def on_drawings(reader: OcrReader, count: int, share: float | None) -> dict[str, Any]:
    """Read the demo's drawings, `count` of each kind with words and a tenth as many of the others."""
    rng = random.Random(SEED)
    counted = {"insult": Counted(), "contact": Counted()}
    for subject in SUBJECTS:
        for _ in range(count if subject in counted else max(1, count // 10)):
            reading = reader.read(_png(_drawing(rng, subject, share)))
            counted["insult"].add(subject == "insult", bool(words_found(reading, _INSULTS)))
            counted["contact"].add(subject == "contact", any(find.detector in CONTACT for find in reading.finds))
    return {name: vars(each) for name, each in counted.items()}


def _drawing(rng: random.Random, subject: Subject, share: float | None) -> Image.Image:
    if share is None:
        return draw(rng, split="heldout", only=subject, size=512).image
    return embed_small(rng, only=subject, size=_SCENE, share=share).image


def load_photographs() -> dict[str, Image.Image]:
    """Return the photographs that the two packages ship, by name."""
    import skimage.data  # type: ignore[import-not-found]
    from sklearn.datasets import load_sample_images  # type: ignore[import-not-found]

    loaded = {name: getattr(skimage.data, name)() for name in _PHOTOGRAPHS}
    pictures = {name: value[0] if isinstance(value, tuple) else value for name, value in loaded.items()}
    pictures |= dict(zip(("china", "flower"), load_sample_images().images, strict=True))
    return {name: Image.fromarray(_bytes(pixels)).convert("RGB") for name, pixels in pictures.items()}


def _bytes(pixels: Any) -> Any:
    return pixels if pixels.dtype == np.uint8 else (255 * (pixels / pixels.max())).astype(np.uint8)


def on_photographs(reader: OcrReader, photographs: dict[str, Image.Image]) -> dict[str, Any]:
    """Read photographs without contact details or codes: every find is false."""
    readings = {name: reader.read(_png(picture)) for name, picture in photographs.items()}
    return {
        "photographs": len(readings),
        "finds": [f"{name}: {find.detector}" for name, reading in readings.items() for find in reading.finds],
        "lines": {name: list(reading.texts) for name, reading in readings.items() if reading.texts},
    }


def seconds_by_size(reader: OcrReader, photographs: dict[str, Image.Image]) -> dict[str, float]:
    """Return the seconds of processor time for one photograph with twelve lines of text, by its size in pixels."""
    taken = {}
    for size in _SIZES:
        picture = photographs["astronaut"].resize(size)
        for number in range(12):
            text, place = "Anyone can read this line", (size[0] // 20, size[1] * number // 13)
            ImageDraw.Draw(picture).text(place, text, fill="white", font=ImageFont.load_default(size[1] // 30))
        started = time.process_time()
        reader.read(_png(picture))
        taken[f"{size[0]} x {size[1]}"] = round(time.process_time() - started, 2)
    return taken


def on_generated(
    reader: OcrReader, count: int, photographs: Sequence[Image.Image]
) -> dict[str, dict[str, tuple[int, int]]]:
    """Return in how many of the pictures of each kind it was found, and their number, by size of lettering."""
    results: dict[str, dict[str, tuple[int, int]]] = {}
    for detector, made in TEXTS.items():
        rng = random.Random(f"{SEED} {detector}")
        results[detector] = {}
        for size in LETTERING:
            each = max(1, count // len(LETTERING))
            found = sum(_is_found(reader.read(_written(rng, made(rng), detector, size, photographs)), detector)
                        for _ in range(each))  # fmt: skip
            results[detector][f"{size} px"] = found, each
    return results


def on_lettering(
    reader: OcrReader, count: int, photographs: Sequence[Image.Image]
) -> dict[str, dict[str, tuple[int, int]]]:
    """Return in how many of the pictures with an address and with an insult it was found, by the way of writing."""
    results = {}
    for way, lettered in WAYS.items():
        rng = random.Random(SEED)
        found = {"email": 0, "insult": 0}
        for _ in range(count):
            mail, insult = TEXTS["email"](rng), rng.choice(_INSULTS)
            by_mail, by_insult = (
                reader.read(_pasted(rng, lettered(text), rng.choice(photographs).resize(_PHOTOGRAPH)))
                for text in (mail, insult)
            )
            found["email"] += _is_found(by_mail, "email")
            found["insult"] += bool(words_found(by_insult, [insult]))
        results[way] = {kind: (number, count) for kind, number in found.items()}
    return results


def _is_found(reading: Reading, detector: str) -> bool:
    return any(find.detector == detector for find in reading.finds)


def _written(rng: random.Random, text: str, detector: str, size: int, photographs: Sequence[Image.Image]) -> bytes:
    """Return a photograph with the text on it, turned, as a JPEG that was decoded again."""
    picture = rng.choice(photographs).resize(_PHOTOGRAPH)
    label = _code(text, size) if detector == "qr" else _label(rng, text, size)
    return _pasted(rng, label.rotate(rng.choice(_TURNS), expand=True, resample=Image.Resampling.BICUBIC), picture)


def _pasted(rng: random.Random, label: Image.Image, picture: Image.Image) -> bytes:
    width, height = picture.size
    left, top = (rng.randint(0, max(0, room)) for room in (width - label.width, height - label.height))
    picture.paste(label, (left, top), label.getchannel("A"))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=rng.choice((60, 75, 90)))
    return _png(Image.open(buffer))


def _label(rng: random.Random, text: str, size: int) -> Image.Image:
    """Return text on a plate of its own, or right on the photograph with an outline."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    room = (round(right - left) + 2 * size, round(bottom - top) + size)
    plate = rng.choice(((255, 255, 255, 255), (250, 240, 120, 255), (20, 30, 60, 255), (0, 0, 0, 0)))
    ink = "white" if plate[0] < 128 else "black"
    label = Image.new("RGBA", room, plate)
    outline = 0 if plate[3] else max(1, size // 12)
    place = (size - left, size / 2 - top)
    ImageDraw.Draw(label).text(place, text, fill=ink, font=font, stroke_width=outline, stroke_fill="black")
    return label


def _code(text: str, size: int) -> Image.Image:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    pixels = np.array(code.to_image(scale=max(2, size // _QR_LETTERING), add_quiet_zones=True))
    return Image.fromarray(pixels).convert("RGBA")


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _phone(rng: random.Random) -> str:
    area, last = f"{rng.randint(2, 9)}{_digits(rng, 2)}", _digits(rng, 4)
    return rng.choice((f"+1 {area} 555 {last}", f"({area}) 555-{last}", f"Tel. 0{area} {_digits(rng, 6)}"))


def _name(rng: random.Random) -> str:
    return rng.choice(("anna", "maria", "john", "peter", "lee", "sofia", "omar", "ivan"))


def _card(rng: random.Random) -> str:
    body = "4" + _digits(rng, 14)
    check = next(digit for digit in "0123456789" if _luhn(body + digit))
    return " ".join((body + check)[start : start + 4] for start in range(0, 16, 4))


def _luhn(number: str) -> bool:
    values = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number))]
    return sum(value // 10 + value % 10 for value in values) % 10 == 0


def _iban(rng: random.Random) -> str:
    body = _digits(rng, 18)
    number = f"DE{98 - int(body + '131400') % 97:02}{body}"
    return " ".join(number[start : start + 4] for start in range(0, 22, 4))


def _identity(rng: random.Random) -> str:
    number = _digits(rng, 8)
    spanish = number + "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]
    return rng.choice(
        (f"SSN {rng.randint(100, 665)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}", f"DNI {spanish}")
    )


TEXTS: dict[str, Callable[[random.Random], str]] = {
    "phone": _phone,
    "email": lambda rng: f"{_name(rng)}.{_name(rng)}@{rng.choice(('example.org', 'mail.de', 'post.com'))}",
    "payment-card": _card,
    "iban": _iban,
    "identity-number": _identity,
    "url": lambda rng: rng.choice(("www.{}.com", "https://{}.org/shop", "{}.de/angebot")).format(_name(rng) + "shop"),
    "handle": lambda rng: f"@{_name(rng)}_{_digits(rng, 2)}",
    "qr": lambda rng: f"https://example.org/{_digits(rng, 6)}",
}


def _drawing_table(counted: dict[str, dict[str, int]]) -> str:
    names = {"insult": "an insult", "contact": "contact details"}
    rows = [
        (names[kind], f"{each['found']} of {each['present']}", f"{each['false']} of {each['absent']} others")
        for kind, each in counted.items()
    ]
    return markdown(("drawings with", "found", "false"), rows)


def _photograph_table(figures: dict[str, Any]) -> str:
    found = ", ".join(figures["finds"]) or "none"
    lines = "; ".join(f"{name}: {', '.join(texts)}" for name, texts in figures["lines"].items()) or "none"
    return markdown(("photographs", "finds", "lines that were read"), [(figures["photographs"], found, lines)])


def _seconds_table(taken: dict[str, float]) -> str:
    gb_second = load_prices()["lambda_gb_second"]
    rows = [
        (size, f"{seconds:.2f}", f"${seconds * MEMORY_MB / 1024 * gb_second * 1000:.3f}")
        for size, seconds in taken.items()
    ]
    return markdown(("pixels", "seconds", "per 1,000 images"), rows)


def _detector_table(results: dict[str, dict[str, tuple[int, int]]]) -> str:
    rows = []
    for detector, by_size in results.items():
        found, pictures = (sum(each) for each in zip(*by_size.values(), strict=True))
        cells = (f"{found}/{pictures}" for found, pictures in by_size.values())
        rows.append((f"`{detector}`", *cells, f"{found}/{pictures} = {found / pictures:.3f}"))
    return markdown(("detector", *(f"{size} px" for size in LETTERING), "together"), rows)


def _lettering_table(results: dict[str, dict[str, tuple[int, int]]]) -> str:
    rows = [
        (way, *(f"{found} of {pictures}" for found, pictures in by_kind.values())) for way, by_kind in results.items()
    ]
    return markdown(("lettering", "address of mail", "insult"), rows)


_SECTIONS: dict[str, Callable[[Any], str]] = {
    "photographs": _photograph_table,
    "seconds": _seconds_table,
    "drawings": _drawing_table,
    "scenes": _drawing_table,
    "detectors": _detector_table,
    "lettering": _lettering_table,
}


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


if __name__ == "__main__":
    main()
