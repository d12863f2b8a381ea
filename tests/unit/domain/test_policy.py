"""Packs and routes: what can be used, and what is said of what can't."""

import copy
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.domain.pack_cases import run_cases
from moderation.domain.policy import (
    DEFAULT_ROUTES,
    enforcing,
    lint,
    pack_content,
    parse_pack,
    parse_routes,
    read_routes,
    routes_data,
    routes_digest,
    uncovered_categories,
)
from moderation.errors import InvalidPolicy
from tests.unit.domain.shipped import NAMES, PACKS, pack_data, shipped

EXCEPTIONS = {"exceptions": ["Kitchen knives", "Toys"]}
SCHEMA = json.loads((PACKS.parent / "schemas/pack.schema.json").read_text("utf-8"))


def small() -> dict[str, Any]:
    return {
        "name": "small",
        "description": "One rule.",
        "categories": [{"name": "Violence", "description": "Weapons"}],
        "questions": [{"id": "weapon", "text": "Is a weapon visible?", "categories": ["Violence"]}],
        "cases": [{"name": "a gun", "answers": {"weapon": 0.9}, "expect": {"verdict": "unsafe"}}],
    }


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    data = copy.deepcopy(small())
    change(data)
    return data


def faults_of(data: object) -> list[str]:
    with pytest.raises(InvalidPolicy) as caught:
        parse_pack(data)
    return str(caught.value).splitlines()


# Broken in ways that a schema can express; each with the path that the message must name.
BROKEN: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no name": (lambda d: d.pop("name"), "name: is missing"),
    "a name with a space": (lambda d: d.update(name="my pack"), "name: 'my pack'"),
    "a number as name": (lambda d: d.update(name=7), "name: is 7"),
    "an empty description": (lambda d: d.update(description=" "), "description: is empty"),
    "an unknown field": (lambda d: d.update(category=[]), "category: is an unknown field; did you mean 'categories'?"),
    "no categories": (lambda d: d.update(categories=[]), "categories: has 0 items"),
    "categories as a mapping": (lambda d: d.update(categories={}), "categories: is a mapping"),
    "a category that is a text": (
        lambda d: d["categories"].append("Drugs"),
        "categories[1]: is 'Drugs', not a mapping",
    ),
    "an action that isn't one": (
        lambda d: d["categories"][0].update(action="delete"),
        "categories[0].action: is 'delete'; use one of 'unsafe', 'review'",
    ),
    "a severity of 10": (
        lambda d: d["categories"][0].update(severity=10),
        "categories[0].severity: is 10; use a whole",
    ),
    "half a severity": (
        lambda d: d["categories"][0].update(severity=4.5),
        "categories[0].severity: is 4.5; use a whole",
    ),
    "a deadline in words": (
        lambda d: d["categories"][0].update(review_within="a day"),
        "categories[0].review_within: 'a day' isn't usable; write minutes or hours, such as 90m or 48h",
    ),
    "a deadline of nothing": (lambda d: d["categories"][0].update(review_within="0h"), "categories[0].review_within"),
    "a category without description": (lambda d: d["categories"][0].pop("description"), "categories[0].description"),
    "a category with a quote": (lambda d: d["categories"][0].update(name='A "b"'), "categories[0].name"),
    "a category with a brace": (lambda d: d["categories"][0].update(name="A {b}"), "categories[0].name"),
    "a category on two lines": (lambda d: d["categories"][0].update(description="a\nb"), "categories[0].description"),
    "exceptions as a text": (
        lambda d: d["categories"][0].update(exceptions="Toys"),
        "categories[0].exceptions: is 'Toys'; write a list",
    ),
    "an empty exception": (lambda d: d["categories"][0].update(exceptions=[" "]), "categories[0].exceptions[0]"),
    "an exception in brackets": (
        lambda d: d["categories"][0].update(exceptions=["toys (of wood)"]),
        "categories[0].exceptions[0]",
    ),
    "an exception that is a number": (lambda d: d["categories"][0].update(exceptions=[7]), "categories[0].exceptions"),
    "an exception on two lines": (
        lambda d: d["categories"][0].update(exceptions=["a\nb"]),
        "categories[0].exceptions[0]",
    ),
    "an endless exception": (
        lambda d: d["categories"][0].update(exceptions=["a" * 101]),
        "categories[0].exceptions[0]",
    ),
    "a question without a mark": (lambda d: d["questions"][0].update(text="A weapon"), "questions[0].text"),
    "a question with two marks": (lambda d: d["questions"][0].update(text="A weapon??"), "questions[0].text"),
    "a question with an unknown field": (lambda d: d["questions"][0].update(treshold=0.4), "questions[0].treshold"),
    "no questions": (lambda d: d.pop("questions"), "questions: is missing"),
    "a threshold of 1": (lambda d: d["questions"][0].update(threshold=1), "questions[0].threshold: is 1"),
    "a threshold of 0": (lambda d: d["questions"][0].update(threshold=0), "questions[0].threshold: is 0"),
    "a threshold in words": (lambda d: d["questions"][0].update(threshold="half"), "questions[0].threshold"),
    "a temperature of 0": (lambda d: d["questions"][0].update(temperature=0), "questions[0].temperature"),
    "an unsafe answer of maybe": (
        lambda d: d["questions"][0].update(unsafe_answer="maybe"),
        "questions[0].unsafe_answer",
    ),
    "a category twice in a question": (
        lambda d: d["questions"][0].update(categories=["Violence", "Violence"]),
        "questions[0].categories: the category 'Violence' is used twice",
    ),
    "unknown views": (lambda d: d.update(views="all"), "views: is 'all'"),
    "an unknown judge": (lambda d: d.update(judge="never"), "judge: is 'never'"),
    "a margin of one half": (lambda d: d.update(margin=0.5), "margin: is 0.5"),
    "a caption switch in words": (lambda d: d.update(caption="on"), "caption: is 'on'"),
    "no question a query": (lambda d: d.update(questions_per_query=0), "questions_per_query: is 0"),
    "a case without expectation": (lambda d: d["cases"][0].pop("expect"), "cases[0].expect"),
    "a case with an impossible P": (lambda d: d["cases"][0].update(answers={"weapon": 2}), "cases[0].answers.weapon"),
    "a judge unsafe without category": (
        lambda d: d["cases"][0].update(judge={"flag": "unsafe"}),
        "cases[0].judge.category",
    ),
    "a judge safe with category": (
        lambda d: d["cases"][0].update(judge={"flag": "safe", "category": "Violence"}),
        "cases[0].judge.category",
    ),
}
# Broken in ways that only the parser sees.
BROKEN_WITHIN: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "half a character": (
        lambda d: d["categories"][0].update(notice="No \ud800 here."),
        "categories[0].notice: has half a character",
    ),
    "a category that doesn't exist": (
        lambda d: d["questions"][0].update(categories=["Violense"]),
        "questions[0].categories[0]: is 'Violense'; name a category of this pack",
    ),
    "a category twice, in other case": (
        lambda d: d["categories"].append({"name": "VIOLENCE", "description": "x"}),
        "categories: the name 'violence' is used twice",
    ),
    "a question id twice": (
        lambda d: d["questions"].append(d["questions"][0] | {"text": "Another?"}),
        "questions: the id 'weapon' is used twice",
    ),
    "a question text twice": (
        lambda d: d["questions"].append(d["questions"][0] | {"id": "other"}),
        "questions: the text 'Is a weapon visible?' is used twice",
    ),
    "when_flagged with an uncovered category": (
        lambda d: d.update(judge="when_flagged", categories=[*d["categories"], {"name": "Drugs", "description": "x"}]),
        "judge: 'when_flagged' may skip the judge, but no question asks for 'Drugs'",
    ),
    "a case about an unknown question": (
        lambda d: d["cases"][0].update(answers={"gun": "yes"}),
        "cases[0].answers.gun: isn't a question of this pack",
    ),
    "a case that expects an unknown category": (
        lambda d: d["cases"][0].update(expect={"verdict": "unsafe", "category": "Gun"}),
        "cases[0].expect.category: 'Gun' is unknown",
    ),
    "a threshold that is not a number": (
        lambda d: d["questions"][0].update(threshold=float("nan")),
        "questions[0].threshold: is nan",
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_is_valid_for_schema_and_parser_alike(name: str) -> None:
    data = pack_data(name)
    jsonschema.validate(data, SCHEMA)
    assert parse_pack(data).name == name


@pytest.mark.parametrize("why", BROKEN)
def test_a_broken_pack_is_refused_by_schema_and_parser_alike(why: str) -> None:
    change, message = BROKEN[why]
    data = changed(change)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, SCHEMA)
    assert any(fault.startswith(message) for fault in faults_of(data)), faults_of(data)


@pytest.mark.parametrize("why", BROKEN_WITHIN)
def test_what_only_the_parser_can_see_is_refused_with_its_path(why: str) -> None:
    change, message = BROKEN_WITHIN[why]
    assert any(fault.startswith(message) for fault in faults_of(changed(change)))


def test_every_fault_is_listed_at_once_and_each_says_what_to_do() -> None:
    data = changed(lambda d: d.update(name="", views="all", margin=-1))
    faults = faults_of(data)
    assert [fault.split(":")[0] for fault in faults] == ["name", "views", "margin"]
    assert all("; " in fault for fault in faults)


@pytest.mark.parametrize("data", [None, [], "text", 3])
def test_a_file_that_is_no_mapping_is_refused(data: object) -> None:
    assert "file: is" in faults_of(data)[0]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*small(), "id", "text", "answers", "expect", "x"]), inner, max_size=6)
        ),
        max_leaves=20,
    )
)
def test_no_data_whatever_makes_the_parser_fail_in_another_way(data: object) -> None:
    try:
        parse_pack(data)
    except InvalidPolicy as error:
        assert str(error)


def test_bare_yes_and_no_of_yaml_mean_the_words() -> None:
    data = changed(lambda d: d["questions"][0].update(unsafe_answer=False))
    data["cases"][0]["answers"] = {"weapon": True}
    pack = parse_pack(data)
    assert pack.questions[0].unsafe_answer == "no"
    assert pack.cases[0].answers == (("weapon", "yes"),)


@pytest.mark.parametrize("name", NAMES)
def test_the_canonical_content_gives_the_pack_back_even_through_json(name: str) -> None:
    pack = shipped(name)
    assert parse_pack(json.loads(json.dumps(pack_content(pack)))) == pack


def test_the_digest_tells_packs_apart_by_any_content_but_not_by_how_they_are_written() -> None:
    pack = parse_pack(small())
    same = parse_pack(dict(reversed(small().items())))
    other = parse_pack(changed(lambda d: d["questions"][0].update(threshold=0.6)))
    assert same.digest == pack.digest
    assert other.digest != pack.digest
    assert len(pack.digest) == 64


def test_severity_and_deadline_are_read_and_a_pack_without_them_keeps_its_digest() -> None:
    plain = parse_pack(changed(lambda d: None))
    urgent = parse_pack(changed(lambda d: d["categories"][0].update(severity=9, review_within="90m")))

    assert (plain.categories[0].severity, plain.categories[0].review_minutes) == (4, 48 * 60)
    assert (urgent.categories[0].severity, urgent.categories[0].review_minutes) == (9, 90)
    assert "severity" not in plain.written
    assert plain.digest != urgent.digest
    assert plain.rules_digest == urgent.rules_digest


def test_exceptions_are_read_and_change_the_digest_and_a_pack_without_them_keeps_its_own() -> None:
    plain, excepting = parse_pack(small()), parse_pack(changed(lambda d: d["categories"][0].update(EXCEPTIONS)))

    assert (plain.categories[0].exceptions, excepting.categories[0].exceptions) == ((), ("Kitchen knives", "Toys"))
    assert plain.digest != excepting.digest
    assert "exceptions" not in plain.written
    assert parse_pack(json.loads(json.dumps(pack_content(excepting)))) == excepting
    jsonschema.validate(changed(lambda d: d["categories"][0].update(EXCEPTIONS)), SCHEMA)


def test_blog_has_the_questions_of_the_post_word_for_word() -> None:
    assert [question.text for question in shipped("blog").questions] == [
        "Does this photo contain complete naked person?",
        "Does this photo contain topless person?",
        "Does this photo contain weapon?",
        "Does this photo contain contact information?",
        "Does this photo contain a smoker?",
        "Does this photo contain blood?",
        "Are there persons fighting in this photo?",
        "Does this photo contain harassment words?",
    ]


def test_blog_has_the_categories_of_the_post_word_for_word() -> None:
    assert {category.name: category.description for category in shipped("blog").categories} == {
        "Explicit Nudity": "Nudity, Graphic Male Nudity, Graphic Female Nudity, Sexual Activity, "
        "Illustrated Explicit Nudity, Adult Toys",
        "Suggestive": "Female Swimwear Or Underwear, Male Swimwear Or Underwear, Partial Nudity, Barechested Male, "
        "Revealing Clothes, Sexual Situations",
        "Violence": "Graphic Violence Or Gore, Physical Violence, Weapon Violence, Weapons, Self Injury",
        "Visually Disturbing": "Emaciated Bodies, Corpses, Hanging, Air Crash, Explosions And Blasts",
        "Rude Gestures": "Middle Finger",
        "Drugs": "Drug Products, Drug Use, Pills, Drug Paraphernalia",
        "Tobacco": "Tobacco Products, Smoking",
        "Alcohol": "Drinking, Alcoholic Beverages",
        "Gambling": "Gambling",
        "Hate Symbols": "Nazi Party, White Supremacy, Extremist",
    }


@pytest.mark.parametrize("name", ["default", "demo", "privacy"])
def test_the_other_packs_leave_no_category_uncovered_and_lint_finds_nothing(name: str) -> None:
    assert lint(shipped(name)) == []


def test_default_has_all_categories_of_the_post_and_more() -> None:
    assert set(shipped("blog").category_names) < set(shipped("default").category_names)


def test_demo_asks_what_the_checkpoint_was_trained_on_each_for_a_category_of_its_own() -> None:
    demo = shipped("demo")
    assert [question.text for question in demo.questions] == [question.text for question in shipped("blog").questions]
    assert [question.categories for question in demo.questions] == [(name,) for name in demo.category_names]


def test_lint_names_uncovered_categories_and_questions_without_a_category() -> None:
    warnings = lint(shipped("blog"))
    assert len(uncovered_categories(shipped("blog"))) == 6
    assert sum(warning.startswith("categories: no question asks for") for warning in warnings) == 6
    assert [warning.split(":")[0] for warning in warnings[6:]] == ["questions[3]", "questions[7]"]


@pytest.mark.parametrize(
    ("description", "negated"),
    [
        ("Weapons, but not kitchen knives", "but not kitchen knives"),
        ("Nudity (except swimwear, statues)", "except swimwear, statues"),
        ("Alcohol excluding beer", "excluding beer"),
        ("Weapons other than toys", "other than toys"),
        ("People without clothes", "without clothes"),
        ("Weapons; toys are allowed", "toys are allowed"),
        ("Anything but plants", "Anything but plants"),
        ("Weapons, toys don't count", "toys don't count"),
    ],
)
def test_lint_warns_of_a_negation_in_a_description_and_suggests_exceptions(description: str, negated: str) -> None:
    data = changed(lambda d: d["categories"][0].update(description=description))

    assert lint(parse_pack(data)) == [
        f"categories[0].description: '{negated}' is negated, so captions aren't searched for its words; "
        "name what isn't meant in 'exceptions' instead"
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_category_has_a_text_for_users_and_every_pack_cases(name: str) -> None:
    pack = shipped(name)
    assert all(category.notice for category in pack.categories)
    assert {case.verdict for case in pack.cases} == {"safe", "unsafe", "review"}


@pytest.mark.parametrize("name", NAMES)
def test_the_cases_of_a_pack_pass(name: str) -> None:
    assert [result.case.name for result in run_cases(shipped(name)) if not result.passed] == []


def test_the_longest_prefix_wins() -> None:
    routes = parse_routes(
        {"": {"enforce": "default"}, "a/": {"enforce": "blog"}, "a/b": {"enforce": "privacy", "shadow": ["demo"]}}
    )
    assert routes.for_key("x.png").enforce == "default"
    assert routes.for_key("a/x.png").enforce == "blog"
    assert routes.for_key("a/b.png") == routes.routes[2]
    assert routes.for_key("a/b.png").shadow == ("demo",)


def test_a_key_that_no_route_speaks_for_is_an_error_not_a_default() -> None:
    routes = parse_routes({"a/": {"enforce": "blog"}})
    with pytest.raises(InvalidPolicy, match="no prefix matches"):
        routes.for_key("b/x.png")


CANARY = {"": {"enforce": "default", "canary": {"pack": "blog", "share": 0.2}}}


def test_a_canary_decides_for_its_share_of_the_keys_and_keeps_them_while_it_grows() -> None:
    keys = [f"in/{number}.png" for number in range(5000)]

    def taken(share: float) -> set[str]:
        (route,) = parse_routes({"": {"enforce": "default", "canary": {"pack": "blog", "share": share}}}).routes
        assert {route.decider(key) for key in keys} == {"default", "blog"}
        return {key for key in keys if route.decider(key) == "blog"}

    small, large = taken(0.05), taken(0.2)

    assert small < large
    assert 0.04 < len(small) / len(keys) < 0.06 and 0.18 < len(large) / len(keys) < 0.22
    assert taken(0.2) == large, "a key is always on the same side"


def test_a_canary_is_among_the_packs_of_the_routes_and_survives_writing_them() -> None:
    routes = parse_routes(CANARY)

    assert routes.pack_names == ("default", "blog")
    assert routes_data(routes) == CANARY and parse_routes(routes_data(routes)) == routes
    assert read_routes({"": {**CANARY[""], "later": 1}}) == routes
    assert routes_digest(routes) != routes_digest(parse_routes({"": {"enforce": "default"}}))


def test_a_canary_ends_when_its_pack_is_enforced_and_stays_beside_another() -> None:
    routes = parse_routes(CANARY)

    assert routes_data(enforcing(routes, "", "blog")) == {"": {"enforce": "blog"}}
    assert enforcing(routes, "", "demo").routes[0].canary == routes.routes[0].canary


@pytest.mark.parametrize(
    ("canary", "message"),
    [
        ("blog", "routes[''].canary: is 'blog', not a mapping"),
        ({"pack": "default", "share": 0.1}, "routes[''].canary.pack: 'default' is enforced already"),
        ({"pack": "blog"}, "routes[''].canary.share: is missing"),
        ({"pack": "blog", "share": 0}, "routes[''].canary.share: is 0; use a number above 0 and below 1"),
        ({"pack": "blog", "share": 1}, "routes[''].canary.share: is 1; use a number above 0 and below 1"),
        ({"pack": "blog", "share": 0.1, "keys": 1}, "routes[''].canary.keys: is an unknown field"),
    ],
)
def test_a_broken_canary_is_refused_with_path_and_fix(canary: object, message: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        parse_routes({"": {"enforce": "default", "canary": canary}})

    assert message in str(refused.value)


def test_without_routes_every_key_goes_to_default() -> None:
    assert DEFAULT_ROUTES.for_key("any/key.png").enforce == "default"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "routes: isn't a mapping"),
        ({}, "routes: isn't a mapping"),
        ({"": "blog"}, "routes['']: is 'blog', not a mapping"),
        ({"": {}}, "routes[''].enforce: is missing"),
        ({"a/": {"shadow": ["demo"]}}, "routes['a/'].enforce: is missing"),  # its images would never be cleared
        ({"": {"enforce": "a b"}}, "routes[''].enforce: 'a b' isn't usable"),
        ({"": {"enforce": "blog", "shadows": []}}, "routes[''].shadows: is an unknown field; did you mean 'shadow'?"),
        ({"": {"enforce": "blog", "shadow": "demo"}}, "routes[''].shadow: is 'demo'; write a list"),
        ({"": {"enforce": "blog", "shadow": [1]}}, "routes[''].shadow[0]: is 1"),
        ({"": {"enforce": "blog", "shadow": ["blog"]}}, "routes[''].shadow: 'blog' is enforced already"),
        ({"": {"enforce": "blog", "shadow": ["a", "a"]}}, "routes[''].shadow: the pack 'a' is used twice"),
        ({7: {"enforce": "blog"}}, "routes[7]: the prefix isn't text"),
    ],
)
def test_broken_routes_are_refused_with_path_and_fix(data: object, message: str) -> None:
    with pytest.raises(InvalidPolicy) as caught:
        parse_routes(data)
    assert message in str(caught.value)
    assert "; " in str(caught.value)
