"""Token ids in place of texts: what a decoder chose, seen through any tokenizer."""

import json
from collections.abc import Sequence
from typing import Any

from blip2_serving.blip2 import Blip2, Decoded, Row
from PIL import Image

LIMIT = 12
GREEDY = {"max_new_tokens": LIMIT, "do_sample": False}


class TokenSpeller:
    """A tokenizer whose decoded text is the token ids themselves."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._tokenizer(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)

    def batch_decode(self, rows: Any, **options: Any) -> list[str]:
        return [json.dumps(bare(row if isinstance(row, list) else row.tolist())) for row in rows]


def bare(tokens: list[int]) -> list[int]:
    """Without the start token and the padding, which both are 0; beam search pads with the end token, 1."""
    tokens = tokens[1:] if tokens[0] == 0 else tokens
    while tokens[-1:] == [0] or tokens[-2:] == [1, 1]:
        tokens = tokens[:-1]
    return tokens


def rows_of(
    ours: Blip2, images: Sequence[Image.Image], pairs: Sequence[tuple[int, str | None]], limit: int = LIMIT
) -> list[Row]:
    visuals = ours.encode([ours.pixels(image) for image in images])
    return [Row(visuals[index], ours.tokens(prompt), limit) for index, prompt in pairs]


def decoded_of(ours: Blip2, rows: Sequence[Row]) -> list[Decoded]:
    """Everything that the rows were decoded to, none of it too late."""
    return [decoded for decoded in ours.decode(rows) if decoded is not None]


def tokens_of(ours: Blip2, rows: Sequence[Row]) -> list[list[int]]:
    return [json.loads(decoded.text) for decoded in decoded_of(ours, rows)]
