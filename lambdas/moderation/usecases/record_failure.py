"""Record an execution that ended without a verdict: failed, timed out, aborted, or disappeared."""

from datetime import UTC, datetime

from moderation.domain.backfill import Kind, kind_of
from moderation.domain.execution_event import EndedExecution
from moderation.domain.record import decided, earliest, ended, shadowed, utc
from moderation.ports import VerdictStore


def record_failure(verdicts: VerdictStore, execution: EndedExecution) -> bool:
    """Record a `review` verdict; False where a verdict stands already. Raises the errors of the port."""
    uploaded_at = earliest(execution.uploaded_at, verdicts.get(execution.image))
    attributes = decided(ended(execution.status), execution.image, uploaded_at, utc(datetime.now(UTC)))
    if kind_of(execution.execution) is Kind.SHADOW:
        attributes = shadowed(attributes, execution.image)
    return verdicts.record(execution.image, execution.execution, attributes, unclaimed=True)
