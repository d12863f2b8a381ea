"""An execution that ended outside the workflow's own hands, as EventBridge tells of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moderation.domain.image_ref import ImageRef
from moderation.domain.record import utc


@dataclass(frozen=True)
class EndedExecution:
    """Which execution ended, how (FAILED, TIMED_OUT, ABORTED), and of which image; `started_at` is ISO-8601 UTC."""

    image: ImageRef
    execution: str
    status: str
    started_at: str


def ended_execution(event: Mapping[str, Any]) -> EndedExecution:
    """Read the event "Step Functions Execution Status Change". Raises KeyError or ValueError where it is none.

    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    detail = event["detail"]
    given = json.loads(detail["input"])
    return EndedExecution(
        image=ImageRef(given["bucket"], given["key"], given["version"]),
        execution=detail["executionArn"],
        status=detail["status"],
        started_at=utc(datetime.fromtimestamp(detail["startDate"] / 1000, UTC)),
    )
