"""A SageMaker endpoint: JSON in, text out."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from moderation.adapters import clients
from moderation.adapters.container_words import container_fault
from moderation.adapters.faults import endpoint_faults
from moderation.errors import MalformedResponse, ModerationError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient


class SageMakerEndpoint:
    """Invokes the model of an endpoint, or the inference component named `component` on it.

    `hurried` returns a client with that read time-out in seconds.
    """

    def __init__(
        self,
        client: "SageMakerRuntimeClient",
        name: str,
        component: str | None = None,
        hurried: Callable[[float], "SageMakerRuntimeClient"] = clients.sagemaker_runtime,
    ) -> None:
        self._client, self.name, self._hurried = client, name, hurried
        self._component = {"InferenceComponentName": component} if component else {}

    def invoke(self, body: Mapping[str, Any], within_s: float | None = None, **more: Any) -> str:
        """POST `body` as JSON and return the answer as text. Raises the errors that `ports.VisionModel.ask` lists."""
        hurry = min(within_s or clients.ENDPOINT_READ_S, clients.ENDPOINT_READ_S)
        client = self._client if hurry == clients.ENDPOINT_READ_S else self._hurried(hurry)
        with endpoint_faults(self.name):
            answer = client.invoke_endpoint(
                EndpointName=self.name,
                ContentType="application/json",
                Body=json.dumps(body).encode(),
                **self._component,
                **more,
            )
            raw = answer["Body"].read()
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise MalformedResponse(f"Endpoint {self.name} answered with bytes that aren't UTF-8.") from error
        if fault := _fault(self.name, text):
            raise fault
        return text


def _fault(endpoint: str, text: str) -> ModerationError | None:
    """Return the fault in an answer, if any: in a batch or a stream an error is a body under HTTP 200."""
    try:
        answer = json.loads(text)
    except ValueError:
        return None  # plain text, as the sample's requests are answered
    except RecursionError:
        return MalformedResponse(f"Endpoint {endpoint} answered with JSON that is nested too deeply.")
    first = answer[0] if isinstance(answer, list) and answer else answer
    if not isinstance(first, dict) or not first.get("error"):
        return None
    fault = first["error"] if isinstance(first["error"], dict) else first
    code = fault.get("code")
    return container_fault(endpoint, code if isinstance(code, int) else 500, json.dumps(first["error"]))
