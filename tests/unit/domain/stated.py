"""A pack that says all that statements of reasons name, and records under it."""

from typing import Any

from moderation.domain.policy import Pack, parse_pack
from moderation.domain.record import Record, overruled
from moderation.domain.statement_texts import MEANS
from moderation.domain.transparency_terms import RESTRICTIONS, SOURCES

AT = "2026-11-23T10:00:01.000Z"
ANN = "arn:aws:sts::1:assumed-role/Reviewer/ann"
WEAPON = "Is a weapon visible?"
VIOLENCE, FAKES = "STATEMENT_CATEGORY_VIOLENCE", "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS"


def texts(language: str) -> dict[str, Any]:
    return {
        "restrictions": {name: f"{name} {language}" for name in RESTRICTIONS},
        "means": {name: f"{name} {language}" for name in MEANS},
        "sources": {name: f"{name} {language}" for name in SOURCES},
        "inside": f"inside {language}",
        "outside": f"outside {language}",
    }


def data() -> dict[str, Any]:
    """A pack, as it is written."""
    return {
        "name": "market",
        "description": "Two rules.",
        "statement": {
            "language": "en",
            "terms": "Community guidelines, section 3",
            "url": "https://example.com/terms",
            "restrictions": ["disabled"],
            "territories": ["EU"],
            "texts": {"en": texts("en"), "de": texts("de")},
        },
        "categories": [
            {
                "name": "Violence",
                "description": "Weapons and fights",
                "notice": "No violence here.",
                "notices": {"de": "Keine Gewalt."},
                "report": {"category": VIOLENCE, "keywords": ["KEYWORD_INCITEMENT_VIOLENCE_HATRED"]},
            },
            {
                "name": "Counterfeits",
                "description": "Copies of brands",
                "notice": "No copies here.",
                "notices": {"de": "Keine Nachahmungen."},
                "report": {
                    "category": FAKES,
                    "keywords": ["KEYWORD_TRADEMARK_INFRINGEMENT"],
                    "law": "Regulation (EU) 2017/1001, Article 9",
                    "restrictions": ["removed", "demoted"],
                },
            },
        ],
        "questions": [{"id": "weapon", "text": WEAPON, "categories": ["Violence"]}],
    }


PACK = parse_pack(data())


def record(pack: Pack = PACK, key: str = "users/mary-smith.jpg", **attributes: Any) -> Record:
    """A machine's record, `unsafe` for violence unless told otherwise, full of what may not be told."""
    finding = {"view": "full", "question": WEAPON, "categories": ["Violence"], "over": True, "score": 0.9}
    asked = {**finding, "question": "Is Mary Smith visible?"}
    item = {
        "pk": f"intake#{key}",
        "sk": "v1",
        "verdict": "unsafe",
        "category": "Violence",
        "reason": "Mary Smith holds a gun.",
        "decided_by": "judge",
        "created_at": "2026-11-22T23:59:59.000Z",
        "decided_at": AT,
        "reference": "mary-post-17",
        "uploader": "mary-9",
        "policy": {"name": pack.name, "digest": pack.digest},
        "captions": [{"view": "full", "text": "Mary Smith with a gun"}],
        "evidence": [finding, asked],
    }
    return Record.from_attributes(item | attributes)


def decided(standing: Record, *categories: str, now: str = AT, **circumstances: Any) -> Record:
    """The record once a person has decided that it is unsafe."""
    return standing.with_change(
        overruled(standing, "unsafe", categories, "Mary Smith, again", ANN, now, None, **circumstances)
    )


PRIVATE = ("mary", "intake", "v1", "arn:", "users/")
