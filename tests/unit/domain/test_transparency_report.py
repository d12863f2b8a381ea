"""Statements for the DSA Transparency Database: valid by its schema, and without anything about a person."""

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from moderation.domain.policy import Pack, parse_pack
from moderation.domain.record import Record
from moderation.domain.transparency_report import lacking, puid_of, report
from moderation.domain.transparency_terms import CATEGORIES, DEGREES, EEA, KEYWORDS, RESTRICTIONS, SOURCES
from tests.support.sor_schema import SCHEMA, faults
from tests.unit.domain.stated import AT, FAKES, PACK, PRIVATE, VIOLENCE, WEAPON, data, decided, record

SECRET = b"secret"


def reported(found: Record, pack: Pack = PACK) -> dict[str, Any]:
    made = report(found, pack, puid_of(SECRET, found), found.created_at[:10])
    loaded: dict[str, Any] = json.loads(json.dumps(made))
    return loaded


def changed(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in (reported(record()) | fields).items() if value is not None}


def test_a_machines_decision_is_reported_in_full() -> None:
    made = reported(record())

    assert faults(made) == []
    puid, facts = made.pop("puid"), made.pop("decision_facts")
    assert re.fullmatch("[0-9a-f]{64}", puid)
    assert "against the rule on Violence" in facts and WEAPON in facts and "own initiative" in facts
    assert made == {
        "decision_visibility": ["DECISION_VISIBILITY_CONTENT_DISABLED"],
        "territorial_scope": [country for country in EEA if country not in ("IS", "LI", "NO")],
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": "Community guidelines, section 3",
        "incompatible_content_explanation": "The image shows what this rule forbids: Violence: Weapons and fights",
        "decision_ground_reference_url": "https://example.com/terms",
        "content_type": ["CONTENT_TYPE_IMAGE"],
        "category": VIOLENCE,
        "category_specification": ["KEYWORD_INCITEMENT_VIOLENCE_HATRED"],
        "content_date": "2026-11-22",
        "application_date": "2026-11-23",
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "Yes",
        "automated_decision": "AUTOMATED_DECISION_FULLY",
    }


def test_what_is_illegal_cites_the_law() -> None:
    made = reported(record(category="Counterfeits"))

    assert faults(made) == []
    assert made["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    assert made["illegal_content_legal_ground"] == "Regulation (EU) 2017/1001, Article 9"
    assert "Copies of brands" in made["illegal_content_explanation"]
    assert not any(name.startswith("incompatible") for name in made)
    assert made["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED", "DECISION_VISIBILITY_CONTENT_DEMOTED"]


def test_a_category_that_the_pack_does_not_have_is_not_named() -> None:
    made = reported(decided(record(), "Violence", "Mary Smith"))

    assert faults(made) == []
    assert "mary" not in json.dumps(made).lower() and "against the rule on Violence." in made["decision_facts"]


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://www.example.co.uk:8080/a/b.html?x=[1]&y=%20/?#part/1?",
        "https://xn--r8jz45g.xn--zckzah/terms",
        "https://例え.jp/規約",
    ],
)
def test_an_address_that_the_database_takes_is_valid(url: str) -> None:
    assert faults(changed(decision_ground_reference_url=url)) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/{language}",
        "https://example.com/a|b",
        "https://example.com/100%",
        "https://example.com/#a#b",
        "https://example.com/a\\b",
        "https://example.com?x=^",
        "https://example.com:port/",
        "https://example.com/\n",
        "https://terms",
        "https://-/",
        "HTTPS://example.com",
    ],
)
def test_an_address_that_the_database_refuses_is_none(url: str) -> None:
    assert faults(changed(decision_ground_reference_url=url)) == ["$.decision_ground_reference_url"]


def test_more_categories_of_a_person_are_additions_with_their_keywords() -> None:
    made = reported(decided(record(), "Counterfeits", "Violence", seen=True, source="notice"))

    assert faults(made) == []
    assert (made["category"], made["category_addition"]) == (FAKES, [VIOLENCE])
    assert made["category_specification"] == ["KEYWORD_TRADEMARK_INFRINGEMENT", "KEYWORD_INCITEMENT_VIOLENCE_HATRED"]
    assert made["source_type"] == "SOURCE_ARTICLE_16"
    assert (made["automated_detection"], made["automated_decision"]) == ("Yes", "AUTOMATED_DECISION_PARTIALLY")


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("standing", [record(), record(verdict="safe", category=None), record(verdict="review")])
@pytest.mark.parametrize("seen", [True, False])
def test_every_decision_of_a_person_is_valid_and_says_nothing_of_anybody(
    source: str, standing: Record, seen: bool
) -> None:
    made = reported(decided(standing, "Violence", seen=seen, source=source))

    assert faults(made) == []
    assert made["source_type"] == SOURCES[source]
    said = json.dumps(made | {"puid": ""}).lower()
    assert [word for word in PRIVATE if word in said] == []


def test_a_restriction_that_ends_says_when() -> None:
    written = data()
    written["statement"]["days"] = 10
    assert reported(record(), parse_pack(written))["end_date_visibility_restriction"] == "2026-12-03"


def test_long_texts_are_shortened_to_what_the_database_takes() -> None:
    written = data()
    written["categories"][0]["description"] = "Weapons, " * 110
    written["categories"] += [{**written["categories"][0], "name": f"More {number}"} for number in range(3)]
    written["questions"] = [
        {"id": f"q{n}", "text": f"Is {'a' * 280} {n} visible?", "categories": ["Violence"]} for n in range(40)
    ]
    pack = parse_pack(written)
    evidence = [
        {"view": "full", "question": question.text, "categories": ["Violence"], "over": True}
        for question in pack.questions
    ]
    found = decided(record(evidence=evidence), "Violence", *(f"More {number}" for number in range(3)))

    made = reported(found, pack)

    assert faults(made) == []
    assert len(made["decision_facts"]) == 5000
    assert len(made["incompatible_content_explanation"]) == 2000


def test_the_identifier_is_of_the_decision_and_tells_nothing() -> None:
    found = record()
    later = decided(found, "Violence", now="2026-11-24T10:00:00.000Z")

    assert puid_of(SECRET, found) == puid_of(SECRET, record())
    others = (puid_of(b"other", found), puid_of(SECRET, record(key="b.jpg")), puid_of(SECRET, later))
    assert len({puid_of(SECRET, found), *others}) == 4
    assert puid_of(SECRET, record(key="\udcff.jpg"))


def without(*path: str | int) -> Pack:
    written = data()
    *within, last = path
    place: Any = written
    for step in within:
        place = place[step]
    del place[last]
    return parse_pack(written)


@pytest.mark.parametrize(
    ("pack", "category", "said"),
    [
        (None, "Violence", "has no category Violence"),
        (PACK, "Drugs", "has no category Drugs"),
        (without("categories", 0, "report"), "Violence", "doesn't say how Violence is reported: add `report`"),
        (without("statement"), "Violence", "lacks terms, restrictions, territories"),
        (without("statement", "territories"), "Violence", "lacks territories"),
        (without("statement", "terms"), "Counterfeits", None),
        (without("statement", "restrictions"), "Counterfeits", None),
        (PACK, "Violence", None),
    ],
)
def test_what_a_pack_lacks_is_a_sentence(pack: Pack | None, category: str, said: str | None) -> None:
    found = lacking(pack, record(category=category))
    assert (said in str(found)) if said else found is None


def test_only_an_unsafe_verdict_is_reported() -> None:
    with pytest.raises(ValueError, match="unsafe"):
        reported(record(verdict="safe", category=None))


@pytest.mark.parametrize(
    "broken",
    [
        {"decision_visibility": None},
        {"decision_visibility": "DECISION_VISIBILITY_CONTENT_REMOVED"},
        {"decision_visibility": []},
        {"decision_visibility": ["DECISION_VISIBILITY_OTHER"]},
        {"content_type": "CONTENT_TYPE_IMAGE"},
        {"content_type": ["CONTENT_TYPE_OTHER"]},
        {"content_type": []},
        {"decision_ground": None},
        {"decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT"},
        {"incompatible_content_ground": None},
        {"incompatible_content_ground": " "},
        {"incompatible_content_explanation": None},
        {"incompatible_content_explanation": "a" * 2001},
        {"illegal_content_legal_ground": "a law"},
        {"decision_ground_reference_url": "ftp://example.com"},
        {"category": None},
        {"category": "STATEMENT_CATEGORY_PORNOGRAPHY_OR_SEXUALIZED_CONTENT"},
        {"category_specification": ["KEYWORD_DANGEROUS_TOYS"]},
        {"territorial_scope": None},
        {"territorial_scope": []},
        {"territorial_scope": ["US"]},
        {"source_type": None},
        {"source_type": ""},
        {"source_identity": "somebody"},
        {"content_date": None},
        {"content_date": "1999-12-31"},
        {"content_date": "2026-02-30"},
        {"content_date": "2026-11-22T10:00:00Z"},
        {"application_date": "2019-12-31"},
        {"application_date": "2038-01-02"},
        {"decision_facts": None},
        {"decision_facts": "a" * 5001},
        {"automated_detection": "yes"},
        {"automated_decision": "Yes"},
        {"puid": None},
        {"puid": "users/a.jpg"},
        {"puid": "a\n"},
        {"puid": "a" * 501},
        {"reason": "an unknown attribute"},
    ],
)
def test_what_the_database_rejects_the_schema_rejects(broken: dict[str, Any]) -> None:
    assert faults(changed(**broken))


def test_the_schema_and_the_terms_are_the_same_and_name_their_source() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    of = SCHEMA["properties"]
    assert set(of["category"]["enum"]) == set(CATEGORIES) == set(of["category_addition"]["items"]["enum"])
    assert of["category_specification"]["items"]["enum"] == list(KEYWORDS)
    assert of["territorial_scope"]["items"]["enum"] == list(EEA)
    assert of["source_type"]["enum"] == list(SOURCES.values())
    assert of["automated_decision"]["enum"] == list(DEGREES.values())
    restrictions = of["decision_visibility"]["items"]["enum"]
    assert restrictions == [*RESTRICTIONS.values(), "DECISION_VISIBILITY_OTHER"]
    for part in ("https://transparency.dsa.ec.europa.eu", "commit 69e80a0", "Read on 27 November 2026"):
        assert part in SCHEMA["$comment"]
    assert AT[:10] == changed()["application_date"]
