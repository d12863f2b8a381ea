"""CheckAudit: once a day, check the audit log's last days and seal those that have ended."""

from datetime import UTC, datetime
from typing import Any

from moderation import wiring
from moderation.observability import add_count, logger, observed
from moderation.usecases.check_audit import check_audit

_LONGEST = 1000  # characters of an explanation


@observed
def handler(event: dict[str, Any] | str | None, context: object) -> dict[str, int]:
    """EventBridge's schedule, or `{explanation}` of the faults that the last check left → `{entries, faults}`."""
    given = event if isinstance(event, dict) else {}  # none, if somebody invokes it by hand
    explanation = str(given.get("explanation") or "")[:_LONGEST]
    checked = check_audit(wiring.check_audit(), datetime.now(UTC), explanation)
    for fault in checked.faults:
        logger.error("audit log", fault=fault)
    logger.info("checked", entries=checked.entries, chains=checked.chains, faults=len(checked.faults))
    add_count("AuditGaps", len(checked.faults))
    return {"entries": checked.entries, "faults": len(checked.faults)}
