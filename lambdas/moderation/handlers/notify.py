"""Notify: announce the record that this execution made."""

from collections.abc import Mapping
from typing import Any

from moderation import wiring
from moderation.domain.image_ref import ImageRef
from moderation.domain.message import build_message, message_attributes
from moderation.observability import count, identify, logger, observed
from moderation.ports import Publisher, VerdictStore


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, bool]:
    """`{bucket, key, version, execution}` → `{published}`."""
    image = ImageRef(event["bucket"], event["key"], event["version"])
    identify(image, event["execution"])
    parts = wiring.notify()
    published = notify(parts.verdicts, parts.publisher, image, event["execution"])
    return {"published": published}


def notify(verdicts: VerdictStore, publisher: Publisher, image: ImageRef, execution: str) -> bool:
    """Publish the verdict of this execution if it is one to announce, and neither announced nor overruled since.

    Raises the errors of the ports.
    """
    record = verdicts.get(image)
    if record is None or not _is_news(record, execution):
        logger.info("nothing to announce")
        count("Notifications", 0)
        return False
    publisher.publish(record["verdict"], build_message(record), message_attributes(record))
    verdicts.mark_notified(image, True)
    logger.info("announced")
    count("Notifications")
    return True


def _is_news(record: Mapping[str, Any], execution: str) -> bool:
    is_own = record.get("execution") == execution and record.get("decided_by") != "person"
    return is_own and record.get("notified") is False
