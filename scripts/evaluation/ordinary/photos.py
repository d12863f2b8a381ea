"""Photographs of phones, with and without metadata, panoramas and screenshots."""

import random

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.TiffImagePlugin import IFDRational

from scripts.evaluation.ordinary import profiles
from scripts.evaluation.ordinary.scenes import Size, photograph, sentence
from scripts.evaluation.ordinary.upload import Upload, encoded

_TWELVE_MEGAPIXELS = (4032, 3024)
_SENT: tuple[Size, ...] = ((1600, 1200), (2048, 1536), (1280, 960), (1080, 1080), (1440, 1080))  # by messengers
_CAMERAS = (("Apple", "iPhone 15 Pro"), ("Google", "Pixel 8"), ("samsung", "SM-S918B"), ("Xiaomi", "2211133G"))
_ORIENTATIONS = (1, 6, 8, 3, 1)
_PANORAMAS: tuple[Size, ...] = ((8000, 2000), (10_000, 2500), (6000, 1500), (5000, 2000), (4000, 1800))
_SCREENS: tuple[Size, ...] = ((1170, 2532), (1080, 2400), (1290, 2796), (1440, 3120), (1920, 1080))
_SCROLLED = (4000, 5200, 6400, 7600, 9000, 10_800)

_EXIF_IFD, _GPS_IFD, _MAKER_NOTE = 0x8769, 0x8825, 0x927C


def photo_without_metadata(number: int) -> Upload:
    """Return a JPEG as messengers and web sites pass it on: resized, stripped of its metadata."""
    image, caption = photograph(number, _SENT[number % len(_SENT)])
    return Upload(encoded(image, "JPEG", quality=82, progressive=number % 2 == 0), caption, "image/jpeg")


def photo_with_metadata(number: int) -> Upload:
    """Return a JPEG as a phone stores it: EXIF with orientation, place and maker note, and a colour profile.

    Every fifth has twelve megapixels. Some carry a gain map as second picture, or a film after their end.
    """
    rng = random.Random(number)
    size = _TWELVE_MEGAPIXELS if number % 5 == 0 else _SENT[number % len(_SENT)]
    orientation = _ORIENTATIONS[number // 2 % len(_ORIENTATIONS)]
    image, caption = photograph(1000 + number, size)
    make, model = _CAMERAS[number % len(_CAMERAS)]
    profile = {"Apple": profiles.display_p3(), "Google": profiles.srgb(), "samsung": profiles.srgb()}.get(make)
    exif = _exif(rng, make, model, orientation, size).tobytes()
    if make == "samsung" and number % 3 == 0:
        gain = image.convert("L").resize((size[0] // 4, size[1] // 4)).convert("RGB")
        data = encoded(image, "MPO", save_all=True, append_images=[gain], quality=90, exif=exif, icc_profile=profile)
    else:
        data = encoded(image, "JPEG", quality=90, exif=exif, icc_profile=profile, subsampling="4:2:0")
    if make == "Google" and number % 3 == 0:
        data += b"\0\0\0\x18ftypmp42" + rng.randbytes(200_000)
    return Upload(data, caption, "image/jpeg")


def _exif(rng: random.Random, make: str, model: str, orientation: int, size: Size) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112], exif[0x0131] = make, model, orientation, "17.5.1"
    exif[0x011A] = exif[0x011B] = IFDRational(72, 1)
    exif[0x0132] = "2026:05:17 12:34:56"
    details = exif.get_ifd(_EXIF_IFD)
    details[0x9003], details[0xA002], details[0xA003] = "2026:05:17 12:34:56", *size
    details[0x829A], details[0x829D] = IFDRational(1, 120), IFDRational(178, 100)
    details[_MAKER_NOTE] = make.encode() + b"\0\0\x01" + rng.randbytes(rng.randrange(500, 40_000))
    place = exif.get_ifd(_GPS_IFD)
    place[1], place[3] = "N", "E"
    place[2] = tuple(IFDRational(rng.randrange(60), 1) for _ in range(3))
    place[4] = tuple(IFDRational(rng.randrange(60), 1) for _ in range(3))
    return exif


def panorama(number: int) -> Upload:
    """Return a wide JPEG of up to 25 megapixels."""
    image, caption = photograph(2000 + number, _PANORAMAS[number % len(_PANORAMAS)])
    return Upload(encoded(image, "JPEG", quality=85, icc_profile=profiles.display_p3()), caption, "image/jpeg")


def screenshot(number: int) -> Upload:
    """Return a PNG of one screen, with an opaque alpha channel or a profile where phones write one."""
    image = _chat(number, _SCREENS[number % len(_SCREENS)])
    if number % 3 == 1:
        return Upload(encoded(image.convert("RGBA"), "PNG"), "a screenshot of a text message", "image/png")
    profile = profiles.display_p3() if number % 3 == 0 else None
    return Upload(encoded(image, "PNG", icc_profile=profile), "a screenshot of a text message", "image/png")


def scrolling_screenshot(number: int) -> Upload:
    """Return a screenshot of a whole conversation, 1,080 pixels wide and up to ten times as long."""
    image = _chat(100 + number, (1080, _SCROLLED[number % len(_SCROLLED)]))
    if number % 2:
        return Upload(encoded(image, "JPEG", quality=80), "a screenshot of a text message", "image/jpeg")
    return Upload(encoded(image, "PNG"), "a screenshot of a text message", "image/png")


def _chat(number: int, size: Size) -> Image.Image:
    rng, words = random.Random(number), np.random.default_rng(number)
    dark = number % 2 == 1
    image = Image.new("RGB", size, (18, 20, 24) if dark else (245, 246, 248))
    pen, unit = ImageDraw.Draw(image), min(size) // 24
    font = ImageFont.load_default(unit)
    pen.rectangle((0, 0, size[0], 4 * unit), fill=(31, 44, 52) if dark else (0, 95, 85))
    pen.text((unit, 2 * unit), sentence(words, 2), "white", font)
    top = 5 * unit
    while top < size[1] - 4 * unit:
        own, lines = rng.random() < 0.5, rng.randint(1, 4)
        left = size[0] // 4 if own else unit
        shade = ((0, 92, 75) if dark else (217, 253, 211)) if own else ((32, 44, 51) if dark else (255, 255, 255))
        bottom = min(top + (lines + 1) * unit * 3 // 2, size[1] - unit)
        pen.rounded_rectangle((left, top, left + size[0] * 2 // 3, bottom), unit, fill=shade)
        if rng.random() < 0.15:
            picture, _ = photograph(number * 50 + top, (size[0] // 2, bottom - top + unit))
            image.paste(picture, (left + unit, top))
        else:
            for line in range(lines):
                ink = (230, 230, 230) if dark else (20, 20, 20)
                pen.text((left + unit, top + unit // 2 + line * unit * 3 // 2), sentence(words, 4), ink, font)
        top = bottom + unit
    return image
