"""Plain data of records and policies, as the API gives it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from moderation.domain.policy import Category, Pack, pack_content
from moderation.domain.reading.text import reading_from_json
from moderation.domain.record import Record, name_of
from moderation.domain.reports import Report, open_reports, reports_of


def item(record: Record, pack: Pack | None, now: Pack | None) -> dict[str, Any]:
    """Return everything that a person decides by; `pack` is the policy behind the verdict, `now` the one in force."""
    looked_at = record.looked_at or {}
    return {
        "key": record.image.key,
        "version": record.image.version,
        "uploaded_at": record.created_at,
        "decided_at": record.decided_at,
        "verdict": record.verdict,
        "categories": list(record.all_categories),
        "reason": record.reason,
        "decided_by": record.decided_by,
        "row": record.row,
        "failure": ": ".join(filter(None, record.failure or ())) or None,
        "judge": dict(record.judgement) if record.judgement else None,
        "evidence": findings(record),
        "captions": [dict(caption) for caption in record.captions],
        "text": text_of(record),
        "views": [view["name"] for view in looked_at.get("views", ())],
        "unseen": [*looked_at.get("unseen", ()), *looked_at.get("unread", ())],
        "shrunk": list(looked_at.get("shrunk", ())),
        "shadow": {name: _verdict(shadow) for name, shadow in record.shadow.items()},
        "policy": policy(record, pack, now),
        "reports": [_reported(report) for report in open_reports(record)],
        "history": [history(entry) for entry in record.history],
    }


def verdict_of(record: Record) -> dict[str, Any]:
    """Return the verdict on another upload, without who decided."""
    return {"verdict": record.verdict, "categories": list(record.all_categories), "decided_by": record.decided_by}


def findings(record: Record) -> list[dict[str, Any]]:
    """Return the answers of the vision model, the one furthest over its threshold first, the missing ones last."""
    said = [
        {
            "view": found["view"],
            "question": found["question"],
            "categories": list(found.get("categories", ())),
            "answer": found.get("text"),
            "score": _number(found["score"]),
            "threshold": _number(found["threshold"]),
            "distance": None if found["score"] is None else round(float(found["score"] - found["threshold"]), 4),
            "over": found["over"],
            "near": found.get("near", found["over"]),
        }
        for found in record.findings
    ]
    return sorted(said, key=lambda one: (one["distance"] is None, -(one["distance"] or 0)))


def text_of(record: Record) -> list[dict[str, Any]]:
    """Return the parts of the text in the picture; boxes are left, top, right, bottom in pixels of the view."""
    return [asdict(part) for part in reading_from_json(record.reading).parts] if record.reading else []


def policy(record: Record, pack: Pack | None, now: Pack | None) -> dict[str, Any] | None:
    """Return the categories as they were when the image was judged, and what they say now where that differs."""
    if pack is None:
        return None
    current = {category.name: category for category in now.categories} if now else {}
    return {
        "name": pack.name,
        "digest": (record.policy or {}).get("digest", pack.digest),
        "categories": [_category(category, current.get(category.name), now) for category in pack.categories],
    }


def history(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an earlier verdict, a person named by the last part of their ARN."""
    who = entry.get("who")
    return {
        "at": entry.get("at"),
        **_verdict(entry),
        "by": name_of(str(who)) if who else entry.get("decided_by"),
    }


def listed_pack(pack: Pack) -> dict[str, Any]:
    """Return a pack's whole content."""
    return {"digest": pack.digest, **pack_content(pack)}


def app_record(record: Record, app: str) -> dict[str, Any]:
    """Return what an app, by its pseudonym, is told: the verdict, its times and what became of its own reports."""
    return {
        "key": record.image.key,
        "version": record.image.version,
        "reference": record.reference,
        "verdict": record.verdict,
        "categories": list(record.all_categories),
        "decided_by": "person" if record.decided_by == "person" else "machine",
        "uploaded_at": record.created_at,
        "decided_at": record.decided_at,
        "reports": [answer(report) for report in reports_of(record) if report.app == app],
    }


def answer(report: Report) -> dict[str, Any]:
    """Return what an app is told of a report of its own: who decided on it isn't in it."""
    names = ("id", "at", "due_at", "outcome", "reply", "answered_at")
    kind = "appeal" if report.kind == "appeal" else "notice"
    return {"kind": kind, **{name: getattr(report, name) for name in names}}


def _reported(report: Report) -> dict[str, Any]:
    return {"kind": report.kind, "text": report.text, "at": report.at, "due_at": report.due_at}


def _verdict(said: Mapping[str, Any]) -> dict[str, Any]:
    categories = said.get("categories") or ([said["category"]] if said.get("category") else [])
    return {"verdict": said.get("verdict"), "categories": list(categories), "reason": said.get("reason")}


def _category(then: Category, now: Category | None, current: Pack | None) -> dict[str, Any]:
    """`now` is the text in force where it is another one; empty if the category is gone."""
    changed = current is not None and (now is None or now.rule != then.rule)
    return {"name": then.name, "text": then.rule, **({"now": now.rule if now else ""} if changed else {})}


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
