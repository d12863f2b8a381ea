"""The vision model's traffic, as the log of the function that asks it shows it."""

import time
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from moderation.adapters.endpoint_traffic import EndpointTraffic

GROUP = "queries"


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("logs", region_name="us-east-1")
        client.create_log_group(logGroupName=GROUP)
        client.create_log_stream(logGroupName=GROUP, logStreamName="one")
        yield client


class Component:
    """SageMaker, where a component has some copies."""

    def __init__(self, copies: int) -> None:
        self.copies = copies
        self.asked: list[str] = []

    def describe_inference_component(self, **request: str) -> dict[str, Any]:
        self.asked.append(request["InferenceComponentName"])
        return {"RuntimeConfig": {"CurrentCopyCount": self.copies}}


def put(logs: Any, message: str, minutes_ago: float, now: float) -> None:
    event = {"timestamp": round((now - minutes_ago * 60) * 1000), "message": message}
    logs.put_log_events(logGroupName=GROUP, logStreamName="one", logEvents=[event])


@pytest.mark.parametrize(
    ("message", "minutes_ago", "awake"),
    [
        ('{"_aws": {}, "QueryMilliseconds": [12.0]}', 59, True),
        ('{"_aws": {}, "QueryMilliseconds": [12.0]}', 61, False),
        ('{"message": "EndpointThrottled"}', 1, False),
    ],
)
def test_a_model_is_awake_if_it_answered_within_the_hour(
    logs: Any, message: str, minutes_ago: float, awake: bool
) -> None:
    now = time.time()  # CloudWatch takes no events that are too old
    put(logs, message, minutes_ago, now)

    traffic: Any = EndpointTraffic(logs, SimpleNamespace(), GROUP, None, lambda: now)  # type: ignore[arg-type]

    assert traffic.is_awake() is awake


@pytest.mark.parametrize(("copies", "awake"), [(0, False), (1, True)])
def test_a_component_that_was_scaled_to_zero_since_is_asleep(logs: Any, copies: int, awake: bool) -> None:
    now, sagemaker = time.time(), Component(copies)
    put(logs, '"QueryMilliseconds"', 20, now)

    assert EndpointTraffic(logs, sagemaker, GROUP, "eyes", lambda: now).is_awake() is awake  # type: ignore[arg-type]
    assert sagemaker.asked == ["eyes"]
