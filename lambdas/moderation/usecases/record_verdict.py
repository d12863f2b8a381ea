"""Record the verdict of an execution, or why there is none, and tag the object version with it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from moderation.domain.image_ref import ImageRef
from moderation.domain.judgement_file import JUDGE_TEXTS
from moderation.domain.manifest import Manifest, manifest_from_json
from moderation.domain.record import decided, overflows, rejected, utc
from moderation.domain.work_files import Workspace
from moderation.ports import ImageStore, VerdictStore, WorkStore


@dataclass(frozen=True)
class Moderated:
    """Outcome of an execution: image, workspace (None if preparing it failed), and the error, if there was one.

    `error` and `cause` are those of Step Functions' Catch; `size` is the object's in bytes.
    """

    image: ImageRef
    execution: str
    started_at: str
    size: int | None
    workspace: Workspace | None
    error: str | None
    cause: str


@dataclass(frozen=True)
class RecordedVerdict:
    """The attributes that were to be written; `recorded` is False where another verdict stands.

    `tagging` is `tagged`, `gone` or `full`; `notify` tells if the verdict is to be published.
    """

    attributes: Mapping[str, Any]
    recorded: bool
    notify: bool = False
    tagging: str = ""


def record_verdict(
    images: ImageStore, work: WorkStore, verdicts: VerdictStore, moderated: Moderated, notify_safe: bool
) -> RecordedVerdict:
    """Record and tag; a verdict that stands already is left alone. Raises the errors of the ports."""
    image = moderated.image
    attributes = decided(_verdict(work, moderated), image, moderated.started_at, utc(datetime.now(UTC)), moderated.size)
    notify = attributes["verdict"] != "safe" or notify_safe
    if notify:  # false until Notify has published it, so that a lost notification is visible
        attributes["notified"] = False
    if not verdicts.record(image, moderated.execution, attributes):
        return RecordedVerdict(attributes, recorded=False)
    return RecordedVerdict(attributes, True, notify, images.tag(image, attributes["verdict"]))


def _verdict(work: WorkStore, moderated: Moderated) -> dict[str, Any]:
    """The record's attributes, from the files that the earlier steps wrote to the work bucket."""
    workspace = moderated.workspace
    manifest = manifest_from_json(work.get_json(workspace.manifest)) if workspace else None
    if moderated.error or not (workspace and manifest):
        return rejected(moderated.error or "Misconfigured", moderated.cause, _provenance(manifest) if manifest else {})
    judgement = work.get_json(workspace.judgement)
    judgement.pop(JUDGE_TEXTS, None)
    timings = {"prepare_ms": manifest.prepare_ms, **judgement.get("timings", {})}
    attributes = {**_provenance(manifest), **judgement, "timings": timings}
    if overflows(attributes):
        work.put_json(workspace.evidence, {name: attributes.pop(name) for name in ("evidence", "answers")})
        attributes["evidence_in"] = workspace.evidence
    return attributes


def _provenance(manifest: Manifest) -> dict[str, Any]:
    """The attributes that say what was moderated, and under which policy."""
    facts = asdict(manifest.facts)
    optional = {
        "reference": facts.pop("reference"),
        "uploader": facts.pop("uploader"),
        "looked_at": manifest.looked_at,
        "reused_from": manifest.reused_from,
    }
    return {
        "image": asdict(manifest.image) | facts,
        "sha256": manifest.facts.sha256,
        "policy": {"name": manifest.pack.name, "digest": manifest.pack.digest},
        "preprocessing_version": manifest.preprocessing_version,
        "cache_key": manifest.cache_key,
        **{name: value for name, value in optional.items() if value},
    }
