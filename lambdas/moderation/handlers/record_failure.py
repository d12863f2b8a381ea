"""RecordFailure, off the workflow: record and announce what failed, timed out or was aborted from outside.

The state of the same name records what the workflow itself can catch; this is for what it can't.
"""

from datetime import UTC, datetime
from typing import Any

from moderation import wiring
from moderation.domain.execution_event import EndedExecution, ended_execution
from moderation.domain.record import ended_record, timed, utc
from moderation.handlers.notify import notify
from moderation.observability import count, identify, logger, observed
from moderation.ports import VerdictStore


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """EventBridge's "Step Functions Execution Status Change" → a `review` verdict, unless one stands already."""
    ended = ended_execution(event)
    identify(ended.image, ended.execution)
    record_failure(wiring.record_failure(), ended)


def record_failure(parts: wiring.RecordFailure, ended: EndedExecution) -> None:
    """Record the failure, then announce it; or the verdict that the execution made but had no time to announce.

    Raises the errors of the ports.
    """
    record(parts.verdicts, ended)
    notify(parts.verdicts, parts.publisher, ended.image, ended.execution)


def record(verdicts: VerdictStore, ended: EndedExecution) -> bool:
    """Record that an execution ended without a verdict; False where one stands. Raises the errors of the port."""
    attributes = timed(ended_record(ended.status), ended.image, ended.started_at, utc(datetime.now(UTC)))
    recorded = verdicts.record(ended.image, ended.execution, attributes)
    logger.info("recorded failure" if recorded else "verdict stands", status=ended.status)
    count("FailuresRecorded", int(recorded))
    return recorded
