"""Numbers with rules of their own: payment cards, bank accounts, identity numbers.

The checks are written out because python-stdnum, which has them, is under the LGPL, and each is a few lines.
"""

import re
from collections.abc import Callable, Iterator

Check = Callable[[str], bool]

# Looked for at each place: an expiry date before it begins like one, too.
_CARD = re.compile(r"(?:(?<!\d)(?<!\d[ .-])|(?<=\d/\d\d ))(?=([2-6](?:[ .-]?[\dOolI]){12,18}(?![\dOo])))")
# The schemes' first digits, each with its lengths: an IMEI has 15 digits and a right last one, too.
_SCHEMES = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7]|35|3[689])\d{14}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|6\d{15,18}"
)
_GROUP = 4  # digits of a card that are written together, at least: half of them where a reader adds spaces
# Looked for at each place: a word and a number before it ("no 12 DE89 …") begin like one, too.
_IBAN = re.compile(r"(?:(?<![A-Z0-9])|(?<=IBAN))(?=([A-Z]{2} ?[\dOIL]{2}(?:[ .-]?[A-Z0-9]){11,30}))", re.A | re.I)
_DIGITS = str.maketrans("OoIlLQ", "001110")
_LEAST_KINDS = 2  # of digits in a card's number: sixteen noughts pass the checksum
# Letters of the countries' IBANs and their lengths, from the registry.
_IBAN_LENGTHS = {
    length: names.split()
    for length, names in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL", 19: "MK SI", 20: "AT BA EE KZ LT LU XK", 21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA", 30: "JO KW MU", 31: "MT SC", 33: "RU",
    }.items()
}  # fmt: skip

_MRZ_WEIGHTS = (7, 3, 1)
_MRZ_TD3 = re.compile(r"[A-Z0-9<]{9}[0-9OI][A-Z0<]{3}[0-9OI]{6}[0-9OI][MFX<][0-9OI]{6}[0-9OI]")
# A line has 44 characters at most: without a bound, a long one of other things takes a second.
_MRZ_NAME = re.compile(
    r"(?<!\w)(?:[PIACV][A-Z<][A-Z0<]{3}[A-Z0]{1,39}(?:<{1,2}[A-Z0]{1,39}){1,20}<{2,}"
    r"|[A-Z][A-Z0]{1,39}(?:<[A-Z0]{1,39}){0,20}<<[A-Z][A-Z0]{1,39}(?:<[A-Z0]{1,39}){0,20}<{5,})"
)
# Cards of three lines, of which the last one has the name alone: the number; birth and expiry.
_MRZ_NUMBER = re.compile(r"(?<![A-Z0-9<])[IAC][A-Z<][A-Z0<]{3}([A-Z0-9<]{9})([0-9OI])[A-Z0-9<]{0,30}<<")
_MRZ_DATES = re.compile(r"(?<![A-Z0-9<])(\d{6})([0-9OI])[MFX<](\d{6})([0-9OI])[A-Z0<]{3}", re.A)
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def payment_cards(text: str) -> Iterator[tuple[int, int]]:
    """Yield where numbers of payment cards stand: 13 to 19 digits of a known scheme with a right last digit."""
    for match in _CARD.finditer(text):
        candidate = match[1].translate(_DIGITS)
        ends = [group.end() for group in re.finditer(r"\d+", candidate)]  # an expiry date may follow
        if end := next((end for end in reversed(ends) if _is_card(candidate[:end])), None):
            yield match.start(), match.start() + end


def _is_card(written: str) -> bool:
    groups = re.split("[ .-]", written)
    number = "".join(groups)
    if "." in written and (min(map(len, groups)) < _GROUP or {*written} & {" ", "-"}):  # a fraction
        return False
    together = sum(len(group) for group in groups if len(group) >= _GROUP)
    of_scheme = _SCHEMES.fullmatch(number) is not None and 2 * together >= len(number)
    return of_scheme and len(set(number)) >= _LEAST_KINDS and luhn(number) and not _is_article(number)


def ibans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where international bank account numbers stand, each with its country's length and right check digits."""
    for match in _IBAN.finditer(text):
        end = _iban_end(match[1].upper())
        if end:
            yield match.start(), match.start() + end


def _iban_end(candidate: str) -> int | None:
    """Return where the number ends in what begins with one; what follows may be more text in capitals."""
    wanted = next((length for length, names in _IBAN_LENGTHS.items() if candidate[:2] in names), 0)
    places = [place for place, character in enumerate(candidate) if character.isalnum()]
    if not wanted or len(places) < wanted:
        return None
    compact = "".join(candidate[place] for place in places[:wanted])
    plain = compact[:2] + compact[2:4].translate(_DIGITS) + compact[4:]
    read = (plain, plain[:4] + plain[4:].translate(_DIGITS))
    return places[wanted - 1] + 1 if any(mod_97(each) for each in read) else None


def identity_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Yield where identity numbers stand: machine-readable lines of passports and cards, and six countries' numbers."""
    compact = text.replace(" ", "").replace("|", "I")
    if _MRZ_NAME.search(compact) or any(map(_is_mrz, _mrz_fields(compact))):
        yield 0, len(text)
    for pattern, check in _NATIONAL:
        for match in pattern.finditer(text):
            if check(re.sub(r"[^A-Z0-9]", "", match[0].upper())):
                yield match.span()


def luhn(number: str) -> bool:
    """Tell if the last digit is the check digit of the others."""
    doubled = (int(digit) * 2 if place % 2 else int(digit) for place, digit in enumerate(reversed(number)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _is_article(number: str) -> bool:
    """Tell if it is the number below an article's bars (EAN-13), of which each tenth passes the checksum of cards."""
    weighted = (int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(number))
    return len(number) == 13 and sum(weighted) % 10 == 0


def mod_97(number: str) -> bool:
    """Tell if an IBAN's check digits are right: letters count from 10, the first four characters last."""
    return int("".join(str(int(character, 36)) for character in number[4:] + number[:4])) % 97 == 1


def _mrz_fields(compact: str) -> Iterator[tuple[str, ...]]:
    """Yield the fields of machine-readable lines, each followed by its check digit (ICAO 9303)."""
    for line in _MRZ_TD3.findall(compact):
        yield line[:9], line[9], line[13:19], line[19], line[21:27], line[27]
    yield from _MRZ_NUMBER.findall(compact)
    yield from _MRZ_DATES.findall(compact)


def _is_mrz(fields: tuple[str, ...]) -> bool:
    """Tell if the check digits are right."""
    return all(
        _mrz_digit(field) == digit.translate(_DIGITS) for field, digit in zip(fields[::2], fields[1::2], strict=True)
    )


def _mrz_digit(field: str) -> str:
    values = (0 if character == "<" else int(character, 36) for character in field)
    return str(sum(value * _MRZ_WEIGHTS[place % 3] for place, value in enumerate(values)) % 10)


def _social_security(number: str) -> bool:
    """Tell if it can be a US social security number; the written form has two hyphens."""
    area, group, serial = number[:3], number[3:5], number[5:]
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def _dni(number: str) -> bool:
    digits = number[:-1].translate(str.maketrans("XYZ", "012"))
    return digits.isdigit() and _DNI_LETTERS[int(digits) % 23] == number[-1]


def _ahv(number: str) -> bool:
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(number[:12]))
    return (10 - total % 10) % 10 == int(number[12])


def _nir(number: str) -> bool:
    body = number[:13].replace("2A", "19").replace("2B", "18")
    return body.isdigit() and 97 - int(body) % 97 == int(number[13:])


def _codice_fiscale(number: str) -> bool:
    odd = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
    values = [int(character) if character.isdigit() else ord(character) - 65 for character in number[:15]]
    total = sum(value if place % 2 else odd[value] for place, value in enumerate(values))
    return chr(65 + total % 26) == number[15]


def _always(number: str) -> bool:
    return bool(number)


_NATIONAL: tuple[tuple[re.Pattern[str], Check], ...] = (
    (re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])", re.A), _social_security),
    (re.compile(r"(?:(?<=SSN)|(?<=SSN[ :#])|(?<=SSN[:#] ))\d{3} ?\d{2} ?\d{4}(?!\d)", re.A | re.I), _social_security),
    (re.compile(r"(?<!\w)(?![DFIQUV])[A-Z](?![DFIOQUV])[A-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)", re.A), _always),  # UK
    (re.compile(r"(?:(?<!\w)|(?<=DNI)|(?<=NIE)|(?<=NIF))[XYZ\d]-?\d{7}-?[A-Z](?!\w)", re.A), _dni),
    (re.compile(r"(?<!\d)756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}(?!\d)", re.A), _ahv),
    (re.compile(r"(?<!\w)[12] ?\d{2} ?[0-9]{2} ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}(?!\w)", re.A), _nir),
    (re.compile(r"(?<!\w)[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z](?!\w)", re.A), _codice_fiscale),
)
