"""Colour space and orientation of a file, read as browsers read them for each format."""

from dataclasses import dataclass

from PIL import Image

from moderation.domain.image import icc
from moderation.domain.image.bmff import is_turned
from moderation.domain.image.bmp_colour import bmp_profile
from moderation.domain.image.cicp import code_point_profile, video_profile
from moderation.domain.image.colour import Profile
from moderation.domain.image.contradiction import contradictory
from moderation.domain.image.declared_colours import CodePoints, declared_code_points, has_two_colours, heif_code_points
from moderation.domain.image.depth import low_bytes
from moderation.domain.image.orientation import exif_orientation
from moderation.domain.image.png_chunks import ancillary_chunks, declared_profile, transparent_sample

_EXIF = b"Exif\0"
_ICC = b"ICC_PROFILE\0"
_MATRICES = (1, 2, 4, 5, 6, 7, 9)  # of brightness and colour difference, as film and television have them


@dataclass(frozen=True)
class Appearance:
    """Colour profile (None: sRGB), EXIF orientation, and the lower bytes of a PNG's 16-bit colours.

    `certain` is False for colours that some viewers take for sRGB.
    """

    profile: Profile | None = None
    orientation: int = 1
    low: Image.Image | None = None
    certain: bool = True


@dataclass(frozen=True)
class _Declared:
    """The same, with the profile as bytes, which may be none."""

    profile: bytes | None = None
    orientation: int = 1
    low: Image.Image | None = None
    certain: bool = True


def appearance(image: Image.Image, data: bytes) -> Appearance:
    """Read the appearance of an opened file.

    Raises UnsupportedImage for a high dynamic range, UnreadableImage for a profile that viewers read differently.
    """
    declared = _declared(image, data)
    effective = _effective(declared.profile)
    profile = Profile(effective) if effective else None
    if profile:
        profile.refuse_ambiguous(image.mode)
    return Appearance(profile, declared.orientation, declared.low, declared.certain)


def _declared(image: Image.Image, data: bytes) -> _Declared:
    match image.format:
        case "PNG":
            chunks = ancillary_chunks(data)
            orientation = exif_orientation(chunks.get(b"eXIf", b""))
            image.info.update(transparent_sample(chunks))
            return _Declared(declared_profile(chunks), orientation, low_bytes(image, data))
        case "JPEG" | "MPO":
            return _Declared(_jpeg_profile(_segments(image, "APP2")), _jpeg_orientation(_segments(image, "APP1")))
        case "AVIF" | "HEIF" if has_two_colours(data):
            raise contradictory(image.format, "it declares its colours twice")
        case "AVIF":
            profile = image.info.get("icc_profile") or video_profile(*declared_code_points(data)[:2])
            # Pillow's decoder reports the file's rotation and mirroring as EXIF.
            return _Declared(profile, exif_orientation(image.info.get("exif", b"").removeprefix(b"Exif\0\0")))
        case "HEIF":  # turned already
            if image.has_transparency_data and is_turned(data):
                raise contradictory("HEIF", "it turns its picture, and perhaps its transparency")
            return _heif(image.info.get("icc_profile"), heif_code_points(data))
        case "BMP":
            return _Declared(bmp_profile(data))
        case "GIF":
            return _Declared()
        case _:
            animated = image.format == "WEBP" and getattr(image, "is_animated", False)
            return _Declared(None if animated else image.info.get("icc_profile"))


def _heif(profile: bytes | None, points: CodePoints) -> _Declared:
    """Read the code points, which libheif's own tools ignore but for the matrix that they decode by."""
    *colours, matrix = points
    if matrix not in _MATRICES:
        raise contradictory("HEIF", f"its colours have an unusual form (matrix coefficients {matrix})")
    return _Declared(profile or video_profile(*colours), certain=bool(profile))


def _effective(profile: bytes | None) -> bytes | None:
    """Return the profile that its code points make where it has some, None for what isn't a profile."""
    if not profile or not icc.colour_space(profile):
        return None
    coded = icc.code_points(profile) if icc.colour_space(profile) == b"RGB " else None
    return (code_point_profile(*coded) if coded else None) or profile


def _segments(jpeg: Image.Image, marker: str) -> list[bytes]:
    return [content for name, content in getattr(jpeg, "applist", []) if name == marker]


def _jpeg_profile(segments: list[bytes]) -> bytes | None:
    """Join the parts of a profile. A part that is missing, doubled or miscounted makes it none."""
    parts: dict[int, bytes] = {}
    for segment in segments:
        if segment.startswith(_ICC) and len(segment) >= len(_ICC) + 2:
            number, count = segment[len(_ICC)], segment[len(_ICC) + 1]
            if not 1 <= number <= count or number in parts:
                return None
            parts[number] = segment[len(_ICC) + 2 :]
            if len(parts) == count:
                return b"".join(parts[part] for part in sorted(parts))
    return None


def _jpeg_orientation(segments: list[bytes]) -> int:
    structures = (segment[len(_EXIF) + 1 :] for segment in segments if segment.startswith(_EXIF))
    return exif_orientation(next(filter(None, structures), b""))
