"""Publish a verdict to the topic of its kind, and a reversal also to that of the earlier verdict, once."""

from moderation.domain.backfill import Kind, kind_of
from moderation.domain.image_ref import ImageRef
from moderation.domain.message import build_message, message_attributes
from moderation.domain.record import Change, Record, filed_by_upload
from moderation.ports import Publisher, VerdictStore

_ATTEMPTS = 3  # a person may be at work on the record


def notify(verdicts: VerdictStore, publisher: Publisher, record: Record) -> bool:
    """Publish a verdict whose notification is pending; False for any other. Raises the ports' errors."""
    if record.notified is not False or not record.verdict:
        return False
    for topic in topics_of(publisher, record):
        publisher.publish(topic, build_message(record), message_attributes(record))
    if not verdicts.mark_notified(record):
        _publish_reversal(verdicts, publisher, record)
    return True


def _publish_reversal(verdicts: VerdictStore, publisher: Publisher, told: Record) -> None:
    """Publish what replaced a verdict while that was being published, and took it for one that nobody was told of."""
    for _ in range(_ATTEMPTS):
        standing = verdicts.get(told.image)
        if standing is None or standing.is_escalated or standing.verdict in (None, told.verdict):
            return
        reversal = Change({"notified": False, "previous_verdict": told.verdict, "previous_notified": True})
        if verdicts.compare_and_set(standing, reversal):
            notify(verdicts, publisher, standing.with_change(reversal))
            return


def topics_of(publisher: Publisher, record: Record) -> list[str]:
    """Return the verdicts on whose topics a record is published: its own, and first the one that it reverses.

    A reversal is published even if its own verdict has no topic.
    """
    if record.reversal_to is None:
        return [str(record.verdict)]
    return [verdict for verdict in (record.reversal_to, str(record.verdict)) if publisher.has_topic(verdict)]


def notify_of_execution(verdicts: VerdictStore, publisher: Publisher, image: ImageRef, execution: str) -> bool:
    """Publish the verdict that an execution made, unless a person has overruled it. Raises the ports' errors.

    A failure that the workflow recorded by itself is filed under the day of its upload first. A backfill's
    verdict is in its digest.
    """
    record = verdicts.get(image)
    if record is None or record.execution != execution or (record.decided_by == "person" and not record.as_of):
        return False
    if kind_of(execution) is Kind.DIGEST:  # a failure that the workflow recorded by itself
        verdicts.compare_and_set(record, Change({}, frozenset({"notified"})))
        return False
    if change := filed_by_upload(record):
        verdicts.compare_and_set(record, change)
    return notify(verdicts, publisher, record)
