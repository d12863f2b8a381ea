"""SelectItem: find the object version of a backfill's item, unless there is nothing to do."""

from typing import Any

from moderation import wiring
from moderation.domain.backfill import Source, read_item, read_run
from moderation.observability import observed
from moderation.usecases.select_item import select_item


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`{run, source, item}` → `{selected, express, name, input, skipped}`."""
    ports = wiring.select_item()
    chosen = select_item(ports, read_run(event["run"]), read_item(Source(event["source"]), event["item"]))
    return {
        "selected": chosen.skipped is None,
        "express": ports.express,
        "name": chosen.name,
        "input": chosen.given,
        "skipped": chosen.skipped,
    }
