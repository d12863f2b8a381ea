"""Text that is hidden in an encoding: base64 and base32, hexadecimal, escapes, character codes, Morse."""

import base64
import binascii
import re

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}|[A-Za-z0-9+/_-]{6,11}(?==)")
_BASE32 = re.compile(r"\b[A-Z2-7]{16,}")
_HEXADECIMAL = re.compile(r"(?:[0-9a-f]{2}[ :]?){8,}", re.IGNORECASE)
_CODES = re.compile(r"\b\d{2,3}(?:[ ,;]+\d{2,3}\b){4,}")
_MORSE = re.compile(r"(?<![^\s/])(?:[.\-·•\u2013\u2212_]{1,5}[ /|]+){6,}")
_ESCAPES = re.compile(
    r"(?:%[0-9a-f]{2}){4}|(?:\\u[0-9a-f]{4}){2}|(?:\\x[0-9a-f]{2}){3}|(?:&#x?[0-9a-f]+;){2}|(?:[01]{8}\s?){4}"
    r"|(?:=[0-9a-f]{2}){3}|&(?:lt|gt|quot|amp|apos);",
    re.IGNORECASE,
)
_ESCAPED = re.compile(r"[%\\&=]|[01]{8}")  # without one of these there is no escape
_LEAST = 6


def hides_text(text: str) -> bool:
    """Tell if a part of the text is an encoding of words."""
    return (
        (_ESCAPED.search(text) is not None and _ESCAPES.search(text) is not None)
        or any(map(_is_base64_of_text, _BASE64.findall(text)))
        or any(map(_is_base32_of_text, _BASE32.findall(text)))
        or any(map(_is_hexadecimal_of_text, _HEXADECIMAL.findall(text)))
        or any(map(_are_codes_of_text, _CODES.findall(text)))
        or any("." in run.replace("·", ".").replace("•", ".") and len(set(run)) > 2 for run in _MORSE.findall(text))
    )


def _is_base64_of_text(run: str) -> bool:
    run = run.translate(str.maketrans("-_", "+/"))
    try:
        return _is_text(base64.b64decode(run[: len(run) // 4 * 4]))
    except binascii.Error:
        return False


def _is_base32_of_text(run: str) -> bool:
    return _is_text(base64.b32decode(run[: len(run) // 8 * 8]))


def _is_hexadecimal_of_text(run: str) -> bool:
    digits = re.sub(r"[ :]", "", run)
    # English in hexadecimal always has letters among its digits; a long number has none.
    return not digits.isdigit() and _is_text(bytes.fromhex(digits))


def _are_codes_of_text(run: str) -> bool:
    codes = [int(code) for code in re.findall(r"\d+", run)]
    text = "".join(map(chr, codes))
    return text.isascii() and text.replace(" ", "").isalpha() and not text.isupper()


def _is_text(decoded: bytes) -> bool:
    return len(decoded) >= _LEAST and decoded.isascii() and decoded.decode("ascii").isprintable()
