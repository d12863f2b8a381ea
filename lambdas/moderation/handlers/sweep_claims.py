"""SweepClaims: on a schedule, close claims whose execution ended, or vanished, without a verdict."""

from datetime import UTC, datetime, timedelta
from typing import Any

from moderation import wiring
from moderation.domain.record import utc
from moderation.observability import add_age, add_count, logger, observed
from moderation.usecases.sweep_claims import SweptClaim, sweep_claims

# Leaves time for the status event of an execution that just ended; Express ones have ended by then.
_GRACE = timedelta(minutes=15)


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, int]:
    """EventBridge's schedule → `{recorded}`."""
    now, ports = datetime.now(UTC), wiring.sweep_claims()
    recorded, running = 0, []
    for swept in sweep_claims(ports.verdicts, ports.publisher, ports.executions, utc(now - _GRACE)):
        if swept.is_running:
            running.append(swept.claim.last_claimed)
        else:
            _report(swept)
            recorded += swept.recorded
    logger.info("swept", recorded=recorded)
    add_count("ClaimsSwept", recorded)
    age = (now - datetime.fromisoformat(min(running))).total_seconds() if running else 0
    add_age("OldestUndecidedSeconds", age)
    return {"recorded": recorded}


def _report(swept: SweptClaim) -> None:
    """Report a claim by itself: an error at a later one doesn't lose it."""
    logger.info("recorded failure" if swept.recorded else "verdict stands", status=swept.status)
    add_count("FailuresRecorded", int(swept.recorded))
    add_count("Notifications", int(swept.published))
    if swept.error:
        logger.warning("could not publish", error=swept.error)
        add_count("SweptUnpublished")
