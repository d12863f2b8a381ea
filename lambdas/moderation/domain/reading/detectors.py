"""Detectors that a question may name: what they look for in the text and the codes of an image."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from moderation.domain.reading.contacts import emails, handles, urls, written_phones
from moderation.domain.reading.numbers import ibans, identity_numbers, payment_cards
from moderation.domain.reading.rows import Row, closed_up, rows
from moderation.domain.reading.text import Code, Find, Line

Detector = Callable[[str], Iterable[tuple[int, int]]]

_QR = "qr"
_IN_TEXT: dict[str, Detector] = {
    "phone": written_phones,
    "email": emails,
    "payment-card": payment_cards,
    "iban": ibans,
    "identity-number": identity_numbers,
    "url": urls,
    "handle": handles,
}
DETECTORS = (*_IN_TEXT, _QR)
_WRITTEN_APART = ("email", "url", "handle")
# Dashes and a dot that mean the same, and the full-width forms of the East.
_PLAIN = dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-") | {0xB7: "."}
_PLAIN |= {wide: chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)}
# Digits of the one aren't the other's: no card number is also called a telephone number.
_BEFORE = {"phone": ("payment-card", "iban", "identity-number"), "url": ("email",), "handle": ("email",)}


def finds(
    lines: Sequence[Line], codes: Sequence[Code], phones: Detector, check: Callable[[], None] = lambda: None
) -> tuple[Find, ...]:
    """Return what the detectors find, each place once; `phones` knows the countries' plans of numbers.

    `check` is called before each row, whose error ends it.
    """
    found = [_of_code(code) for code in codes]
    for row in rows(lines, codes):
        check()
        in_row = _in_row(row, phones)
        found += in_row or _in_letters_apart(row, phones)
    return tuple(found)


def _in_letters_apart(row: Row, phones: Detector) -> list[Find]:
    """Return the names and addresses whose letters stand apart; digits that do are those of any table."""
    text = closed_up(row.text)
    closed = _in_row(Row((replace(row.line, text=text),)), phones) if text != row.text else []
    return [find for find in closed if find.detector in _WRITTEN_APART]


def _in_row(row: Row, phones: Detector) -> list[Find]:
    text = row.text.translate(_PLAIN)
    spans = {name: list(detector(text)) for name, detector in _IN_TEXT.items()}
    spans["phone"] += phones(text)
    found = []
    for name, places in spans.items():
        taken = [place for other in _BEFORE.get(name, ()) for place in spans[other]]
        for start, end in sorted(places, key=lambda place: place[0] - place[1]):
            if not any(start < other_end and other_start < end for other_start, other_end in taken):
                taken.append((start, end))
                found.append(row.find(name, start, end))
    return found


def _of_code(code: Code) -> Find:
    return Find(_QR, code.text, 1.0, code.box, code.view)
