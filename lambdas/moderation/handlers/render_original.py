"""RenderOriginal: show an upload to who holds its item, for the console, which may not read it."""

import base64
from datetime import UTC, datetime
from typing import Any

from moderation import wiring
from moderation.domain.image_ref import ImageRef
from moderation.errors import RevealRefused
from moderation.observability import logger, observed
from moderation.usecases.review.render_original import render_original


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`{bucket, key, version, who}` → `{picture, refused}`: a JPEG in base64, or why there is none; `who` is an id."""
    image = ImageRef(event["bucket"], event["key"], event["version"])
    logger.append_keys(image_id=image.id)
    try:
        picture = render_original(wiring.render_original(), image, event["who"], datetime.now(UTC))
    except RevealRefused as refusal:
        return {"picture": "", "refused": str(refusal)}
    logger.info("rendered", bytes=len(picture))
    return {"picture": base64.b64encode(picture).decode(), "refused": ""}
