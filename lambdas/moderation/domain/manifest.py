"""Plan of one moderation: its views, queries and policies. The steps pass it on through the work bucket."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from typing import Any

from moderation.domain.evidence import Answer, Caption, Evidence, answer_data
from moderation.domain.image_ref import ImageRef
from moderation.domain.page import Page
from moderation.domain.policy import Pack, pack_data, read_pack
from moderation.domain.reading.text import reading_from_json, reading_to_json
from moderation.domain.sticky_decision import StickyDecision

SCHEMA_VERSION = 1
READER_VERSION = "pp-ocr-6-small/3"


@dataclass(frozen=True)
class ImageFacts:
    """Facts of the uploaded object: SHA-256 (hex), size in bytes and pixels, and the uploader's metadata."""

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
    """One request to the vision model: a view, its questions, and whether a caption is wanted.

    The answers to a `shadow` query are for shadow packs alone: none of its errors counts.
    """

    view: str
    questions: tuple[str, ...]
    caption: bool
    shadow: bool = False


@dataclass(frozen=True)
class Manifest:
    """Everything that the later steps need; `shadow` packs judge the same evidence without effect.

    `broken_shadow` has a sentence for each shadow pack that can't be used, by name.
    `route` is the prefix of the packs' route. With `decision`, a person decided on the same bytes before.
    `looked_at` lists the views and frames that the models see, in sentences what they don't (`unseen`), what the reader
    doesn't (`unread`), and what it gets smaller (`shrunk`); it is stored on the record. `preview` is a PNG in base64,
    grey, blurred and tiny, for people who decide.
    `pages` are read; None if no pack asks for it.
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
    broken_shadow: Mapping[str, str] = field(default_factory=dict)
    route: str | None = None
    decision: StickyDecision | None = None
    preview: str | None = None
    pages: tuple[Page, ...] | None = None

    @property
    def unseen(self) -> tuple[str, ...]:
        """Sentences on what of the image the models don't see."""
        return tuple((self.looked_at or {}).get("unseen", ()))

    @property
    def partly_unread(self) -> tuple[str, ...]:
        """Sentences on what of the image the reader doesn't get."""
        return tuple((self.looked_at or {}).get("unread", ()))


def plan_queries(packs: Sequence[Pack], views: Sequence[str]) -> tuple[Query, ...]:
    """Plan the queries that answer every question of every pack on every view.

    The first pack is enforced, and its queries are what they are without the others. Each shadow pack has queries of
    its own for what none before it asks. A pack sets the number of questions per query; a caption counts as one.
    """
    asked: set[str | None] = set()
    queries: list[Query] = []
    for number, pack in enumerate(packs):
        texts = dict.fromkeys([*([None] if pack.caption else []), *(question.text for question in pack.asked)])
        wanted = [text for text in texts if text not in asked]
        asked.update(wanted)
        step = pack.questions_per_query or max(1, len(wanted))
        queries += [
            Query(view, tuple(text for text in chunk if text is not None), None in chunk, shadow=number > 0)
            for view in views
            for chunk in (wanted[start : start + step] for start in range(0, len(wanted), step))
        ]
    return tuple(queries)


def compute_cache_key(
    pack: Pack, prompt_version: str, preprocessing_version: str, model_input_size: int, models: str
) -> str:
    """SHA-256 (hex) of everything that affects a verdict except the image; `models` names the deployed models."""
    reader = [READER_VERSION] if pack.is_read else []
    parts = [pack.digest, prompt_version, preprocessing_version, str(model_input_size), models, *reader]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def manifest_to_json(manifest: Manifest) -> dict[str, Any]:
    """Return plain data that `manifest_from_json` reads back unchanged."""
    data = {
        "schema_version": SCHEMA_VERSION,
        **asdict(manifest),
        "pack": pack_data(manifest.pack),
        "shadow": [pack_data(pack) for pack in manifest.shadow],
        "decision": manifest.decision.attributes() if manifest.decision else None,
        "queries": [
            {name: value for name, value in asdict(query).items() if value or name != "shadow"}
            for query in manifest.queries
        ],
    }
    later: dict[str, Any] = {
        "broken_shadow": {},
        "route": None,
        "decision": None,
        "preview": None,
        "pages": None,
    }  # absent from files of earlier releases
    return {name: value for name, value in data.items() if name not in later or value != later[name]}


def manifest_from_json(data: Mapping[str, Any]) -> Manifest:
    """Read a manifest, even one that was written before this code was deployed.

    Unknown fields are ignored, missing ones get their defaults.
    """
    read = known_fields(Manifest, data)
    return Manifest(
        **read
        | {
            "image": ImageRef(**known_fields(ImageRef, data["image"])),
            "facts": ImageFacts(**known_fields(ImageFacts, data["facts"])),
            "pack": read_pack(data["pack"]),
            "shadow": tuple(read_pack(pack) for pack in data.get("shadow", ())),
            "queries": tuple(_query(query) for query in data["queries"]),
            "pages": None if data.get("pages") is None else tuple(Page(**known_fields(Page, p)) for p in data["pages"]),
            "decision": StickyDecision.from_attributes(data["decision"]) if data.get("decision") else None,
        }
    )


def _query(data: Mapping[str, Any]) -> Query:
    return Query(data["view"], tuple(data["questions"]), data.get("caption", False), data.get("shadow", False))


def evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    """Return plain data that `evidence_from_json` reads back unchanged."""
    data = asdict(evidence) | {"answers": [answer_data(answer) for answer in evidence.answers]}
    data["reading"] = reading_to_json(evidence.reading) if evidence.reading else None
    return {name: value for name, value in data.items() if value or name in ("answers", "captions")}


def evidence_from_json(data: Mapping[str, Any]) -> Evidence:
    """Read evidence, as tolerantly as `manifest_from_json`: the inverse of `evidence_to_json`."""
    return Evidence(
        answers=tuple(Answer(**known_fields(Answer, answer)) for answer in data["answers"]),
        captions=tuple(Caption(**known_fields(Caption, caption)) for caption in data.get("captions", ())),
        unseen=tuple(data.get("unseen", ())),
        reading=reading_from_json(data["reading"]) if data.get("reading") else None,
        unread=data.get("unread", ""),
        partly_unread=tuple(data.get("partly_unread", ())),
    )


def known_fields(record: type, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries of the data that are fields of the dataclass."""
    return {name: data[name] for name in _names_of(record) if name in data}


@cache
def _names_of(record: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(record))
