"""ReadImage: read the text and the codes in an image."""

from typing import Any

from moderation import wiring
from moderation.domain.work_files import Workspace
from moderation.observability import add_duration, bind_image, logger, observed
from moderation.usecases.read_image import read_image


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """`{prefix}` → nothing: the text goes to the work bucket."""
    ports, workspace = wiring.read_image(), Workspace(event["prefix"])
    bind_image(workspace.image_id, workspace.execution)
    milliseconds, lines = read_image(ports.images, ports.work, ports.reader, workspace)
    add_duration("ReadMilliseconds", milliseconds)
    logger.info("read", lines=lines)
