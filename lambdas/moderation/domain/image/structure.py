"""Structure of files: what two decoders may show differently is refused before any decoder sees it."""

from moderation.domain.image import bmff, bmp, gif, jpeg, png, tiff, webp


def checked(data: bytes) -> bytes:
    """Return the bytes to decode: the file, without what isn't its picture where that may stop the decoder.

    Raises UnreadableImage for a file with contradictions, ImageTooLarge for a JPEG that takes too long to decode.
    """
    if data.startswith(png.SIGNATURE):
        return png.picture_only(data)
    if data.startswith(b"\xff\xd8"):
        return jpeg.picture_only(data)
    if data[:3] == b"GIF":
        gif.refuse_contradictions(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        webp.refuse_contradictions(data)
    elif data[4:8] == b"ftyp":
        return bmff.picture_only(data)
    elif data[:2] == b"BM":
        bmp.refuse_contradictions(data)
    else:
        tiff.refuse_contradictions(data)
    return data
