"""Show a person the whole upload of an item that they hold: encoded anew, never as uploaded, and written down first."""

from dataclasses import dataclass
from datetime import datetime

from moderation.domain.audit import AuditEvent
from moderation.domain.declared_type import refuse_active_content
from moderation.domain.image import redraw
from moderation.domain.image_ref import ImageRef
from moderation.domain.limits import MAX_BYTES
from moderation.domain.people import Person
from moderation.domain.record import Record, utc
from moderation.errors import ImageTooLarge, ImageUnavailable, RevealRefused, UnreadableImage, UnsupportedImage
from moderation.ports import AuditLog, ImageStore, PeopleStore, RevealCounts, VerdictStore
from moderation.usecases.review.reveal import counted, held, views_of

_FAULTS_OF_THE_FILE = (ImageTooLarge, ImageUnavailable, UnreadableImage, UnsupportedImage)


@dataclass(frozen=True)
class OriginalPorts:
    """`images` are the uploads."""

    verdicts: VerdictStore
    people: PeopleStore
    images: ImageStore
    counts: RevealCounts
    audit: AuditLog


def render_original(ports: OriginalPorts, image: ImageRef, who: str, now: datetime) -> bytes:
    """Return the upload as a JPEG: the frame that the evidence names, else the first, in the rendering that it names.

    `who` is a person's id. Nothing is kept of what is made. Raises RevealRefused, also for a file that can't be shown,
    and StoreUnavailable or Misconfigured, also if it can't be written down: then nothing is shown.
    """
    person = ports.people.find(who)
    if person is None:
        raise RevealRefused("There is no such item, or it isn't in your scope.")
    record = held(ports.verdicts, person, image, utc(now), "original")
    _refuse_quarantined(ports, record)
    view = next(iter(views_of(record, record)), "full")
    try:
        picture = _redrawn(ports, image, view)
    except _FAULTS_OF_THE_FILE as error:
        raise RevealRefused(f"The upload can't be shown: {error}") from error
    _write_down(ports, person, record, view, now)
    return picture


def _refuse_quarantined(ports: OriginalPorts, record: Record) -> None:
    """Raise RevealRefused if the same bytes, whose judgement the record reuses, were escalated since."""
    if named := record.reused_from:
        origin = ports.verdicts.get(ImageRef.from_keys(named["pk"], named["sk"]))
        if origin and origin.is_escalated:
            raise RevealRefused("The upload can't be shown: decide by the evidence.")


def _redrawn(ports: OriginalPorts, image: ImageRef, view: str) -> bytes:
    stored = ports.images.fetch(image)
    if stored.oversize:
        raise ImageTooLarge(f"The object has {stored.oversize:,} bytes or more; the limit is {MAX_BYTES:,}.")
    refuse_active_content(stored.content_type, stored.content_encoding)
    return redraw(stored.data, view)


def _write_down(ports: OriginalPorts, person: Person, record: Record, view: str, now: datetime) -> None:
    graphic = counted(ports.counts, person, record, utc(now)[:13])
    facts: dict[str, str | int | bool | None] = {"view": view, "graphic": graphic}
    event = AuditEvent(action="reveal original", who=person.pseudonym, at=utc(now), image=record.image.id, facts=facts)
    ports.audit.append(event)
