"""Finding the deployment, and saying what is wrong where there is none."""

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from moderate.failures import sentence
from moderation.errors import StoreUnavailable


def test_without_a_stack_it_says_how_to_get_one(moderate):
    result = moderate("verdicts")

    assert result.exit_code == 1
    assert "no stack named Moderation" in result.stderr
    assert "cdk deploy" in result.stderr and "AWS_ENDPOINT_URL" in result.stderr


def test_the_stack_can_be_named_by_option_or_environment(moderate, monkeypatch):
    assert "named Other" in moderate("verdicts", "--stack", "Other").stderr
    monkeypatch.setenv("MODERATION_STACK", "Third")
    assert "named Third" in moderate("verdicts").stderr


def test_a_stack_of_something_else_is_told_apart(moderate):
    template = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
    boto3.client("cloudformation").create_stack(StackName="Moderation", TemplateBody=template)

    result = moderate("verdicts")

    assert result.exit_code == 1
    assert "VerdictTableName" in result.stderr


def test_no_region_is_a_sentence(moderate, monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    assert "AWS_DEFAULT_REGION" in moderate("verdicts").stderr


def test_an_unknown_profile_is_a_sentence(moderate, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    result = moderate("verdicts")

    assert result.exit_code == 1
    assert "nobody" in result.stderr and "Traceback" not in result.stderr


def test_no_credentials_is_a_sentence():
    assert "aws configure" in sentence(NoCredentialsError())


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "m"}}, "PutObject")


@pytest.mark.parametrize(
    "error, said",
    [
        (refused("ExpiredToken"), "sign in again"),
        (refused("AccessDenied"), "may not call PutObject"),
        (refused("NoSuchBucket"), "NoSuchBucket"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:4566"), "http://127.0.0.1:4566 can't be reached"),
    ],
)
def test_what_aws_raises_says_what_to_do_also_through_an_adapter(error, said):
    wrapped = StoreUnavailable("NoSuchBucket")
    wrapped.__cause__ = error

    assert said in sentence(error)
    assert said in sentence(wrapped)


def test_a_laptop_cloud_that_is_not_running_is_a_sentence(moderate, monkeypatch):
    error = EndpointConnectionError(endpoint_url="http://127.0.0.1:4566")

    def describe_stacks(*_, **__):
        raise error

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", describe_stacks)

    result = moderate("show", "a.jpg")

    assert result.exit_code == 1
    assert "make local" in result.stderr


def test_help_shows_examples_for_every_command(moderate):
    for command in ("upload", "verdicts", "show", "decide", "ask", "redrive", "doctor"):
        assert f"moderate {command}" in moderate(command, "--help").stdout.split("Examples")[1]
