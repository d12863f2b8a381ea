"""`moderate doctor`: each row when all is well, when it isn't, and when AWS refuses to say."""

import base64
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from botocore.parsers import ResponseParserError

from moderate.checks import account, intake_statements, quotas, tools
from moderate.checks.check import RIGHTS
from moderate.deployment import Deployment
from moderation.domain.image_ref import ImageRef

KEY = "arn:aws:kms:us-east-1:123456789012:key/their-key"
READERS = [f"arn:aws:iam::123456789012:role/{name}" for name in ("prepare", "read", "select", "original")]
ROOT = "arn:aws:iam::123456789012:root"
JUDGED = '{"flag": "unsafe", "category": "Weapons", "reason": "a weapon"}'


CALM = b"""
name: calm
description: One category, and a question for it
categories: [{name: Violence, description: Weapons and fights}]
questions: [{id: gun, text: "Is there a gun?", categories: [Violence]}]
"""


def refusal(code: str, operation: str = "Anything", message: str = "m") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Aws:
    """Answers of AWS, by operation; the rest is moto's. `called` has the operations of all calls."""

    def __init__(self) -> None:
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {
            "GetParameter": {"Parameter": {"Value": "30"}},
            "GetAccountSettings": {
                "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
            },
            "GetServiceQuota": lambda asked: {
                "Quota": {"QuotaName": quotas.name_of(instance_of(asked["QuotaCode"])), "Value": 2.0}
            },
            "DescribeEndpoint": {"EndpointStatus": "InService"},
        }

    def refuse(self, operation: str, code: str = "AccessDeniedException") -> None:
        self.answers[operation] = refusal(code, operation)

    def call(self, moto: Callable[..., Any], client: BaseClient, operation: str, asked: dict[str, Any]) -> Any:
        self.called.append((operation, asked))
        answer = self.answers.get(operation)
        if answer is None:
            return moto(client, operation, asked)
        if isinstance(answer, Exception):
            raise answer
        return answer(asked) if callable(answer) else answer


def instance_of(code: str) -> str:
    return next(instance for instance, known in quotas.CODES.items() if known == code)


class Models:
    """Both endpoints: answers by endpoint, or an error to raise."""

    def __init__(self) -> None:
        right = [{"text": "yes", "p_yes": 0.97, "p_blank": 0.1}, {"text": "no", "p_yes": 0.02, "p_blank": 0.1}]
        self.answers: dict[str, Any] = {
            "blip2": {"model": "blip2-demo", "caption": None, "answers": right},
            "llama": [{"generated_text": f"Here you are: {JUDGED}"}],
        }
        self.asked: list[dict[str, Any]] = []

    def invoke_endpoint(self, **request: Any) -> Any:
        self.asked.append(request)
        answer = self.answers[request["EndpointName"]]
        if isinstance(answer, Exception):
            raise answer
        return {"Body": io.BytesIO(json.dumps(answer).encode())}


@pytest.fixture
def cloud(monkeypatch):
    cloud, moto = Aws(), BaseClient._make_api_call  # type: ignore[attr-defined]  # not part of its API
    monkeypatch.setattr(BaseClient, "_make_api_call", lambda self, name, asked: cloud.call(moto, self, name, asked))
    return cloud


@pytest.fixture
def models(monkeypatch):
    models = Models()
    monkeypatch.setattr("moderation.adapters.clients.sagemaker_runtime", lambda: models)
    return models


@pytest.fixture(autouse=True)
def command(tmp_path, monkeypatch):
    """Puts a tool that says its version on the PATH, and nothing else; the folder is no project's."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def put(name: str, says: str, status: int = 0) -> None:
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{says}'\nexit {status}\n")
        (tmp_path / name).chmod(0o755)

    put("node", "v22.11.0")
    put("cdk", f"{tools.CDK} (build fcf5e34)")
    return put


@pytest.fixture
def healthy(deployed, cloud, models):
    """A deployment with nothing to complain of."""
    s3 = deployed.s3
    cloud.answers["GetBucketNotificationConfiguration"] = {"EventBridgeConfiguration": {}}
    put_policy(deployed, intake_statements.required(Deployment("Moderation", deployed.outputs)))
    sse = {
        "ServerSideEncryptionConfiguration": {
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        }
    }
    cloud.answers["GetBucketEncryption"] = sse
    for topic in ("UnsafeTopicArn", "ReviewTopicArn", "OpsTopicArn"):
        deployed.listen(topic)
    s3.put_object(Bucket="policies", Key="packs/calm.yaml", Body=CALM)
    s3.put_object(Bucket="policies", Key="routes.yaml", Body=b"'': {enforce: calm}\n")
    return deployed


def put_policy(deployed, statements: list[dict[str, Any]]) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    deployed.s3.put_bucket_policy(Bucket="intake", Policy=policy)


@pytest.fixture
def rows(moderate):
    """Runs `moderate doctor --json`; its rows by name. The exit status must be what they say."""

    def run(*arguments: str) -> dict[str, dict[str, str]]:
        result = moderate("doctor", "--json", *arguments)
        said = json.loads(result.stdout)
        failed = any(check["status"] == "fail" for check in said["checks"])
        assert said["passed"] is not failed
        assert result.exit_code == failed
        for check in said["checks"]:
            assert check["remedy"] or check["status"] in ("ok", "skipped"), check
        return {check["name"]: check for check in said["checks"]}

    return run


def statuses(rows: dict[str, dict[str, str]], *but: str) -> set[str]:
    return {row["status"] for name, row in rows.items() if name not in but}


# ── As a whole ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_deployment_that_works_passes(rows, healthy):
    found = rows()

    assert [row for row in found.values() if row["status"] not in ("ok", "skipped")] == []
    assert found["stack ModerationModels"]["status"] == "skipped"
    assert set(found) >= {
        "credentials",
        "stack Moderation",
        "termination protection",
        "Node",
        "CDK",
        "bootstrap",
        "region's artefacts",
        "Lambda concurrency",
        "GPU quotas",
        "endpoint blip2",
        "blip2 answers",
        "endpoint llama",
        "llama answers",
        "intake: region",
        "intake: versioned",
        "intake: EventBridge",
        "intake: policy",
        "intake: key",
        "subscribers: unsafe",
        "subscribers: review",
        "subscribers: alarms",
        "routes",
        "policy calm",
    }


def test_before_a_deployment_it_is_about_the_account(rows, cloud):
    found = rows()

    assert statuses(found, "stack Moderation") == {"ok"}
    assert "not deployed" in found["stack Moderation"]["found"]
    assert not any(name.startswith(("endpoint ", "intake", "subscribers", "policy")) for name in found)


def test_the_table_has_the_remedy_in_the_row_and_the_status_is_1(moderate, cloud):
    cloud.answers["GetParameter"] = refusal("ParameterNotFound", "GetParameter")

    result = moderate("doctor")

    assert result.exit_code == 1
    (line,) = [line for line in result.stdout.splitlines() if "bootstrap" in line and "fail" in line]
    assert "npx cdk bootstrap aws://123456789012/us-east-1" in line


def test_warnings_are_no_failure(moderate, cloud, command):
    command("node", "v20.1.0")

    assert moderate("doctor").exit_code == 0


def test_it_changes_nothing(rows, healthy, cloud):
    hold(healthy, cloud)
    cloud.called.clear()
    rows()

    reading = ("Get", "BatchGet", "Describe", "Head", "List", "Simulate")
    assert "BatchGetItem" in {operation for operation, _ in cloud.called}
    assert all(operation.startswith(reading) for operation, _ in cloud.called)


def test_every_call_has_its_right_on_record(rows, healthy, cloud):
    hold(healthy, cloud)
    cloud.called.clear()
    rows()

    assert {operation for operation, _ in cloud.called} <= set(RIGHTS)


@pytest.mark.parametrize(
    "operation, row",
    [
        ("DescribeStacks", "stack Moderation"),
        ("GetParameter", "bootstrap"),
        ("GetAccountSettings", "Lambda concurrency"),
        ("DescribeEndpoint", "endpoint blip2"),
        ("HeadBucket", "intake: region"),
        ("GetBucketVersioning", "intake: versioned"),
        ("GetBucketNotificationConfiguration", "intake: EventBridge"),
        ("GetBucketPolicy", "intake: policy"),
        ("GetBucketEncryption", "intake: key"),
        ("ListObjectVersions", "intake: cleared"),
        ("BatchGetItem", "intake: cleared"),
        ("ListSubscriptionsByTopic", "subscribers: unsafe"),
        ("GetObject", "routes"),
    ],
)
def test_what_aws_refuses_to_tell_is_a_row_that_names_the_right(rows, healthy, cloud, operation, row):
    if row == "intake: cleared":
        hold(healthy, cloud)
    cloud.refuse(operation, "AuthorizationError" if row.startswith("subscribers") else "AccessDenied")

    found = rows()[row]

    assert found["status"] in ("fail", "warn")
    assert RIGHTS[operation] in found["found"]
    assert RIGHTS[operation] in found["remedy"]


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://service.us-east-1.amazonaws.com"),
        refusal("ThrottlingException"),
        refusal("InternalFailure"),
        ResponseParserError("a proxy's page"),
    ],
)
def test_no_call_that_fails_ends_the_command(rows, healthy, cloud, error):
    every = RIGHTS.keys() - {"GetCallerIdentity", "InvokeEndpoint", "DescribeStacks"}
    cloud.answers |= dict.fromkeys(every, error)

    found = rows()

    assert found["stack Moderation"]["status"] == "ok"
    for name in ("bootstrap", "Lambda concurrency"):
        assert found[name]["status"] == "warn", name
    for name in ("endpoint blip2", "intake: versioned", "intake: policy", "subscribers: unsafe", "routes"):
        assert found[name]["status"] == "fail", name


# ── The account ─────────────────────────────────────────────────────────────────────────────────────────


def test_without_credentials_it_says_so_in_one_row_and_asks_nothing_more(rows, cloud):
    cloud.answers["GetCallerIdentity"] = NoCredentialsError()

    found = rows()

    assert found["credentials"]["status"] == "fail"
    assert "aws configure" in found["credentials"]["remedy"]
    assert found["all else"]["status"] == "skipped"
    assert found["Node"]["status"] == "ok"
    assert [operation for operation, _ in cloud.called] == ["GetCallerIdentity"]


def test_stale_credentials_are_told_from_none(rows, cloud):
    cloud.refuse("GetCallerIdentity", "ExpiredToken")

    assert "Sign in again" in rows()["credentials"]["remedy"]


def test_no_network_is_a_row(rows, cloud):
    cloud.answers["GetCallerIdentity"] = EndpointConnectionError(endpoint_url="https://sts.amazonaws.com")

    assert "can't be reached" in rows()["credentials"]["found"]


def test_a_region_that_was_mistyped_is_asked_about(rows, cloud):
    cloud.answers["GetCallerIdentity"] = EndpointConnectionError(endpoint_url="https://sts.us-eats-1.amazonaws.com/")

    assert "AWS_DEFAULT_REGION" in rows()["credentials"]["remedy"]


def test_a_region_that_can_be_none_is_a_row(rows, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu west")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    found = rows()["region"]

    assert found["status"] == "fail"
    assert "'eu west'" in found["found"] and "AWS_DEFAULT_REGION" in found["remedy"]


def test_a_region_that_is_not_enabled_refuses_every_credential(rows, cloud):
    cloud.refuse("GetCallerIdentity", "InvalidClientTokenId")

    assert "hasn't enabled" in rows()["credentials"]["remedy"]


def test_no_region_is_a_row(rows, monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    found = rows()["region"]

    assert found["status"] == "fail"
    assert "AWS_DEFAULT_REGION" in found["remedy"]


def test_an_unknown_profile_is_a_row(rows, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    assert "nobody" in rows()["credentials"]["found"]


@pytest.mark.parametrize("version", [str(account.BOOTSTRAP_VERSION - 1), "none"])
def test_a_bootstrap_that_is_too_old_is_to_be_run_again(rows, cloud, version):
    cloud.answers["GetParameter"] = {"Parameter": {"Value": version}}

    found = rows()["bootstrap"]

    assert (found["status"], found["remedy"]) == ("fail", "npx cdk bootstrap aws://123456789012/us-east-1")


def test_a_region_without_the_artefacts_is_refused_with_those_that_have_them(rows, cloud, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    found = rows()["region's artefacts"]

    assert found["status"] == "fail"
    assert "hosting on ml.g5.12xlarge" in found["found"]
    assert "us-east-1" in found["remedy"] and "us-west-1" not in found["remedy"]


def test_a_region_needs_more_for_a_console(rows, cloud, models, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-gov-west-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    existing = ("-c", "blip2Endpoint=blip2", "-c", "llamaEndpoint=llama")

    without, found = (rows(*existing, *more)["region's artefacts"] for more in ((), ("-c", "console=true")))

    assert "Amazon Cognito" not in without["found"]
    assert "Amazon Cognito, API Gateway, CloudFront" in found["found"] and "us-east-1" in found["remedy"]


def test_a_region_needs_less_for_endpoints_that_exist(rows, cloud, models, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    assert rows("-c", "blip2Endpoint=blip2", "-c", "llamaEndpoint=llama")["region's artefacts"]["status"] == "ok"


# ── Lambda's concurrency ────────────────────────────────────────────────────────────────────────────────


def limits(limit: int, unreserved: int) -> dict[str, Any]:
    return {"AccountLimit": {"ConcurrentExecutions": limit, "UnreservedConcurrentExecutions": unreserved}}


def test_a_new_account_can_reserve_nothing(rows, cloud):
    cloud.answers["GetAccountSettings"] = limits(10, 10)

    assert rows("-c", "modelConcurrency=0")["Lambda concurrency"]["status"] == "warn"
    asked = rows("-c", "modelConcurrency=8")["Lambda concurrency"]
    assert asked["status"] == "fail"
    assert "modelConcurrency=0" in asked["remedy"] and "L-B99A9384" in asked["remedy"]


@pytest.mark.parametrize("reserved, status", [(8, "ok"), (9, "fail")])
def test_a_hundred_stay_unreserved(rows, cloud, reserved, status):
    cloud.answers["GetAccountSettings"] = limits(1000, 116)

    assert rows("-c", f"modelConcurrency={reserved}")["Lambda concurrency"]["status"] == status


@pytest.mark.parametrize("reserved, status", [(16, "ok"), (17, "warn")])
def test_what_the_deployment_reserves_itself_is_free_for_the_next(rows, healthy, cloud, reserved, status):
    cloud.answers["GetAccountSettings"] = limits(132, 100)
    cloud.answers["DescribeStacks"] = stack("CREATE_COMPLETE", healthy.outputs | {"ModelConcurrency": "16"})

    assert rows("-c", f"modelConcurrency={reserved}")["Lambda concurrency"]["status"] == status


# ── GPU quotas ──────────────────────────────────────────────────────────────────────────────────────────


def quota(value: float) -> Callable[[dict[str, Any]], Any]:
    return lambda asked: {"Quota": {"QuotaName": quotas.name_of(instance_of(asked["QuotaCode"])), "Value": value}}


def test_a_quota_of_none_says_how_to_ask_for_more(rows, cloud):
    cloud.answers["GetServiceQuota"] = quota(0.0)

    found = rows()["ml.g5.12xlarge for endpoint usage"]

    assert found["status"] == "fail"
    assert "request-service-quota-increase" in found["remedy"]
    assert "--quota-code L-65C4BD00 --desired-value 2 --region us-east-1" in found["remedy"]


def test_a_quota_that_allows_no_growth_is_a_warning(rows, cloud):
    cloud.answers["GetServiceQuota"] = quota(1.0)

    assert rows()["ml.g5.2xlarge for endpoint usage"]["status"] == "warn"
    settled = rows("-c", "blip2MaxInstances=1", "-c", "llamaMaxInstances=1")
    assert settled["ml.g5.2xlarge for endpoint usage"]["status"] == "ok"


def test_both_models_on_one_kind_of_instance_need_two(rows, cloud):
    cloud.answers["GetServiceQuota"] = quota(1.0)

    found = rows("-c", "llamaSize=7b")

    assert found["ml.g5.2xlarge for endpoint usage"]["status"] == "fail"
    assert "ml.g5.12xlarge for endpoint usage" not in found


def test_the_largest_judge_takes_an_instance_of_its_own(rows, cloud):
    assert "ml.g5.48xlarge for endpoint usage" in rows("-c", "llamaSize=70b")


@pytest.mark.parametrize("operation", ["GetServiceQuota", "GetAWSDefaultServiceQuota"])
def test_a_quota_that_may_not_be_looked_at(rows, cloud, operation):
    cloud.refuse("GetServiceQuota", "NoSuchResourceException")
    cloud.refuse(operation)

    found = rows()["ml.g5.12xlarge for endpoint usage"]

    assert found["status"] == "fail"
    assert RIGHTS[operation] in found["remedy"]


def test_where_the_account_has_no_quota_of_its_own_the_default_counts(rows, cloud):
    cloud.refuse("GetServiceQuota", "NoSuchResourceException")
    cloud.answers["GetAWSDefaultServiceQuota"] = quota(0.0)

    assert rows()["ml.g5.2xlarge for endpoint usage"]["found"] == "0; the endpoints start 1"


def test_a_code_that_means_another_quota_fools_nobody(rows, cloud):
    cloud.answers["GetServiceQuota"] = {"Quota": {"QuotaName": "ml.p4d for training", "Value": 9.0}}

    assert "ml.p4d for training" in rows()["ml.g5.2xlarge for endpoint usage"]["found"]


def test_endpoints_that_exist_need_no_quota_and_are_asked_before_the_deployment(rows, cloud, models):
    found = rows("-c", "blip2Endpoint=blip2", "-c", "llamaEndpoint=llama", "-c", "llamaDialect=openai")

    assert found["GPU quotas"]["status"] == "skipped"
    assert found["blip2 answers"]["status"] == "ok"
    assert "messages" in json.loads(models.asked[-1]["Body"])


@pytest.mark.parametrize(
    "setting, said", [("llamaSize=14b", "llamaSize"), ("modelConcurrency=some", "whole number"), ("x", "-c x")]
)
def test_a_setting_that_is_none_is_refused_in_words(moderate, cloud, setting, said):
    result = moderate("doctor", "-c", setting)

    assert result.exit_code == 1
    assert said in result.stderr


# ── Node and the CDK ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "says, status", [("v18.20.4", "fail"), ("v20.19.0", "warn"), ("v22.1.0", "ok"), ("v24.0.0", "ok")]
)
def test_node(rows, cloud, command, says, status):
    command("node", says)

    assert rows()["Node"]["status"] == status


@pytest.mark.parametrize(
    "says, status", [("3.0.0", "fail"), ("1.99.0", "fail"), ("2.1000.0", "warn"), (f"{tools.CDK} (build x)", "ok")]
)
def test_cdk(rows, cloud, command, says, status):
    command("cdk", says)

    assert rows()["CDK"]["status"] == status


def test_the_project_s_own_cdk_counts_as_npx_finds_it(rows, cloud, command, tmp_path):
    (tmp_path / "cdk").unlink()
    assert (rows()["CDK"]["status"], rows()["CDK"]["remedy"]) == ("fail", "In the project's folder: make setup")
    (tmp_path / "node_modules/.bin").mkdir(parents=True)
    command("node_modules/.bin/cdk", tools.CDK)
    command("cdk", "1.99.0")

    assert rows()["CDK"]["status"] == "ok"


def test_tools_that_are_missing_or_broken(rows, cloud, command, tmp_path):
    (tmp_path / "node").unlink()
    command("cdk", "no such module", status=1)

    found = rows()

    assert "isn't on the PATH" in found["Node"]["found"]
    assert "no such module" in found["CDK"]["found"]
    assert (found["Node"]["status"], found["CDK"]["status"]) == ("fail", "fail")


def test_a_deployment_on_endpoints_of_others_needs_no_quota(rows, healthy):
    assert rows()["GPU quotas"]["status"] == "skipped"


def ours(healthy) -> dict[str, str]:
    """The outputs of a deployment on endpoints of its own."""
    return healthy.outputs | {"Blip2EndpointName": "moderation-blip2", "LlamaEndpointName": "moderation-llama"}


def test_what_only_the_next_deployment_needs_is_a_warning_once_there_is_one(rows, healthy, cloud, models, tmp_path):
    models.answers = {f"moderation-{name}": answer for name, answer in models.answers.items()}
    (tmp_path / "node").unlink()
    cloud.answers["GetServiceQuota"] = quota(0.0)
    cloud.answers["DescribeStacks"] = stack("CREATE_COMPLETE", ours(healthy))

    found = rows()

    assert found["Node"]["status"] == "warn"
    assert found["ml.g5.2xlarge for endpoint usage"]["status"] == "warn"


# ── The stacks ──────────────────────────────────────────────────────────────────────────────────────────


def stack(status: str, outputs: dict[str, str], **more: Any) -> dict[str, Any]:
    listed = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    return {"Stacks": [{"StackName": "Moderation", "StackStatus": status, "Outputs": listed, **more}]}


@pytest.mark.parametrize(
    "standing, status, said",
    [
        ("UPDATE_COMPLETE", "ok", ""),
        ("UPDATE_ROLLBACK_COMPLETE", "warn", "describe-stack-events"),
        ("UPDATE_IN_PROGRESS", "warn", "Wait"),
        ("CREATE_IN_PROGRESS", "warn", "Wait"),
        ("REVIEW_IN_PROGRESS", "warn", "npx cdk deploy Moderation"),
        ("ROLLBACK_COMPLETE", "fail", "npx cdk destroy Moderation"),
        ("CREATE_FAILED", "fail", "describe-stack-events"),
        ("UPDATE_ROLLBACK_FAILED", "fail", "describe-stack-events"),
        ("DELETE_FAILED", "fail", "describe-stack-events"),
    ],
)
def test_how_the_stack_stands(rows, healthy, cloud, standing, status, said):
    cloud.answers["DescribeStacks"] = stack(standing, healthy.outputs)

    found = rows()["stack Moderation"]

    assert found["status"] == status
    assert said in found["remedy"]


def test_a_first_creation_that_failed_leaves_the_account_to_examine(rows, healthy, cloud):
    cloud.answers["DescribeStacks"] = stack("ROLLBACK_COMPLETE", {})
    cloud.answers["GetServiceQuota"] = quota(0.0)

    found = rows()

    assert found["ml.g5.2xlarge for endpoint usage"]["status"] == "fail"
    assert "routes" not in found


@pytest.mark.parametrize("stage, on, status", [("prod", False, "warn"), ("prod", True, "ok"), ("dev", False, "ok")])
def test_termination_protection(rows, healthy, cloud, stage, on, status):
    outputs = healthy.outputs | {"Stage": stage}
    cloud.answers["DescribeStacks"] = stack("CREATE_COMPLETE", outputs, EnableTerminationProtection=on)

    found = rows()["termination protection"]

    assert found["status"] == status
    command = "aws cloudformation update-termination-protection --enable-termination-protection --stack-name Moderation"
    assert found["remedy"].partition(";")[0] == (command if status == "warn" else "")
    assert ("-c terminationProtection=true" in found["remedy"]) == (
        status == "warn"
    )  # a deploy without it turns it off


def test_an_older_deployment_is_told_to_be_deployed_again(rows, healthy, cloud):
    outputs = {name: value for name, value in healthy.outputs.items() if name != "LlamaDialect"}
    cloud.answers["DescribeStacks"] = stack("CREATE_COMPLETE", outputs)

    found = rows()["Llama 2"]

    assert found["status"] == "fail"
    assert "deploy it again" in found["found"]


@pytest.mark.parametrize("model", ["blip2", "llama"])
def test_a_deploy_that_it_advises_names_all_settings(rows, healthy, cloud, models, model):
    """One that isn't told a setting resets it: a `prod` deployment would become one of `dev`."""
    cloud.answers["DescribeStacks"] = stack("REVIEW_IN_PROGRESS", healthy.outputs)
    reviewed = rows()["stack Moderation"]
    del cloud.answers["DescribeStacks"]
    models.answers[model] = {"something": "else"}
    deaf = rows()[f"{model} answers"]
    cloud.answers["DescribeEndpoint"] = {"EndpointStatus": "Failed", "FailureReason": "no such image"}
    failed = rows()[f"endpoint {model}"]
    cloud.refuse("DescribeEndpoint", "ValidationException")
    missing = rows()[f"endpoint {model}"]

    for row in (reviewed, deaf, failed, missing):
        assert "deploy" in row["remedy"]
        assert "settings" in row["remedy"], row


# ── The endpoints ───────────────────────────────────────────────────────────────────────────────────────


def test_what_the_models_said_is_shown(rows, healthy, models):
    found = rows()

    assert "right, yes and no, about the canary" in found["blip2 answers"]["found"]
    assert "unsafe / Weapons" in found["llama answers"]["found"]
    seen, judged = (json.loads(request["Body"]) for request in models.asked)
    assert len(seen["prompts"]) == 2
    assert "Does this photo contain a weapon?" in judged["inputs"]


def test_a_model_that_answers_everything_alike_fails_by_the_canary_in_force(rows, healthy, models):
    picture = base64.b64encode(b"png").decode()
    canary = {"picture": picture, "yes": "Is there a cat?", "no": "Is there a boat?"}
    healthy.s3.put_object(Bucket="policies", Key="canary.json", Body=json.dumps(canary).encode())
    models.answers["blip2"]["answers"] = [{"text": "yes", "p_yes": 0.9, "p_blank": 0.1}] * 2

    found = rows()["blip2 answers"]

    assert found["status"] == "fail"
    assert '"Is there a boat?" must be answered no' in found["found"]
    assert "brokenmodel" in found["remedy"]
    assert json.loads(models.asked[0]["Body"])["image"] == picture


def test_an_endpoint_that_is_not_there(rows, healthy, cloud, models):
    cloud.refuse("DescribeEndpoint", "ValidationException")

    found = rows()

    assert "npx cdk deploy ModerationModels" in found["endpoint blip2"]["remedy"]
    assert found["blip2 answers"]["status"] == "skipped"
    assert models.asked == []


@pytest.mark.parametrize("state, status", [("Creating", "warn"), ("Failed", "fail"), ("Updating", "ok")])
def test_an_endpoint_that_is_not_in_service(rows, healthy, cloud, state, status):
    cloud.answers["DescribeEndpoint"] = {"EndpointStatus": state, "FailureReason": "no such image"}

    assert rows()["endpoint llama"]["status"] == status


@pytest.mark.parametrize("model", ["blip2", "llama"])
def test_an_endpoint_that_speaks_another_dialect(rows, healthy, models, model):
    models.answers[model] = {"something": "else"}

    found = rows()[f"{model} answers"]

    assert found["status"] == "fail"
    assert f"-c {model}Dialect=" in found["remedy"]
    assert f"aws logs tail /aws/sagemaker/Endpoints/{model}" in found["remedy"]


@pytest.mark.parametrize(
    "code, more, status",
    [
        ("ModelError", {"OriginalStatusCode": 500}, "fail"),
        ("ModelError", {"OriginalStatusCode": 400}, "fail"),
        ("ThrottlingException", {}, "warn"),
    ],
)
def test_an_endpoint_that_fails_or_is_busy(rows, healthy, models, code, more, status):
    response: Any = {"Error": {"Code": code, "Message": "m"}, **more}
    models.answers["blip2"] = ClientError(response, "InvokeEndpoint")

    assert rows()["blip2 answers"]["status"] == status


def test_to_ask_an_endpoint_takes_a_right_of_its_own(rows, healthy, models):
    models.answers["llama"] = refusal("AccessDeniedException", "InvokeEndpoint")

    found = rows()["llama answers"]

    assert found["status"] == "fail"
    assert "sagemaker:InvokeEndpoint" in found["remedy"]


def test_a_judgement_that_cannot_be_used_is_a_warning(rows, healthy, models):
    models.answers["llama"] = [{"generated_text": "I'd rather not say."}]

    assert rows()["llama answers"]["status"] == "warn"


@pytest.mark.parametrize("dialect, answer", [("dialog", [{"generation": {"role": "assistant", "content": JUDGED}}])])
def test_it_speaks_the_configured_dialect(rows, healthy, cloud, models, dialect, answer):
    outputs = healthy.outputs | {"LlamaDialect": dialect, "Blip2Dialect": "sample"}
    cloud.answers["DescribeStacks"] = stack("CREATE_COMPLETE", outputs)
    models.answers = {"llama": answer, "blip2": "yes"}

    assert rows()["llama answers"]["status"] == "ok"
    *seen, judged = models.asked
    assert all("prompt" in json.loads(one["Body"]) for one in seen)
    assert judged["CustomAttributes"] == "accept_eula=true"


COMPONENT = {"InferenceComponentStatus": "InService", "RuntimeConfig": {"CurrentCopyCount": 1}}


@pytest.mark.parametrize(
    "component, status",
    [
        (COMPONENT, "ok"),
        (COMPONENT | {"RuntimeConfig": {"CurrentCopyCount": 0}}, "skipped"),
        (COMPONENT | {"InferenceComponentStatus": "Failed", "FailureReason": "no memory"}, "fail"),
    ],
)
def test_a_model_that_is_scaled_to_zero_is_not_woken(rows, healthy, cloud, models, component, status):
    outputs = healthy.outputs | {"Blip2ComponentName": "moderation-blip2"}
    cloud.answers["DescribeStacks"] = stack("CREATE_COMPLETE", outputs)
    cloud.answers["DescribeInferenceComponent"] = component

    found = rows()["blip2 answers"]

    assert found["status"] == status
    asked = [request for request in models.asked if request["EndpointName"] == "blip2"]
    assert [request.get("InferenceComponentName") for request in asked] == ["moderation-blip2"] * (status == "ok")


# ── The intake bucket ───────────────────────────────────────────────────────────────────────────────────


def test_a_bucket_of_another_region(rows, healthy, cloud):
    cloud.answers["HeadBucket"] = {"BucketRegion": "eu-west-1"}

    found = rows()["intake: region"]

    assert found["status"] == "fail"
    assert "eu-west-1" in found["found"]


def test_a_bucket_without_versions(rows, healthy):
    healthy.s3.put_bucket_versioning(Bucket="intake", VersioningConfiguration={"Status": "Suspended"})

    found = rows()["intake: versioned"]

    assert found["status"] == "fail"
    assert "put-bucket-versioning --bucket intake" in found["remedy"]


def test_a_bucket_that_tells_event_bridge_nothing_keeps_what_else_it_tells(rows, healthy, cloud):
    topics = [{"TopicArn": "arn:aws:sns:us-east-1:123456789012:theirs", "Events": ["s3:ObjectRemoved:*"]}]
    cloud.answers["GetBucketNotificationConfiguration"] = {"ResponseMetadata": {}, "TopicConfigurations": topics}

    found = rows()["intake: EventBridge"]

    assert found["status"] == "fail"
    whole = json.loads(found["remedy"].split("'")[1])
    assert whole == {"TopicConfigurations": topics, "EventBridgeConfiguration": {}}


def required(deployed) -> list[dict[str, Any]]:
    return intake_statements.required(Deployment("Moderation", deployed.outputs))


def test_a_bucket_without_a_policy_is_told_the_statements(rows, healthy):
    healthy.s3.delete_bucket_policy(Bucket="intake")

    found = rows()["intake: policy"]

    assert found["status"] == "fail"
    assert json.loads(found["remedy"].split(": add ")[1]) == required(healthy)


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Allow"},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:role/one"}},
        {"Action": ["s3:PutObjectTagging"]},
        {"Resource": "arn:aws:s3:::intake/elsewhere/*"},
        {"Resource": "arn:aws:s3:::intake/in/?"},
        {"Resource": "arn:aws:s3:::intake/in/[*]"},
        {"Condition": {"ArnNotEquals": {"aws:PrincipalArn": [ROOT]}}},
        {"Condition": {}},
    ],
)
def test_a_statement_that_bears_the_name_alone_is_missing(rows, healthy, change):
    uploaded, tagging, quarantined = required(healthy)
    put_policy(healthy, [uploaded, tagging | change, quarantined])

    assert rows()["intake: policy"]["found"] == "lacks, or has differently: Tagging"


@pytest.mark.parametrize(
    "change",
    [
        {"Sid": "Theirs"},
        {"Principal": "*"},
        {"Action": ["s3:*Tagging", "s3:Replicate*"]},
        {"Resource": ["arn:aws:s3:::intake/*"]},
        {
            "Condition": {
                "ArnNotLike": {
                    "AWS:principalarn": [
                        "arn:aws:iam::123456789012:role/Reviewer",
                        "arn:aws:iam::123456789012:role/record",
                        "arn:aws:iam::123456789012:role/Quarantine",
                        "arn:aws:iam::123456789012:role/finalise",
                    ]
                }
            }
        },
    ],
)
def test_a_statement_that_refuses_the_same_in_other_words_is_there(rows, healthy, change):
    uploaded, tagging, quarantined = required(healthy)
    put_policy(healthy, [uploaded, tagging | change, quarantined])

    assert rows()["intake: policy"]["status"] == "ok"


def test_a_bucket_that_holds_images_has_one_statement_more(rows, healthy, cloud):
    cloud.answers["DescribeStacks"] = stack("CREATE_COMPLETE", healthy.outputs | {"HoldUntilCleared": "true"})

    assert rows()["intake: policy"]["found"] == "lacks, or has differently: Uncleared"


# ── Images held until they are cleared ──────────────────────────────────────────────────────────────────


def hold(deployed, cloud: Aws, age: timedelta = timedelta(hours=2), **outputs: str) -> ImageRef:
    """Holds images until cleared, one that nobody moderated among them; S3 says it was stored so long ago."""
    image = ImageRef("intake", "in/old.jpg", "v1")
    found = {"Key": image.key, "VersionId": image.version, "Size": 1, "LastModified": datetime.now(UTC) - age}
    cloud.answers["ListObjectVersions"] = {"Versions": [found], "IsTruncated": False}
    held = deployed.outputs | {"HoldUntilCleared": "true"} | outputs
    cloud.answers["DescribeStacks"] = stack("CREATE_COMPLETE", held)
    return image


def test_a_version_that_is_held_and_not_moderated_is_a_failure(rows, healthy, cloud):
    hold(healthy, cloud)

    found = rows()["intake: cleared"]

    assert (found["status"], found["found"].split(" have")[0]) == ("fail", "1 of the first 1 object versions")
    assert "moderate backfill check" in found["remedy"] and "moderate backfill start" in found["remedy"]


@pytest.mark.parametrize(
    "record, status",
    [
        ({"verdict": "safe", "decided_by": "judge", "category": None}, "ok"),
        ({"verdict": "review", "decided_by": "failure", "category": None}, "ok"),
        ({"status": "claimed"}, "ok"),
        ({"status": "shadowed"}, "fail"),
    ],
    ids=["cleared", "in the queue of people", "being moderated", "only in a shadow run"],
)
def test_a_held_version_needs_a_verdict_or_an_execution(rows, healthy, cloud, record, status):
    healthy.put_record(hold(healthy, cloud), **record)

    assert rows()["intake: cleared"]["status"] == status


@pytest.mark.parametrize(
    "age, outputs, status",
    [
        (timedelta(minutes=5), {}, "warn"),  # its event may be on its way
        (timedelta(days=8), {"RecordRetentionDays": "7"}, "warn"),  # its record may have expired
        (timedelta(days=6), {"RecordRetentionDays": "7"}, "fail"),
    ],
    ids=["just uploaded", "longer ago than records are kept", "within the time that records are kept"],
)
def test_what_may_be_all_right_is_a_warning(rows, healthy, cloud, age, outputs, status):
    hold(healthy, cloud, age, **outputs)

    assert rows()["intake: cleared"]["status"] == status


def test_only_the_first_page_of_versions_is_read(rows, healthy, cloud):
    hold(healthy, cloud)
    more = {"IsTruncated": True, "NextKeyMarker": "in/old.jpg", "NextVersionIdMarker": "v"}
    cloud.answers["ListObjectVersions"] |= more
    cloud.called.clear()

    assert rows()["intake: cleared"]["status"] == "fail"

    assert [operation for operation, _ in cloud.called].count("ListObjectVersions") == 1


def test_a_deployment_that_does_not_hold_is_not_examined_unless_it_is_to(rows, healthy, cloud):
    hold(healthy, cloud, HoldUntilCleared="")

    assert "intake: cleared" not in rows()
    found = rows("-c", "holdUntilCleared=true")["intake: cleared"]
    assert (found["status"], "next deployment" in found["found"]) == ("warn", True)


def test_an_existing_bucket_is_examined_before_the_deployment(rows, cloud):
    boto3.client("s3").create_bucket(Bucket="theirs")

    found = rows("-c", "intakeBucketName=theirs")

    assert found["intake: versioned"]["status"] == "fail"
    assert found["intake: EventBridge"]["status"] == "fail"
    assert found["intake: policy"]["status"] == "skipped"


def test_a_bucket_that_is_not_there_is_a_row(rows, cloud):
    assert "NoSuchBucket" in rows("-c", "intakeBucketName=nowhere")["intake: versioned"]["found"]


# ── The key of the bucket ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def keyed(healthy, cloud):
    """A bucket under a key of its owner, whose policy leaves it to the account, as the role's own policy allows."""
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}}
    cloud.answers |= {
        "GetBucketEncryption": {"ServerSideEncryptionConfiguration": {"Rules": [rule]}},
        "DescribeKey": described("Enabled"),
        "GetKeyPolicy": key_policy(allow(ROOT)),
        "ListGrants": {"Grants": [], "Truncated": False},
        "SimulatePrincipalPolicy": {"EvaluationResults": [{"EvalDecision": "allowed"}]},
    }
    return healthy


def described(state: str, manager: str = "CUSTOMER") -> dict[str, Any]:
    return {"KeyMetadata": {"Arn": KEY, "KeyState": state, "KeyManager": manager}}


def allow(principal: str, action: str = "kms:*", effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Principal": {"AWS": principal}, "Action": action, "Resource": "*"}


def key_policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": list(statements)})}


NOT_ALLOWED = {"EvaluationResults": [{"EvalDecision": "implicitDeny"}]}
GRANTED = {"Grants": [{"Operations": ["Decrypt"]}], "Truncated": False}


@pytest.mark.parametrize(
    "answers, status, said",
    [
        ({}, "ok", ""),
        ({"SimulatePrincipalPolicy": NOT_ALLOWED}, "fail", f"intakeKeyArn={KEY}"),
        ({"SimulatePrincipalPolicy": NOT_ALLOWED, "ListGrants": GRANTED}, "ok", ""),
        (
            {
                "SimulatePrincipalPolicy": NOT_ALLOWED,
                "GetKeyPolicy": key_policy(*(allow(role, "kms:Dec*") for role in READERS)),
            },
            "ok",
            "",
        ),
        *(
            (
                {"GetKeyPolicy": key_policy(*(allow(role, "kms:Dec*") for role in READERS if role != left_out))},
                "fail",
                left_out,
            )
            for left_out in READERS
        ),
        ({"GetKeyPolicy": key_policy(allow("arn:aws:iam::123456789012:role/other"))}, "fail", "Key policy"),
        ({"GetKeyPolicy": key_policy(allow(ROOT, "kms:Encrypt"))}, "fail", "Key policy"),
        ({"GetKeyPolicy": key_policy(allow(ROOT), allow("*", effect="Deny"))}, "fail", "Key policy"),
        ({"DescribeKey": described("Disabled")}, "fail", f"aws kms enable-key --key-id {KEY}"),
        ({"DescribeKey": described("PendingDeletion")}, "fail", "cancel-key-deletion"),
        ({"DescribeKey": described("Enabled", "AWS")}, "ok", ""),
    ],
)
def test_a_key_of_its_own(rows, keyed, cloud, answers, status, said):
    cloud.answers |= answers

    found = rows()["intake: key"]

    assert found["status"] == status
    assert said in found["remedy"]


@pytest.mark.parametrize("operation", ["DescribeKey", "GetKeyPolicy", "ListGrants", "SimulatePrincipalPolicy"])
def test_a_key_that_may_not_be_looked_at(rows, keyed, cloud, operation):
    cloud.refuse(operation)

    found = rows()["intake: key"]

    assert found["status"] == "fail"
    assert RIGHTS[operation] in found["remedy"]


# ── Subscriptions and policies ──────────────────────────────────────────────────────────────────────────


def test_a_topic_that_nobody_listens_to(rows, healthy, cloud):
    cloud.answers["ListSubscriptionsByTopic"] = {"Subscriptions": []}

    found = rows()["subscribers: unsafe"]

    assert found["status"] == "warn"
    assert f"aws sns subscribe --topic-arn {healthy.outputs['UnsafeTopicArn']}" in found["remedy"]


def test_a_subscription_that_was_not_confirmed(rows, healthy, cloud):
    pending = {"SubscriptionArn": "PendingConfirmation", "Endpoint": "on-call@example.com"}
    cloud.answers["ListSubscriptionsByTopic"] = {"Subscriptions": [pending]}

    found = rows()["subscribers: alarms"]

    assert found["status"] == "warn"
    assert "on-call@example.com" in found["found"]


def test_the_topic_for_safe_images_counts_where_there_is_one(rows, healthy, cloud):
    outputs = healthy.outputs | {"SafeTopicArn": healthy.outputs["UnsafeTopicArn"]}
    cloud.answers["DescribeStacks"] = stack("CREATE_COMPLETE", outputs)

    assert rows()["subscribers: safe"]["status"] == "ok"


def test_a_pack_with_something_to_note(rows, healthy):
    healthy.s3.put_object(Bucket="policies", Key="routes.yaml", Body=b"'': {enforce: calm, shadow: [blog]}\n")

    found = rows()["policy blog"]

    assert found["status"] == "warn"
    assert "no question asks for" in found["found"]


@pytest.mark.parametrize(
    "key, text, row, said",
    [
        ("packs/calm.yaml", b"name: calm\n", "policy calm", "moderate policy rollback calm"),
        ("routes.yaml", b"'': {enforce: missing}\n", "policy missing", "moderate policy push"),
        ("routes.yaml", b"[]\n", "routes", "moderate policy routes"),
    ],
)
def test_a_policy_that_cannot_be_used(rows, healthy, key, text, row, said):
    healthy.s3.put_object(Bucket="policies", Key=key, Body=text)

    found = rows()[row]

    assert found["status"] == "fail"
    assert said in found["remedy"]


def test_routes_that_leave_keys_without_a_pack(rows, healthy):
    healthy.s3.put_object(Bucket="policies", Key="routes.yaml", Body=b"in/avatars/: {enforce: calm}\n")

    assert rows()["routes"]["status"] == "warn"


# ── A judge on Bedrock ─────────────────────────────────────────────────────────────────────────────────

NOVA, PROFILE = "amazon.nova-micro-v1:0", "us.amazon.nova-micro-v1:0"
ALLOWED = {
    "agreementAvailability": {"status": "AVAILABLE"},
    "authorizationStatus": "AUTHORIZED",
    "entitlementAvailability": "AVAILABLE",
    "regionAvailability": "AVAILABLE",
}


def model_arn(region: str) -> dict[str, str]:
    return {"modelArn": f"arn:aws:bedrock:{region}::foundation-model/{NOVA}"}


@pytest.fixture
def bedrock(cloud):
    """Everything well with the judge's model."""
    judgement = {"flag": "unsafe", "category": "Weapons", "reason": "a weapon"}
    tool = {"toolUse": {"toolUseId": "t", "name": "judgement", "input": judgement}}
    cloud.answers |= {
        "GetFoundationModel": {"modelDetails": {"modelLifecycle": {"status": "ACTIVE"}}},
        "GetFoundationModelAvailability": ALLOWED,
        "GetInferenceProfile": {"models": [model_arn("us-east-1"), model_arn("us-west-2")]},
        "Converse": {"stopReason": "tool_use", "output": {"message": {"content": [tool]}}},
    }
    return cloud


def test_a_judge_on_bedrock_is_examined_before_it_is_deployed(rows, bedrock):
    found = rows("-c", f"judge=bedrock:{PROFILE}")

    for name in (f"model {NOVA}", f"access to {NOVA}", f"regions of {PROFILE}", f"{PROFILE} answers"):
        assert found[name]["status"] == "ok", found[name]
    assert "by a tool that it must call" in found[f"{PROFILE} answers"]["found"]
    assert "ml.g5.2xlarge for endpoint usage" in found
    assert "ml.g5.12xlarge for endpoint usage" not in found


def test_a_deployment_with_a_judge_on_bedrock_needs_no_quota_for_llama(rows, healthy, bedrock, models):
    outputs = {name: value for name, value in healthy.outputs.items() if not name.startswith("Llama")}
    bedrock.answers["DescribeStacks"] = stack("CREATE_COMPLETE", outputs | {"BedrockModel": NOVA})

    found = rows()

    assert found[f"{NOVA} answers"]["status"] == "ok"
    assert f"regions of {NOVA}" not in found
    assert "Llama 2" not in found


def test_a_model_that_aws_will_withdraw(rows, bedrock):
    end = datetime(2027, 3, 30, tzinfo=UTC)
    bedrock.answers["GetFoundationModel"] = {
        "modelDetails": {"modelLifecycle": {"status": "LEGACY", "endOfLifeTime": end}}
    }

    found = rows("-c", f"judge=bedrock:{NOVA}")[f"model {NOVA}"]

    assert found["status"] == "warn"
    assert "2027-03-30" in found["found"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"agreementAvailability": {"status": "NOT_AVAILABLE"}}, "no subscription"),
        ({"authorizationStatus": "NOT_AUTHORIZED"}, "NOT_AUTHORIZED"),
        ({"entitlementAvailability": "NOT_AVAILABLE"}, "entitlement"),
        ({"regionAvailability": "NOT_AVAILABLE"}, "region"),
    ],
)
def test_a_model_that_the_account_may_not_use(rows, bedrock, change, said):
    bedrock.answers["GetFoundationModelAvailability"] = ALLOWED | change

    found = rows("-c", f"judge=bedrock:{NOVA}")[f"access to {NOVA}"]

    assert found["status"] == "fail"
    assert said in found["found"]
    assert found["remedy"]


def test_a_profile_that_uses_a_region_without_rights(rows, bedrock):
    bedrock.answers["GetInferenceProfile"] = {"models": [model_arn("us-east-1"), model_arn("mx-central-1")]}

    found = rows("-c", f"judge=bedrock:{PROFILE}")[f"regions of {PROFILE}"]

    assert found["status"] == "fail"
    assert "mx-central-1" in found["found"]


def test_a_judge_that_calls_a_weapon_safe(rows, bedrock):
    safe = {"flag": "safe", "category": "none", "reason": "Nothing."}
    tool = {"toolUse": {"toolUseId": "t", "name": "judgement", "input": safe}}
    bedrock.answers["Converse"] = {"stopReason": "tool_use", "output": {"message": {"content": [tool]}}}

    found = rows("-c", f"judge=bedrock:{NOVA}")[f"{NOVA} answers"]

    assert found["status"] == "warn"
    assert "calls a weapon with P 0.99 safe" in found["found"]
    assert found["remedy"]


def test_a_judge_whose_answer_is_cut_off(rows, bedrock):
    bedrock.answers["Converse"] = {"stopReason": "max_tokens", "output": {"message": {"content": []}}}

    found = rows("-c", f"judge=bedrock:{NOVA}")[f"{NOVA} answers"]

    assert found["status"] == "warn"
    assert "unusable" in found["found"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ResourceNotFoundException", "Model use case details have not been submitted for this account."),
        ("ValidationException", "This model doesn't support the outputConfig field."),
    ],
)
def test_what_a_model_refuses_is_told_in_its_own_words(rows, bedrock, code, said):
    bedrock.answers["Converse"] = ClientError({"Error": {"Code": code, "Message": said}}, "Converse")

    found = rows("-c", f"judge=bedrock:{NOVA}")[f"{NOVA} answers"]

    assert found["status"] == "fail"
    assert said in found["remedy"]


@pytest.mark.parametrize(
    ("operation", "row"),
    [
        ("GetFoundationModel", f"model {NOVA}"),
        ("GetFoundationModelAvailability", f"access to {NOVA}"),
        ("GetInferenceProfile", f"regions of {PROFILE}"),
    ],
)
def test_a_right_that_is_missing_for_bedrock_is_named(rows, bedrock, operation, row):
    bedrock.refuse(operation)

    found = rows("-c", f"judge=bedrock:{PROFILE}")[row]

    assert found["status"] == "fail"
    assert RIGHTS[operation] in found["remedy"]


def test_a_judge_of_another_kind_is_refused_in_words(moderate, cloud):
    result = moderate("doctor", "-c", "judge=gpt")

    assert result.exit_code == 1
    assert "bedrock:" in result.stderr


# ── The laptop ──────────────────────────────────────────────────────────────────────────────────────────


def test_on_a_laptop_it_says_what_it_skipped(rows, healthy, cloud, models, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for operation in ("GetCallerIdentity", "DescribeStacks"):
        cloud.answers[operation] = {"Account": "123456789012", "Arn": "arn:aws:sts::123456789012:user/me"}
    cloud.answers["DescribeStacks"] = refusal("ValidationError", "DescribeStacks")

    found = rows("-c", "blip2Endpoint=blip2", "-c", "llamaEndpoint=llama")

    for name in ("GPU quotas", "Lambda concurrency", "region's artefacts", "endpoint blip2", "blip2 answers"):
        assert found[name]["status"] == "skipped", name
    assert found["endpoint llama"]["status"] == "skipped"
    assert "canary" in found["blip2 answers"]["found"] and len(models.asked) == 1  # the judge
    for name in ("Node", "CDK", "bootstrap", "llama answers"):
        assert found[name]["status"] == "ok", name
