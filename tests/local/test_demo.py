"""The message that the demo shows, and the edit that it replays."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws

from local.demo import edited_pack, receive
from model_artifacts.demo import DEMO_PACK
from moderation.domain.pack_cases import run_cases
from moderation.domain.policy import parse_pack
from moderation.domain.replay import Edit


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, str]]:
    """A queue with the messages of three objects, as SNS sends them, and its client."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        sqs = boto3.client("sqs", region_name="us-east-1")
        url = sqs.create_queue(QueueName="unsafe-images")["QueueUrl"]
        for key in ("01-weapon.png", "14-small-words.png", "02-blood.png"):
            body = {"Message": json.dumps({"verdict": "unsafe", "image": {"key": key}})}
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))
        yield sqs, url


@pytest.mark.parametrize("key", ["14-small-words.png", "02-blood.png"])
def test_the_message_shown_is_that_of_the_picture_asked_for(queue: tuple[Any, str], key: str) -> None:
    assert receive(*queue, key)["image"]["key"] == key


def test_another_message_is_shown_where_there_is_none_about_it(queue: tuple[Any, str]) -> None:
    assert receive(*queue, "safe.png", timeout_s=0.3)["verdict"] == "unsafe"
    assert receive(*queue, None, timeout_s=0.3) is None, "all were received"


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
