"""RecordFailure, outside the workflow: record and publish executions that failed, timed out or were aborted.

The state of the same name records the errors that the workflow itself can catch; this handler records the others.
"""

from typing import Any

from moderation import wiring
from moderation.domain.execution_event import ended_execution
from moderation.observability import add_count, bind_image, logger, observed
from moderation.usecases.notify import notify_of_execution
from moderation.usecases.record_failure import record_failure


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """EventBridge's "Step Functions Execution Status Change" → a `review` verdict, unless there is a verdict.

    A verdict that the execution recorded but couldn't publish is published too.
    """
    ended, ports = ended_execution(event), wiring.record_failure()
    bind_image(ended.image.id, ended.execution)
    recorded = record_failure(ports.verdicts, ended)
    logger.info("recorded failure" if recorded else "verdict stands", status=ended.status)
    add_count("FailuresRecorded", int(recorded))
    published = notify_of_execution(ports.verdicts, ports.publisher, ended.image, ended.execution)
    add_count("Notifications", int(published))
