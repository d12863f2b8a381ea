"""Refusal of files that two programs may show as two different pictures."""

from moderation.errors import UnreadableImage


def contradictory(format: str, why: str) -> UnreadableImage:
    """Return the error; `why` is a clause about the file, called "it"."""
    return UnreadableImage(
        f"The {format} file is damaged: {why}, so that two programs may show two different pictures of it."
    )
