"""QueryImage: put one query to BLIP-2."""

from typing import Any

from moderation import wiring
from moderation.domain.work_files import Workspace
from moderation.observability import add_duration, bind_image, logger, observed
from moderation.usecases.query_image import query_image


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """`{prefix, query}` → nothing: the answers go to the work bucket."""
    ports, workspace = wiring.query_image(), Workspace(event["prefix"])
    bind_image(workspace.image_id, workspace.execution)
    add_duration("QueryMilliseconds", query_image(ports.work, ports.model, workspace, event["query"]))
    logger.info("answered", query=event["query"])
