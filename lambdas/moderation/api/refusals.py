"""Answers to requests that aren't fulfilled: a status and a sentence."""

from moderation.api.bodies import BadRequest, BodyTooLarge
from moderation.errors import InvalidPolicy, Misconfigured, OutOfScope, RequestRefused, TransientError


class NotFound(Exception):
    """There is nothing under this name, or not for this person: nobody learns which."""


class NobodyKnown(Exception):
    """The request carries no person, or one without any right."""


# The first class that fits counts; a text of None is the error's own sentence.
_STATUS: tuple[tuple[type[Exception], int, str | None], ...] = (
    (BodyTooLarge, 413, None),
    (BadRequest, 400, None),
    (NobodyKnown, 401, "You have no rights here: ask an administrator for a role (`moderate people set`)."),
    (NotFound, 404, "There is nothing here, or not for you."),
    (OutOfScope, 404, "There is nothing here, or not for you."),
    (RequestRefused, 409, None),
    (InvalidPolicy, 409, None),
    (TransientError, 503, "The store is busy, so this may not have been done: try again."),
    (Misconfigured, 500, "The deployment lacks something, and nothing was changed: an operator finds it in the log."),
)
REFUSED = tuple(kind for kind, _, _ in _STATUS)


def refusal(error: Exception) -> tuple[int, str]:
    """Return the status and the sentence for an error of `REFUSED`."""
    return next((status, text or str(error)) for kind, status, text in _STATUS if isinstance(error, kind))
