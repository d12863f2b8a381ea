"""A dead-letter queue on SQS."""

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from moderation.adapters.faults import store_faults
from moderation.ports import DeadLetter, LetterCounts

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_POLL_SECONDS = 2  # long polling asks all of SQS's servers: no answer means no message
_HIDDEN_SECONDS = 300
_WAITING: "QueueAttributeNameType" = "ApproximateNumberOfMessages"
_IN_FLIGHT: "QueueAttributeNameType" = "ApproximateNumberOfMessagesNotVisible"


class SqsDeadLetters:
    """Implements `ports.DeadLetters`."""

    def __init__(self, client: "SQSClient", url: str, name: str) -> None:
        self._client, self._url, self.name = client, url, name
        self._held: dict[str, str] = {}  # message id → receipt handle
        self._seen: set[str] = set()

    def letters(self) -> Iterator[DeadLetter]:
        try:
            while fresh := self._receive():
                yield from fresh
        finally:
            for handle in self._held.values():
                self._give_back(handle)

    def counts(self) -> LetterCounts:
        with store_faults(f"Queue {self._url}"):
            found = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=[_WAITING, _IN_FLIGHT])
        return LetterCounts(int(found["Attributes"][_WAITING]), int(found["Attributes"][_IN_FLIGHT]))

    def delete(self, letter: DeadLetter) -> None:
        with store_faults(f"Queue {self._url}"):
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=self._held.pop(letter.id))

    def _receive(self) -> list[DeadLetter]:
        with store_faults(f"Queue {self._url}"):
            received = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=_POLL_SECONDS,
                VisibilityTimeout=_HIDDEN_SECONDS,
                MessageAttributeNames=["All"],
            ).get("Messages", [])
        self._held |= {message["MessageId"]: message["ReceiptHandle"] for message in received}
        fresh = [message for message in received if message["MessageId"] not in self._seen]
        self._seen |= {message["MessageId"] for message in fresh}
        return [_letter(message) for message in fresh]

    def _give_back(self, handle: str) -> None:
        not_in_flight = self._client.exceptions.MessageNotInflight  # the visibility time-out has passed already
        with store_faults(f"Queue {self._url}"), suppress(not_in_flight):
            self._client.change_message_visibility(QueueUrl=self._url, ReceiptHandle=handle, VisibilityTimeout=0)


def _letter(message: "MessageTypeDef") -> DeadLetter:
    attributes = message.get("MessageAttributes", {})
    error = attributes["ERROR_CODE"].get("StringValue") if "ERROR_CODE" in attributes else None
    return DeadLetter(message["MessageId"], message["Body"], error)
