"""Words of a pack in the text of an image: whole words, whatever their case and the look of their letters."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from moderation.domain.letters import in_plain_letters, in_words
from moderation.domain.reading.rows import around, closed_up, rows
from moderation.domain.reading.text import Find, Line, Reading

WORDS = "words"

# A reader can't tell I, l and 1 apart, nor O and 0; people write other signs for letters on purpose.
_LOOK_ALIKE = str.maketrans("013456789@$l", "oieasgtbgasi")
_OTHER_ALPHABETS = str.maketrans("авеіјкмнорсѕтухαβεικνορτυχ", "abeijkmhopcstyxabeiknoptux")
_SIGNS = str.maketrans("!|€£", "iiel")
_SPACED = re.compile(r"(?<!\w)\w(?:[ .\-_*]{1,2}\w){2,}(?!\w)")
_NEXT_TO = 3  # heights of a line between two of one phrase


def words_found(reading: Reading, words: Sequence[str]) -> tuple[Find, ...]:
    """Return the words that stand in the lines or codes, or over two lines that follow each other."""
    return tuple(find for line in _texts(reading) for word in words if (find := _found(line, word))) if words else ()


@lru_cache(maxsize=4)  # a text is searched for each question, several times
def _texts(reading: Reading) -> tuple[Line, ...]:
    """Return each row as one line, then each two rows below one another as one."""
    return tuple(_each_text(reading))


def _each_text(reading: Reading) -> Iterator[Line]:
    each = [row.line for row in rows(reading.lines, reading.codes)]
    yield from each
    for upper, lower in pairwise(each):
        if _follows(upper, lower):
            last, first = upper.text.split()[-1], lower.text.split()[0]
            box = around([upper.box, lower.box])
            yield Line(f"{last} {first}", min(upper.confidence, lower.confidence), box, upper.view)


def _follows(upper: Line, lower: Line) -> bool:
    height = max(upper.upright[3] - upper.upright[1], 1)
    together = (upper.view, upper.turned) == (lower.view, lower.turned)
    return together and 0 <= lower.upright[1] - upper.upright[1] < _NEXT_TO * height


def _found(line: Line, word: str) -> Find | None:
    if any(map(_pattern(word).search, folded(line.text))):
        return Find(WORDS, word, line.confidence, line.box, line.view)
    return None


@lru_cache(maxsize=4096)
def _pattern(word: str) -> re.Pattern[str]:
    """Match a word or a phrase, also without the spaces that a reader loses."""
    return re.compile(rf"(?<!\w)(?=\w){folded(word)[0].replace(' ', ' ?')}(?!\w)")


@lru_cache(maxsize=4096)
def folded(text: str) -> tuple[str, ...]:
    """Return the words of a text in one form for all letters that look alike: as signs, as letters, and unspaced."""
    plain = in_plain_letters(text).translate(_OTHER_ALPHABETS)
    unspaced = _SPACED.sub(lambda match: re.sub(r"[\W_]", "", match[0]), plain)
    read = (plain, plain.translate(_SIGNS), unspaced, closed_up(plain))
    return tuple(dict.fromkeys(in_words(each.translate(_LOOK_ALIKE)) for each in read))
