"""Schedules of the laptop cloud come as often as they say, whatever the functions do."""

import io
import json
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import schedules as module
from local.cloud.clock import VARIABLE
from local.schedules import schedules
from tests.support.waiting import eventually

RULES = {"often": "rate(1 minute)", "seldom": "rate(5 minutes)", "once": "rate(1 day)", "at one": "cron(0 1 * * ? *)"}


class Cloud:
    """Rules, each with a function of its own name, and the functions, which fail if they are `failing`."""

    def __init__(self) -> None:
        self.failing = False
        self.invoked: list[tuple[str, Any]] = []

    def list_rules(self) -> dict[str, Any]:
        return {"Rules": [{"Name": name, "ScheduleExpression": RULES[name]} for name in RULES] + [{"Name": "pattern"}]}

    def list_targets_by_rule(self, **given: str) -> dict[str, Any]:
        name = given["Rule"]
        return {"Targets": [{"Arn": name, **({"Input": '{"ahead": true}'} if name == "seldom" else {})}]}

    def invoke(self, **given: str) -> dict[str, Any]:
        self.invoked.append((given["FunctionName"], json.loads(given["Payload"])))
        if self.failing:
            raise ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke")
        return {"Payload": io.BytesIO(b"null")}

    def times(self, name: str) -> int:
        return Counter(name for name, _ in self.invoked)[name]


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    made = Cloud()
    monkeypatch.setattr(module, "client", lambda service, url: made)
    monkeypatch.setenv(VARIABLE, "1200")  # a minute takes 50 ms
    return made


def test_each_comes_at_its_rate_until_the_end(cloud: Cloud) -> None:
    with schedules("http://127.0.0.1:1"):
        eventually(lambda: cloud.times("seldom") >= 2)
    ended = len(cloud.invoked)

    assert cloud.times("often") > cloud.times("seldom") and {name for name, _ in cloud.invoked} == {"often", "seldom"}
    assert next(event for name, event in cloud.invoked if name == "often")["detail-type"] == "Scheduled Event"
    assert next(event for name, event in cloud.invoked if name == "seldom") == {"ahead": True}
    assert len(cloud.invoked) == ended


def test_one_that_fails_comes_again(cloud: Cloud) -> None:
    cloud.failing = True

    with schedules("http://127.0.0.1:1"):
        eventually(lambda: cloud.times("often") >= 3)
