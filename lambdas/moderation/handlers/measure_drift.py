"""MeasureDrift: once a day, compare the last week's verdicts with those of the week before."""

from datetime import UTC, datetime
from typing import Any

from moderation import wiring
from moderation.observability import add_count, logger, observed
from moderation.usecases.measure_drift import measure_drift


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, int]:
    """EventBridge's schedule → `{drifted}`, the number of quantities that changed by more than chance."""
    ports = wiring.measure_drift()
    drift = measure_drift(ports.verdicts, ports.bucket, datetime.now(UTC))
    for change in drift.drifted:
        logger.warning("drifted", kind=change.kind, name_of=change.name, before=change.before, after=change.after)
    logger.info("compared", appeared=list(drift.appeared), vanished=list(drift.vanished), drifted=len(drift.drifted))
    add_count("Drifted", len(drift.drifted))
    return {"drifted": len(drift.drifted)}
