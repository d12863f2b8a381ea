"""DigestBackfill: publish the verdicts of a backfill as one message a topic."""

from typing import Any

from moderation import wiring
from moderation.observability import logger, observed
from moderation.usecases.report_backfill import digest_backfill


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """`{run: {id}}` → nothing."""
    ports = wiring.digest_backfill()
    counts = digest_backfill(ports.verdicts, ports.publisher, event["run"]["id"])
    logger.info("digest", run=event["run"]["id"], published=counts is not None)
