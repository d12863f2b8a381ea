"""RecordVerdict: write the verdict, or the failure, and tag the object version with it."""

import time
from typing import Any

from moderation import wiring
from moderation.domain.backfill import Kind, kind_of
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import since_upload, upload_time
from moderation.domain.work_files import Workspace
from moderation.observability import add_count, add_duration, bind_image, count_verdict, logger, observed
from moderation.usecases.record_verdict import Moderated, record_verdict


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`{execution, started_at, input: {bucket, key, version, time?, work?, rejection?}}` → `{verdict, notify}`."""
    started, moderated, ports = time.monotonic(), _moderated(event), wiring.record_verdict()
    bind_image(moderated.image.id, moderated.execution)
    result = record_verdict(ports.images, ports.work, ports.verdicts, moderated, ports.notify_safe)
    written = result.attributes
    add_duration("RecordMilliseconds", round((time.monotonic() - started) * 1000))
    if not result.recorded:
        logger.info("superseded")
        add_count("VerdictsSuperseded")
        return {"verdict": "superseded", "notify": False}
    if kind_of(moderated.execution) is Kind.SHADOW:
        logger.info("recorded without effect", decided_by=written["decided_by"])
        return {"verdict": "shadow", "notify": False}
    count_verdict(written["verdict"], written["category"], written["decided_by"], moderated.error)
    uploaded = event["input"].get("time")
    add_duration("UploadToVerdictMilliseconds", since_upload(uploaded, event["started_at"], written["decided_at"]))
    logger.info("recorded", verdict=written["verdict"], decided_by=written["decided_by"], tagging=result.tagging)
    return {"verdict": written["verdict"], "notify": result.notify}


def _moderated(event: dict[str, Any]) -> Moderated:
    state = event["input"]
    rejection = state.get("rejection", {})
    return Moderated(
        image=ImageRef(state["bucket"], state["key"], state["version"]),
        execution=event["execution"],
        uploaded_at=upload_time(state, event["started_at"]),
        size=state.get("size"),
        workspace=Workspace(state["work"]["prefix"]) if "work" in state else None,
        error=rejection.get("Error"),
        cause=rejection.get("Cause", ""),
    )
