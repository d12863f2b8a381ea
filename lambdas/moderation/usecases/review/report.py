"""Take an appeal or a notice by an app, so that a person looks at the image."""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Literal

from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import UNSORTED, lane_of
from moderation.domain.people import Person
from moderation.domain.record import Change, Record, utc
from moderation.domain.reports import (
    Kind,
    Report,
    check_report,
    duplicate_of,
    place_of,
    queued,
    report_of,
    says_something,
    with_report,
)
from moderation.errors import OutOfScope, ReportRefused
from moderation.usecases.decision_keys import deployment_secret
from moderation.usecases.find_policy import find_policy
from moderation.usecases.review.ports_of import OUT_OF_SCOPE, ReviewPorts, changed, item_of, note_down


def report(
    ports: ReviewPorts,
    app: Person,
    image: ImageRef,
    kind: Literal["appeal", "notice"],
    notifier: str,
    text: str,
    now: datetime,
) -> Report:
    """Return the report, which waits in the review queue by its own deadline; the verdict stays as it is.

    `notifier` is the app's own name for its user. A duplicate of one that waits is that one. Raises OutOfScope,
    AppealRefused, ReportRefused, and the errors of the ports.
    """
    record = item_of(ports, app, image, "report")
    if record.is_escalated:  # a lead's app has it in its scope
        raise OutOfScope(OUT_OF_SCOPE)
    manner: Kind = "trusted_flagger" if kind == "notice" and notifier in app.trusted_flaggers else kind
    sender = _signed(ports, app.id, notifier)
    made = report_of(_signed(ports, image.id, sender, utc(now)), manner, app.pseudonym, sender, text, now)
    if not says_something(made.text):
        raise ReportRefused("Nothing is left of the text without its links: say what is wrong, in words.")
    if standing := duplicate_of(record, made):
        return standing
    _reported(record, made)
    if not ports.queue.count_report(sender, utc(now)[:10], app.reports_a_day):
        raise ReportRefused(f"This user has sent {app.reports_a_day} appeals and notices today: try again tomorrow.")
    note_down(ports, app, kind, record, now, report=made.id)
    changed(ports, record, lambda standing: _filed(ports, standing, made))
    return made


def _reported(record: Record, made: Report) -> Record:
    check_report(record, made.kind)
    return with_report(record, made)


def _filed(ports: ReviewPorts, record: Record, made: Report) -> Change:
    reported = _reported(record, made)
    place = place_of(reported, find_policy(ports.work, ports.policies, record))
    lane = ports.verdicts.open_lane(lane_of(record.image, place))
    unsorted = UNSORTED[int(record.image.id, 16) % len(UNSORTED)]
    return queued(reported, place, lane.partition if lane else unsorted)


def _signed(ports: ReviewPorts, *names: str) -> str:
    """Return a name that says nothing of what it is made of: 32 hex digits."""
    said = json.dumps(["report", *names]).encode()
    return hmac.new(deployment_secret(ports.work), said, hashlib.sha256).hexdigest()[:32]
