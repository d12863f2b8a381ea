import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from moderation.domain import captions, encodings, hostility, injection_patterns
from moderation.domain.captions import supported_categories
from moderation.domain.clues import Clues
from moderation.domain.injection_patterns import is_description, steers, steers_clearly, talks_about_a_thing
from moderation.domain.letters import in_words
from tests.unit.domain.shipped import HERE, read_yaml, shipped

DEMO = shipped("demo")

LISTS = ["injections", "injection_families", "harmless", "benign", "excuses", "scripts", "held_out_captions"]
GENERATED = settings(
    max_examples=5, phases=[Phase.generate], deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
STEP = 24
LETTERS = st.characters(codec="ascii", exclude_characters="\n")
SPELLINGS = (
    str,
    str.upper,
    lambda text: text[::-1],
    lambda text: text.translate(str.maketrans("oieasg", "013459")),
    lambda text: text.replace(" ", ""),
    lambda text: " ".join(text),
    lambda text: text.replace("e", "ee"),
    lambda text: text.replace("a", "\u0430"),
)


def alternatives(pattern: str) -> list[str]:
    """Return the alternatives at the top of a pattern, or of the one group that it is."""
    wrapped = re.fullmatch(r"(?:\\b)?\(\?:(.*)\)", pattern)
    return (wrapped and _split(wrapped[1])) or _split(pattern)


def _split(pattern: str) -> list[str]:
    """Split a pattern at its bars outside of groups; empty where it closes more groups than it opens."""
    parts, depth, start = list[str](), 0, 0
    for found in re.finditer(r"\\.|\[(?:\\.|[^\]\\])+\]|[()|]", pattern):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if depth < 0:
            return []
        if found[0] == "|" and not depth:
            parts.append(pattern[start : found.start()])
            start = found.end()
    return [*parts, pattern[start:]]


def kinds() -> Iterator[Any]:
    own, hostile = injection_patterns._CLUES, captions._CLUES
    for clues, kind, pattern in (
        *((own, "matter", words) for _, words in injection_patterns._MATTER),
        *((own, "demand", words) for _, words in injection_patterns._DEMAND),
        *((own, "talk", words) for _, words in injection_patterns._TALK),
        (own, "telling", injection_patterns._TELLING.pattern),
        (own, "foreign_matter", injection_patterns._FOREIGN_MATTER.pattern),
        (own, "other_language", injection_patterns._OTHER_LANGUAGES.pattern),
        (own, "thing", injection_patterns._THINGS.pattern),
        (hostile, "hostile", hostility._THREATS.pattern),
        (hostile, "hostile", hostility._INSULTS.pattern),
    ):
        for each in alternatives(pattern):
            if re.sub(r"\[.*?\]", "", each).isascii():
                yield pytest.param(clues, kind, each, id=f"{kind}: {each[:40]}")


@pytest.mark.parametrize(("clues", "kind", "pattern"), [*kinds()])
def test_all_that_a_pattern_matches_has_a_clue(clues: Clues, kind: str, pattern: str) -> None:
    compiled = re.compile(rf"\b(?:{pattern})", re.ASCII)

    @GENERATED
    @given(st.from_regex(compiled, fullmatch=True, alphabet=LETTERS))
    def has_one(text: str) -> None:
        folded = " ".join(text.casefold().split())
        words = folded if kind == "other_language" else in_words(folded)
        assert not compiled.search(words) or (kind, 0) in clues.of(words)

    has_one()


@pytest.mark.parametrize(
    ("clue", "pattern"),
    [
        *((injection_patterns._MARKED, each) for each in alternatives(injection_patterns._MARKS.pattern)),
        *((encodings._ESCAPED, each) for each in alternatives(encodings._ESCAPES.pattern)),
    ],
)
def test_all_signs_of_a_format_have_a_clue(clue: re.Pattern[str], pattern: str) -> None:
    compiled = re.compile(pattern, re.IGNORECASE | re.ASCII)

    @GENERATED
    @given(st.from_regex(compiled, fullmatch=True, alphabet=LETTERS))
    def has_one(text: str) -> None:
        assert clue.search(text)

    has_one()


@GENERATED
@given(st.from_regex(injection_patterns._RUN_TOGETHER, fullmatch=True))
def test_words_that_run_together_have_a_clue(text: str) -> None:
    assert any(word in text for word in injection_patterns._RUN_TOGETHER_WITH)


def listed() -> list[str]:
    texts = [text for name in LISTS for text in texts_in(read_yaml(HERE / f"{name}.yaml"))]
    return [spell(text) for text in texts[::STEP] for spell in SPELLINGS]


def texts_in(data: Any) -> Iterator[str]:
    """Yield all text in a file's data, keys aside."""
    if isinstance(data, str):
        yield data
    for inner in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from texts_in(inner)


def read(text: str) -> list[object]:
    """Return all that patterns say of a text, with nothing remembered of it."""
    captions._read.cache_clear()
    captions._said.cache_clear()
    captions._supported_by.cache_clear()
    said = (steers, steers_clearly, talks_about_a_thing, is_description)
    return [*(tell(text) for tell in said), supported_categories(DEMO, [text])]


def test_texts_read_alike_where_every_pattern_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = listed()
    quickly = [read(text) for text in texts]
    monkeypatch.setattr(Clues, "of", lambda clues, folded: clues.every)

    assert [text for text, quick in zip(texts, quickly, strict=True) if read(text) != quick] == []
