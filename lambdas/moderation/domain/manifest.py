"""The plan of one moderation: which views, which queries, under which policy. It travels through the work bucket."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.image_ref import ImageRef
from moderation.domain.policy import Pack, pack_content, parse_pack


@dataclass(frozen=True)
class ImageFacts:
    """What is known of the uploaded object: SHA-256 (hex), size in bytes and pixels, what its uploader said of it."""

    sha256: str
    size: int
    width: int
    height: int
    format: str
    content_type: str
    reference: str | None


@dataclass(frozen=True)
class Query:
    """One request to the vision model: a view, the questions put to it, and whether it is to be described."""

    view: str
    questions: tuple[str, ...]
    caption: bool


@dataclass(frozen=True)
class Manifest:
    """Everything the later steps need to know; `shadow` packs judge the same evidence without consequence."""

    image: ImageRef
    facts: ImageFacts
    pack: Pack
    shadow: tuple[Pack, ...]
    queries: tuple[Query, ...]
    preprocessing_version: str
    made_by: str
    prepare_ms: int
    reused_from: dict[str, str] | None = None


@dataclass(frozen=True)
class Workspace:
    """Keys of one execution's files in the work bucket; a new execution never meets an old one's files."""

    prefix: str

    @classmethod
    def of(cls, image: ImageRef, execution: str) -> "Workspace":
        return cls(f"work/{image.id}/{execution.rsplit(':', 1)[-1]}")

    @property
    def execution(self) -> str:
        """The execution's name."""
        return self.prefix.rsplit("/", 1)[-1]

    @property
    def manifest(self) -> str:
        return f"{self.prefix}/manifest.json"

    @property
    def judgement(self) -> str:
        return f"{self.prefix}/judgement.json"

    @property
    def evidence(self) -> str:
        """Not among the work, which expires: evidence stays as long as the record that it belongs to."""
        return f"evidence/{self.prefix.removeprefix('work/')}.json"

    def view(self, name: str) -> str:
        return f"{self.prefix}/views/{name}.png"

    def answers(self, query: int) -> str:
        return f"{self.prefix}/answers/{query}.json"


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


def fingerprint(
    packs: Sequence[Pack], prompt_version: str, preprocessing_version: str, model_input_size: int, models: str
) -> str:
    """SHA-256 (hex) of all that makes a verdict, the image aside; `models` names what is deployed."""
    parts = [*(pack.digest for pack in packs), prompt_version, preprocessing_version, str(model_input_size), models]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def manifest_to_json(manifest: Manifest) -> dict[str, Any]:
    """Plain data that `manifest_from_json` reads back unchanged."""
    return asdict(manifest) | {
        "pack": pack_content(manifest.pack),
        "shadow": [pack_content(pack) for pack in manifest.shadow],
    }


def manifest_from_json(data: Mapping[str, Any]) -> Manifest:
    """The inverse of `manifest_to_json`."""
    return Manifest(
        image=ImageRef(**data["image"]),
        facts=ImageFacts(**data["facts"]),
        pack=parse_pack(data["pack"]),
        shadow=tuple(parse_pack(pack) for pack in data["shadow"]),
        queries=tuple(Query(q["view"], tuple(q["questions"]), q["caption"]) for q in data["queries"]),
        preprocessing_version=data["preprocessing_version"],
        made_by=data["made_by"],
        prepare_ms=data["prepare_ms"],
        reused_from=data["reused_from"],
    )


def evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    """Plain data that `evidence_from_json` reads back unchanged."""
    return asdict(evidence)


def evidence_from_json(data: Mapping[str, Any]) -> Evidence:
    """The inverse of `evidence_to_json`."""
    return Evidence(
        answers=tuple(Answer(**answer) for answer in data["answers"]),
        captions=tuple(Caption(**caption) for caption in data["captions"]),
    )
