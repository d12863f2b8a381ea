"""The plan of one moderation: which views, which queries, under which policy. It travels through the work bucket."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.image_ref import ImageRef
from moderation.domain.policy import Pack, pack_data, read_pack

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class ImageFacts:
    """Facts of the uploaded object: SHA-256 (hex), size in bytes and pixels, and what its uploader said of it."""

    sha256: str
    size: int
    width: int
    height: int
    format: str
    content_type: str = ""
    reference: str | None = None
    uploader: str | None = None


@dataclass(frozen=True)
class Query:
    """One request to the vision model: a view, the questions put to it, and whether it is to be described."""

    view: str
    questions: tuple[str, ...]
    caption: bool


@dataclass(frozen=True)
class Manifest:
    """Everything the later steps need to know; `shadow` packs judge the same evidence without consequence.

    `looked_at` says which views and frames are looked at, as it is stored in the record.
    """

    image: ImageRef
    facts: ImageFacts
    pack: Pack
    shadow: tuple[Pack, ...]
    queries: tuple[Query, ...]
    preprocessing_version: str
    cache_key: str
    prepare_ms: int = 0
    looked_at: Mapping[str, Any] | None = None
    reused_from: Mapping[str, str] | None = None


def plan_queries(packs: Sequence[Pack], views: Sequence[str]) -> tuple[Query, ...]:
    """The queries that answer every question of every pack on every view.

    The first pack, which is enforced, says how many questions a query takes; a description counts as one. Questions
    that packs share are asked once.
    """
    questions = list(dict.fromkeys(question.text for pack in packs for question in pack.questions))
    wanted: list[str | None] = [*([None] if any(pack.caption for pack in packs) else []), *questions]
    step = packs[0].questions_per_query or len(wanted)
    return tuple(
        Query(view, tuple(text for text in chunk if text is not None), None in chunk)
        for view in views
        for chunk in (wanted[start : start + step] for start in range(0, len(wanted), step))
    )


def compute_cache_key(
    packs: Sequence[Pack], prompt_version: str, preprocessing_version: str, model_input_size: int, models: str
) -> str:
    """SHA-256 (hex) of all that makes a verdict, the image aside; `models` names what is deployed."""
    parts = [*(pack.digest for pack in packs), prompt_version, preprocessing_version, str(model_input_size), models]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def manifest_to_json(manifest: Manifest) -> dict[str, Any]:
    """Return plain data that `manifest_from_json` reads back unchanged."""
    return {
        "schema_version": SCHEMA_VERSION,
        **asdict(manifest),
        "pack": pack_data(manifest.pack),
        "shadow": [pack_data(pack) for pack in manifest.shadow],
    }


def manifest_from_json(data: Mapping[str, Any]) -> Manifest:
    """Read a manifest, also one that an execution left before the deployment of this code.

    Fields that this code doesn't know are ignored, those that came later have their defaults.
    """
    read = known_fields(Manifest, data)
    return Manifest(
        **read
        | {
            "image": ImageRef(**known_fields(ImageRef, data["image"])),
            "facts": ImageFacts(**known_fields(ImageFacts, data["facts"])),
            "pack": read_pack(data["pack"]),
            "shadow": tuple(read_pack(pack) for pack in data.get("shadow", ())),
            "queries": tuple(Query(q["view"], tuple(q["questions"]), q.get("caption", False)) for q in data["queries"]),
        }
    )


def evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    """Return plain data that `evidence_from_json` reads back unchanged."""
    return asdict(evidence)


def evidence_from_json(data: Mapping[str, Any]) -> Evidence:
    """Read evidence: `evidence_to_json` the other way round, tolerant as `manifest_from_json`."""
    return Evidence(
        answers=tuple(Answer(**known_fields(Answer, answer)) for answer in data["answers"]),
        captions=tuple(Caption(**known_fields(Caption, caption)) for caption in data.get("captions", ())),
    )


def known_fields(record: type, data: Mapping[str, Any]) -> dict[str, Any]:
    """Those entries of the data that are fields of the dataclass."""
    return {field.name: data[field.name] for field in fields(record) if field.name in data}
