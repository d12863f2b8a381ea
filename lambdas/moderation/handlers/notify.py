"""Notify: announce the record that this execution made."""

from typing import Any

from moderation import wiring
from moderation.domain.evidence import ImageRef
from moderation.domain.message import build_message, message_attributes
from moderation.observability import count, identify, logger, observed


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, bool]:
    """`{bucket, key, version, execution}` → `{published}`."""
    image = ImageRef(event["bucket"], event["key"], event["version"])
    identify(image, event["execution"])
    published = notify(wiring.notify(), image, event["execution"])
    logger.info("announced" if published else "nothing to announce")
    count("Notifications", int(published))
    return {"published": published}


def notify(parts: wiring.Notify, image: ImageRef, execution: str) -> bool:
    """Publish the verdict of this execution if it is one to announce, and neither announced nor overruled since.

    Raises the errors of the ports.
    """
    record = parts.verdicts.get(image)
    if not record or record.get("execution") != execution or record.get("notified") is not False:
        return False
    if record.get("decided_by") == "person":
        return False
    parts.publisher.publish(record["verdict"], build_message(record), message_attributes(record))
    parts.verdicts.mark_notified(image, True)
    return True
