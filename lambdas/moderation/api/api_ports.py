"""Ports of the review API."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from moderation.api.request import Request
from moderation.domain.image_ref import ImageRef
from moderation.ports import PolicyCatalogue, Voucher
from moderation.usecases.review.ports_of import ReviewPorts
from moderation.usecases.review.reveal import RevealPorts


@dataclass(frozen=True)
class ApiPorts:
    """Places that the API reads, and that its use cases write.

    `finish` puts a pending decision into force and returns why that was refused, "" if it wasn't; `escalate` puts an
    image into quarantine, by a pseudonym; `original` returns an upload as a JPEG in base64, for a person by their id;
    `voucher` is that of whoever an access token was issued to.
    """

    review: ReviewPorts
    reveal: RevealPorts
    policies: PolicyCatalogue
    finish: Callable[[ImageRef, str], str]
    escalate: Callable[[ImageRef, str], object]
    original: Callable[[ImageRef, str], str]
    voucher: Callable[[str], Voucher]

    def deciding(self, request: Request) -> ReviewPorts:
        """Return the ports by which the person who asks decides."""
        return replace(self.review, voucher=self.voucher(request.token))
