"""PrepareImage: plan the queries of an image, or reuse the judgement of the same bytes."""

from typing import Any

from moderation import wiring
from moderation.domain.backfill import run_of
from moderation.domain.image_ref import ImageRef
from moderation.domain.work_files import Workspace
from moderation.observability import add_duration, bind_image, logger, observed
from moderation.usecases.prepare_image import prepare_image

QUERY, READ = 0, 1  # places of the functions in the state machine's list


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`{bucket, key, version, execution}` → `{prefix, queries, items}`: prefix of the work, numbers of its queries.

    `items` are the steps of the Map: the reading first, then each query. Executions that began before the text was read
    know `queries` alone.
    """
    image = ImageRef(event["bucket"], event["key"], event["version"])
    bind_image(image.id, event["execution"])
    workspace = Workspace.of(image, event["execution"])
    # `moderate backfill` refuses a bucket whose versioning is off
    backfilled = run_of(event["execution"]) is not None
    manifest = prepare_image(wiring.prepare_image(), image, workspace, unversioned_stays=backfilled)
    add_duration("PrepareMilliseconds", manifest.prepare_ms)
    logger.info("prepared", queries=len(manifest.queries), policy=manifest.pack.name)
    queries = list(range(len(manifest.queries)))
    reading = [{"step": READ, "query": 0}] if manifest.pages is not None else []
    items = reading + [{"step": QUERY, "query": number} for number in queries]
    return {"prefix": workspace.prefix, "queries": queries, "items": items}
