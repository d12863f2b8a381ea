"""SweepClaims: on a schedule, find claims whose execution ended, or vanished, without a verdict, and record them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from moderation import wiring
from moderation.domain.evidence import ImageRef
from moderation.domain.record import utc
from moderation.handlers.record_failure import record_failure
from moderation.observability import count, logger, observed

_GRACE = timedelta(minutes=15)  # the status event of an execution that just ended is still on its way
_ALIVE = {"RUNNING", "PENDING_REDRIVE"}


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, int]:
    """EventBridge's schedule → `{recorded}`."""
    before = utc(datetime.now(UTC) - _GRACE)
    recorded = sweep_claims(wiring.sweep_claims(), before)
    logger.info("swept", recorded=recorded)
    count("ClaimsSwept", recorded)
    return {"recorded": recorded}


def sweep_claims(parts: wiring.SweepClaims, before: str) -> int:
    """Record the failures among the claims made before an ISO-8601 moment; how many. Raises the errors of the ports."""
    recorded = 0
    for claim in parts.verdicts.undecided(before):
        status = parts.executions.status(claim["owner"])
        if status not in _ALIVE:
            bucket, key = claim["pk"].split("#", 1)
            image = ImageRef(bucket, key, claim["sk"])
            recorded += record_failure(parts.verdicts, image, claim["owner"], status or "VANISHED", claim["created_at"])
    return recorded
