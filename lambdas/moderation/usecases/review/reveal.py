"""Show a person the picture of an item that they hold: written down first, then by links that live a minute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from moderation.domain.audit import AuditEvent
from moderation.domain.image_ref import ImageRef
from moderation.domain.people import Person, may, may_see, supported_categories
from moderation.domain.record import Change, Record, utc
from moderation.domain.work_files import Workspace
from moderation.errors import Misconfigured, RevealRefused
from moderation.ports import AuditLog, Pictures, RevealCounts, ReviewQueue, VerdictStore, WorkStore

LIVES_S = 60
_ATTEMPTS = 3  # the lease may be renewed meanwhile


@dataclass(frozen=True)
class RevealPorts:
    """`pictures` are the views in the work bucket."""

    verdicts: VerdictStore
    queue: ReviewQueue
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
    that were decoded and written anew. The lease bears a mark of them, by which the server knows what was seen when its
    holder decides. Raises RevealRefused, and StoreUnavailable or Misconfigured if it can't be written down: then
    nothing is shown.
    """
    record = held(ports.verdicts, person, image, utc(now), "reveal")
    shown = _judged(ports.verdicts, record)
    names = views_of(record, shown)
    if not names:
        raise RevealRefused(
            "No picture of this item was prepared: look at the whole upload, if you may, or let its uploader send it "
            "again."
        )
    workspace = Workspace.of(shown.image, shown.execution or shown.owner)
    keys = {name: workspace.view(name) for name in names}
    if not ports.pictures.has(keys[names[0]]):
        raise RevealRefused(
            "No picture of this item is kept any more: decide by the evidence, or let its uploader send it again."
        )
    graphic = counted(ports.counts, person, record, utc(now)[:13])
    facts: dict[str, str | int | bool | None] = {"view": names[0], "views": len(names), "graphic": graphic}
    ports.audit.append(AuditEvent(action="reveal", who=person.pseudonym, at=utc(now), image=image.id, facts=facts))
    _mark(ports, person, record, names, now)
    return [ShownView(name, ports.pictures.link(key, LIVES_S)) for name, key in keys.items()]


def preview(verdicts: VerdictStore, work: WorkStore, record: Record) -> str | None:
    """Return the small grey, blurred preview of an item (a PNG in base64), None where there is none any more.

    It is no picture that is revealed: an escalated item has none. Raises StoreUnavailable.
    """
    if record.is_escalated:
        return None
    try:
        shown = _judged(verdicts, record)
        found = work.get_json(Workspace.of(shown.image, shown.execution or shown.owner).manifest).get("preview")
    except (Misconfigured, RevealRefused):  # it has expired, or what was judged is gone
        return None
    return found if isinstance(found, str) else None


def held(verdicts: VerdictStore, person: Person, image: ImageRef, now: str, right: str) -> Record:
    """Return the record if the person has the right, may see it and holds its lease. Raises RevealRefused."""
    record = verdicts.get(image)
    if record is None or record.is_escalated or not may(person, right) or not may_see(person, record):
        raise RevealRefused("There is no such item, or it isn't in your scope.")
    lease = record.attributes()
    if lease.get("lease_holder") != person.id or str(lease.get("lease_until")) <= now:
        raise RevealRefused("This item isn't leased to you any more: take it again, then look.")
    return record


def counted(counts: RevealCounts, person: Person, record: Record, hour: str) -> bool:
    """Count a picture, and tell if it is graphic. Raises RevealRefused where the limit of graphic ones is reached."""
    graphic, most = bool(supported_categories(record)), person.graphic_an_hour
    if not counts.count(person.pseudonym, hour, record.image.id, graphic, most):
        raise RevealRefused(f"You have seen {most} graphic pictures in this hour: decide by the evidence, or rest.")
    return graphic


def mark_shown(ports: RevealPorts, person: Person, image: ImageRef, shown: Sequence[str], now: datetime) -> None:
    """Note on the lease what its holder was shown, besides what they were before. Raises RevealRefused."""
    _mark(ports, person, held(ports.verdicts, person, image, utc(now), "reveal"), shown, now)


def _mark(ports: RevealPorts, person: Person, record: Record, shown: Sequence[str], now: datetime) -> None:
    for _ in range(_ATTEMPTS):
        revealed = list(dict.fromkeys([*record.revealed, *shown]))
        if ports.queue.compare_lease(record, Change({"revealed": revealed})):
            return
        record = held(ports.verdicts, person, record.image, utc(now), "reveal")
    raise RevealRefused("This item keeps changing: take it again, then look.")


def _judged(verdicts: VerdictStore, record: Record) -> Record:
    """Return the record whose views were judged: another one of the same bytes if its judgement was reused."""
    if record.reused_from is None:
        return record
    origin = verdicts.get(ImageRef.from_keys(record.reused_from["pk"], record.reused_from["sk"]))
    if origin is None or origin.is_escalated or origin.sha256 != record.sha256:
        raise RevealRefused("The picture that was judged is gone: let the uploader send this one again.")
    return origin


def views_of(record: Record, shown: Record) -> list[str]:
    """Return the names of the views: those with an answer near its threshold, the strongest first, then the others."""
    looked_at = (shown.looked_at or record.looked_at or {}).get("views", ())
    known = [str(view["name"]) for view in looked_at]
    near = [finding for finding in record.evidence or () if finding.get("near") and finding.get("score") is not None]
    strongest = sorted(near, key=lambda finding: finding["threshold"] - finding["score"])
    named = [str(finding["view"]) for finding in strongest]
    return list(dict.fromkeys([*(name for name in named if name in known), *known]))
