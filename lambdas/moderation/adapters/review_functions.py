"""The functions that do what the console's own function may not, which invokes them."""

import json
from typing import TYPE_CHECKING

from moderation.adapters.faults import store_faults
from moderation.domain.image_ref import ImageRef
from moderation.errors import EscalationRefused, StoreUnavailable

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
        return self._ask(self._finalise, image, "pending", pending)

    def escalate(self, image: ImageRef, who: str) -> None:
        """Put an image into quarantine, by a pseudonym. Raises EscalationRefused, StoreUnavailable, Misconfigured."""
        if refused := self._ask(self._escalate, image, "who", who):
            raise EscalationRefused(refused)

    def _ask(self, function: str, image: ImageRef, name: str, value: str) -> str:
        event = {"bucket": image.bucket, "key": image.key, "version": image.version, name: value}
        with store_faults(f"Function {function}"):
            answer = self._client.invoke(FunctionName=function, Payload=json.dumps(event))
            said = answer["Payload"].read()
        if "FunctionError" in answer:
            raise StoreUnavailable(f"Function {function} failed: try again.")
        return str(json.loads(said)["refused"])
