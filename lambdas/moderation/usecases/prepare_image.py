"""Prepare an image: fetch it, resolve its policy, and plan the queries, unless the same bytes were decided before."""

import base64
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from moderation.contract import NULL_VERSION
from moderation.domain.declared_type import refuse_active_content
from moderation.domain.image import PREPROCESSING_VERSION, PreparedImage, prepare, preview
from moderation.domain.image_ref import ImageRef
from moderation.domain.judgement_file import shadow_error
from moderation.domain.limits import MAX_BYTES
from moderation.domain.manifest import ImageFacts, Manifest, compute_cache_key, manifest_to_json, plan_queries
from moderation.domain.policy import pack_data
from moderation.domain.prompt import PROMPT_VERSION
from moderation.domain.record import Record, judgement_of
from moderation.domain.sticky_decision import StickyDecision
from moderation.domain.upload import Upload, upload_to_json
from moderation.domain.work_files import Workspace, pack_file
from moderation.errors import ImageTooLarge, Misconfigured, PermanentError
from moderation.ports import DecisionStore, ImageStore, Policies, PolicyStore, StoredImage, VerdictStore, WorkStore
from moderation.usecases.decision_keys import key_under


@dataclass(frozen=True)
class PreparePorts:
    """`models` names the deployed models; `model_input_size` is the side of a view in pixels."""

    images: ImageStore
    work: WorkStore
    policies: PolicyStore
    verdicts: VerdictStore
    decisions: DecisionStore
    model_input_size: int
    models: str


def prepare_image(
    ports: PreparePorts, image: ImageRef, workspace: Workspace, unversioned_stays: bool = False
) -> Manifest:
    """Write the manifest to the work bucket, with the views or with what was judged or decided on the same bytes.

    Of an object that can't be prepared it keeps what is known, for its record. Raises the errors of the ports and of
    `image.prepare`, UnsupportedImage for an object that is declared as something else than an image, Misconfigured for
    one without a version of its own, unless `unversioned_stays`: with versioning on, an object that is older than it
    keeps its bytes.
    """
    started = time.monotonic()
    stored = ports.images.fetch(image)
    upload = _upload(stored)
    try:
        policies = ports.policies.for_key(image.key)
        pack = policies.enforce
        policy = {"name": pack.name, "digest": pack.digest}
        upload = replace(upload, policy=policy, unusable_files=pack.unusable_files)
        if not unversioned_stays:
            _refuse_replaceable(image)
        manifest = _plan(ports, image, workspace, stored, policies)
    except PermanentError:
        ports.work.put_json(workspace.upload, upload_to_json(upload))
        raise
    manifest = replace(manifest, prepare_ms=round((time.monotonic() - started) * 1000))
    ports.work.put_json(workspace.manifest, manifest_to_json(manifest))
    return manifest


def _refuse_replaceable(image: ImageRef) -> None:
    """Raise Misconfigured for an object without a version of its own, whose bytes may change under its verdict."""
    if image.version == NULL_VERSION:
        raise Misconfigured(
            f"Bucket {image.bucket} isn't versioned, so this object can be replaced under its verdict: turn versioning "
            "on, then upload it again."
        )


def _plan(
    ports: PreparePorts, image: ImageRef, workspace: Workspace, stored: StoredImage, policies: Policies
) -> Manifest:
    """Plan the queries, and write the views or the earlier judgement.

    A person's decision on the same bytes needs neither, but the checks of the file that making views are.
    """
    pack, packs = policies.enforce, (policies.enforce, *policies.shadow)
    for each in packs:
        ports.work.put_if_absent(pack_file(each.digest), pack_data(each))
    if stored.oversize:
        raise ImageTooLarge(f"The object has {stored.oversize:,} bytes or more; the limit is {MAX_BYTES:,}.")
    refuse_active_content(
        stored.content_type, stored.content_encoding
    )  # of the object, not of its bytes: also where a judgement is reused
    cache_key = compute_cache_key(pack, PROMPT_VERSION, PREPROCESSING_VERSION, ports.model_input_size, ports.models)
    sha256 = hashlib.sha256(stored.data).hexdigest()
    decision = _decision(ports, image, sha256, policies)
    reusable = pack.reuse and not decision
    earlier = ports.verdicts.find_cached(image.bucket, sha256, cache_key) if reusable else None
    if earlier:
        ports.work.put_json(workspace.judgement, judgement_of(earlier) | {"shadow": _reused_shadow(earlier, policies)})
        facts, views, looked_at = _reused_facts(earlier, stored), [], earlier.looked_at
        blurred = None
        pages = None
    else:
        read = not decision and any(each.is_read for each in packs)
        picture = prepare(stored.data, pack.views, ports.model_input_size, read=read)
        shown = () if decision else picture.views
        for view in shown:
            ports.work.put_bytes(workspace.view(view.name), view.png)
        pages = picture.pages if read else None
        facts, views = _facts(picture, stored, sha256), [view.name for view in shown]
        looked_at = None if decision else _looked_at(picture)
        blurred = base64.b64encode(preview(picture.views[0].png)).decode()
    return Manifest(
        image=image,
        facts=facts,
        pack=pack,
        shadow=policies.shadow,
        queries=plan_queries(packs, views),
        preprocessing_version=PREPROCESSING_VERSION,
        cache_key=cache_key,
        looked_at=looked_at,
        reused_from=_judged(earlier) if earlier else None,
        broken_shadow=policies.broken_shadow,
        route=policies.route,
        decision=decision,
        preview=blurred,
        pages=pages,
    )


def _decision(ports: PreparePorts, image: ImageRef, sha256: str, policies: Policies) -> StickyDecision | None:
    """Return the person's decision that sticks to the bytes under this route and pack."""
    pack = policies.enforce
    if not pack.sticky_decisions:
        return None
    return ports.decisions.find(key_under(ports.work, image.bucket, sha256, policies.route, pack))


def _judged(earlier: Record) -> Mapping[str, str]:
    """Return the keys of the record whose views were judged, which an earlier one may have reused itself."""
    return earlier.reused_from or {"pk": earlier.image.pk, "sk": earlier.image.version}


def _reused_shadow(earlier: Record, policies: Policies) -> dict[str, Any]:
    """Shadow verdicts of a reused judgement: those of packs that are still the same; a new pack gave none."""
    digests = {pack.name: pack.digest for pack in policies.shadow}
    known = {name: shadow for name, shadow in earlier.shadow.items() if shadow.get("digest") == digests.get(name, "")}
    return known | {name: shadow_error(sentence) for name, sentence in policies.broken_shadow.items()}


def _upload(stored: StoredImage) -> Upload:
    return Upload(
        size=stored.oversize or len(stored.data),
        content_type=stored.content_type,
        sha256=None if stored.oversize else hashlib.sha256(stored.data).hexdigest(),
        reference=stored.reference,
        uploader=stored.uploader,
    )


def _facts(picture: PreparedImage, stored: StoredImage, sha256: str) -> ImageFacts:
    return ImageFacts(
        sha256=sha256,
        size=len(stored.data),
        width=picture.width,
        height=picture.height,
        format=picture.format,
        content_type=stored.content_type,
        reference=stored.reference,
        uploader=stored.uploader,
    )


def _reused_facts(earlier: Record, stored: StoredImage) -> ImageFacts:
    """Facts of a reused image: the same bytes have the same size, but the uploader's metadata may differ."""
    known = {name: earlier.facts[name] for name in ("sha256", "size", "width", "height", "format")}
    return ImageFacts(**known, content_type=stored.content_type, reference=stored.reference, uploader=stored.uploader)


def _looked_at(picture: PreparedImage) -> dict[str, Any]:
    """Views with their boxes, the frames in the file and those without a view (if counted), and what is in no view.

    Also what wasn't read, and what was read smaller than it is, if there is such a thing.
    """
    seen = {view.frame for view in picture.views}
    return {
        "views": [{"name": view.name, "frame": view.frame, "box": list(view.box)} for view in picture.views],
        "frames": picture.frames,
        "unseen_frames": picture.frames - len(seen),
        "unseen": list(picture.unseen),
        **({"unread": list(picture.unread)} if picture.unread else {}),
        **({"shrunk": list(picture.shrunk)} if picture.shrunk else {}),
    }
