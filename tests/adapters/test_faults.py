"""Errors of the stores and the topics, in the names that the workflow retries."""

from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from moderation.adapters import clients
from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
from moderation.adapters.executions import SfnExecutions
from moderation.adapters.faults import endpoint_faults, store_faults, topic_faults
from moderation.adapters.s3_images import S3ImageStore
from moderation.adapters.s3_work import S3WorkStore
from moderation.adapters.sns_publisher import SnsPublisher
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record
from moderation.errors import (
    EndpointThrottled,
    EndpointUnavailable,
    Misconfigured,
    NotificationUnavailable,
    StoreUnavailable,
)

IMAGE = ImageRef("intake", "a.jpg", "v1")


def fault(code: str, status: int) -> ClientError:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Call")


@pytest.mark.parametrize(
    "around, error, expected",
    [
        # The codes that travel, which aren't always the names of botocore's exceptions.
        (topic_faults, fault("KMSThrottling", 400), NotificationUnavailable),
        (topic_faults, fault("Throttled", 429), NotificationUnavailable),
        (topic_faults, fault("AuthorizationError", 403), Misconfigured),
        (store_faults, fault("KMS.ThrottlingException", 400), StoreUnavailable),
        (store_faults, fault("KMS.KeyUnavailableException", 400), StoreUnavailable),
        (store_faults, fault("KmsThrottlingException", 400), StoreUnavailable),
        (endpoint_faults, fault("KMS.ThrottlingException", 400), EndpointThrottled),
        (store_faults, fault("ReplicatedWriteConflictException", 400), StoreUnavailable),
        (store_faults, fault("ProvisionedThroughputExceededException", 400), StoreUnavailable),
        (store_faults, fault("ResourceNotFoundException", 400), Misconfigured),
        (store_faults, fault("ConditionalRequestConflict", 409), StoreUnavailable),
        # botocore's parsers raise it of a damaged answer; it is none of botocore's own exceptions.
        (store_faults, ResponseParserError("cut off"), StoreUnavailable),
        (topic_faults, ResponseParserError("cut off"), NotificationUnavailable),
        (endpoint_faults, ResponseParserError("cut off"), EndpointUnavailable),
    ],
)
def test_a_fault_gets_our_name(around, error, expected):
    with pytest.raises(expected), around("it"):
        raise error


def answered(status: int, body: Any) -> Any:
    """Answer of a botocore hook in place of sending."""
    headers: Any = {}
    return AWSResponse("http://x", status, headers, body)


class Body:
    """The raw body of an answer."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def stream(self, *_, **__):
        yield self.data

    def read(self, *_):
        data, self.data = self.data, b""
        return data


def damaged(client, *bodies: bytes):
    """The client, whose next answers are these bodies under HTTP 200."""
    left = list(bodies)
    client.meta.events.register_first("before-send", lambda **_: answered(200, Body(left.pop(0))))
    return client


def test_half_a_record_is_never_taken_for_none():
    store = DynamoVerdictStore(damaged(clients.dynamodb(), b'{"Item": {"pk": {"S": "inta'), "verdicts")

    with pytest.raises(StoreUnavailable):
        store.get(IMAGE)


def test_half_an_answer_to_a_write_is_no_answer():
    store = DynamoVerdictStore(damaged(clients.dynamodb(), b'{"Attr'), "verdicts")

    with pytest.raises(StoreUnavailable):
        store.mark_notified(Record(image=IMAGE))


def test_half_a_description_of_an_execution_is_none():
    client = damaged(clients.stepfunctions(), b'{"execu')

    with pytest.raises(StoreUnavailable):
        SfnExecutions(client).find("arn:aws:states:us-east-1:123456789012:execution:m:me")


def test_half_an_answer_of_sns_may_mean_that_it_was_published():
    client = damaged(clients.sns(), b"<PublishResponse><PublishRes")
    topic = "arn:aws:sns:us-east-1:123456789012:unsafe"

    with pytest.raises(NotificationUnavailable):
        SnsPublisher(client, {"unsafe": topic}).publish("unsafe", {}, {})


def test_half_of_the_tags_are_no_tags():
    client = damaged(clients.s3(), *[b"<Tagging><TagSet><Tag><Ke"] * 3)

    with pytest.raises(StoreUnavailable):
        S3ImageStore(client).tag(IMAGE, "safe")


def test_a_refusal_to_write_over_what_is_kept_is_understood_without_its_body():
    client = clients.s3()
    client.meta.events.register_first("before-send", lambda **_: answered(412, Body(b"<Error><Co")))

    S3WorkStore(client, "work").put_if_absent("provenance/packs/x.json", {})
