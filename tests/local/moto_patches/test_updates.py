"""Updates of a stack: what can't be changed stays, and what is dropped goes last."""

from typing import Any

import pytest
from botocore.parsers import ResponseParserError

from tests.local.moto_patches.cloud import Cloud, ref, unique


def test_a_resource_that_cannot_be_updated_stays(cloud: Cloud) -> None:
    def key(description: str) -> dict[str, Any]:
        return {"Key": ("AWS::KMS::Key", {"Description": description, "KeyPolicy": {}})}

    stack = cloud.stack(key("old"), {"Id": ref("Key")})
    before = stack.outputs()

    stack.update(key("new"), {"Id": ref("Key")})

    assert stack.outputs() == before


def test_what_a_template_drops_outlives_a_change_that_fails(cloud: Cloud) -> None:
    def rule(pattern: dict[str, Any]) -> dict[str, Any]:
        return {"Rule": ("AWS::Events::Rule", {"EventPattern": pattern, "Targets": []})}

    name = unique()
    dropped = {"Dropped": ("AWS::SQS::Queue", {"QueueName": name})}
    stack = cloud.stack({**rule({"source": ["a"]}), **dropped})

    with pytest.raises(ResponseParserError):  # moto answers with the error of another service
        stack.update(rule({"source": "no list"}))
    assert cloud.client("sqs").get_queue_url(QueueName=name)
