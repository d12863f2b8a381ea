"""The functions that end decisions and escalate, as the console's function invokes them."""

import io
import json

import boto3
import pytest
from botocore.stub import Stubber

from moderation.adapters.review_functions import OriginalFunction, ReviewFunctions, VouchFunction
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record
from moderation.domain.vouch import digest_of
from moderation.errors import EscalationRefused, Misconfigured, NotVouched, RevealRefused, StoreUnavailable

IMAGE = ImageRef("intake", "posts/a.png", "v1")
EVENT = {"bucket": "intake", "key": "posts/a.png", "version": "v1", "pending": "p"}


@pytest.fixture
def lambda_():
    client = boto3.client("lambda", region_name="us-east-1")
    with Stubber(client) as stubber:
        yield client, stubber


def answer(stubber, said: object, function: str = "finalise", event: object = EVENT, **more: str) -> None:
    body = io.BytesIO(json.dumps(said).encode())
    expected = {"FunctionName": function, "Payload": json.dumps(event)}
    stubber.add_response("invoke", {"StatusCode": 200, "Payload": body, **more}, expected)


@pytest.mark.parametrize("refused", ["", "This decision isn't pending any more."])
def test_it_says_why_a_decision_was_refused(lambda_, refused):
    client, stubber = lambda_
    answer(stubber, {"verdict": None if refused else "safe", "refused": refused})

    assert ReviewFunctions(client, "finalise", "escalate").finish(IMAGE, "p") == refused


def test_a_function_that_died_can_be_asked_again(lambda_):
    client, stubber = lambda_
    answer(stubber, {"errorMessage": "Task timed out"}, FunctionError="Unhandled")

    with pytest.raises(StoreUnavailable, match="try again"):
        ReviewFunctions(client, "finalise", "escalate").finish(IMAGE, "p")


@pytest.mark.parametrize(
    ("code", "error"), [("TooManyRequestsException", StoreUnavailable), ("AccessDeniedException", Misconfigured)]
)
def test_a_refusal_of_lambda_has_our_name(lambda_, code, error):
    client, stubber = lambda_
    stubber.add_client_error("invoke", code)

    with pytest.raises(error):
        ReviewFunctions(client, "finalise", "escalate").finish(IMAGE, "p")


def test_what_can_not_be_escalated_is_refused_with_the_reason(lambda_):
    client, stubber = lambda_
    event = {"bucket": "intake", "key": "posts/a.png", "version": "v1", "who": "otter"}
    for refused in ("", "It is still being moderated."):
        answer(stubber, {"refused": refused}, "escalate", event)
    functions = ReviewFunctions(client, "finalise", "escalate")

    functions.escalate(IMAGE, "otter")

    with pytest.raises(EscalationRefused, match="still being moderated"):
        functions.escalate(IMAGE, "otter")


def test_an_upload_comes_as_a_picture_or_is_refused_with_the_reason(lambda_):
    client, stubber = lambda_
    event = {"bucket": "intake", "key": "posts/a.png", "version": "v1", "who": "sub-1"}
    answer(stubber, {"picture": "/9j/", "refused": ""}, "original", event)
    answer(stubber, {"picture": "", "refused": "The upload can't be shown: it was deleted."}, "original", event)
    originals = OriginalFunction(client, "original")

    assert originals.render(IMAGE, "sub-1") == "/9j/"
    with pytest.raises(RevealRefused, match="it was deleted"):
        originals.render(IMAGE, "sub-1")


def test_a_decision_is_vouched_for_by_token_and_hash_or_refused_with_the_reason(lambda_):
    client, stubber = lambda_
    record = Record(image=IMAGE, pending_id="p", pending={"id": "p", "verdict": "safe", "who": "sub-1"})
    for digest, refused in ((digest_of(record), ""), ("", ""), (digest_of(record), "Sign in again.")):
        answer(stubber, {"refused": refused}, "vouch", {**EVENT, "digest": digest, "token": "a.b.c"})
    voucher = VouchFunction(client, "vouch", "a.b.c")

    voucher.vouch(record)
    voucher.withdraw(IMAGE, "p")

    with pytest.raises(NotVouched, match="Sign in again"):
        voucher.vouch(record)
    assert "a.b.c" not in repr(voucher)
