"""The hub's token is read from its secret, by the handler, and never said."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from blip2_serving import service
from blip2_serving.hub_token import HubTokenUnavailable, read_hub_token
from blip2_serving.service import Service
from moto import mock_aws

TOKEN = "hf_Qx7dAnWv"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="eu-west-1")


def secret(secrets: Any, **content: Any) -> str:
    arn: str = secrets.create_secret(Name="hub/token", **content)["ARN"]
    return arn


def test_the_token_comes_from_the_secrets_own_region_and_stays_out_of_the_log(
    secrets: Any, caplog: pytest.LogCaptureFixture
) -> None:
    arn = secret(secrets, SecretString=f"{TOKEN}\n")
    caplog.set_level(logging.DEBUG)

    assert read_hub_token(arn) == TOKEN
    assert TOKEN not in caplog.text
    assert caplog.records  # botocore did log


@pytest.mark.parametrize(
    "content", [{"SecretString": json.dumps({"token": TOKEN})}, {"SecretBinary": b"x"}, {"SecretString": " "}]
)
def test_a_secret_that_isnt_the_token_alone_is_refused_without_being_told(secrets: Any, content: Any) -> None:
    with pytest.raises(HubTokenUnavailable, match="must contain only the hub token") as refused:
        read_hub_token(secret(secrets, **content))

    assert TOKEN not in str(refused.value)


def test_a_secret_that_cant_be_read_is_named(secrets: Any) -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:gone-AbCdEf"

    with pytest.raises(HubTokenUnavailable, match=f"can't be read from {arn}: .*ResourceNotFoundException"):
        read_hub_token(arn)


def test_the_service_loads_with_revision_and_token(secrets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, dict[str, Any]]] = []

    class _Known:
        @classmethod
        def from_pretrained(cls, checkpoint: str, **source: Any) -> None:
            calls.append((checkpoint, source))
            raise OSError("enough")

    monkeypatch.setattr("blip2_serving.blip2.Blip2ForConditionalGeneration", _Known)

    with pytest.raises(OSError, match="enough"):
        Service().initialize(
            {"model_id": "a/b", "revision": "c" * 40, "hub_token_secret_arn": secret(secrets, SecretString=TOKEN)}
        )

    ((checkpoint, source),) = calls
    assert (checkpoint, source["revision"], source["token"]) == ("a/b", "c" * 40, TOKEN)


def test_without_a_secret_nothing_is_asked(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "read_hub_token", lambda arn: pytest.fail("asked for a secret"))

    Service().initialize({"model_id": str(checkpoint)})
