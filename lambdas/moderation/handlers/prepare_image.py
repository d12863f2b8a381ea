"""PrepareImage: fetch the object, cut its views, resolve its policy, plan the queries."""

import hashlib
import time
from typing import Any

from moderation import wiring
from moderation.domain.evidence import ImageRef
from moderation.domain.image import PREPROCESSING_VERSION, Picture, prepare
from moderation.domain.manifest import ImageFacts, Manifest, Workspace, manifest_to_json, plan_queries
from moderation.domain.policy import pack_content
from moderation.observability import identify, logger, observed, took
from moderation.ports import StoredImage


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`{bucket, key, version, execution}` → `{prefix, queries}`: where the work lies, its queries' numbers."""
    image = ImageRef(event["bucket"], event["key"], event["version"])
    identify(image, event["execution"])
    workspace = Workspace.of(image, event["execution"])
    manifest = prepare_image(wiring.prepare_image(), image, workspace)
    took("PrepareMilliseconds", manifest.prepare_ms)
    logger.info("prepared", queries=len(manifest.queries), policy=manifest.pack.name)
    return {"prefix": workspace.prefix, "queries": list(range(len(manifest.queries)))}


def prepare_image(parts: wiring.PrepareImage, image: ImageRef, workspace: Workspace) -> Manifest:
    """Leave the views and the manifest in the work bucket. Raises the errors of the ports and of `image.prepare`."""
    started = time.monotonic()
    stored = parts.images.fetch(image)
    policies = parts.policies.for_key(image.key)
    packs = (policies.enforce, *policies.shadow)
    for pack in packs:
        parts.work.keep(f"provenance/packs/{pack.digest}.json", pack_content(pack))
    picture = prepare(stored.data, policies.enforce.views, parts.model_input_size)
    for view in picture.views:
        parts.work.put_bytes(workspace.view(view.name), view.png)
    manifest = Manifest(
        image=image,
        facts=_facts(stored, picture),
        pack=policies.enforce,
        shadow=policies.shadow,
        queries=plan_queries(packs, [view.name for view in picture.views]),
        preprocessing_version=PREPROCESSING_VERSION,
        prepare_ms=round((time.monotonic() - started) * 1000),
    )
    parts.work.put_json(workspace.manifest, manifest_to_json(manifest))
    return manifest


def _facts(stored: StoredImage, picture: Picture) -> ImageFacts:
    return ImageFacts(
        sha256=hashlib.sha256(stored.data).hexdigest(),
        size=len(stored.data),
        width=picture.width,
        height=picture.height,
        format=picture.format,
        content_type=stored.content_type,
        reference=stored.reference,
    )
