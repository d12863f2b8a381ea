"""Statements of reasons: what a pack says, in each of its languages, and what is said where it doesn't."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest

from moderation.domain.notice import notice
from moderation.domain.policy import Pack, lint, pack_content, pack_data, parse_pack, read_pack
from moderation.domain.record import overruled
from moderation.domain.statement import statement
from moderation.domain.transparency_terms import CATEGORIES, EEA, EU, KEYWORDS, RESTRICTIONS
from moderation.errors import InvalidPolicy
from tests.unit.domain.shipped import PACKS
from tests.unit.domain.stated import ANN, AT, PACK, WEAPON, data, decided, record, texts

SCHEMA = json.loads((PACKS.parent / "schemas/pack.schema.json").read_text("utf-8"))


def stated(pack: Pack | None = PACK, **attributes: Any) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(json.dumps(statement(record(**attributes), pack).data()))
    return said


def changed(*path: str | int, value: object = None) -> dict[str, Any]:
    """The pack's data with a value at a path, or without what is there."""
    made = data()
    *within, last = path
    place: Any = made
    for step in within:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return made


def test_a_statement_has_all_that_it_must_name() -> None:
    said = json.loads(json.dumps(statement(record(), PACK, datetime(2026, 11, 1, tzinfo=UTC)).data()))

    assert said["schema_version"] == 1
    assert said["restriction"] == {
        "visibility": ["disabled"],
        "territories": list(EU),
        "starts": AT[:10],
        "ends": None,
    }
    assert said["ground"] == {
        "kind": "incompatible",
        "reference": "Community guidelines, section 3",
        "url": "https://example.com/terms",
        "policy": "market",
        "digest": PACK.digest,
        "first_applied": "2026-11-01T00:00:00+00:00",
        "rules": [{"category": "Violence", "text": "Weapons and fights"}],
    }
    assert said["automated"] == {"basis": "machine", "detected": True, "decided": "fully"}
    assert (said["source"], said["questions"]) == ("own_initiative", [WEAPON])
    assert "Mary Smith holds" not in json.dumps(said) and "with a gun" not in json.dumps(said)


def test_each_language_of_the_pack_has_its_own_texts() -> None:
    said = stated()["texts"]

    assert said["de"] == {
        "notice": "Keine Gewalt.",
        "restriction": "disabled de",
        "means": "machine de",
        "source": "own_initiative de",
        "inside": "inside de",
        "outside": "outside de",
    }
    assert said["en"]["notice"] == "No violence here." and said["en"]["inside"] == "inside en"
    assert said.keys() == {"en", "de"}


def test_english_has_texts_of_ours_and_other_languages_say_what_they_lack() -> None:
    pack = parse_pack(changed("statement", "texts", value={"de": {"inside": "Schreiben Sie uns."}}))

    said = stated(pack)["texts"]

    assert said["en"]["restriction"] == "Access to the image is disabled."
    assert said["en"]["means"] == "An automated system found the image and decided, without a person."
    assert "answer the service" in said["en"]["inside"] and said["en"]["outside"] is None
    assert said["de"] == {
        **dict.fromkeys(("restriction", "means", "source", "outside")),
        "notice": "Keine Gewalt.",
        "inside": "Schreiben Sie uns.",
    }


def test_a_pack_in_another_language_has_its_notices_in_it() -> None:
    written = changed("statement", "language", value="fr") | {"description": "x"}

    said = stated(parse_pack(written))["texts"]

    assert said["fr"]["notice"] == "No violence here." and said["en"]["notice"] is None


def test_an_illegal_category_cites_the_law_and_has_restrictions_of_its_own() -> None:
    said = stated(category="Counterfeits")

    assert said["ground"]["kind"] == "illegal"
    assert said["ground"]["reference"] == "Regulation (EU) 2017/1001, Article 9"
    assert said["restriction"]["visibility"] == ["removed", "demoted"]
    assert said["texts"]["de"]["restriction"] == "removed de demoted de"


def test_a_language_that_lacks_the_text_of_a_restriction_says_nothing_of_the_others() -> None:
    pack = parse_pack(changed("statement", "texts", "de", "restrictions", "demoted"))

    assert stated(pack, category="Counterfeits")["texts"]["de"]["restriction"] is None
    assert stated(pack)["texts"]["de"]["restriction"] == "disabled de"


def test_a_restriction_may_end() -> None:
    pack = parse_pack(changed("statement", "days", value=30))

    assert stated(pack)["restriction"]["ends"] == "2026-12-23"
    assert "It ends on 2026-12-23." in notice(statement(record(), pack))


def test_all_categories_that_a_person_named_are_rules() -> None:
    said = statement(decided(record(), "Counterfeits", "Violence"), PACK)

    assert said.ground and [rule.category for rule in said.ground.rules] == ["Counterfeits", "Violence"]
    assert "breaks our rule on Counterfeits and on Violence" in notice(said)


def test_a_statement_without_a_known_policy_says_so() -> None:
    said = stated(None)

    assert said["ground"]["rules"] == [{"category": "Violence", "text": None}]
    assert said["restriction"]["visibility"] == []
    assert said["texts"].keys() == {"en"}
    assert "isn't known to this system" in notice(statement(record(), None))


def test_a_decision_that_was_reversed_says_what_it_replaces() -> None:
    standing = record()
    reversed_ = standing.with_change(overruled(standing, "safe", (), "n", ANN, AT))

    said = statement(reversed_, PACK).data()

    assert (said["verdict"], said["replaces"], said["restriction"], said["texts"]) == ("safe", "unsafe", None, {})
    assert "so there is nothing to appeal" in notice(statement(reversed_, PACK))


def test_the_text_names_terms_means_source_and_both_ways_of_redress() -> None:
    said = notice(statement(record(), PACK))

    for part in ("disabled en", "Our terms: Community guidelines", "https://example.com/terms", WEAPON):
        assert part in said
    for part in ("own_initiative en machine en", "inside en", "outside en", "No violence here."):
        assert part in said


def test_the_text_without_a_conclusive_question_leaves_open_what_spoke_against_the_image() -> None:
    said = notice(statement(record(evidence=[]), PACK))

    assert "what it saw in the picture, and what it read there" in said and "None of its standard questions" in said


def test_only_questions_of_the_pack_are_cited() -> None:
    assert "Is Mary Smith visible?" not in json.dumps(stated())


def test_the_pack_survives_being_stored_and_other_packs_keep_their_digests() -> None:
    stored = json.loads(json.dumps(pack_data(PACK)))
    assert read_pack(stored) == PACK and read_pack(stored).digest == PACK.digest
    in_code = json.loads(json.dumps(pack_content(PACK)))
    assert read_pack(in_code) == PACK
    without = data() | {"categories": [{"name": "Violence", "description": "Weapons"}]}
    assert pack_data(parse_pack(without))["categories"] == without["categories"]
    assert PACK.rules_digest == replace(PACK, statement=None).rules_digest


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "a category of no database": (
        changed("categories", 0, "report", "category", value="VIOLENCE"),
        "categories[0].report.category: is 'VIOLENCE'",
    ),
    "a report without a category": (
        changed("categories", 0, "report", "category"),
        "categories[0].report.category: is missing",
    ),
    "an unknown keyword": (
        changed("categories", 0, "report", "keywords", value=["KEYWORD_GUNS"]),
        "categories[0].report.keywords[0]: is 'KEYWORD_GUNS'",
    ),
    "a keyword twice": (
        changed("categories", 0, "report", "keywords", value=["KEYWORD_NUDITY"] * 2),
        "categories[0].report.keywords: the value 'KEYWORD_NUDITY' is used twice",
    ),
    "an unknown restriction": (changed("statement", "restrictions", value=["hidden"]), "statement.restrictions[0]"),
    "a country outside": (changed("statement", "territories", value=["US"]), "statement.territories[0]: is 'US'"),
    "an address without a scheme": (changed("statement", "url", value="example.com"), "statement.url"),
    "terms that are too long": (changed("statement", "terms", value="a" * 501), "statement.terms: has 501"),
    "no day": (changed("statement", "days", value=0), "statement.days: is 0"),
    "a language in words": (changed("statement", "language", value="English"), "statement.language: has 7"),
    "texts in a language in words": (
        changed("statement", "texts", value={"German": {}}),
        "statement.texts.German: is no language",
    ),
    "a notice in a language in words": (
        changed("categories", 0, "notices", value={"German": "x"}),
        "categories[0].notices.German: is no language",
    ),
    "an empty notice": (changed("categories", 0, "notices", value={"de": " "}), "categories[0].notices.de: is empty"),
    "an unknown means": (
        changed("statement", "texts", "de", "means", value={"robot": "x"}),
        "statement.texts.de.means.robot: is an unknown field",
    ),
    "an unknown field": (changed("statement", "contact", value="x"), "statement.contact: is an unknown field"),
}


@pytest.mark.parametrize("why", BROKEN)
def test_what_is_wrong_is_refused_by_schema_and_parser_alike(why: str) -> None:
    written, fault = BROKEN[why]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(written, SCHEMA)
    with pytest.raises(InvalidPolicy) as caught:
        parse_pack(written)
    assert any(line.startswith(fault) for line in str(caught.value).splitlines()), caught.value


def test_the_schema_of_packs_knows_the_same_terms() -> None:
    jsonschema.validate(data(), SCHEMA)
    defined = SCHEMA["$defs"]
    report, said = defined["report"]["properties"], defined["statement"]["properties"]
    assert report["category"]["enum"] == list(CATEGORIES)
    assert report["keywords"]["items"]["enum"] == list(KEYWORDS)
    assert said["territories"]["items"]["enum"] == ["EU", "EEA", *EEA]
    assert defined["restrictions"]["items"]["enum"] == list(RESTRICTIONS)
    means = defined["statement_texts"]["properties"]
    for name in ("restrictions", "means", "sources"):
        assert list(means[name]["properties"]) == list(texts("en")[name])


def test_lint_finds_nothing_in_a_pack_that_says_all() -> None:
    assert lint(PACK) == ["categories: no question asks for 'Counterfeits'; only the caption and the judge can find it"]


@pytest.mark.parametrize(
    ("written", "path"),
    [
        (changed("categories", 0, "report"), "categories[0].report"),
        (changed("statement", "terms"), "statement.terms"),
        (changed("statement", "restrictions"), "statement.restrictions"),
        (changed("statement", "territories"), "statement.territories"),
        (changed("statement", "texts", "de", "outside"), "statement.texts.de.outside"),
        (changed("statement", "texts", "en", "outside"), "statement.texts.en.outside"),
        (changed("statement", "texts", "de", "restrictions", "demoted"), "statement.texts.de.restrictions.demoted"),
        (changed("statement", "texts", "de", "means", "confirmed"), "statement.texts.de.means.confirmed"),
        (changed("statement", "texts", "de", "sources", "notice"), "statement.texts.de.sources.notice"),
        (changed("categories", 0, "notices"), "categories[0].notices.de"),
        (changed("categories", 1, "notice"), "categories[1].notice"),
    ],
)
def test_lint_names_what_is_missing(written: dict[str, Any], path: str) -> None:
    (warning,) = lint(parse_pack(written))[1:]
    assert warning.startswith(f"{path}: is missing")


def test_english_texts_that_we_have_are_not_missed() -> None:
    written = changed("statement", "texts", value={"en": {"outside": "A court."}})
    for category in written["categories"]:
        del category["notices"]

    assert len(lint(parse_pack(written))) == 1


def test_lint_asks_for_the_facts_about_the_service_of_a_pack_that_reports() -> None:
    written = changed("statement")
    missing = [warning.split(":")[0] for warning in lint(parse_pack(written))[1:]]
    assert missing[:3] == ["statement.terms", "statement.restrictions", "statement.territories"]
    assert "statement.texts.en.outside" in missing
    for category in written["categories"]:
        del category["report"], category["notices"]
    assert len(lint(parse_pack(written))) == 1
