"""PrepareImage: fetch the object, resolve its policy, and either take an earlier judgement over or plan the queries."""

import hashlib
import time
from dataclasses import asdict
from typing import Any

from moderation import wiring
from moderation.domain.image import PREPROCESSING_VERSION, prepare
from moderation.domain.image_ref import ImageRef
from moderation.domain.manifest import (
    ImageFacts,
    Manifest,
    Query,
    Workspace,
    fingerprint,
    manifest_to_json,
    plan_queries,
)
from moderation.domain.policy import Pack, pack_content
from moderation.domain.prompt import PROMPT_VERSION
from moderation.domain.record import judged_from_record
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
    """Leave the manifest in the work bucket, with the views or with the judgement of the same bytes before.

    Raises the errors of the ports and of `image.prepare`.
    """
    started = time.monotonic()
    stored = parts.images.fetch(image)
    policies = parts.policies.for_key(image.key)
    packs = (policies.enforce, *policies.shadow)
    for pack in packs:
        parts.work.keep(f"provenance/packs/{pack.digest}.json", pack_content(pack))
    made_by = fingerprint(packs, PROMPT_VERSION, PREPROCESSING_VERSION, parts.model_input_size, parts.models)
    sha256 = hashlib.sha256(stored.data).hexdigest()
    earlier = parts.verdicts.find_alike(image.bucket, sha256, made_by) if policies.enforce.reuse else None
    facts, queries = (
        _take_over(parts, stored, earlier, workspace)
        if earlier
        else _cut_views(parts, stored, sha256, packs, workspace)
    )
    manifest = Manifest(
        image=image,
        facts=facts,
        pack=policies.enforce,
        shadow=policies.shadow,
        queries=queries,
        preprocessing_version=PREPROCESSING_VERSION,
        made_by=made_by,
        prepare_ms=round((time.monotonic() - started) * 1000),
        reused_from={"pk": earlier["pk"], "sk": earlier["sk"]} if earlier else None,
    )
    parts.work.put_json(workspace.manifest, manifest_to_json(manifest))
    return manifest


def _cut_views(
    parts: wiring.PrepareImage, stored: StoredImage, sha256: str, packs: tuple[Pack, ...], workspace: Workspace
) -> tuple[ImageFacts, tuple[Query, ...]]:
    picture = prepare(stored.data, packs[0].views, parts.model_input_size)
    for view in picture.views:
        parts.work.put_bytes(workspace.view(view.name), view.png)
    facts = ImageFacts(
        sha256=sha256,
        size=len(stored.data),
        width=picture.width,
        height=picture.height,
        format=picture.format,
        content_type=stored.content_type,
        reference=stored.reference,
    )
    return facts, plan_queries(packs, [view.name for view in picture.views])


def _take_over(
    parts: wiring.PrepareImage, stored: StoredImage, earlier: dict[str, Any], workspace: Workspace
) -> tuple[ImageFacts, tuple[Query, ...]]:
    parts.work.put_json(workspace.judgement, asdict(judged_from_record(earlier)))
    # The same bytes have the same size; what their uploader says of them may differ.
    known = {name: earlier["image"][name] for name in ("sha256", "size", "width", "height", "format")}
    return ImageFacts(**known, content_type=stored.content_type, reference=stored.reference), ()
