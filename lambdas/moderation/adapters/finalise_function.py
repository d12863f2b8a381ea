"""The function that puts pending decisions into force, invoked by those that may not do so themselves."""

import json
from typing import TYPE_CHECKING

from moderation.adapters.faults import store_faults
from moderation.domain.image_ref import ImageRef
from moderation.errors import StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class FinaliseFunction:
    """Ends decisions by `moderation.handlers.finalise`, which checks right, lease and time again."""

    def __init__(self, client: "LambdaClient", name: str) -> None:
        self._client, self._name = client, name

    def finish(self, image: ImageRef, pending: str) -> str:
        """Put a pending decision into force; return why it was refused, "" if it wasn't.

        Raises StoreUnavailable if it didn't end, upon which the schedule ends it, and Misconfigured.
        """
        event = {"bucket": image.bucket, "key": image.key, "version": image.version, "pending": pending}
        with store_faults(f"Function {self._name}"):
            answer = self._client.invoke(FunctionName=self._name, Payload=json.dumps(event))
            said = answer["Payload"].read()
        if "FunctionError" in answer:
            raise StoreUnavailable(f"Function {self._name} failed: its schedule tries the decision again.")
        return str(json.loads(said)["refused"])
