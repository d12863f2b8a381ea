"""`moderate doctor` on the stack as it is deployed."""

import json

import boto3
import pytest
from typer.testing import CliRunner

from local.harness.instant_models import NO, YES
from moderate.main import app
from moderation.adapters.s3_canary import shipped_canary
from tests.support.sessions import new_session


@pytest.fixture
def rows(laptop, models, monkeypatch):
    """An operator's rows, by name."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", laptop.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", laptop.client("s3").meta.region_name)
    for name, value in laptop.keys_of("Operator").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", new_session())

    models.answer = lambda png, prompt: YES if shipped_canary().yes in prompt else NO
    models.judge = lambda prompt: '{"flag": "unsafe", "category": "Weapons", "reason": "A weapon."}'

    def run() -> dict[str, dict[str, str]]:
        said = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
        return {check["name"]: check for check in said["checks"]}

    return run


def test_the_stack_is_as_the_doctor_wants_it(rows):
    found = rows()

    for name in (
        "credentials",
        "stack Moderation",
        "bootstrap",
        "blip2 answers",
        "llama answers",
        "intake: versioned",
        "intake: region",
        "intake: EventBridge",
        "intake: policy",
        "intake: key",
        "routes",
    ):
        assert found[name]["status"] == "ok", found[name]
    assert {found[name]["status"] for name in ("GPU quotas", "Lambda concurrency", "endpoint blip2")} == {"skipped"}
    assert found["policy blog"]["status"] == "warn"  # some of its categories have no question
