"""Parser of the events in the dead-letter queues."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moderation.contract import NULL_VERSION
from moderation.domain.execution_event import EndedExecution, ended_execution

_EVENT_ID = re.compile(r"[\w-]{1,60}")


class NotAnEvent(Exception):
    """The message isn't an event of the kind that its queue receives."""


@dataclass(frozen=True)
class UploadEvent:
    """Input with which the intake rule starts the workflow; `time` is the object's creation, ISO-8601."""

    bucket: str
    key: str
    version: str
    size: int
    event_id: str
    time: str


def upload_of(body: str) -> UploadEvent:
    """Return the upload of a message: the event "Object Created", or the rule's input made from it.

    AWS's guide to EventBridge doesn't say which of the two a rule's dead-letter queue holds. Raises NotAnEvent.
    """
    try:
        event: dict[str, Any] = json.loads(body)
        if "detail" in event:
            stored = event["detail"]["object"]
            event = {
                "bucket": event["detail"]["bucket"]["name"],
                "key": stored["key"],
                "version": stored.get("version-id", NULL_VERSION),
                "size": stored["size"],
                "event_id": event["id"],
                "time": event["time"],
            }
        upload = UploadEvent(**event)
        usable = _EVENT_ID.fullmatch(upload.event_id) and datetime.fromisoformat(upload.time).tzinfo
    except (ValueError, KeyError, TypeError) as error:
        raise NotAnEvent from error
    if not usable:
        raise NotAnEvent
    return upload


def ended_of(body: str) -> EndedExecution:
    """Return the ended execution of a message. Raises NotAnEvent."""
    try:
        return ended_execution(json.loads(body))
    except (ValueError, KeyError, TypeError) as error:
        raise NotAnEvent from error
