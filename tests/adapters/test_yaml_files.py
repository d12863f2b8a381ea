"""YAML files: each value is what its author reads there, and no file takes more than its share of memory."""

import pytest

from moderation.adapters.yaml_files import load_stored_yaml, load_yaml
from moderation.errors import InvalidPolicy

TWICE = {
    "at the top": ("name: a\nname: b\n", "'name'"),
    "in a mapping": ("a: {threshold: 0.5, threshold: 0.9}\n", "'threshold'"),
    "in a list": ("- {id: a}\n- {id: b, text: c, id: d}\n", "'id'"),
    "an empty prefix": ("'': {enforce: a}\n\"\": {enforce: b}\n", "''"),
    "two spellings": ("yes: 1\ntrue: 2\n", "True"),
    "in a merged mapping": ("a: &a {x: 1, x: 2}\nb: {<<: *a}\n", "'x'"),
}
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize("text, key", TWICE.values(), ids=TWICE)
def test_a_key_given_twice_is_a_fault_with_both_places(text, key):
    with pytest.raises(InvalidPolicy, match=r"file\.yaml isn't YAML.*line \d+.*line \d+") as fault:
        load_yaml(text, "file.yaml")

    assert f"the key {key} was given" in str(fault.value)


@pytest.mark.parametrize("text, _", TWICE.values(), ids=TWICE)
def test_a_file_in_force_is_read_as_it_was_before(text, _):
    load_stored_yaml(text, "file.yaml")


def test_own_keys_go_before_merged_ones():
    assert load_yaml("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\n", "file.yaml") == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 3, "y": 2},
    }


@pytest.mark.parametrize("load", [load_yaml, load_stored_yaml])
@pytest.mark.parametrize(
    "text", [BOMB, "[" * 5000, "a: &a [*a]\n", "a: 2026-13-45\n", "? [x]\n: y\n", "a: [\n", "\x00", b"\xff\xfe\xff"]
)
def test_what_cant_be_held_in_memory_or_read_is_an_invalid_policy(load, text):
    with pytest.raises(InvalidPolicy, match=r"^file\.yaml "):
        load(text, "file.yaml")
