"""Notify: publish the verdict that this execution recorded."""

from typing import Any

from moderation import wiring
from moderation.domain.image_ref import ImageRef
from moderation.observability import add_count, bind_image, logger, observed
from moderation.usecases.notify import notify_of_execution


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, bool]:
    """`{bucket, key, version, execution}` → `{published}`."""
    image = ImageRef(event["bucket"], event["key"], event["version"])
    bind_image(image.id, event["execution"])
    ports = wiring.notify()
    published = notify_of_execution(ports.verdicts, ports.publisher, image, event["execution"])
    logger.info("notified" if published else "nothing to publish")
    add_count("Notifications", int(published))
    return {"published": published}
