"""RecordVerdict: write the verdict, or why there is none, and tag the object version with it."""

import time
from datetime import UTC, datetime
from typing import Any

from moderation import wiring
from moderation.domain.image_ref import ImageRef
from moderation.domain.manifest import Workspace, manifest_from_json
from moderation.domain.record import Judged, judged_record, overflows, rejected_record, since_upload, timed, utc
from moderation.observability import count, count_rejection, count_verdict, identify, logger, observed, took
from moderation.ports import WorkStore


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`{execution, started_at, input: {bucket, key, version, time?, work?, rejection?}}` → `{verdict, notify}`."""
    started = time.monotonic()
    state = event["input"]
    image = ImageRef(state["bucket"], state["key"], state["version"])
    identify(image, event["execution"])
    parts = wiring.record_verdict()
    attributes = outcome(parts.work, state.get("work"), state.get("rejection"))
    dated = timed(attributes, image, event["started_at"], utc(datetime.now(UTC)), state.get("size"))
    recorded = record_verdict(parts, image, event["execution"], dated)
    took("RecordMilliseconds", round((time.monotonic() - started) * 1000))
    if recorded["verdict"] != "superseded":
        took("UploadToVerdictMilliseconds", since_upload(state.get("time"), event["started_at"], dated["decided_at"]))
        if "rejection" in state:
            count_rejection(state["rejection"]["Error"])
    return recorded


def outcome(work: WorkStore, prepared: dict[str, Any] | None, rejection: dict[str, Any] | None) -> dict[str, Any]:
    """The record's attributes, out of what the steps before left in the work bucket. Raises the errors of the port."""
    workspace = Workspace(prepared["prefix"]) if prepared else None
    manifest = manifest_from_json(work.get_json(workspace.manifest)) if workspace else None
    if rejection or not (workspace and manifest):
        error = rejection or {"Error": "Misconfigured", "Cause": ""}
        return rejected_record(error["Error"], error["Cause"], manifest)
    attributes = judged_record(manifest, Judged(**work.get_json(workspace.judgement)))
    if overflows(attributes):
        work.put_json(workspace.evidence, {"evidence": attributes.pop("evidence")})
        attributes["evidence_in"] = workspace.evidence
    return attributes


def record_verdict(
    parts: wiring.RecordVerdict, image: ImageRef, execution: str, attributes: dict[str, Any]
) -> dict[str, Any]:
    """Record and tag; a verdict that stands already is left alone. Raises the errors of the ports."""
    verdict = attributes["verdict"]
    announced = verdict != "safe" or parts.notify_safe
    if announced:  # false until Notify has done it, so that what is lost on the way shows
        attributes = attributes | {"notified": False}
    if not parts.verdicts.record(image, execution, attributes):
        logger.info("superseded", verdict=verdict)
        count("VerdictsSuperseded")
        return {"verdict": "superseded", "notify": False}
    tagging = parts.images.tag(image, verdict)
    count_verdict(verdict, attributes["category"], attributes["decided_by"])
    logger.info("recorded", verdict=verdict, decided_by=attributes["decided_by"], tagging=tagging)
    return {"verdict": verdict, "notify": announced}
