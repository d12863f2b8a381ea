"""Ports of the review API."""

from collections.abc import Callable
from dataclasses import dataclass

from moderation.domain.image_ref import ImageRef
from moderation.ports import PolicyCatalogue
from moderation.usecases.review.ports_of import ReviewPorts
from moderation.usecases.review.reveal import RevealPorts


@dataclass(frozen=True)
class ApiPorts:
    """Places that the API reads, and that its use cases write.

    `finish` puts a pending decision into force and returns why that was refused, "" if it wasn't; `escalate` puts an
    image into quarantine, by a pseudonym; `original` returns an upload as a JPEG in base64, for a person by their id.
    """

    review: ReviewPorts
    reveal: RevealPorts
    policies: PolicyCatalogue
    finish: Callable[[ImageRef, str], str]
    escalate: Callable[[ImageRef, str], object]
    original: Callable[[ImageRef, str], str]
