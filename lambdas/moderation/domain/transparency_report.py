"""Statement of reasons for the DSA Transparency Database (`schemas/sor.schema.json`).

It holds nothing of an upload but dates: rules and questions are the pack's words, and the identifier is a keyed hash.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from moderation.domain import statement_texts
from moderation.domain.policy import Pack
from moderation.domain.record import Record
from moderation.domain.statement import Ground, Restriction, Statement, category_of, statement
from moderation.domain.transparency_terms import DEGREES, RESTRICTIONS, SOURCES

BATCH = 100  # statements that the API takes in one call
_MAX_FACTS = 5000
_MAX_EXPLANATION = 2000


def report(record: Record, pack: Pack, puid: str, uploaded_on: str) -> dict[str, Any]:
    """Return the statement of an `unsafe` record under a pack; `uploaded_on` is YYYY-MM-DD.

    What the pack doesn't say is left out, so that the schema rejects it.
    """
    stated = statement(record, pack)
    if not (stated.ground and stated.restriction and stated.automated):
        raise ValueError("only an unsafe verdict restricts anything")
    return {
        **_restriction(stated.restriction),
        **_ground(stated.ground),
        "content_type": ["CONTENT_TYPE_IMAGE"],
        **_categories(pack, record.all_categories),
        "content_date": uploaded_on,
        "application_date": stated.restriction.starts,
        "decision_facts": _facts(stated),
        "source_type": SOURCES.get(str(stated.source), ""),
        "automated_detection": "Yes" if stated.automated.detected else "No",
        "automated_decision": DEGREES[stated.automated.decided],
        "puid": puid,
    }


def lacking(pack: Pack | None, record: Record) -> str | None:
    """Say in a sentence what a pack doesn't tell of how a record's decision is reported; None if it tells all."""
    category = category_of(pack, record.category)
    if pack is None or category is None:
        return f"The policy, as far as it is known, has no category {record.category}."
    terms, said = pack.statement, category.report
    if said is None:
        return f"The policy {pack.name} doesn't say how {category.name} is reported: add `report` to the category."
    missing = [
        name
        for name, is_there in (
            ("terms", said.law or (terms and terms.terms)),
            ("restrictions", said.restrictions or (terms and terms.restrictions)),
            ("territories", terms and terms.territories),
        )
        if not is_there
    ]
    return f"The policy {pack.name} lacks {', '.join(missing)}: add them to its `statement`." if missing else None


def puid_of(secret: bytes, record: Record) -> str:
    """Return the identifier of a record's decision: a keyed hash, another one after each new decision."""
    image = record.image
    said = "\0".join(("statement", image.bucket, image.key, image.version, str(record.decided_at)))
    return hmac.new(secret, said.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()


def _restriction(restriction: Restriction) -> dict[str, Any]:
    ends = {"end_date_visibility_restriction": restriction.ends} if restriction.ends else {}
    return {
        "decision_visibility": [RESTRICTIONS[name] for name in restriction.visibility],
        "territorial_scope": list(restriction.territories),
        **ends,
    }


def _ground(ground: Ground) -> dict[str, str]:
    url = {"decision_ground_reference_url": ground.url} if ground.url else {}
    rules = "; ".join(f"{rule.category}: {rule.text}" for rule in ground.rules if rule.text)
    why = _shortened(f"The image shows what this rule forbids: {rules}", _MAX_EXPLANATION)
    if ground.kind == "illegal":
        said = {"illegal_content_legal_ground": ground.reference, "illegal_content_explanation": why}
        return {"decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT", **said, **url}
    said = {"incompatible_content_ground": ground.reference, "incompatible_content_explanation": why}
    return {"decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT", **said, **url}


def _categories(pack: Pack, names: Sequence[str]) -> dict[str, Any]:
    """Return the main category, the others that a person named, and the keywords of all of them."""
    found = [category.report for name in names if (category := category_of(pack, name)) and category.report]
    if not found:
        return {}
    main, *others = dict.fromkeys(said.category for said in found)
    keywords = dict.fromkeys(keyword for said in found for keyword in said.keywords)
    return {
        "category": main,
        **({"category_addition": others} if others else {}),
        **({"category_specification": list(keywords)} if keywords else {}),
    }


def _facts(stated: Statement) -> str:
    if not (stated.ground and stated.automated):
        return ""
    rules = ", ".join(rule.category for rule in stated.ground.rules if rule.text)  # others aren't the pack's words
    means, led = statement_texts.MEANS[stated.automated.basis], statement_texts.SOURCES[str(stated.source)]
    facts = f"An uploaded image was found to be against the rule on {rules}. {led} {means}"
    if not stated.questions:
        return _shortened(facts, _MAX_FACTS)
    asked = " ".join(stated.questions)
    return _shortened(
        f"{facts} The answers to these fixed questions about it spoke against the image: {asked}", _MAX_FACTS
    )


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
