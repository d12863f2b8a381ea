"""Escalate: put an image that may be illegal into quarantine, for the console's function, which may not."""

from datetime import UTC, datetime
from typing import Any

from moderation import wiring
from moderation.domain.image_ref import ImageRef
from moderation.errors import RequestRefused
from moderation.observability import bind_image, logger, observed
from moderation.usecases.review.escalate import escalate


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`{bucket, key, version, who}` → `{refused}`, why it wasn't done; `who` is a pseudonym."""
    image = ImageRef(event["bucket"], event["key"], event["version"])
    bind_image(image.id, event["who"])
    try:
        done = escalate(wiring.escalate(), image, event["who"], datetime.now(UTC))
    except RequestRefused as refusal:
        return {"refused": str(refusal)}
    logger.info("escalated", original=done.original, files=done.files)
    return {"refused": ""}
