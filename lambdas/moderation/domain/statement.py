"""Statement of reasons for a verdict, as data (Article 17 of the Digital Services Act).

It cites the written rule and the pack's questions, and nothing that a model or a reviewer wrote: their prose isn't the
rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from moderation.domain import statement_texts
from moderation.domain.automation import Automation, automation, source
from moderation.domain.policy import Category, Pack, languages, notice_in
from moderation.domain.record import Record
from moderation.domain.statement_terms import StatementTerms, Texts
from moderation.domain.unusable import REUPLOAD

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Restriction:
    """Effect of an `unsafe` verdict, by the pack's own words; dates are YYYY-MM-DD, `ends` None for good.

    `visibility` and `territories` are empty where the pack doesn't name them.
    """

    visibility: tuple[str, ...]
    territories: tuple[str, ...]
    starts: str
    ends: str | None


@dataclass(frozen=True)
class Rule:
    """Category that the image is against, with its text as it stood then; None if that isn't known."""

    category: str
    text: str | None


@dataclass(frozen=True)
class Ground:
    """Ground of a decision: `illegal` under a law or `incompatible` with the terms, which `reference` cites.

    `first_applied` is the time from which the policy applied (ISO-8601), None if it isn't known.
    """

    kind: str
    reference: str
    url: str
    policy: str | None
    digest: str | None
    first_applied: str | None
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class SpokenTexts:
    """Texts of a statement in one language; None where the pack has none."""

    notice: str | None
    restriction: str | None
    means: str | None
    source: str | None
    inside: str | None
    outside: str | None


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Statement of reasons; `restriction` and `ground` are None, and `texts` empty, unless the verdict is `unsafe`.

    `replaces` is the earlier verdict, if it was another one. `unusable` says why a file has to be uploaded again.
    `questions` are those whose answers spoke against the image, where a machine found it. `as_of` is the time of the
    decision on the same bytes.
    """

    key: str
    version: str
    reference: str | None
    verdict: str | None
    uploaded_at: str
    decided_at: str | None
    replaces: str | None
    unusable: str | None
    restriction: Restriction | None
    ground: Ground | None
    automated: Automation | None
    source: str | None
    as_of: str | None
    questions: tuple[str, ...]
    texts: dict[str, SpokenTexts]

    def data(self) -> dict[str, Any]:
        """Return the statement as plain data for JSON."""
        return {"schema_version": SCHEMA_VERSION, **asdict(self)}


def statement(record: Record, pack: Pack | None, since: datetime | None = None) -> Statement:
    """Return the statement of a record with its evidence; `pack` is the policy that applied, `since` its first use."""
    against = record.verdict == "unsafe"
    means = automation(record) if against else None
    return Statement(
        key=record.image.key,
        version=record.image.version,
        reference=record.reference,
        verdict=record.verdict,
        uploaded_at=record.created_at,
        decided_at=record.decided_at,
        replaces=record.reverses,
        unusable=record.reason if record.needs == REUPLOAD else None,
        restriction=_restriction(record, pack) if against else None,
        ground=_ground(record, pack, since) if against else None,
        automated=means,
        source=source(record) if against else None,
        as_of=record.as_of,
        questions=_questions(record, pack) if means and means.basis in _BY_ANSWERS else (),
        texts={language: _texts(record, pack, language) for language in _languages(pack)} if against else {},
    )


_BY_ANSWERS = ("machine", "confirmed", "assisted", "found")


def category_of(pack: Pack | None, name: str | None) -> Category | None:
    """Return the category of that name; None if the pack isn't known or has none."""
    return next((category for category in pack.categories if category.name == name), None) if pack else None


def restrictions_of(pack: Pack | None, name: str | None) -> tuple[str, ...]:
    """Return the restrictions that follow for images of a category, as the pack names them."""
    category = category_of(pack, name)
    own = category.report.restrictions if category and category.report else ()
    return own or _terms(pack).restrictions


def _restriction(record: Record, pack: Pack | None) -> Restriction:
    starts = str(record.decided_at)[:10]
    days = _terms(pack).days
    ends = (date.fromisoformat(starts) + timedelta(days=days)).isoformat() if days else None
    return Restriction(restrictions_of(pack, record.category), _terms(pack).countries, starts, ends)


def _ground(record: Record, pack: Pack | None, since: datetime | None) -> Ground:
    named = [(name, category_of(pack, name)) for name in record.all_categories]
    main = named[0][1] if named else None
    law = main.report.law if main and main.report else ""
    return Ground(
        kind="illegal" if law else "incompatible",
        reference=law or _terms(pack).terms,
        url=_terms(pack).url,
        policy=pack.name if pack else None,
        digest=pack.digest if pack else None,
        first_applied=since.isoformat() if since else None,
        rules=tuple(Rule(name, category.description if category else None) for name, category in named),
    )


def _questions(record: Record, pack: Pack | None) -> tuple[str, ...]:
    """Return the pack's questions on the categories whose answers were over their thresholds."""
    asked = {question.text for question in pack.questions} if pack else set()
    over = [finding for finding in record.evidence or () if finding["over"] and finding["question"] in asked]
    about = [finding for finding in over if _share(finding["categories"], record.all_categories)]
    return tuple(dict.fromkeys(finding["question"] for finding in about))


def _share(some: Sequence[str], others: Sequence[str]) -> bool:
    return bool(set(some) & set(others))


def _languages(pack: Pack | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(("en", *(languages(pack) if pack else ()))))


def _texts(record: Record, pack: Pack | None, language: str) -> SpokenTexts:
    said, case = dict(_terms(pack).texts).get(language, Texts()), automation(record).basis
    category = category_of(pack, record.category)
    english = language == "en"
    return SpokenTexts(
        notice=(notice_in(pack, category, language) if pack and category else "") or None,
        restriction=_restricted(restrictions_of(pack, record.category), dict(said.restrictions), english),
        means=dict(said.means).get(case) or (statement_texts.MEANS[case] if english else None),
        source=dict(said.sources).get(source(record)) or (statement_texts.SOURCES[source(record)] if english else None),
        inside=said.inside or (statement_texts.INSIDE if english else None),
        outside=said.outside or None,
    )


def _restricted(restrictions: Sequence[str], said: Mapping[str, str], english: bool) -> str | None:
    """Return the texts of all restrictions; None if one is missing."""
    known = (statement_texts.RESTRICTIONS if english else {}) | dict(said)
    if not restrictions:
        return statement_texts.UNSTATED_RESTRICTION if english else None
    return " ".join(known[name] for name in restrictions) if set(restrictions) <= known.keys() else None


def _terms(pack: Pack | None) -> StatementTerms:
    return pack.statement if pack and pack.statement else StatementTerms()
