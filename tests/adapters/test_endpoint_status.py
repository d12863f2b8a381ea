"""Status of endpoints, by the answers that SageMaker's API reference gives."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from moderation.adapters.endpoint_status import SageMakerEndpoints
from moderation.errors import Misconfigured

NOW = "2026-11-22T10:00:00Z"
ENDPOINT = {
    "EndpointName": "blip2",
    "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/blip2",
    "EndpointConfigName": "c",
    "CreationTime": NOW,
    "LastModifiedTime": NOW,
}
COMPONENT = {
    "InferenceComponentName": "one",
    "InferenceComponentArn": "arn:aws:sagemaker:us-east-1:123456789012:inference-component/one",
    "EndpointName": "blip2",
    "EndpointArn": ENDPOINT["EndpointArn"],
    "CreationTime": NOW,
    "LastModifiedTime": NOW,
}


@pytest.fixture
def sagemaker() -> Any:
    client = boto3.client("sagemaker")
    with Stubber(client) as stub:
        yield client, stub


def test_an_endpoint_has_its_status(sagemaker):
    client, stub = sagemaker
    stub.add_response("describe_endpoint", ENDPOINT | {"EndpointStatus": "Updating"}, {"EndpointName": "blip2"})

    assert SageMakerEndpoints(client).status("blip2", None) == "Updating"


@pytest.mark.parametrize(("copies", "said"), [(0, "scaled to zero"), (2, "copies: 2")])
def test_a_component_on_it_has_its_own(sagemaker, copies, said):
    client, stub = sagemaker
    stub.add_response("describe_endpoint", ENDPOINT | {"EndpointStatus": "InService"})
    sizes = {"DesiredCopyCount": copies, "CurrentCopyCount": copies}
    described = COMPONENT | {"InferenceComponentStatus": "InService", "RuntimeConfig": sizes}
    stub.add_response("describe_inference_component", described, {"InferenceComponentName": "one"})

    assert SageMakerEndpoints(client).status("blip2", "one") == f"InService, component InService, {said}"


def test_one_that_is_not_there_is_missing(sagemaker):
    client, stub = sagemaker
    stub.add_client_error("describe_endpoint", "ValidationException", "Could not find endpoint")

    assert SageMakerEndpoints(client).status("blip2", None) == "missing"


def test_a_denial_gets_our_name(sagemaker):
    client, stub = sagemaker
    stub.add_client_error("describe_endpoint", "AccessDeniedException")

    with pytest.raises(Misconfigured):
        SageMakerEndpoints(client).status("blip2", None)
