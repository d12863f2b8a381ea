"""Show a person the picture of an item that they hold: written down first, then by links that live a minute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from moderation.domain.audit import AuditEvent
from moderation.domain.image_ref import ImageRef
from moderation.domain.people import Person, may, may_see, supported_categories
from moderation.domain.record import Record, utc
from moderation.domain.work_files import Workspace
from moderation.errors import Misconfigured, RevealRefused
from moderation.ports import AuditLog, Pictures, RevealCounts, VerdictStore, WorkStore

LIVES_S = 60


@dataclass(frozen=True)
class RevealPorts:
    """`pictures` are the views in the work bucket."""

    verdicts: VerdictStore
    pictures: Pictures
    counts: RevealCounts
    audit: AuditLog


@dataclass(frozen=True)
class ShownView:
    """View of a picture, as the models saw it, and its link."""

    name: str
    url: str


def reveal(ports: RevealPorts, person: Person, image: ImageRef, now: datetime) -> Sequence[ShownView]:
    """Return the views of an item that a person holds, those that the evidence names first.

    What is shown follows from the record alone: the caller names the item and nothing else. The views are pictures
    that were decoded and written anew; the upload itself is never shown. Raises RevealRefused, and StoreUnavailable or
    Misconfigured if it can't be written down: then nothing is shown.
    """
    record = _held(ports, person, image, utc(now))
    shown = record if record.reused_from is None else _origin(ports, record)
    names = _views(record, shown)
    workspace = Workspace.of(shown.image, shown.execution or shown.owner)
    keys = {name: workspace.view(name) for name in names}
    if not keys or not ports.pictures.has(keys[names[0]]):
        raise RevealRefused(
            "No picture of this item is kept any more: decide by the evidence, or let its uploader send it again."
        )
    graphic = bool(supported_categories(record))
    most = person.graphic_an_hour
    if not ports.counts.count(person.pseudonym, utc(now)[:13], image.id, graphic, most):
        raise RevealRefused(f"You have seen {most} graphic pictures in this hour: decide by the evidence, or rest.")
    facts: dict[str, str | int | bool | None] = {"view": names[0], "views": len(names), "graphic": graphic}
    ports.audit.append(AuditEvent(action="reveal", who=person.pseudonym, at=utc(now), image=image.id, facts=facts))
    return [ShownView(name, ports.pictures.link(key, LIVES_S)) for name, key in keys.items()]


def preview(work: WorkStore, record: Record) -> str | None:
    """Return the small grey, blurred preview of an item (a PNG in base64), None where there is none any more.

    It is no picture that is revealed: an escalated item has none. Raises StoreUnavailable.
    """
    if record.is_escalated:
        return None
    try:
        found = work.get_json(Workspace.of(record.image, record.execution or record.owner).manifest).get("preview")
    except Misconfigured:  # it has expired
        return None
    return found if isinstance(found, str) else None


def _held(ports: RevealPorts, person: Person, image: ImageRef, now: str) -> Record:
    """Return the record if the person may see it and holds its lease."""
    record = ports.verdicts.get(image)
    if record is None or record.is_escalated or not may(person, "reveal") or not may_see(person, record):
        raise RevealRefused("There is no such item, or it isn't in your scope.")
    lease = record.attributes()
    if lease.get("lease_holder") != person.id or str(lease.get("lease_until")) <= now:
        raise RevealRefused("This item isn't leased to you any more: take it again, then look.")
    return record


def _origin(ports: RevealPorts, record: Record) -> Record:
    """Return the record of the same bytes whose judgement, and so whose views, the record reuses."""
    named = record.reused_from or {}
    origin = ports.verdicts.get(ImageRef.from_keys(named["pk"], named["sk"]))
    if origin is None or origin.is_escalated or origin.sha256 != record.sha256:
        raise RevealRefused("The picture that was judged is gone: let the uploader send this one again.")
    return origin


def _views(record: Record, shown: Record) -> list[str]:
    """Return the names of the views: those with an answer near its threshold, the strongest first, then the others."""
    looked_at = (shown.looked_at or record.looked_at or {}).get("views", ())
    known = [str(view["name"]) for view in looked_at]
    near = [finding for finding in record.evidence or () if finding.get("near") and finding.get("score") is not None]
    strongest = sorted(near, key=lambda finding: finding["threshold"] - finding["score"])
    named = [str(finding["view"]) for finding in strongest]
    return list(dict.fromkeys([*(name for name in named if name in known), *known]))
