"""Record the verdict of an execution, or why there is none, and tag the object version with it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from moderation.domain.backfill import Kind, kind_of
from moderation.domain.image_ref import ImageRef
from moderation.domain.judgement_file import JUDGE_TEXTS
from moderation.domain.lanes import filed, lane_of
from moderation.domain.manifest import Manifest, manifest_from_json
from moderation.domain.people import supported_categories
from moderation.domain.record import (
    Record,
    decided,
    decided_before,
    earliest,
    overflows,
    rejected,
    shadowed,
    utc,
    waits_for_person,
)
from moderation.domain.unusable import needs
from moderation.domain.upload import Upload, upload_from_json
from moderation.domain.work_files import Workspace
from moderation.errors import DecisionWithdrawn, Misconfigured
from moderation.ports import ImageStore, VerdictStore, WorkStore
from moderation.usecases.tag_image import tag_image

_OF_DECISION = {"as_of", "decision", "history", "categories"}


@dataclass(frozen=True)
class Moderated:
    """Outcome of an execution: image, workspace (None if preparing it failed), and the error, if there was one.

    `error` and `cause` are those of Step Functions' Catch; `size` is the object's in bytes. `uploaded_at` is the time
    of the upload in the execution's input, at latest its start.
    """

    image: ImageRef
    execution: str
    uploaded_at: str
    size: int | None
    workspace: Workspace | None
    error: str | None
    cause: str


@dataclass(frozen=True)
class RecordedVerdict:
    """The attributes that were to be written; `recorded` is False where another verdict stands.

    `tagging` is `tagged`, `gone` or `full`, and empty for a shadow's verdict; `notify` tells if the verdict is to be
    published. A backfill publishes one digest instead, unless it was told to notify of each.
    """

    attributes: Mapping[str, Any]
    recorded: bool
    notify: bool = False
    tagging: str = ""


def record_verdict(
    images: ImageStore, work: WorkStore, verdicts: VerdictStore, moderated: Moderated, notify_safe: bool
) -> RecordedVerdict:
    """Record and tag; a verdict that stands already is left alone, and the tag is made to agree with it.

    Raises the errors of the ports.
    """
    image, kind = moderated.image, kind_of(moderated.execution)
    standing, now = verdicts.get(image), utc(datetime.now(UTC))
    uploaded_at = earliest(moderated.uploaded_at, standing)
    verdict = _verdict(work, moderated, standing, uploaded_at)

    def completed(verdict: Mapping[str, Any]) -> dict[str, Any]:
        attributes = decided(verdict, image, uploaded_at, now, moderated.size)
        if kind is Kind.SHADOW:
            return shadowed(attributes, image)
        if kind is not Kind.DIGEST and _is_told(attributes["verdict"], standing, notify_safe):
            attributes["notified"] = False  # until Notify has published it, so that a lost notification is visible
        if "queue" in attributes and "supports" in attributes:
            lane = verdicts.open_lane(lane_of(image, attributes))
            attributes |= {"queue": lane.partition} if lane else {}
        return attributes

    attributes = completed(verdict)
    try:
        recorded = verdicts.record(image, moderated.execution, attributes)
    except DecisionWithdrawn as error:
        attributes = completed(_withdrawn(verdict, error))
        recorded = verdicts.record(image, moderated.execution, attributes)
    if not recorded:
        _leave_alone(images, work, verdicts, image, attributes.get("evidence_in"))
        return RecordedVerdict(attributes, recorded=False)
    if kind is Kind.SHADOW:
        return RecordedVerdict(attributes, recorded=True)
    tagging = tag_image(images, verdicts, image, attributes["verdict"])
    return RecordedVerdict(attributes, True, "notified" in attributes, tagging)


def _is_told(verdict: str, standing: Record | None, notify_safe: bool) -> bool:
    """Tell if the verdict is to be published: a safe one also if it reverses one that a topic carried."""
    reverses = standing is not None and standing.previous_notified and standing.previous_verdict != verdict
    return verdict != "safe" or notify_safe or bool(reverses)


def _withdrawn(verdict: Mapping[str, Any], error: DecisionWithdrawn) -> dict[str, Any]:
    """The attributes of a failure in place of a decision that no longer stands."""
    provenance = {name: value for name, value in verdict.items() if name not in _OF_DECISION}
    return provenance | rejected(type(error).__name__, json.dumps({"errorMessage": str(error)}), {})


def _leave_alone(
    images: ImageStore, work: WorkStore, verdicts: VerdictStore, image: ImageRef, evidence: str | None
) -> None:
    """Correct the tag that an earlier attempt may have set, and delete evidence that no record refers to."""
    standing = verdicts.get(image)
    if evidence and (standing is None or standing.evidence_in != evidence):
        work.delete(evidence)
    if standing and standing.verdict:
        tag_image(images, verdicts, image, standing.verdict)


def _verdict(work: WorkStore, moderated: Moderated, standing: Record | None, uploaded_at: str) -> dict[str, Any]:
    """The record's attributes, from the files that the earlier steps wrote to the work bucket."""
    workspace = moderated.workspace
    manifest = manifest_from_json(work.get_json(workspace.manifest)) if workspace else None
    if moderated.error or not (workspace and manifest):
        error, upload = moderated.error or "Misconfigured", Upload() if manifest else _upload(work, moderated)
        known = _provenance(manifest) if manifest else upload.attributes()
        return rejected(error, moderated.cause, known | needs(upload.unusable_files, error=error))
    if manifest.decision:
        timings = {"prepare_ms": manifest.prepare_ms}
        return _provenance(manifest) | decided_before(manifest.decision, standing) | {"timings": timings}
    judgement = work.get_json(workspace.judgement)
    judgement.pop(JUDGE_TEXTS, None)
    timings = {"prepare_ms": manifest.prepare_ms, **judgement.get("timings", {})}
    attributes = {**_provenance(manifest), **judgement, "timings": timings}
    attributes |= needs(manifest.pack.unusable_files, row=judgement.get("row"))
    if waits_for_person(attributes):
        record = Record.from_attributes({"pk": moderated.image.pk, "sk": moderated.image.version, **attributes})
        attributes |= filed(supported_categories(record), manifest.pack, uploaded_at)
    if overflows(attributes):
        work.put_json(
            workspace.evidence,
            {name: attributes.pop(name) for name in ("evidence", "answers", "reading") if name in attributes},
        )
        attributes["evidence_in"] = workspace.evidence
    return attributes


def _upload(work: WorkStore, moderated: Moderated) -> Upload:
    """Read what PrepareImage knew of an upload that it refused."""
    try:
        return upload_from_json(work.get_json(Workspace.of(moderated.image, moderated.execution).upload))
    except Misconfigured:  # no such file: the object couldn't be read at all
        return Upload()


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
        **({} if manifest.route is None else {"route": manifest.route}),
    }
