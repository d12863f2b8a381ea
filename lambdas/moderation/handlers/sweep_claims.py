"""SweepClaims: on a schedule, close claims whose execution ended, or vanished, without a verdict."""

from datetime import UTC, datetime, timedelta
from typing import Any

from moderation import wiring
from moderation.domain.record import utc
from moderation.observability import add_age, add_count, logger, observed
from moderation.usecases.sweep_claims import sweep_claims

# The status event of an execution that just ended is still on its way; and an Express one has surely ended.
_GRACE = timedelta(minutes=15)


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, int]:
    """EventBridge's schedule → `{recorded}`."""
    now, ports = datetime.now(UTC), wiring.sweep_claims()
    swept = sweep_claims(ports.verdicts, ports.publisher, ports.executions, utc(now - _GRACE))
    logger.info("swept", recorded=swept.recorded, unpublished=list(swept.unpublished))
    add_count("ClaimsSwept", swept.recorded)
    add_count("Notifications", swept.published)
    add_count("SweptUnpublished", len(swept.unpublished))
    age = (now - datetime.fromisoformat(swept.oldest)).total_seconds() if swept.oldest else 0
    add_age("OldestUndecidedSeconds", age)
    return {"recorded": swept.recorded}
