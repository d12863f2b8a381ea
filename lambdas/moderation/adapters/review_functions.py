"""The functions that do what the console's own function may not, which invokes them."""

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moderation.adapters.faults import store_faults
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record
from moderation.domain.vouch import digest_of
from moderation.errors import EscalationRefused, NotVouched, RevealRefused, StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class ReviewFunctions:
    """Puts decisions into force and images into quarantine, by `moderation.handlers.finalise` and `escalate`."""

    def __init__(self, client: "LambdaClient", finalise: str, escalate: str) -> None:
        self._client, self._finalise, self._escalate = client, finalise, escalate

    def finish(self, image: ImageRef, pending: str) -> str:
        """Put a pending decision into force; return why it was refused, "" if it wasn't.

        Raises StoreUnavailable if it didn't end, upon which the schedule ends it, and Misconfigured.
        """
        return str(_asked(self._client, self._finalise, image, pending=pending)["refused"])

    def escalate(self, image: ImageRef, who: str) -> None:
        """Put an image into quarantine, by a pseudonym. Raises EscalationRefused, StoreUnavailable, Misconfigured."""
        if refused := _asked(self._client, self._escalate, image, who=who)["refused"]:
            raise EscalationRefused(str(refused))


class OriginalFunction:
    """Shows uploads, by `moderation.handlers.render_original`."""

    def __init__(self, client: "LambdaClient", function: str) -> None:
        self._client, self._function = client, function

    def render(self, image: ImageRef, who: str) -> str:
        """Return an upload, encoded anew, as a JPEG in base64, for the person of that id who holds its item.

        Raises RevealRefused, StoreUnavailable, Misconfigured.
        """
        said = _asked(self._client, self._function, image, who=who)
        if said["refused"]:
            raise RevealRefused(str(said["refused"]))
        return str(said["picture"])


@dataclass(frozen=True)
class VouchFunction:
    """Vouches for the decisions of whoever a token was issued to, by `moderation.handlers.vouch`, which verifies it."""

    client: "LambdaClient"
    function: str
    token: str = field(repr=False)

    def vouch(self, record: Record) -> None:
        """Vouch for what is pending on `record`. Raises NotVouched, StoreUnavailable, Misconfigured."""
        self._ask(record.image, str(record.pending_id), digest_of(record))

    def withdraw(self, image: ImageRef, pending_id: str) -> None:
        """Vouch no longer for that decision. Raises NotVouched, StoreUnavailable, Misconfigured."""
        self._ask(image, pending_id, "")

    def _ask(self, image: ImageRef, pending_id: str, digest: str) -> None:
        given = {"pending": pending_id, "digest": digest, "token": self.token}
        if refused := _asked(self.client, self.function, image, **given)["refused"]:
            raise NotVouched(str(refused))


def _asked(client: "LambdaClient", function: str, image: ImageRef, **more: str) -> dict[str, Any]:
    event = {"bucket": image.bucket, "key": image.key, "version": image.version, **more}
    with store_faults(f"Function {function}"):
        answer = client.invoke(FunctionName=function, Payload=json.dumps(event))
        text = answer["Payload"].read()
    if "FunctionError" in answer:
        raise StoreUnavailable(f"Function {function} failed: try again.")
    said: dict[str, Any] = json.loads(text)
    return said
