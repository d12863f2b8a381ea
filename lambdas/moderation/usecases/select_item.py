"""Select an item of a backfill: find the object's version, and skip what is moderated already."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from moderation.domain.backfill import Item, Kind, Run, execution_name, run_of
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import SHADOWED, utc
from moderation.ports import ImageStore, VerdictStore


@dataclass(frozen=True)
class SelectPorts:
    """`bucket` and `prefix` are the intake's."""

    images: ImageStore
    verdicts: VerdictStore
    bucket: str
    prefix: str
    express: bool


@dataclass(frozen=True)
class SelectedItem:
    """Name and input of the execution to start, or why there is none."""

    name: str | None = None
    given: dict[str, Any] | None = None
    skipped: str | None = None


def select_item(ports: SelectPorts, run: Run, item: Item) -> SelectedItem:
    """Return what to start for an item. Raises the errors of the ports."""
    if item.bucket not in (None, ports.bucket) or not item.key.startswith(ports.prefix):
        return SelectedItem(skipped="not in the intake")
    if item.is_deleted or item.is_folder or not run.selection.takes(item):
        return SelectedItem(skipped="not selected")
    head = ports.images.head(ports.bucket, item.key, item.version)
    if head is None:
        return SelectedItem(skipped="gone")
    image = ImageRef(ports.bucket, item.key, head.version)
    if reason := _done(ports.verdicts, run, image):
        return SelectedItem(skipped=reason)
    # The time of the upload would make years of waiting of it; a record is filed under the day of its moderation.
    given = {**asdict(image), "size": head.size, "event_id": run.id, "time": utc(datetime.now(UTC))}
    return SelectedItem(execution_name(run.id, image), given)


def _done(verdicts: VerdictStore, run: Run, image: ImageRef) -> str | None:
    """Tell why an object version needs nothing. What another run left of a shadow verdict is deleted."""
    record = verdicts.get(image)
    if record is None:
        return None
    if record.verdict:
        return "has a verdict"
    if record.status != SHADOWED:
        return None
    if run.kind is Kind.SHADOW and run_of(record.execution) == run.id:
        return "has a shadow verdict"
    verdicts.delete_shadow(image)
    return None
