"""Yes or no, read from the text of an answer."""

import re
import unicodedata
from itertools import dropwhile

_OTHER = {"yes": "no", "no": "yes"}
_LEADING = re.compile(r"[\W_]*(yes|no)(?![^\W_])")
_SPECIAL_TOKEN = re.compile(r"<[^<>]*>|\[(?:UNK|PAD|CLS|SEP|MASK|BOS|EOS)\]", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[^\w\s]+|_+|\b(?:and|or|but|also|maybe|perhaps)\b")
# "No idea" isn't a no.
_NOT_A_NO = frozenset(["answer", "clue", "comment", "doubt", "idea", "opinion", "problem", "question", "way", "wonder"])


def yes_or_no(text: str) -> str | None:
    """Return the "yes" or "no" that an answer leads with; None if it leads with neither, says both or asks back."""
    words = unicodedata.normalize("NFKC", without_special_tokens(text)).casefold()
    leading = _LEADING.match(words)
    if not leading or "?" in words:
        return None
    said = leading[1]
    first, *others = [clause.split() for clause in _CLAUSE_END.split(words) if clause.strip()]
    after = list(dropwhile(said.__eq__, first))
    if [_OTHER[said]] in [after, *others] or (said == "no" and after[:1] and after[0] in _NOT_A_NO):
        return None
    return said


def without_special_tokens(text: str) -> str:
    """Return the text without a tokenizer's own tokens, such as `</s>`, `<pad>` and `[UNK]`."""
    return _SPECIAL_TOKEN.sub(" ", text)
