"""The function that ends decisions, as the console's function invokes it."""

import io
import json

import boto3
import pytest
from botocore.stub import Stubber

from moderation.adapters.finalise_function import FinaliseFunction
from moderation.domain.image_ref import ImageRef
from moderation.errors import Misconfigured, StoreUnavailable

IMAGE = ImageRef("intake", "posts/a.png", "v1")
EVENT = {"bucket": "intake", "key": "posts/a.png", "version": "v1", "pending": "p"}


@pytest.fixture
def lambda_():
    client = boto3.client("lambda", region_name="us-east-1")
    with Stubber(client) as stubber:
        yield client, stubber


def answer(stubber, said: object, **more: str) -> None:
    body = io.BytesIO(json.dumps(said).encode())
    expected = {"FunctionName": "finalise", "Payload": json.dumps(EVENT)}
    stubber.add_response("invoke", {"StatusCode": 200, "Payload": body, **more}, expected)


@pytest.mark.parametrize("refused", ["", "This decision isn't pending any more."])
def test_it_says_why_a_decision_was_refused(lambda_, refused):
    client, stubber = lambda_
    answer(stubber, {"verdict": None if refused else "safe", "refused": refused})

    assert FinaliseFunction(client, "finalise").finish(IMAGE, "p") == refused


def test_a_function_that_died_can_be_asked_again(lambda_):
    client, stubber = lambda_
    answer(stubber, {"errorMessage": "Task timed out"}, FunctionError="Unhandled")

    with pytest.raises(StoreUnavailable, match="its schedule tries the decision again"):
        FinaliseFunction(client, "finalise").finish(IMAGE, "p")


@pytest.mark.parametrize(
    ("code", "error"), [("TooManyRequestsException", StoreUnavailable), ("AccessDeniedException", Misconfigured)]
)
def test_a_refusal_of_lambda_has_our_name(lambda_, code, error):
    client, stubber = lambda_
    stubber.add_client_error("invoke", code)

    with pytest.raises(error):
        FinaliseFunction(client, "finalise").finish(IMAGE, "p")
