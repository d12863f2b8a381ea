"""Files that can't be moderated as they are: who has to act, the uploader or a person."""

from moderation.errors import ImageTooLarge, UnreadableImage, UnsupportedImage

REUPLOAD = "reupload"
# Errors in a file itself, and rows of the decision table about one: a person can't tell more than that.
ERRORS = frozenset(error.__name__ for error in (UnreadableImage, UnsupportedImage, ImageTooLarge))
_ROWS = frozenset({"unseen"})


def needs(unusable_files: str, error: str | None = None, row: str | None = None) -> dict[str, str]:
    """Return the attribute `needs` of a review, or none; `unusable_files` is the pack's, `error` a class's name."""
    return {"needs": REUPLOAD} if unusable_files == REUPLOAD and (error in ERRORS or row in _ROWS) else {}
