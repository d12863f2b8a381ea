"""The record of a verdict: the attributes of its item in the table, as plain data."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moderation.contract import SHARDS
from moderation.domain.decision import Decision
from moderation.domain.evidence import Caption
from moderation.domain.image_ref import ImageRef
from moderation.domain.limits import MAX_ITEM_BYTES
from moderation.domain.manifest import Manifest
from moderation.domain.policy import Pack

# Owner of a claim that a redrive took from an execution that is over: the next execution to come may take it.
REDRIVEN = "redrive"


@dataclass(frozen=True)
class Judged:
    """What `judge_image` hands to `record_verdict`: the decision, the shadow packs' too, and how they came about."""

    decision: dict[str, Any]
    shadow: dict[str, dict[str, Any]]
    captions: list[dict[str, str]]
    models: dict[str, str]
    prompt_version: str
    shortened: list[str]
    repairs: int
    timings: dict[str, int]


def utc(moment: datetime) -> str:
    """A moment as Step Functions writes it: ISO-8601, milliseconds, `Z`. Such texts sort by time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shard_of(image: ImageRef, verdict: str, created_at: str) -> str:
    """Partition of the index by verdict: `<verdict>#<day>#<shard>`; `created_at` is ISO-8601 UTC."""
    return f"{verdict}#{created_at[:10]}#{int(image.id, 16) % SHARDS}"


def shadow_summary(pack: Pack, decision: Decision) -> dict[str, Any]:
    """What is kept of a verdict without consequence."""
    return {
        "digest": pack.digest,
        "verdict": decision.verdict,
        "category": decision.category,
        "reason": decision.reason,
        "decided_by": decision.decided_by,
    }


def captions_to_plain(captions: tuple[Caption, ...]) -> list[dict[str, str]]:
    """Captions as they stand in the record."""
    return [asdict(caption) for caption in captions]


def provenance(manifest: Manifest) -> dict[str, Any]:
    """The attributes that say what was moderated, and under which policy."""
    facts = manifest.facts
    return {
        "image": asdict(manifest.image)
        | {
            "sha256": facts.sha256,
            "size": facts.size,
            "width": facts.width,
            "height": facts.height,
            "format": facts.format,
            "content_type": facts.content_type,
        },
        "sha256": facts.sha256,
        "policy": {"name": manifest.pack.name, "digest": manifest.pack.digest},
        "preprocessing_version": manifest.preprocessing_version,
        "made_by": manifest.made_by,
        **({"reused_from": manifest.reused_from} if manifest.reused_from else {}),
        **({"reference": facts.reference} if facts.reference else {}),
    }


def judged_record(manifest: Manifest, judged: Judged) -> dict[str, Any]:
    """The attributes of a verdict that a judgement led to."""
    decision = judged.decision
    return provenance(manifest) | {
        "verdict": decision["verdict"],
        "category": decision["category"],
        "reason": decision["reason"],
        "decided_by": decision["decided_by"],
        "other_category": decision["other_category"],
        "strongest": decision["strongest"],
        "evidence": decision["findings"],
        "captions": judged.captions,
        "shadow": judged.shadow,
        "models": judged.models,
        "prompt_version": judged.prompt_version,
        "shortened": judged.shortened,
        "repairs": judged.repairs,
        "timings": {"prepare_ms": manifest.prepare_ms, **judged.timings},
    }


def is_reusable(record: Mapping[str, Any], made_by: str) -> bool:
    """Whether the judgement of a record may be taken over: made alike, by the models, and all of it at hand."""
    return (
        record.get("made_by") == made_by and record.get("decided_by") in ("judge", "evidence") and "evidence" in record
    )


def judged_from_record(record: Mapping[str, Any]) -> Judged:
    """The judgement that led to a record: `judged_record` the other way round."""
    return Judged(
        decision={
            "verdict": record["verdict"],
            "category": record["category"],
            "reason": record["reason"],
            "decided_by": record["decided_by"],
            "findings": record["evidence"],
            "strongest": record["strongest"],
            "other_category": record["other_category"],
        },
        shadow=record["shadow"],
        captions=record["captions"],
        models=record["models"],
        prompt_version=record["prompt_version"],
        shortened=record["shortened"],
        repairs=0,
        timings={},
    )


def rejected_record(error: str, cause: str, manifest: Manifest | None) -> dict[str, Any]:
    """The attributes of a `review` verdict for what no retry mends: `error` is the class, `cause` Lambda's JSON."""
    message = _message(cause)
    return (provenance(manifest) if manifest else {}) | {
        "verdict": "review",
        "category": None,
        "reason": message or f"The moderation failed with {error}.",
        "decided_by": "failure",
        "cause": json.dumps({"Error": error, "Cause": message or ""}),
    }


def ended_record(status: str) -> dict[str, Any]:
    """The attributes of a `review` verdict for an execution that ended outside the workflow's own hands."""
    return {
        "verdict": "review",
        "category": None,
        "reason": f"The moderation ended as {status} before there was a verdict: a person must decide, "
        "or `moderate redrive` tries again.",
        "decided_by": "failure",
        "cause": json.dumps({"Error": status, "Cause": ""}),
        "notified": False,
    }


def timed(
    attributes: Mapping[str, Any], image: ImageRef, started_at: str, now: str, size: int | None = None
) -> dict[str, Any]:
    """The attributes with those that index and date them added; both moments as `utc` writes them, size in bytes."""
    return {
        **attributes,
        "image": asdict(image) | ({} if size is None else {"size": size}) | attributes.get("image", {}),
        "status": "decided",
        "created_at": started_at,
        "decided_at": now,
        "verdict_shard": shard_of(image, attributes["verdict"], started_at),
    }


def expiry(decided_at: str, days: int) -> int:
    """When a record decided at that moment (as `utc` writes it) is deleted `days` later: seconds since 1970."""
    return int((datetime.fromisoformat(decided_at) + timedelta(days=days)).timestamp())


def since_upload(uploaded: object, started_at: str, now: str) -> int:
    """Milliseconds to `now` from the upload's event, or from the execution's start where no usable time was given.

    All three are ISO-8601; an execution started by hand may hold anything as the time of its upload.
    """
    try:
        begun = datetime.fromisoformat(str(uploaded)).astimezone(UTC)
    except (ValueError, OverflowError):
        begun = datetime.fromisoformat(started_at)
    return max(0, round((datetime.fromisoformat(now) - begun).total_seconds() * 1000))


def overflows(attributes: Mapping[str, Any]) -> bool:
    """Whether the evidence must move out of the item, which DynamoDB limits to 400 KB."""
    return len(json.dumps(attributes, ensure_ascii=False).encode()) > MAX_ITEM_BYTES


def _message(cause: str) -> str | None:
    try:
        parsed = json.loads(cause)
    except ValueError:
        return None
    message = parsed.get("errorMessage") if isinstance(parsed, dict) else None
    return message if isinstance(message, str) else None
