"""Finalise: put a pending decision into force; on a schedule, those that nobody ended, and keep the queue in order.

On another schedule it lists what waits for each person.
"""

from datetime import UTC, datetime
from typing import Any

from moderation import wiring
from moderation.domain.image_ref import ImageRef
from moderation.errors import Misconfigured, NothingPending
from moderation.observability import add_count, bind_image, logger, observed
from moderation.usecases.review.finalise import Ended, finalise, finalise_stragglers
from moderation.usecases.review.list_ahead import list_ahead
from moderation.usecases.review.sweep_queue import sweep_queue


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`{bucket, key, version, pending}` → `{verdict, refused}`; EventBridge's schedule → `{ended, overdue, unseen}`.

    `{ahead: true}` → `{listed}`.
    """
    now, ports = datetime.now(UTC), wiring.finalise()
    if "ahead" in event:
        return _list_ahead(ports, now)
    if "pending" not in event:
        return _sweep(ports, now)
    image = ImageRef(event["bucket"], event["key"], event["version"])
    bind_image(image.id, event["pending"])
    try:
        return _report(image, finalise(ports.review, ports.deciding, image, event["pending"], now))
    except NothingPending as refusal:
        return {"verdict": None, "refused": str(refusal)}


def _list_ahead(ports: wiring.FinalisePorts, now: datetime) -> dict[str, Any]:
    found = list_ahead(ports.review, now)
    for image in found.unreadable:
        logger.error("an item of the queue can't be read", image_id=image.id)
    add_count("ReviewsUnseen", len(found.unreadable))  # nobody is given them
    return {"listed": found.places}


def _sweep(ports: wiring.FinalisePorts, now: datetime) -> dict[str, Any]:
    ended = 0
    for straggler in finalise_stragglers(ports.review, ports.deciding, now):
        ended += straggler.ended is not None
        if straggler.ended:
            _report(straggler.image, straggler.ended)
        else:
            logger.warning("could not end a decision", image_id=straggler.image.id, error=straggler.error)
            add_count("DecisionsStuck")
    swept = sweep_queue(ports.review, now)
    add_count("ReviewsOverdue", swept.overdue)
    add_count("ReviewsUnseen", swept.unseen + swept.unreadable)
    logger.info("swept", ended=ended, put_back=swept.put_back, sorted_in=swept.sorted_in, overdue=swept.overdue)
    if swept.unreadable:
        raise Misconfigured(f"{swept.unreadable} items of the queue can't be sorted: their policy can't be read.")
    return {"ended": ended, "overdue": swept.overdue, "unseen": swept.unseen}


def _report(image: ImageRef, ended: Ended) -> dict[str, Any]:
    """Report a decision by itself: an error at a later one doesn't lose it."""
    if ended.pending is None:  # it was reported then
        return {"verdict": None, "refused": ""}
    in_force = ended.result is not None
    verdict, error = ended.pending.verdict, ended.error
    logger.info("decision ended", image_id=image.id, verdict=verdict, in_force=in_force, error=error)
    add_count("DecisionsInForce", int(in_force))
    add_count("DecisionsRefused", int(bool(ended.refused)))
    add_count("DecisionsUnvouched", int(ended.error == "NotVouched"))
    return {"verdict": ended.result.record.verdict if ended.result else None, "refused": ended.refused}
