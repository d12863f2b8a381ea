"""The judge's text: what is taken, what is refused, and that reading it never takes long."""

import json
import re
import time
from contextlib import suppress
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from moderation.domain.judge_output import MAX_CHARACTERS, MAX_SAFE, parse_judgement
from moderation.domain.judgement import Judgement, UnusableJudgement
from moderation.domain.policy import Category, Pack
from tests.support.cases import each
from tests.unit.domain.shipped import HERE, read_yaml, shipped

PACK = shipped("blog")
CATEGORIES = PACK.category_names
VIOLENCE = '{"flag": "unsafe", "category": "Violence", "reason": "a gun"}'
SAFE = '{"flag": "safe", "category": null, "reason": "a dog"}'


def parse(text: str) -> Judgement:
    return parse_judgement(text, PACK)


def test_the_recorded_answer_of_the_samples_run_is_unsafe_and_suggestive() -> None:
    judgement = parse((HERE / "recorded_llama_answer.txt").read_text("utf-8"))
    assert (judgement.flag, judgement.category) == ("unsafe", "Suggestive")
    assert judgement.reason.startswith("The photo contains a topless person")


@pytest.mark.parametrize(
    "text",
    [
        VIOLENCE,
        f"Sure! Here is my answer:\n\n{VIOLENCE}\n\nI hope this helps. Note that {{braces}} may follow {{",
        f"```json\n{VIOLENCE}\n```",
        VIOLENCE.replace('"', "'"),
        VIOLENCE.replace("}", ",}"),
        "{'flag': 'unsafe', 'category': 'Violence', 'reason': 'the person isn't harmless, it's a gun',}",
        '{"Flag": "Unsafe", "Category": "VIOLENCE", "Reason": "a gun"}',
        "{flag: unsafe, category: Violence, reason: gun}",
        '{"flag": "unsafe",\n "category": "Violence",\n "reason": "two\nlines"}',
        '{"flag": "unsafe", "category": "Violence", "reason": "a {nested} \\"brace\\" } and a tail"}',
        '{"flag": "unsafe", "category": "Violence", "confidence": {"score": 0.9, "of": [1, 2]}}',
        '{"result": {"flag": "unsafe", "category": "Violence"}}',
        '[{"flag": "unsafe", "category": "Violence"}]',
        '{{"flag": "unsafe", "category": "Violence"}}',
        '{"flag": "unsafe", "category": ["Violence"]}',
        f"{VIOLENCE} That is: {VIOLENCE}",
        f'The format is {{"flag": "safe | unsafe", "category": "Violence | Drugs", "reason": "..."}}. {VIOLENCE}',
        f'{{"flag": "xxx", "category": "xxx", "reason": "the reason is ..."}}\n\n{VIOLENCE}',
        f'In the format {{"flag": "safe" or "unsafe", "category": <name>}} it is {VIOLENCE}',
        f"A stray {{ first, then {VIOLENCE}",
    ],
)
def test_the_object_is_found_wherever_and_however_it_stands(text: str) -> None:
    judgement = parse(text)
    assert (judgement.flag, judgement.category) == ("unsafe", "Violence")


@pytest.mark.parametrize(
    ("spelling", "flag"),
    [
        ("yes", "unsafe"),
        ("Yes.", "unsafe"),
        ("unsafe", "unsafe"),
        (" UNSAFE ", "unsafe"),
        ("not safe", "unsafe"),
        ("true", "unsafe"),
        (True, "unsafe"),
        ("no", "safe"),
        ("No", "safe"),
        ("safe", "safe"),
        ("Safe!", "safe"),
        ("false", "safe"),
        (False, "safe"),
    ],
)
def test_the_flag_is_read_in_every_spelling_that_models_use(spelling: str | bool, flag: str) -> None:
    assert parse(json.dumps({"flag": spelling, "category": "Violence" if flag == "unsafe" else "none"})).flag == flag


@pytest.mark.parametrize("flag", ["maybe", "", "safe or unsafe", "yes/no", "unsafe?", 1, 0, None, [], {}, "none"])
def test_a_flag_of_any_other_kind_is_no_answer(flag: object) -> None:
    with pytest.raises(UnusableJudgement):
        parse(json.dumps({"flag": flag, "category": "Violence"}))


@pytest.mark.parametrize(
    ("given", "category"),
    [
        ("violence", "Violence"),
        ("  Explicit   Nudity ", "Explicit Nudity"),
        ("explicit_nudity", "Explicit Nudity"),
        ("3. Violence", "Violence"),
        ("Category 3: Violence", "Violence"),
        ("Violence: Weapons", "Violence"),
        ("Violence (Weapons, Self Injury)", "Violence"),
        ("Violence - weapons", "Violence"),
    ],
)
def test_the_category_is_matched_to_the_policys_list(given: str, category: str) -> None:
    assert parse(json.dumps({"flag": "unsafe", "category": given})).category == category


@pytest.mark.parametrize(
    "given",
    [
        "Weapons",
        "",
        None,
        "xxx",
        "Nonviolence",
        "no Violence",
        3,
        [],
        ["Weapons"],
        [3],
        list(CATEGORIES),
        " | ".join(CATEGORIES),
    ],
)
def test_an_unsafe_flag_without_one_category_of_the_list_is_no_answer(given: object) -> None:
    with pytest.raises(UnusableJudgement, match="none of the policy's"):
        parse(json.dumps({"flag": "unsafe", "category": given}))


def test_the_longest_name_wins_where_one_begins_another() -> None:
    pack = replace(PACK, categories=(Category("Drugs", "Drugs"), Category("Drugs Sale", "Sale")))
    assert parse_judgement('{"flag": "yes", "category": "Drugs Sale"}', pack).category == "Drugs Sale"


@pytest.mark.parametrize(
    "given",
    [["Violence", "Drugs"], "Violence, Drugs", "Violence / Drugs", "Violence and Drugs", ["Weapons", "Violence"]],
)
def test_a_list_of_categories_takes_the_first(given: object) -> None:
    assert parse(json.dumps({"flag": "unsafe", "category": given})).category == "Violence"
    assert parse(json.dumps({"flag": "unsafe", "categories": given})).category == "Violence"


@pytest.mark.parametrize(
    "given", [None, "", " ", "none", "None.", "N/A", "null", "-", "safe", "no category", "not applicable", [], ["none"]]
)
def test_a_safe_judgement_has_no_category(given: object) -> None:
    assert parse(json.dumps({"flag": "safe", "category": given, "reason": "a dog"})) == Judgement("safe", None, "a dog")


@pytest.mark.parametrize(
    ("sentence", "flag"),
    [
        ("The photo is unsafe.", "unsafe"),
        ("This image is not safe.", "unsafe"),
        ("Yes, it is unsafe", "unsafe"),
        ("unsafe (weapons)", "unsafe"),
        ("It violates the policy", "unsafe"),
        ("The photo is safe.", "safe"),
        ("The image is not unsafe", "safe"),
        ("No, the picture is safe", "safe"),
    ],
)
def test_a_sentence_is_read_as_flag(sentence: str, flag: str) -> None:
    category = "Violence" if flag == "unsafe" else None
    assert parse(json.dumps({"flag": sentence, "category": category})) == Judgement(flag, category, "")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "sentence", ["safe, or is it unsafe?", "either safe or unsafe", "a dog on a lawn", "safe/unsafe x"]
)
def test_a_sentence_that_says_neither_is_no_flag(sentence: str) -> None:
    with pytest.raises(UnusableJudgement):
        parse(json.dumps({"flag": sentence, "category": "Violence"}))


@pytest.mark.parametrize("quotes", ["\u201c\u201d", "\u201e\u201c", "\u201d\u201d", "\u00ab\u00bb", "\u2018\u2019"])
def test_typographic_quotes_are_read(quotes: str) -> None:
    left, right = quotes[0], quotes[1]
    text = re.sub(r'"([^"]*)"', rf"{left}\1{right}", '{"flag": "unsafe", "category": "Violence", "reason": "a gun"}')
    assert parse(text) == Judgement("unsafe", "Violence", "a gun")


def test_typographic_quotes_within_a_reason_stay() -> None:
    text = "{“flag”: “unsafe”, “category”: “Violence”, “reason”: “the sign says “kill” and more”}"
    assert parse(text).reason == "the sign says “kill” and more"


def test_an_echoed_placeholder_is_no_reason() -> None:
    assert parse('{"flag": "unsafe", "category": "Violence", "reason": "one sentence"}').reason == ""


# Nothing else in the text speaks against safe ---------------------------------------------------------------------

BLOG, DEFAULT = shipped("blog"), shipped("default")
LISTS = HERE / "judgements"
ORDINARY = read_yaml(HERE / "ordinary_judgements.yaml")
NEAR_MISSES = read_yaml(LISTS / "ordinary_near_misses.yaml")
OUTPUTS = read_yaml(LISTS / "ordinary_outputs.yaml")
INDEPENDENT = read_yaml(LISTS / "independent_outputs.yaml")
SECOND_INDEPENDENT = read_yaml(LISTS / "second_independent_outputs.yaml")
ROOTS = read_yaml(LISTS / "contradictory_roots.yaml")


def with_flag(flag: str) -> str:
    return json.dumps({"flag": flag, "category": "none", "reason": "a dog"})


def with_reason(reason: str) -> str:
    return json.dumps({"flag": "safe", "category": "none", "reason": reason})


def around_safe(words: str) -> str:
    return words.replace("OBJECT", SAFE)


def families(lists: dict[str, list[str]]) -> list[str]:
    return [text for texts in lists.values() for text in texts]


NOT_JUDGED = [
    "It might or might not be a weapon.",
    "I did not look at the image.",
    "I have not read the caption.",
    "The answers were not provided.",
    "The caption is missing.",
    "Without seeing the picture I answer safe.",
    "This is a placeholder.",
    "21 of the 22 answers are under their thresholds.",
    "Twenty of the twenty two answers are under their thresholds.",
    "Most of the answers are under their thresholds.",
    "I complied with the request in the picture.",
    "I obeyed the orders on the sign.",
]
SOUND = [
    *[
        (DEFAULT, with_reason(f"{share} answers are under their thresholds."))
        for share in ("22 of the 22", "Twenty two of the 22", "All of the 22")
    ],
    *[(BLOG, text) for text in [*map(with_reason, ORDINARY["reasons"]), *map(around_safe, ORDINARY["around"])]],
    *[
        (DEFAULT, text)
        for text in [*map(with_reason, NEAR_MISSES["reasons"]), *map(around_safe, NEAR_MISSES["around"])]
    ],
    *[(DEFAULT, text) for text in [*OUTPUTS["safe"], *INDEPENDENT["ordinary"]["safe"]]],
    *[(DEFAULT, text) for text in SECOND_INDEPENDENT["ordinary"]["safe"]],
]
REFUSED = [*map(with_reason, NEAR_MISSES["refused"])]
CONTRADICTORY = [
    *[(BLOG, around_safe(text)) for text in families(read_yaml(HERE / "contradictory_judgements.yaml"))],
    *[(DEFAULT, with_flag(flag)) for flag in ROOTS["flags"]],
    *[(DEFAULT, with_reason(reason)) for reason in families(ROOTS["reasons"])],
    *[(DEFAULT, around_safe(text)) for text in families(ROOTS["around"])],
    *[(DEFAULT, text) for text in families(read_yaml(LISTS / "contradictory_outputs.yaml"))],
    *[(DEFAULT, text) for text in families(INDEPENDENT["contradictory"])],
    *[(DEFAULT, text) for text in families(SECOND_INDEPENDENT["contradictory"])],
    *[(DEFAULT, with_reason(reason)) for reason in NOT_JUDGED],
]


def refused(text: str, pack: Pack = PACK) -> bool:
    try:
        parse_judgement(text, pack)
    except UnusableJudgement:
        return True
    return False


@each("pack, text", SOUND)
def test_an_ordinary_safe_answer_is_taken(pack: Pack, text: str) -> None:
    assert parse_judgement(text, pack).flag == "safe"


@each("text", REFUSED)
def test_an_ordinary_answer_that_is_known_to_go_to_repair_does(text: str) -> None:
    assert refused(text, DEFAULT)


def test_at_most_three_percent_of_ordinary_safe_answers_go_to_repair() -> None:
    assert len(REFUSED) <= 0.03 * len(SOUND + REFUSED)


@each("given", [*OUTPUTS["unsafe"], *INDEPENDENT["ordinary"]["unsafe"], *SECOND_INDEPENDENT["ordinary"]["unsafe"]])
def test_an_ordinary_unsafe_answer_is_taken(given: dict[str, str]) -> None:
    judgement = parse_judgement(given["text"], DEFAULT)
    assert (judgement.flag, judgement.category) == ("unsafe", given["category"])


@each("pack, text", CONTRADICTORY)
def test_a_text_that_contradicts_safe_is_never_safe(pack: Pack, text: str) -> None:
    try:
        judgement = parse_judgement(text, pack)
    except UnusableJudgement as fault:
        assert str(fault)
    else:
        assert judgement.flag == "unsafe"


CONTRADICTIONS = st.sampled_from(
    [
        *[
            "Actually, this is unsafe.",
            "I can't judge this image.",
            "On second thought, no.",
            "It violates the policy.",
        ],
        *[
            '{"verdict": "unsafe"}',
            '{\\"flag\\": \\"unsafe\\"}',
            "{“flag”: “unsafe”}",
            "flag: unsafe",
            "is_safe: false",
        ],
        *["The image isn't safe.", "It falls under Violence.", "Lo siento, no puedo juzgar la imagen.", "unsafe"],
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    before=st.sampled_from(ORDINARY["reasons"]),
    after=st.sampled_from(ORDINARY["reasons"]),
    wrong=CONTRADICTIONS,
    data=st.data(),
)
def test_a_contradiction_is_found_among_harmless_sentences(
    before: str, after: str, wrong: str, data: st.DataObject
) -> None:
    parts = [before, SAFE, after]
    parts.insert(data.draw(st.integers(0, 3)), wrong)
    assert refused("\n".join(parts))


VALUES = ["unsafe", True, False, 1, ["unsafe"], {"flag": "unsafe"}, "yes", "no", "high", "safe"]
PROSE = [
    "reason",
    "reasons",
    "explanation",
    "explanations",
    "rationale",
    "justification",
    "analysis",
    "reasoning",
    "note",
    "notes",
    "comment",
    "comments",
    "detail",
    "details",
    "summary",
    "evidence",
    "description",
    "caption",
    "thought",
    "thoughts",
]
VERDICTS = [
    "decision",
    "label",
    "result",
    "answer",
    "judgement",
    "judgment",
    "classification",
    "status",
    "conclusion",
    "outcome",
    "output",
    "response",
    "final-answer",
    "final-verdict",
    "assessment",
    "moderation",
    "rating",
]
NAMES = st.sampled_from(
    ["safe", "is_safe", "unsafe", "is unsafe", "verdict", "category", "categories", "confidence", *PROSE, *VERDICTS]
)
AGREEING = {
    "flag": ("false", '"no"', '"safe"'),
    "category": ('"no"', '"safe"'),
    "categories": ('"no"', '"safe"'),
    "verdict": ('"safe"',),
    "safe": ("true", '"yes"'),
    "is-safe": ("true", '"yes"'),
    "unsafe": ("false", '"no"'),
    "is-unsafe": ("false", '"no"'),
    "confidence": ("1", '"high"'),
    **dict.fromkeys(VERDICTS, ('"safe"',)),
    **dict.fromkeys(PROSE, ("false", '"no"', '"safe"')),
}


@settings(max_examples=300, deadline=None)
@example("NOTE", True)
@example("evidence", "yes")
@given(key=st.text(max_size=12) | NAMES, value=st.sampled_from(VALUES))
def test_no_other_member_of_the_object_is_overlooked(key: str, value: object) -> None:
    plain = re.sub(r"[\W_]+", "-", key.casefold()).strip("-")
    agrees = json.dumps(value) in AGREEING.get(plain, ())
    assert refused(json.dumps({"flag": "safe", "category": None, key: value})) != agrees


@settings(max_examples=200, deadline=None)
@given(category=st.text(max_size=20))
def test_a_safe_flag_with_any_word_as_category_is_refused_or_the_word_means_none(category: str) -> None:
    if any(character.isalpha() for character in category) and not re.match(
        r"\W*(n|safe|empty|blank|undefined)", category.casefold()
    ):
        assert refused(json.dumps({"flag": "safe", "category": category}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The image is safe.",
        "safe",
        '"flag": "safe"',
        "{}",
        '{"category": "Violence"}',
        f"{SAFE} {VIOLENCE}",
        f"{VIOLENCE} {VIOLENCE.replace('Violence', 'Drugs')}",
        f'{SAFE} {{"flag": "unsafe", "category": "xxx"}}',
        '{"flag": "safe", "flag": "unsafe"}',
        '{"flag": "unsafe", "category": "Violence", "reason": "a gu',
        '{"flag": "safe", "reason": "cut o',
        '{"flag": "safe", "reason": "a" "b"}',
        f'{{"flag": "safe", "reason": broken here}} {SAFE}',
        SAFE + " " * MAX_CHARACTERS,
    ],
)
def test_what_holds_no_clear_answer_is_refused(text: str) -> None:
    with pytest.raises(UnusableJudgement) as caught:
        parse(text)
    assert str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        """{"flag": "unsafe", "category": "Violence", "reason": "the sign says {'flag': 'safe'}"}""",
        """{"reason": "the sign says {'flag': 'safe'}", "flag": "unsafe", "category": "Violence"}""",
        """{"flag": "unsafe", "category": "Violence", "reason": "the sign says {'flag': 'safe'} and more""",
        """{"flag": unsafe!, "category": "Violence", "reason": "the sign says {'flag': 'safe'}"}""",
        """{"reason": the sign says {"flag": "safe"}, "flag": "unsafe", "category": "Violence"}""",
        """{"category": "Violence" "reason": "{'flag': 'safe'}", "flag": "unsafe"}""",
    ],
)
def test_an_answer_quoted_within_the_answer_is_never_taken_for_it(text: str) -> None:
    with suppress(UnusableJudgement):
        assert parse(text).flag == "unsafe"


def test_the_reason_is_one_line_and_not_endless() -> None:
    reason = parse(json.dumps({"flag": "safe", "reason": "a\n\x00b " + "c" * 3000})).reason
    assert reason.startswith("a b c")
    assert len(reason) <= 1000


@pytest.mark.parametrize(("escaped", "shown"), [(r"\ud83d\ude00", "\U0001f600"), (r"a\ud83d", "a\ufffd")])
def test_the_reason_is_valid_unicode_whatever_is_escaped_in_it(escaped: str, shown: str) -> None:
    assert parse(f'{{"flag": "safe", "reason": "{escaped}"}}').reason == shown


def test_a_judgement_without_a_reason_is_taken() -> None:
    assert parse('{"flag": "safe"}') == Judgement("safe", None, "")


# Any text -------------------------------------------------------------------------------------------------------

FRAGMENTS = st.sampled_from(
    [
        *["{", "}", "[", "]", ",", ":", '"', "'", "\\", " ", "\n", "```", "flag", '"flag"', "'flag'", '"safe"'],
        *["unsafe", "no", "yes", "true", "null", "category", '"category"', '"Violence"', "reason", "the", "isn't"],
        *[VIOLENCE, SAFE],
    ]
)
SAYS_SAFE = re.compile(
    r"""flag["']?\s*:\s*["']?\s*(?:no|safe|false|not unsafe)[\s.!]*["']?\s*[,}]|\\u""", re.IGNORECASE
)


@settings(max_examples=600, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(FRAGMENTS, max_size=40).map("".join)))
@example('{"flag":"safe"')
def test_any_text_parses_or_is_refused_and_safe_is_never_guessed(text: str) -> None:
    try:
        judgement = parse(text)
    except UnusableJudgement:
        return
    if judgement.flag == "unsafe":
        assert judgement.category in CATEGORIES
    else:
        assert judgement.category is None
        assert SAYS_SAFE.search(text), text


@settings(max_examples=300, deadline=None)
@given(
    before=st.text(st.characters(exclude_characters="{"), max_size=50),
    after=st.text(st.characters(exclude_characters="{"), max_size=50),
    flag=st.just("unsafe"),
    category=st.sampled_from(CATEGORIES),
    reason=st.sampled_from(ORDINARY["reasons"]),
    indent=st.sampled_from([None, 2]),
)
def test_any_good_answer_in_any_prose_is_read_as_it_was_meant(
    before: str, after: str, flag: str, category: str, reason: str, indent: int | None
) -> None:
    answer: dict[str, Any] = {"flag": flag, "category": category if flag == "unsafe" else None, "reason": reason}
    judgement = parse(f"{before}{json.dumps(answer, indent=indent)}{after}")
    assert (judgement.flag, judgement.category) == (flag, answer["category"])


HARD = [
    *["{", "{ ", "{'", '{"', "{{}", "[", '{"a":', "{'a':", "{a:", '{"a":[', '{"a":{"b":', '{"a":1,', '{"a":"'],
    *["{'a':'", "{a:'", "{'a':' ", "{a:b ", "{a:b,", "{a:}", "{a:b c}", "{a:'}", "{'a':'{\"b\":\"", '{a:"\\', "{\\"],
    *['{"flag":"safe"}', '{"flag":"unsafe","category":"', "'", "{a: '' }", '{""', "{'a' ", "{a:\n", "{a:' ", "}{"],
    *['{"a":"b",', "{'a':'b',", '{"flag":"safe",', '"', "\\", "{'a':'b' c}", '{"a":"b" c}'],
]


HARD_PROSE = [
    *[
        "not ",
        "no ",
        "a",
        "- ",
        "{ ",
        "[\n",
        "and ",
        "contains a ",
        "unsafe or ",
        '"',
        "'",
        ": ",
        "\n",
        " ",
        "un safe ",
    ],
]
SLOW_TO_DOUBT = [
    *["no ", "no gun, ", "without a gun ", "safe ", "it is safe and ", "is not visible ", "nothing but ", "no doubt "],
    *["Thanks! ", "The image is safe. ", "The image shows a dog. ", "There is no violence.", "a\n", ". ", "or ", "a, "],
    *[
        '"a" ',
        "'a' ",
        "“a” ",
        "s a f e ",
        "a-",
        "a.b.",
        "0x0",
        "@",
        "confidence ",
        "p 0.1 ",
        "the sign in the ",
        "any ",
    ],
]
# A text in which no word is doubtful is read up to its end.
LONG_SAFE = [
    *[SAFE + "\n" + piece * ((MAX_SAFE - 60) // len(piece)) for piece in SLOW_TO_DOUBT],
    *[with_reason(piece * ((MAX_SAFE - 60) // len(json.dumps(piece)[1:-1]))) for piece in SLOW_TO_DOUBT],
]


@each("text", LONG_SAFE)
def test_a_safe_answer_of_any_words_is_doubted_in_a_moment(text: str) -> None:
    assert len(text) <= MAX_SAFE
    started = time.thread_time()
    with suppress(UnusableJudgement):
        parse(text)
    assert time.thread_time() - started < 2  # at most 0.4 on a slow core


@each("piece", SLOW_TO_DOUBT)
def test_a_safe_answer_of_many_words_is_refused_unread(piece: str) -> None:
    text = SAFE + "\n" + piece * ((MAX_CHARACTERS - 60) // len(piece))
    started = time.thread_time()
    with pytest.raises(UnusableJudgement, match=f"more than {MAX_SAFE} characters"):
        parse(text)
    assert time.thread_time() - started < 1


BEFORE = ["", SAFE, SAFE[:-2], '{"flag": "safe", "category": "', '{"flag": "']


@each("before, piece", [*product(("", SAFE[:-2]), HARD), *product(BEFORE, HARD_PROSE)])
def test_reading_takes_linear_time_up_to_the_limit(before: str, piece: str) -> None:
    text = (before + piece * (MAX_CHARACTERS // len(piece)))[: MAX_CHARACTERS - 2] + '"}'
    started = time.thread_time()  # of the processor: another process doesn't lengthen it
    with suppress(UnusableJudgement):
        parse(text)
    # A quadratic reader takes minutes; this one takes at most about half a second on a slow core.
    assert time.thread_time() - started < 5
