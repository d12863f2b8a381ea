"""Words without which a pattern matches nothing, looked for in all readings of a text at once.

Most readings of most texts have none of them, and their patterns needn't be tried. A text is read piece by piece
between its spaces, as every reading changes a piece by itself, and what was found in a piece is remembered.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from moderation.domain.letters import in_words, readings

_KEPT = 2**14  # pieces whose clues are kept
_READINGS = range(len(readings("")))


class Clues:
    """Clues of several kinds: a pattern each, of which a single word of a reading is enough."""

    def __init__(self, **kinds: str) -> None:
        """`kinds` are alternatives that match the start of a word."""
        self._patterns = {kind: re.compile(rf"\b(?:{alternatives})") for kind, alternatives in kinds.items()}
        self.every = frozenset((kind, number) for kind in kinds for number in _READINGS)
        self._in_piece = lru_cache(maxsize=_KEPT)(lambda piece: frozenset(self._found(piece)))

    def of(self, folded: str) -> frozenset[tuple[str, int]]:
        """Return each kind with the numbers of the readings that have it; every one if the text isn't ASCII."""
        if not folded.isascii():
            return self.every
        return frozenset[tuple[str, int]]().union(*map(self._in_piece, folded.split()))

    def _found(self, piece: str) -> Iterator[tuple[str, int]]:
        kinds: dict[str, list[str]] = {}
        for number, reading in enumerate(readings(piece)):
            if reading not in kinds:
                words = in_words(reading)
                kinds[reading] = [kind for kind, pattern in self._patterns.items() if pattern.search(words)]
            yield from ((kind, number) for kind in kinds[reading])
