"""The part of a pack that statements of reasons need beside its rules, which only the service's operator knows."""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from moderation.domain.statement_texts import MEANS
from moderation.domain.transparency_terms import CATEGORIES, EEA, EU, KEYWORDS, RESTRICTIONS, SOURCES
from moderation.domain.validation import Fields

MAX_KEYWORDS = 10
MAX_LANGUAGES = 30
MAX_DAYS = 3650
_LANGUAGE = re.compile(r"[a-z]{2}")
_LANGUAGE_RULE = "use the two lower-case letters of ISO 639-1"
_URL = re.compile(r"https?://[^\s/]+\S*")
_URL_RULE = "write an address that starts with https://"
_AREAS = {"EU": EU, "EEA": EEA}
_T = TypeVar("_T")
_RESTRICTION_RULE = f"use one of {', '.join(RESTRICTIONS)}"


@dataclass(frozen=True)
class Report:
    """Reporting of decisions under one category to the DSA Transparency Database.

    With `law` the category is illegal under it, otherwise incompatible with the service's terms. `restrictions`, if
    there are any, take the place of the pack's.
    """

    category: str
    keywords: tuple[str, ...] = ()
    law: str = ""
    restrictions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Texts:
    """Texts of a statement in one language; each may be missing.

    `restrictions` are those about each restriction, `means` about automated means by `Automation.basis`, `sources` by
    the source of a decision. `inside` is the redress within the service, `outside` that beyond it.
    """

    restrictions: tuple[tuple[str, str], ...] = ()
    means: tuple[tuple[str, str], ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    inside: str = ""
    outside: str = ""


@dataclass(frozen=True)
class StatementTerms:
    """Facts about the service that its statements of reasons name.

    `language` is that of the pack's own texts. `terms` cites the section of the service's terms and conditions, `url`
    leads there. `territories` are country codes, or EU or EEA; `days` the duration of a restriction, None for good.
    """

    language: str = "en"
    terms: str = ""
    url: str = ""
    restrictions: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    days: int | None = None
    texts: tuple[tuple[str, Texts], ...] = ()

    @property
    def countries(self) -> tuple[str, ...]:
        """Country codes of the territories, each once, in order."""
        return tuple(sorted({country for area in self.territories for country in _AREAS.get(area, (area,))}))


def parse_report(fields: Fields) -> Report | None:
    """Read the optional field `report` of a category."""
    if not fields.given("report"):
        return None
    report = fields.mapping("report", ("category", "keywords", "law", "restrictions"))
    return Report(
        category=report.choice("category", CATEGORIES),
        keywords=_listed(report, "keywords", MAX_KEYWORDS, KEYWORDS.__contains__, "use a keyword of the database"),
        law=report.text("law", limit=500, default=""),
        restrictions=_restrictions(report),
    )


def parse_notices(fields: Fields) -> tuple[tuple[str, str], ...]:
    """Read the optional field `notices` of a category: its notice by language."""
    return _by_language(fields, "notices", lambda notices, language: notices.text(language, limit=2000))


def parse_terms(fields: Fields) -> StatementTerms | None:
    """Read the optional field `statement` of a pack."""
    if not fields.given("statement"):
        return None
    known = ("language", "terms", "url", "restrictions", "territories", "days", "texts")
    terms = fields.mapping("statement", known)
    return StatementTerms(
        language=terms.text("language", limit=2, default="en", pattern=_LANGUAGE, rule=_LANGUAGE_RULE),
        terms=terms.text("terms", limit=500, default=""),
        url=terms.text("url", limit=500, default="", pattern=_URL, rule=_URL_RULE),
        restrictions=_restrictions(terms),
        territories=_listed(
            terms, "territories", len(EEA), {*EEA, *_AREAS}.__contains__, "use EU, EEA or the code of a country in them"
        ),
        days=terms.count("days", MAX_DAYS),
        texts=_by_language(terms, "texts", _texts),
    )


def missing_texts(terms: StatementTerms, language: str, restrictions: Sequence[str]) -> list[str]:
    """Paths of the texts that a pack with these restrictions lacks in a language.

    English has all but `outside` (`domain.statement_texts`).
    """
    texts = dict(terms.texts).get(language, Texts())
    cases = [f"means.{name}" for name in MEANS if name not in dict(texts.means)]
    cases += [f"sources.{name}" for name in SOURCES if name not in dict(texts.sources)]
    cases += [f"restrictions.{name}" for name in restrictions if name not in dict(texts.restrictions)]
    named = [name for name in ("inside", "outside") if not getattr(texts, name)]
    ours = ("means.", "sources.", "restrictions.", "inside") if language == "en" else ()
    return [f"statement.texts.{language}.{name}" for name in [*named, *cases] if not name.startswith(ours)]


def report_content(report: Report | None) -> dict[str, Any] | None:
    """Return every field of a report as plain data."""
    if report is None:
        return None
    return asdict(report) | {"keywords": list(report.keywords), "restrictions": list(report.restrictions)}


def terms_content(terms: StatementTerms | None) -> dict[str, Any] | None:
    """Return every field of the terms as plain data."""
    if terms is None:
        return None
    texts = {
        language: asdict(said) | {name: dict(getattr(said, name)) for name in ("restrictions", "means", "sources")}
        for language, said in terms.texts
    }
    lists = {"restrictions": list(terms.restrictions), "territories": list(terms.territories)}
    return asdict(terms) | lists | {"texts": texts}


def _texts(fields: Fields, language: str) -> Texts:
    said = fields.mapping(language, ("restrictions", "means", "sources", "inside", "outside"))
    return Texts(
        restrictions=_cases(said, "restrictions", tuple(RESTRICTIONS)),
        means=_cases(said, "means", tuple(MEANS)),
        sources=_cases(said, "sources", tuple(SOURCES)),
        inside=said.text("inside", limit=2000, default=""),
        outside=said.text("outside", limit=2000, default=""),
    )


def _cases(fields: Fields, key: str, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    if not fields.given(key):
        return ()
    cases = fields.mapping(key, names)
    return tuple((name, cases.text(name, limit=2000)) for name in names if cases.given(name))


def _by_language(fields: Fields, key: str, read: Callable[[Fields, str], _T]) -> tuple[tuple[str, _T], ...]:
    languages = [str(language) for language, _ in fields.pairs(key)]
    if not languages:
        return ()
    usable = sorted(language for language in languages if _LANGUAGE.fullmatch(language))
    for language in languages:
        if language not in usable:
            fields.faults.add(fields.at(f"{key}.{language}"), "is no language", _LANGUAGE_RULE)
    within = fields.mapping(key, languages)
    return tuple((language, read(within, language)) for language in usable)


def _restrictions(fields: Fields) -> tuple[str, ...]:
    return _listed(fields, "restrictions", len(RESTRICTIONS), RESTRICTIONS.__contains__, _RESTRICTION_RULE)


def _listed(fields: Fields, key: str, most: int, is_known: Callable[[str], bool], rule: str) -> tuple[str, ...]:
    found = []
    for path, item in fields.items(key, 0, most):
        if isinstance(item, str) and is_known(item):
            found.append(item)
        else:
            fields.faults.add(path, f"is {item!r}", rule)
    fields.faults.distinct(fields.at(key), "value", found)
    return tuple(found)
