"""A command that changes something works under the role whose task it is, in the caller's own name."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
REVIEWER = f"arn:aws:sts::{ACCOUNT}:assumed-role/Reviewer/moto"


@pytest.fixture
def calls(monkeypatch):
    """Calls with their parameters and access keys; `alter` may change an answer or raise."""

    class Calls(list):
        alter = staticmethod(lambda operation, answer: answer)

        def of(self, operation):
            return [parameters for called, parameters, _ in self if called == operation]

        def keys_of(self, *operations):
            return {key for called, _, key in self if called in operations}

    made, real = Calls(), BaseClient._make_api_call  # type: ignore[attr-defined]  # not part of its API

    def call(self, operation, parameters):
        made.append((operation, parameters, self._get_credentials().access_key))
        return made.alter(operation, real(self, operation, parameters))

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return made


@pytest.fixture
def image(deployed):
    put = deployed.put_object()
    deployed.put_unsafe(put)
    return put


@pytest.fixture
def pack(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "name: mine\ndescription: d\ncategories: [{name: Violence, description: Weapons}]\n"
        "questions: [{id: weapon, text: 'Is there a weapon?', categories: [Violence]}]\n"
    )
    return file


def routes(tmp_path):
    file = tmp_path / "routes.yaml"
    file.write_text("'': {enforce: default}\n")
    return file


@pytest.mark.parametrize(
    "role, changing, arguments",
    [
        ("Reviewer", "UpdateItem PutObjectTagging Publish", ["decide", "--yes", "in/a.jpg", "safe", "--note", "A toy"]),
        ("Reviewer", "Query GetObject", ["sor", "export", "--since", "1h", "--out", "OUT"]),
        ("Eraser", "DeleteObject DeleteItem PutObject", ["erase", "in/a.jpg", "--yes"]),
        ("Operator", "ReceiveMessage Query", ["redrive"]),
        ("PolicyEditor", "PutObject", ["policy", "push", "PACK"]),
        ("PolicyEditor", "PutObject", ["policy", "routes", "ROUTES", "--yes"]),
        ("PolicyEditor", "PutObject", ["policy", "rollback", "mine"]),
    ],
)
def test_each_command_works_under_its_role_and_the_callers_name(
    deployed, moderate, image, pack, tmp_path, calls, role, changing, arguments
):
    for text in ("d", "e"):
        deployed.s3.put_object(
            Bucket="policies", Key="packs/mine.yaml", Body=pack.read_text().replace(": d", f": {text}")
        )
    files = {"PACK": pack, "ROUTES": routes(tmp_path), "OUT": tmp_path / "out"}
    calls.clear()

    result = moderate(*(files.get(argument, argument) for argument in arguments))

    assert result.exit_code == 0, result.stderr
    assert calls.of("AssumeRole") == [{"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{role}", "RoleSessionName": "moto"}]
    assumed = calls.keys_of(*changing.split())
    assert assumed and all(key.startswith("ASIA") for key in assumed), "not with the caller's own rights"
    assert set(changing.split()) - {called for called, _, _ in calls} <= {"Publish"}


def test_who_decided_is_who_assumed_the_role(deployed, moderate, image):
    result = moderate("decide", "--yes", image.key, "safe", "--note", "A toy")

    assert deployed.record(image)["history"][-1]["who"] == REVIEWER
    assert REVIEWER in result.stdout


def test_a_session_of_the_role_assumes_it_no_more(deployed, moderate, image, calls, monkeypatch):
    role = f"arn:aws:iam::{ACCOUNT}:role/Reviewer"
    own = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="alice")["Credentials"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", own["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", own["SecretAccessKey"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", own["SessionToken"])
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    calls.clear()

    assert moderate("decide", "--yes", image.key, "safe", "--note", "A toy").exit_code == 0

    assert not calls.of("AssumeRole")
    assert deployed.record(image)["history"][-1]["who"].endswith("assumed-role/Reviewer/alice")


def test_whoever_may_not_assume_the_role_is_told_which_and_who_can_help(deployed, moderate, image, calls):
    def refuse(operation, answer):
        if operation == "AssumeRole":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)
        return answer

    calls.alter = refuse
    before = deployed.record(image)

    result = moderate("decide", "--yes", image.key, "safe", "--note", "A toy")

    assert result.exit_code == 1
    for part in ("role Reviewer", f"arn:aws:iam::{ACCOUNT}:role/Reviewer", "sts:AssumeRole", "administers", "moto"):
        assert part in result.stderr
    assert deployed.record(image) == before


def test_what_outlasts_the_roles_credentials_renews_them(deployed, moderate, image, calls):
    def expire_soon(operation, answer):
        if operation == "AssumeRole" and len(calls.of("AssumeRole")) == 1:
            answer["Credentials"]["Expiration"] = datetime.now(UTC) + timedelta(seconds=30)
        return answer

    calls.alter = expire_soon

    assert moderate("decide", "--yes", image.key, "safe", "--note", "A toy").exit_code == 0

    assert len(calls.of("AssumeRole")) == 2


@pytest.mark.parametrize(
    "arguments",
    [["show", "in/a.jpg"], ["verdicts"], ["policy", "routes"], ["policy", "diff", "shipped:default", "blog"]],
)
def test_whoever_only_looks_needs_no_role(deployed, moderate, image, calls, arguments):
    assert moderate(*arguments).exit_code == 0

    assert not calls.of("AssumeRole")


def test_an_older_deployment_without_the_role_says_what_to_do(deployed, moderate, image, monkeypatch):
    from moderate.deployment import Deployment

    outputs = {name: value for name, value in deployed.outputs.items() if name != "ReviewerRoleArn"}
    monkeypatch.setattr("moderate.decide.find", lambda stack: Deployment(stack, outputs))

    result = moderate("decide", "--yes", image.key, "safe", "--note", "A toy")

    assert result.exit_code == 1
    assert "ReviewerRoleArn" in result.stderr and "deploy it again" in result.stderr
