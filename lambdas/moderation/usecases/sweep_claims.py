"""Find claims whose execution ended, or vanished, without a verdict: record the failures and publish them."""

from collections.abc import Iterator
from dataclasses import dataclass

from moderation.domain.execution_event import ALIVE, EndedExecution
from moderation.domain.record import Record
from moderation.errors import ModerationError
from moderation.ports import Executions, Publisher, VerdictStore
from moderation.usecases.notify import notify_of_execution
from moderation.usecases.record_failure import record_failure


@dataclass(frozen=True)
class SweptClaim:
    """A claim with the status of its execution, VANISHED for one that isn't known.

    `recorded` if it was closed as a failure, `published` if its verdict was; `error` names what prevented that.
    """

    claim: Record
    status: str
    recorded: bool = False
    published: bool = False
    error: str | None = None

    @property
    def is_running(self) -> bool:
        return self.status in ALIVE


def sweep_claims(
    verdicts: VerdictStore, publisher: Publisher, executions: Executions, before: str
) -> Iterator[SweptClaim]:
    """Close the failures among the claims made before an ISO-8601 time, claim by claim.

    If publishing fails, the remaining claims are still swept, and a redrive publishes the verdict. Raises the errors of
    the other ports.
    """
    for claim in verdicts.undecided(before):
        execution = executions.find(claim.owner)
        status = execution.status if execution else "VANISHED"
        yield SweptClaim(claim, status) if status in ALIVE else _close(verdicts, publisher, claim, status)


def _close(verdicts: VerdictStore, publisher: Publisher, claim: Record, status: str) -> SweptClaim:
    recorded = record_failure(verdicts, EndedExecution(claim.image, claim.owner, status, claim.created_at))
    try:
        published = notify_of_execution(verdicts, publisher, claim.image, claim.owner)
    except ModerationError as error:
        return SweptClaim(claim, status, recorded, error=type(error).__name__)
    return SweptClaim(claim, status, recorded, published)
