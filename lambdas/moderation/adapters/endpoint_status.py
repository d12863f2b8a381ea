"""Status of the models' endpoints, as SageMaker describes it."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from moderation.adapters.faults import code_of, store_faults

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


class SageMakerEndpoints:
    """Implements `ports.Endpoints`."""

    def __init__(self, client: "SageMakerClient") -> None:
        self._client = client

    def status(self, endpoint: str, component: str | None) -> str:
        with store_faults(f"Endpoint {endpoint}"):
            try:
                described = self._client.describe_endpoint(EndpointName=endpoint)
                status = str(described["EndpointStatus"])
                return f"{status}, {self._component_status(component)}" if component else status
            except ClientError as error:
                if code_of(error) == "ValidationException":  # SageMaker has no code of its own for "doesn't exist"
                    return "missing"
                raise

    def _component_status(self, component: str) -> str:
        described = self._client.describe_inference_component(InferenceComponentName=component)
        status, copies = described["InferenceComponentStatus"], described["RuntimeConfig"]["CurrentCopyCount"]
        return f"component {status}, " + (f"copies: {copies}" if copies else "scaled to zero")
