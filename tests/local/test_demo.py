"""The edit that the demo replays."""

import pytest
import yaml

from local.demo import edited_pack
from model_artifacts.demo import DEMO_PACK
from moderation.domain.pack_cases import run_cases
from moderation.domain.policy import parse_pack
from moderation.domain.replay import Edit


def test_the_edited_pack_has_one_rule_stricter_and_one_more_lenient() -> None:
    text = DEMO_PACK.read_text("utf-8")
    before, after = (parse_pack(yaml.safe_load(each)) for each in (text, edited_pack(text)))

    assert list(Edit(before, after).changes()) == [
        ("categories.Tobacco.action", "unsafe", "review", "nothing"),
        ("questions.contact.threshold", 0.99, 0.9, "nothing"),
    ]
    assert all(case.passed for case in run_cases(after))


def test_a_pack_that_lacks_what_is_edited_is_an_error() -> None:
    with pytest.raises(ValueError, match="Contact Information"):
        edited_pack("name: other\n")
