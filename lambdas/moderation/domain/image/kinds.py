"""Kinds of files that aren't accepted, recognised by their first bytes to name them in the refusal."""

import re

from moderation.domain.image import bmff, tiff

_TEXT_LOOKED_AT = 4096

_STARTS = (
    (b"%PDF-", "a PDF document"),
    (b"%!PS", "a PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript file (EPS)"),
    (b"8BPS", "a Photoshop file (PSD)"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL image"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 image"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (b"\xff\xd8\xff\xf7", "a JPEG-LS image"),
    (b"II\xbc\x01", "a JPEG XR image"),
    (b"FUJIFILMCCD-RAW", "a RAW photograph (RAF)"),
    (b"IIRO", "a RAW photograph (ORF)"),
    (b"IIRS", "a RAW photograph (ORF)"),
    (b"MMOR", "a RAW photograph (ORF)"),
    (b"IIU\0", "a RAW photograph (RW2)"),
    (b"\0MRM", "a RAW photograph (MRW)"),
    (b"FOVb", "a RAW photograph (X3F)"),
    (b"II\x1a\0\0\0HEAPCCDR", "a RAW photograph (CRW)"),
    (b"\0\0\1\0", "an icon (ICO)"),
    (b"\0\0\2\0", "a cursor (CUR)"),
    (b"icns", "an icon (ICNS)"),
    (b"gimp xcf", "a GIMP file (XCF)"),
    (b"DDS ", "a texture (DDS)"),
    (b"qoif", "a QOI image"),
    (b"v/1\x01", "an OpenEXR image"),
    (b"#?RADIANCE", "a Radiance image (HDR)"),
    (b"\x8aMNG\r\n\x1a\n", "an MNG animation"),
    (b"\x8bJNG\r\n\x1a\n", "a JNG image"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\4CgBI", "a PNG in the form of iOS applications (CgBI)"),
    (b"FLIF", "a FLIF image"),
    (b"BPG\xfb", "a BPG image"),
    (b"AT&TFORM", "a DjVu document"),
    (b"\xd7\xcd\xc6\x9a", "a Windows metafile (WMF)"),
    (b"\x1aE\xdf\xa3", "a video (Matroska or WebM)"),
    (b"FLV\x01", "a video (FLV)"),
    (b"\0\0\1\xba", "a video (MPEG)"),
    (b"\0\0\1\xb3", "a video (MPEG)"),
    (b"0&\xb2u\x8ef\xcf\x11", "a video (WMV)"),
    (b"OggS", "a sound or video file (Ogg)"),
    (b"ID3", "a sound file (MP3)"),
    (b"fLaC", "a sound file (FLAC)"),
    (b"FWS", "a Flash film"),
    (b"CWS", "a Flash film"),
    (b"ZWS", "a Flash film"),
    (b"PK\3\4", "a ZIP archive or an Office document"),
    (b"PK\5\6", "a ZIP archive"),
    (b"Rar!\x1a\7", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x1f\x8b", "a file compressed with gzip"),
    (b"BZh", "a file compressed with bzip2"),
    (b"\xfd7zXZ\0", "a file compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "a file compressed with Zstandard"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"SIMPLE  =", "a FITS image"),
)
_ACCEPTED = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM")
_RIFF = {b"AVI ": "a video (AVI)", b"WAVE": "a sound file (WAV)", b"ACON": "an animated cursor (ANI)"}
_SVG = re.compile(rb"<(?:[a-z0-9_-]+:)?svg[\s>/]", re.IGNORECASE)
_HTML = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*"
    rb"<(?:!doctype html|html|head|body|script|iframe|h1|div|font|table|style|title|p|br|a)[\s>/]",
    re.IGNORECASE | re.DOTALL,
)
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def unsupported_kind(data: bytes) -> str | None:
    """Return the name of a kind that isn't accepted, with its article; None for accepted and unknown kinds."""
    for start, name in _STARTS:
        if data.startswith(start):
            return name
    if data.startswith(_ACCEPTED):
        return None
    if data[:4] == b"RIFF":
        return _RIFF.get(data[8:12])
    return bmff.unsupported_kind(data) or tiff.raw_kind(data) or _markup(data[:_TEXT_LOOKED_AT])


def _markup(start: bytes) -> str | None:
    for mark in _MARKS:
        start = start.removeprefix(mark)
    start = start.replace(b"\0", b"")  # UTF-16, roughly
    if not start.lstrip().startswith(b"<"):
        return "a PDF document" if b"%PDF-" in start[:1024] else None
    if _SVG.search(start):
        return "an SVG drawing"
    if _HTML.match(start):
        return "a web page (HTML)"
    return "an XML document" if start.lstrip().startswith(b"<?xml") else None
