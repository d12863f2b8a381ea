"""Negated parts of a category's description: they name something that the category doesn't forbid.

"Not", "no" and "without" reach up to the next comma, words of exclusion ("except", "other than") up to the end of the
sentence or bracket, and words after a part ("kitchen knives are allowed") negate the part itself.
"""

import re

_ABBREVIATION = re.compile(r"\b(e\.\s?g|i\.\s?e|excl|resp|etc|vs)\.", re.IGNORECASE)
_EXCLUSION = (
    r"(?:except(?:ing|ed|ions?)?|exclud(?:es?|ing)|excl|exempting|apart from|aside from|other than|rather than|save for"
    r"|(?:any|every)thing but"
    r"|instead of|but not|barring|unless|not including)\b[^.;()\[\]]*"
)
_NEGATION = (
    r"(?:not|no|never|neither|nor|none|without|w/o|minus|cannot|(?:do|does|is|are|was|were|ca|wo)n't)\b"
    r":?[^,.;:()\[\]]*"
)
_NOT_FORBIDDEN = (
    r"(?:(?:do|does|is|are|need|should|must|will)(?: not|n't) (?:be )?"
    r"(?:count|meant|includ|cover|forbid|forbidden|prohibit|bann|consider|concern|violat|flag|a violation|affected)"
    r"|(?<!not )(?<!n't )(?<!never )"
    r"(?:excluded|excepted|exempt|allowed|permitted|acceptable|tolerated|(?:is|are) (?:fine|ok|okay|legal))\b"
    r"|not (?:included|counted|meant|covered))"
)
_NEGATED = re.compile(rf"[^,.;:()\[\]]*\b{_NOT_FORBIDDEN}[^,.;:()\[\]]*|\b{_EXCLUSION}|\b{_NEGATION}", re.IGNORECASE)


def without_negated(description: str) -> str:
    """Return the description without its negated parts."""
    return _NEGATED.sub(" ", _spelled(description))


def negated_parts(description: str) -> list[str]:
    """List the negated parts of a description as written."""
    return [" ".join(match[0].split()) for match in _NEGATED.finditer(_spelled(description))]


def _spelled(description: str) -> str:
    apostrophes = description.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return _ABBREVIATION.sub(lambda match: match[1].replace(".", " "), apostrophes)
