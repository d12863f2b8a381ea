"""Words of a pack in the text of an image: whole words, whatever their case and the look of their letters."""

import re
from collections.abc import Sequence
from functools import lru_cache

from moderation.domain.letters import OTHER_ALPHABETS, in_plain_letters, in_words
from moderation.domain.reading.rows import around, closed_up, rows
from moderation.domain.reading.text import Find, Line, Reading

WORDS = "words"
Block = tuple[Line, ...]

# A reader can't tell I, l and 1 apart, nor O and 0; people write other signs for letters on purpose.
_LOOK_ALIKE = str.maketrans("013456789@$l", "oieasgtbgasi")
_SIGNS = str.maketrans("!|€£¢", "iielc")
_SPACED = re.compile(r"(?<!\w)\w(?:[\W_]{1,2}\w){2,}(?!\w)")
_WORD = re.compile(r"[^\s.,;:/_-]+")
_NUMBERED = re.compile(r"\d{3}\W*$")  # a room, an item: "ID107"
_MOST_ROWS = 4  # of one phrase, each with a word of it: signs and memes write a word a line, however far apart


def words_found(reading: Reading, words: Sequence[str]) -> tuple[Find, ...]:
    """Return the words that stand in the lines or codes; a phrase may go on in the next lines and the next frame."""
    return tuple(find for block in _blocks(reading) for word in words if (find := _found(block, word))) if words else ()


@lru_cache(maxsize=4)  # a text is searched for each question, several times
def _blocks(reading: Reading) -> tuple[Block, ...]:
    """Return each row by itself, then those that follow each other, two to four together."""
    lines = [row.line for row in rows(reading.lines)]
    codes = [row.line for row in rows((), reading.codes)]
    blocks: list[Block] = [(line,) for line in (*lines, *codes)]
    for size in range(2, _MOST_ROWS + 1):
        each = (tuple(lines[start : start + size]) for start in range(len(lines) - size + 1))
        blocks += [block for block in each if len({line.turned for line in block}) == 1]
    return tuple(blocks)


def _found(block: Block, word: str) -> Find | None:
    """Return a word that needs all rows of the block."""
    if len(block) > len(word.split()) or not _holds(block, word):
        return None
    if len(block) > 1 and (_holds(block[1:], word) or _holds(block[:-1], word)):
        return None
    first = block[0]
    box = around([line.box for line in block if line.view == first.view])
    return Find(WORDS, word, min(line.confidence for line in block), box, first.view)


def _holds(block: Block, word: str) -> bool:
    return any(map(_pattern(word).search, folded(" ".join(line.text for line in block))))


@lru_cache(maxsize=4096)
def _pattern(word: str) -> re.Pattern[str]:
    """Match a word or a phrase, also without the spaces that a reader loses."""
    return re.compile(rf"(?<!\w)(?=\w){folded(word)[0].replace(' ', ' ?')}(?!\w)")


@lru_cache(maxsize=4096)
def folded(text: str) -> tuple[str, ...]:
    """Return the words of a text in one form for all letters that look alike: as signs, as letters, and unspaced."""
    plain = in_plain_letters(text).translate(OTHER_ALPHABETS)
    unspaced = _SPACED.sub(lambda match: re.sub(r"[\W_]", "", match[0]), plain)
    read = (plain, plain.translate(_SIGNS), unspaced, closed_up(plain), closed_up(in_words(plain)))
    return tuple(dict.fromkeys(in_words(_WORD.sub(_in_letters, each)) for each in read))


def _in_letters(word: re.Match[str]) -> str:
    return word[0] if _NUMBERED.search(word[0]) else word[0].translate(_LOOK_ALIKE)
