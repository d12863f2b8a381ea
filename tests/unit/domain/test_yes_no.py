"""The yes or no that an answer leads with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.domain.yes_no import yes_or_no


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yes", "yes"),
        (" Yes. ", "yes"),
        ("YES!", "yes"),
        ("yes, it is", "yes"),
        ("Yes - a gun", "yes"),
        ("yes there is no doubt about it", "yes"),
        ("yes yes yes", "yes"),
        ('"Yes"', "yes"),
        ("<pad> yes</s>", "yes"),
        ("\u2581yes", "yes"),
        ("\uff39\uff45\uff53", "yes"),
        ("no", "no"),
        ("no.", "no"),
        ("No, there isn't", "no"),
        ("No\nthere is nothing", "no"),
        ("no one is smoking", "no"),
        ("no, there is no gun and no knife", "no"),
    ],
)
def test_a_leading_yes_or_no_is_read_from_a_sentence(text: str, said: str) -> None:
    assert yes_or_no(text) == said


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "...", "</s>", "[UNK]", "<yes>", "ssss", "unanswerable"),
        *(
            "not sure",
            "nothing",
            "none",
            "nope",
            "nobody",
            "north",
            "yesterday",
            "yess",
            "noyes",
            "n",
            "y",
            "1",
            "true",
        ),
        *("a gun", "it is a no", "maybe yes", "and no", "oui", "ja", "\u0434\u0430", "\u306f\u3044"),
        *(
            "yes and no",
            "yes or no",
            "yes/no",
            "yes, no",
            "no, yes",
            "yes no",
            "no no yes",
            "no, but yes",
            "yes, maybe no",
        ),
        *("no idea", "No idea.", "no answer", "no doubt there is one", "no way to tell", "yes?", "no, is it?"),
    ],
)
def test_whatever_leads_with_neither_or_says_both_is_no_answer(text: str) -> None:
    assert yes_or_no(text) is None


@pytest.mark.parametrize("text", ["No. " * 1000, "Yes. " * 1000, "no" + " " * 5000])
def test_an_answer_of_any_length_is_none_beyond_a_limit(text: str) -> None:
    assert yes_or_no(text) is None


@given(st.text(max_size=80), st.sampled_from(["yes", "no", "yes, ", "no "]))
def test_any_text_is_read(text: str, start: str) -> None:
    assert yes_or_no(text) in ("yes", "no", None)
    assert yes_or_no(start + text) in (start.strip(" ,"), None)
