"""Find claims whose execution ended, or vanished, without a verdict: record the failures and publish them."""

from dataclasses import dataclass

from moderation.domain.execution_event import ALIVE, EndedExecution
from moderation.errors import ModerationError
from moderation.ports import Executions, Publisher, VerdictStore
from moderation.usecases.notify import notify_of_execution
from moderation.usecases.record_failure import record_failure


@dataclass(frozen=True)
class SweepResult:
    """Claims closed as failures, verdicts published, names of the errors in publishing.

    `oldest` is the time of the oldest claim still running, ISO-8601 UTC; None if none runs.
    """

    recorded: int
    published: int
    unpublished: tuple[str, ...]
    oldest: str | None


def sweep_claims(verdicts: VerdictStore, publisher: Publisher, executions: Executions, before: str) -> SweepResult:
    """Close the failures among the claims made before an ISO-8601 time.

    Where publishing fails the other claims are swept all the same, and a redrive publishes it. Raises the errors of
    the other ports.
    """
    recorded, published, oldest, unpublished = 0, 0, None, []
    for claim in verdicts.undecided(before):
        execution = executions.find(claim.owner)
        if execution and execution.status in ALIVE:
            oldest = min(oldest or claim.created_at, claim.created_at)
            continue
        status = execution.status if execution else "VANISHED"
        ended = EndedExecution(claim.image, claim.owner, status, claim.created_at)
        recorded += record_failure(verdicts, ended)
        try:
            published += notify_of_execution(verdicts, publisher, ended.image, ended.execution)
        except ModerationError as error:
            unpublished.append(type(error).__name__)
    return SweepResult(recorded, published, tuple(unpublished), oldest)
