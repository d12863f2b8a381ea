"""Orders to the judge in the text of an image."""

from moderation.domain.injection_patterns import steers_clearly
from moderation.domain.reading.text import Reading

_MOST_CHARACTERS = 10_000


def reads_like_orders(reading: Reading) -> str:
    """Return the view whose text addresses the judge, line by line or as a whole; empty if none does.

    Letters of any script are ordinary in a picture, and so are weak signs: only clear ones count.
    """
    for view, texts in reading.by_view.items():
        if any(map(steers_clearly, texts)) or steers_clearly(" ".join(texts)[:_MOST_CHARACTERS]):
            return view
    return ""
