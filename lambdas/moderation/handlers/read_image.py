"""ReadImage: read the text and the codes in an image."""

from typing import Any

from moderation import wiring
from moderation.domain.work_files import Workspace
from moderation.observability import add_duration, bind_image, logger, observed
from moderation.usecases.read_image import Deadline, note_unread, read_image


@observed
def handler(event: dict[str, Any], context: Any) -> None:
    """`{prefix}` → nothing: the text goes to the work bucket.

    `{prefix, stopped}` says that an earlier invocation didn't end, and with which error: that goes there instead.
    """
    ports, workspace = wiring.read_image(), Workspace(event["prefix"])
    bind_image(workspace.image_id, workspace.execution)
    if stopped := event.get("stopped"):
        note_unread(ports.work, workspace, str(stopped))
        logger.warning("not read", error=stopped)
        return
    deadline = Deadline(context.get_remaining_time_in_millis)
    milliseconds, lines = read_image(ports.images, ports.work, ports.reader, workspace, deadline)
    add_duration("ReadMilliseconds", milliseconds)
    logger.info("read", lines=lines)
