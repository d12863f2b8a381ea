"""QR codes and other printed codes, read by zxing-cpp."""

import zxingcpp
from PIL import Image

from moderation.domain.reading.text import Code

_KINDS = zxingcpp.BarcodeFormat


def read_codes(page: Image.Image) -> list[Code]:
    """Return the codes of a page that can be decoded, so that a pattern that only looks like one isn't among them.

    Their content is whole, up to 7,089 characters, since words and orders are looked for in what is stored.
    """
    formats = zxingcpp.BarcodeFormats([_KINDS.QRCode, _KINDS.MicroQRCode, _KINDS.DataMatrix, _KINDS.Aztec])
    found = zxingcpp.read_barcodes(page.convert("L"), formats=formats)
    return [Code(code.text, code.format.name, _box(code.position)) for code in found if code.valid]


def _box(position: zxingcpp.Position) -> tuple[int, int, int, int]:
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    across, down = [corner.x for corner in corners], [corner.y for corner in corners]
    return max(0, min(across)), max(0, min(down)), max(across), max(down)
