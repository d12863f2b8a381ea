"""Fitted values in a pack's file: whatever the style, all else stays."""

import dataclasses

import pytest
import yaml

from moderate.failures import CommandFailed
from moderate.pack_text import with_fitted_values
from moderation.adapters.policies import shipped_pack_names, shipped_text
from moderation.domain.policy import parse_pack

HEAD = "name: a\ndescription: b\ncategories: [{name: C, description: c}]\nquestions:"
FLOW = "[{id: q, text: 'Is it?', categories: [C], temperature: 2}, {id: r, text: 'Or?', threshold: 0.4}]\n"
BLOCK = "\n- text: Is it?\n  id: q # note\n  categories:\n  - C\n- id: r\n  text: Or?\n  threshold: 0.4  # why\n"


def fitted(text: str):
    pack = parse_pack(yaml.safe_load(text))
    questions = tuple(dataclasses.replace(q, threshold=0.35, temperature=1.25) for q in pack.questions)
    return dataclasses.replace(pack, questions=questions)


@pytest.mark.parametrize("text", [f"{HEAD} {FLOW}", HEAD + BLOCK, (HEAD + BLOCK).replace("\n", "\r\n")])
def test_every_style_is_edited_in_place(text):
    pack = fitted(text)

    edited = with_fitted_values(text, pack, {"q": "once", "r": "once"})

    assert parse_pack(yaml.safe_load(edited)) == pack
    assert [line for line in edited.splitlines() if "# note" in line or "# why" in line] == [
        line.replace("0.4", "0.35") for line in text.splitlines() if "# note" in line or "# why" in line
    ]
    again = with_fitted_values(edited, pack, {"q": "twice", "r": "twice"})
    assert again == edited.replace("once", "twice")
    assert edited.count("\r\n") in (0, edited.count("\n"))


@pytest.mark.parametrize("name", shipped_pack_names())
def test_the_shipped_packs_can_be_edited(name):
    text = (shipped_text(name) or b"").decode()
    pack = fitted(text)

    edited = with_fitted_values(text, pack, {question.id: "on pictures" for question in pack.questions})

    assert parse_pack(yaml.safe_load(edited)) == pack
    assert edited.count("# fitted") == len(pack.questions)


def test_only_the_named_questions_change():
    text = f"{HEAD} {FLOW}"
    pack = parse_pack(yaml.safe_load(text))
    questions = (dataclasses.replace(pack.questions[0], threshold=0.9), pack.questions[1])

    edited = with_fitted_values(text, dataclasses.replace(pack, questions=questions), {"q": "x"})

    assert "threshold: 0.90" in edited
    assert edited.count("threshold") == 2


def test_a_text_that_doesnt_give_the_fitted_pack_is_refused():
    text = f"{HEAD} {FLOW}"
    others = dataclasses.replace(fitted(text), name="another")

    with pytest.raises(CommandFailed, match="can't be written"):
        with_fitted_values(text, others, {"q": "x", "r": "x"})
