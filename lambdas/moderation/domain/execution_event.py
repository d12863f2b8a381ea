"""Executions of the workflow: their states, and the event of one that failed, timed out or was aborted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moderation.domain.image_ref import ImageRef
from moderation.domain.record import upload_time, utc

ALIVE = frozenset({"RUNNING", "PENDING_REDRIVE"})
# "Standard and Express workflows types": Express ones end after five minutes. The sixth allows for clock skew.
LONGEST_EXPRESS = timedelta(minutes=6)


def is_described(execution: str) -> bool:
    """Tell if DescribeExecution supports the ARN: not for Express executions, nor for other text."""
    return ":execution:" in execution


@dataclass(frozen=True)
class EndedExecution:
    """An execution that ended, how (FAILED, TIMED_OUT, ABORTED), and its image; `uploaded_at` is ISO-8601 UTC."""

    image: ImageRef
    execution: str
    status: str
    uploaded_at: str


def ended_execution(event: Mapping[str, Any]) -> EndedExecution:
    """Read the event "Step Functions Execution Status Change". Raises KeyError or ValueError for anything else.

    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    detail = event["detail"]
    given = json.loads(detail["input"])
    return EndedExecution(
        image=ImageRef(given["bucket"], given["key"], given["version"]),
        execution=detail["executionArn"],
        status=detail["status"],
        uploaded_at=upload_time(given, utc(datetime.fromtimestamp(detail["startDate"] / 1000, UTC))),
    )
