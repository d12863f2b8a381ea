"""RecordFailure, off the workflow: record an execution that failed, timed out or was aborted from outside.

The state of the same name records what the workflow itself can catch; this is for what it can't.
"""

from datetime import UTC, datetime
from typing import Any

from moderation import wiring
from moderation.domain.ended import ended_execution
from moderation.domain.evidence import ImageRef
from moderation.domain.record import ended_record, timed, utc
from moderation.observability import count, identify, logger, observed
from moderation.ports import VerdictStore


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """EventBridge's "Step Functions Execution Status Change" → a `review` verdict, unless one stands already."""
    ended = ended_execution(event)
    identify(ended.image, ended.execution)
    record_failure(wiring.record_failure(), ended.image, ended.execution, ended.status, ended.started_at)


def record_failure(verdicts: VerdictStore, image: ImageRef, execution: str, status: str, started_at: str) -> bool:
    """Record that an execution ended with `status` and no verdict; False where a verdict stands.

    Such a verdict may not be announced yet: then it is marked so. Raises the errors of the port.
    """
    attributes = timed(ended_record(status), image, started_at, utc(datetime.now(UTC)))
    recorded = verdicts.record(image, execution, attributes)
    if not recorded:
        _mark_unannounced(verdicts, image, execution)
    logger.info("recorded failure" if recorded else "verdict stands", status=status)
    count("FailuresRecorded", int(recorded))
    return recorded


def _mark_unannounced(verdicts: VerdictStore, image: ImageRef, execution: str) -> None:
    """An execution that ended between its verdict and its announcement leaves nobody to announce it but a redrive."""
    record = verdicts.get(image) or {}
    if record.get("execution") == execution and record["verdict"] != "safe" and "notified" not in record:
        verdicts.mark_notified(image, False)
