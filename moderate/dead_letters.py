"""Events that EventBridge or Lambda gave up on, worked through after all."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from moderate.deployment import Deployment
from moderation.adapters.faults import code_of
from moderation.domain.execution_event import EndedExecution, ended_execution
from moderation.domain.record import ended_record, timed, utc

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

Row = tuple[str, str, str, str]  # key, version, cause, what is done

_POLL_SECONDS = 2  # long polling asks all of SQS's servers: no answer means no message
_HIDDEN_SECONDS = 300
_EVENT_ID = re.compile(r"[\w-]{1,60}")


class NotAnEvent(Exception):
    """A message doesn't hold the event that its queue is for."""


@dataclass(frozen=True)
class Upload:
    """What the intake rule starts the workflow with; `time` is when the object was made, ISO-8601."""

    bucket: str
    key: str
    version: str
    size: int
    event_id: str
    time: str


@dataclass(frozen=True)
class DeadLetter:
    """What a message tells of: an object version, since when, for what cause it lies there, and what to do about it."""

    key: str
    version: str
    at: str
    cause: str
    work: Callable[[], str]


def work_through(deployment: Deployment, cause: str | None, since: datetime, dry_run: bool) -> Iterator[Row]:
    """Start what was never started, record what was never recorded; a message goes once its work is done.

    Raises what boto3 and the adapters raise; the messages not worked off then stay.
    """
    sources = {"UnstartedQueueUrl": _unstarted}
    if "UnrecordedQueueUrl" in deployment.outputs:  # a deployment of Express executions has none
        sources["UnrecordedQueueUrl"] = _unrecorded
    for output, read in sources.items():
        queue = _Queue(deployment.sqs, deployment.output(output))
        for message in queue.messages():
            try:
                letter = read(deployment, message)
            except NotAnEvent:
                yield "", message["MessageId"], "not an event", f"left in the queue {output} names"
                continue
            if cause not in (None, letter.cause):
                continue
            yield letter.key, letter.version, letter.cause, _handle(queue, message, letter, since, dry_run)


def _handle(queue: "_Queue", message: "MessageTypeDef", letter: DeadLetter, since: datetime, dry_run: bool) -> str:
    if datetime.fromisoformat(letter.at) < since:
        return "older than --since: left in its queue"
    if dry_run:
        return "would be taken off its queue and handled"
    done = letter.work()
    queue.delete(message)
    return done


def _unstarted(deployment: Deployment, message: "MessageTypeDef") -> DeadLetter:
    upload = upload_of(message["Body"])
    attributes = message.get("MessageAttributes", {})
    error = attributes["ERROR_CODE"]["StringValue"] if "ERROR_CODE" in attributes else "not started"
    return DeadLetter(upload.key, upload.version, upload.time, error, partial(_start, deployment, upload))


def _start(deployment: Deployment, upload: Upload) -> str:
    """Under the event's own name, so that a second run starts no second execution."""
    given = asdict(upload) | {"time": utc(datetime.now(UTC))}
    try:
        deployment.stepfunctions.start_execution(
            stateMachineArn=deployment.workflow, name=f"dead-letter-{upload.event_id}", input=json.dumps(given)
        )
    except ClientError as error:
        if code_of(error) != "ExecutionAlreadyExists":
            raise
        return "started before"
    return "started"


def _unrecorded(deployment: Deployment, message: "MessageTypeDef") -> DeadLetter:
    ended = ended_of(message["Body"])
    work = partial(_record, deployment, ended)
    return DeadLetter(ended.image.key, ended.image.version, ended.started_at, ended.status, work)


def _record(deployment: Deployment, ended: EndedExecution) -> str:
    attributes = timed(ended_record(ended.status), ended.image, ended.started_at, utc(datetime.now(UTC)))
    recorded = deployment.verdicts.record(ended.image, ended.execution, attributes)
    return "recorded for review" if recorded else "recorded before"


def upload_of(body: str) -> Upload:
    """The upload of a message: the event "Object Created", or the input that the rule makes of it.

    AWS's guide to EventBridge doesn't say which of the two a rule's dead-letter queue holds. Raises NotAnEvent.
    """
    try:
        event: dict[str, Any] = json.loads(body)
        if "detail" in event:
            stored = event["detail"]["object"]
            event = {
                "bucket": event["detail"]["bucket"]["name"],
                "key": stored["key"],
                "version": stored["version-id"],
                "size": stored["size"],
                "event_id": event["id"],
                "time": event["time"],
            }
        upload = Upload(**event)
        usable = _EVENT_ID.fullmatch(upload.event_id) and datetime.fromisoformat(upload.time).tzinfo
    except (ValueError, KeyError, TypeError) as error:
        raise NotAnEvent from error
    if not usable:
        raise NotAnEvent
    return upload


def ended_of(body: str) -> EndedExecution:
    """The ended execution of a message. Raises NotAnEvent."""
    try:
        return ended_execution(json.loads(body))
    except (ValueError, KeyError, TypeError) as error:
        raise NotAnEvent from error


class _Queue:
    """The messages of a queue, each once; what isn't deleted is there for others again afterwards."""

    def __init__(self, sqs: "SQSClient", url: str) -> None:
        self._sqs, self._url = sqs, url
        self._held: dict[str, str] = {}  # message id → receipt handle
        self._seen: set[str] = set()

    def messages(self) -> Iterator["MessageTypeDef"]:
        try:
            while fresh := self._receive():
                yield from fresh
        finally:
            for handle in self._held.values():
                self._give_back(handle)

    def delete(self, message: "MessageTypeDef") -> None:
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=self._held.pop(message["MessageId"]))

    def _receive(self) -> list["MessageTypeDef"]:
        received = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=_POLL_SECONDS,
            VisibilityTimeout=_HIDDEN_SECONDS,
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        fresh = [message for message in received if message["MessageId"] not in self._seen]
        self._seen |= {message["MessageId"] for message in fresh}
        self._held |= {message["MessageId"]: message["ReceiptHandle"] for message in received}
        return fresh

    def _give_back(self, handle: str) -> None:
        with suppress(self._sqs.exceptions.MessageNotInflight):  # it took so long that the others see it already
            self._sqs.change_message_visibility(QueueUrl=self._url, ReceiptHandle=handle, VisibilityTimeout=0)
