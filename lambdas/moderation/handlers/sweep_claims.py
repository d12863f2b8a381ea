"""SweepClaims: on a schedule, find claims whose execution ended, or vanished, without a verdict: record, announce."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moderation import wiring
from moderation.domain.execution_event import EndedExecution
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import utc
from moderation.errors import ModerationError
from moderation.handlers.notify import notify
from moderation.handlers.record_failure import record
from moderation.observability import aged, count, logger, observed

# The status event of an execution that just ended is still on its way; and an Express one has surely ended.
_GRACE = timedelta(minutes=15)
_ALIVE = {"RUNNING", "PENDING_REDRIVE"}


@dataclass(frozen=True)
class Swept:
    """How many claims were recorded as failures, and when the oldest was made that is still at work, if one is."""

    recorded: int
    oldest: str | None


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, int]:
    """EventBridge's schedule → `{recorded}`."""
    now = datetime.now(UTC)
    swept = sweep_claims(wiring.sweep_claims(), utc(now - _GRACE))
    logger.info("swept", recorded=swept.recorded)
    count("ClaimsSwept", swept.recorded)
    aged("OldestUndecidedSeconds", (now - datetime.fromisoformat(swept.oldest)).total_seconds() if swept.oldest else 0)
    return {"recorded": swept.recorded}


def sweep_claims(parts: wiring.SweepClaims, before: str) -> Swept:
    """Record and announce the failures among the claims made before an ISO-8601 moment.

    Raises the errors of the ports, but for those of announcing.
    """
    recorded, oldest = 0, None
    for claim in parts.verdicts.undecided(before):
        status = parts.executions.status(claim["owner"])
        if status in _ALIVE:
            oldest = min(oldest or claim["created_at"], claim["created_at"])
        else:
            bucket, key = claim["pk"].split("#", 1)
            image = ImageRef(bucket, key, claim["sk"])
            ended = EndedExecution(image, claim["owner"], status or "VANISHED", claim["created_at"])
            recorded += record(parts.verdicts, ended)
            _announce(parts, ended)
    return Swept(recorded, oldest)


def _announce(parts: wiring.SweepClaims, ended: EndedExecution) -> None:
    """Publish the verdict; where that fails the other claims are swept all the same, and a redrive publishes it."""
    try:
        notify(parts.verdicts, parts.publisher, ended.image, ended.execution)
    except ModerationError as error:
        logger.warning("could not announce", error=type(error).__name__)
        count("SweptUnannounced")
