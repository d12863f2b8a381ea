"""Each role may do what its code was seen to do, and nothing else.

calls.json holds every call of the laptop cloud's paths, with the rights it takes (`make record-calls`). All of them are
allowed by the template's policies; and each grant, taken away by itself, makes one of them fail, or has its reason in
UNSEEN.
"""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local.cloud.iam.evaluate import Caller
from local.cloud.iam.policy import Policy
from tests.infra.access import Account
from tests.infra.synthesis import Template, make_app, template_of

CALLS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("calls.json").read_text())
ENDPOINTS = {"blip2Endpoint": "blip2", "llamaEndpoint": "llama"}  # as the laptop cloud names them
DEPLOYMENTS: dict[str, dict[str, Any]] = {
    "default": ENDPOINTS,
    "held": ENDPOINTS | {"holdUntilCleared": True, "notifySafe": True, "stage": "prod"},
    "theirs": ENDPOINTS
    | {"intakeBucketName": "their-images", "intakeBucketVersioned": True, "intakePrefix": "in/"}
    | {"workflowType": "EXPRESS"},
    "console": ENDPOINTS | {"console": True},
}

# (role, action, a part of the resource) → why it is granted although no recorded path calls it.
_LAPTOP = "`moderate doctor` leaves it out on a laptop, where it would find nothing true (moderate/checks)"
_LARGE = "evidence too large for a record lies in a file of its own; tests/unit/test_record_verdict.py writes one"
_NOT_NOTIFIED = "an execution that ended between its verdict, unsafe or safe, and the notification"
_NOT_FOUND = "S3's 404 instead of 403 for a pack that isn't there"
_WITHOUT_POLICY = "a decision on an image whose execution ended before it recorded its policy"
_LONG = "a span of more than ten days, tests/adapters/test_verdict_index.py"
_STATUS = "`moderate status`, tests/command/test_status.py"
_REPLAY = "`moderate policy replay`, tests/command/test_policy_replay.py"
_RESULTS = "Step Functions' own, which writes a large Map's results in parts"
_CHILDREN = "Step Functions' own, for the children of a Map"
_STICKING = "decisions that stick to bytes, tests/workflow/test_sticky_decisions.py has the same by command"
_SECOND_PERSON = "copies that two people change, tests/command/test_sticky_decisions.py"
_GONE = "S3's 404 instead of 403 for an original that is gone, tests/adapters/test_s3_quarantine.py"
_CONSOLE = "`moderate console`, tests/console/test_laptop.py"
_COUNTED = "the console counts what people pass on and reveal, tests/adapters/test_reveals.py"
_DEEP = "more of others' items are due first than a request looks at, tests/unit/review/test_list_ahead.py"
_UNKNOWN_POLICY = "a report of an image whose execution ended before it recorded its policy"
UNSEEN: dict[tuple[str, str, str], str] = {
    ("FunctionsRecordVerdict", "s3:PutObject", "/evidence/"): _LARGE,
    ("FunctionsRecordVerdict", "s3:DeleteObject", "/evidence/"): _LARGE,
    ("Reviewer", "s3:GetObject", "/evidence/"): _LARGE,
    ("Eraser", "s3:DeleteObject", "/evidence/"): _LARGE,
    ("FunctionsRecordFailure", "sqs:SendMessage", "UnrecordedFailures"): "Lambda's, for events that failed three times",
    ("FunctionsRecordFailure", "sns:Publish", "Alerts"): _NOT_NOTIFIED,
    ("FunctionsSweepClaims", "sns:Publish", "Alerts"): _NOT_NOTIFIED,
    ("FunctionsNotify", "sns:Publish", "AlertsSafe"): "the recorded deployment publishes no safe images",
    ("Reviewer", "sns:Publish", "AlertsSafe"): "the recorded deployment publishes no safe images",
    ("Operator", "sns:Publish", "AlertsSafe"): "the recorded deployment publishes no safe images",
    ("Operator", "sns:ListSubscriptionsByTopic", "AlertsSafe"): "the recorded deployment publishes no safe images",
    (
        "FunctionsDigestBackfill",
        "sns:Publish",
        "Alerts",
    ): "a backfill with such verdicts, tests/unit/test_report_backfill.py",
    ("Quarantine", "s3:ListBucket", "IntakeImages"): _GONE,
    ("Quarantine", "s3:ListBucket", "their-images"): _GONE,
    ("Quarantine", "s3:ListBucketVersions", ""): _GONE,
    ("Quarantine", "s3:GetObject", "/evidence/"): _LARGE,
    ("Quarantine", "s3:GetObjectTagging", "/evidence/"): _LARGE,
    ("FunctionsSelectItem", "s3:ListBucket", ""): "S3's 404 instead of 403 for an object that is gone",
    (
        "FunctionsSelectItem",
        "s3:ListBucketVersions",
        "",
    ): "an object whose encryption hides it, tests/adapters/test_s3_images.py",
    ("BackfillRole", "s3:ListMultipartUploadParts", "/backfill/"): _RESULTS,
    ("BackfillRole", "s3:AbortMultipartUpload", "/backfill/"): _RESULTS,
    ("BackfillRole", "states:DescribeExecution", "BackfillMachine"): _CHILDREN,
    ("BackfillRole", "states:StopExecution", "BackfillMachine"): _CHILDREN,
    ("BackfillRole", "states:StartSyncExecution", "WorkflowMachine"): "the recorded deployment is a Standard one",
    (
        "Operator",
        "states:DescribeExecution",
        "BackfillMachine",
    ): "the causes of items that failed, tests/local/moto_patches",
    ("Reviewer", "s3:ListBucket", "Policies"): _NOT_FOUND,
    ("FunctionsFinalise", "s3:ListBucket", "Policies"): _NOT_FOUND,
    ("FunctionsFinalise", "s3:ListBucket", ""): "S3's 404 instead of 403 for an object that is gone",
    ("FunctionsFinalise", "s3:ListBucketVersions", ""): "S3's 404 instead of 403 for a version that is gone",
    (
        "FunctionsFinalise",
        "s3:GetObject",
        "/manifest.json",
    ): "a decision on a failure that the workflow itself recorded",
    ("FunctionsFinalise", "s3:PutObject", "/provenance/packs/"): _WITHOUT_POLICY,
    ("FunctionsFinalise", "dynamodb:PutItem", "VerdictsTable"): _STICKING,
    ("FunctionsFinalise", "dynamodb:DeleteItem", "VerdictsTable"): _STICKING,
    ("FunctionsRenderOriginal", "s3:ListBucket", ""): _GONE,
    ("FunctionsRenderOriginal", "s3:ListBucketVersions", ""): _GONE,
    ("FunctionsFinalise", "sns:Publish", "AlertsSafe"): "the recorded deployment publishes no safe images",
    ("Reviewer", "s3:PutObject", "/provenance/packs/"): _WITHOUT_POLICY,
    ("Reviewer", "s3:PutObject", "/provenance/approvals/"): _SECOND_PERSON,
    ("Reviewer", "s3:ListBucket", "Work"): _SECOND_PERSON,
    ("Reviewer", "lambda:InvokeFunction", "RenderOriginal"): _CONSOLE,
    ("Auditor", "s3:GetObject", "checks/"): _CONSOLE,
    ("Reviewer", "dynamodb:UpdateItem", "VerdictsTable"): _COUNTED,
    ("Reviewer", "dynamodb:GetItem", "VerdictsTable"): _DEEP,
    (
        "FunctionsLogApi",
        "s3:GetObject",
        "/history/log/",
    ): "what editors wrote with a change, tests/command/test_policy.py",
    ("FunctionsApi", "s3:GetObject", "/evidence/"): _LARGE,
    ("FunctionsApi", "s3:ListBucket", "Policies"): _NOT_FOUND,
    ("FunctionsApi", "dynamodb:Query", "index/by-verdict"): "metrics of less than ten days",
    ("FunctionsApi", "dynamodb:UpdateItem", "VerdictsTable"): _COUNTED,
    ("FunctionsApi", "dynamodb:GetItem", "VerdictsTable"): _DEEP,
    ("FunctionsAppApi", "s3:GetObject", "/evidence/"): _LARGE,
    ("FunctionsAppApi", "s3:GetObject", "/packs/"): _UNKNOWN_POLICY,
    ("FunctionsAppApi", "s3:GetObject", "/routes.yaml"): _UNKNOWN_POLICY,
    ("FunctionsAppApi", "s3:ListBucket", "Policies"): _NOT_FOUND,
    ("FunctionsAppApi", "dynamodb:Query", "index/by-reference"): "`GET /verdicts`, tests/unit/api/test_app_routes.py",
    ("Reviewer", "dynamodb:Query", "index/by-reference"): "`show --reference`, tests/command/test_show.py",
    ("Reviewer", "dynamodb:Query", "index/by-uploader"): "`verdicts --uploader`, tests/command/test_verdicts.py",
    ("Operator", "dynamodb:Query", "VerdictsTable"): _STATUS,
    ("Operator", "states:ListExecutions", "WorkflowMachine"): _STATUS,
    ("Operator", "dynamodb:Scan", "index/by-verdict"): _LONG,
    ("PolicyEditor", "s3:GetObject", "/evidence/"): _LARGE,
    ("PolicyEditor", "dynamodb:Query", "index/by-verdict"): _REPLAY,
    ("PolicyEditor", "dynamodb:Scan", "index/by-verdict"): _LONG,
    ("PolicyEditor", "dynamodb:BatchGetItem", "VerdictsTable"): _REPLAY,
    ("PolicyEditor", "sagemaker:InvokeEndpoint", "llama"): _REPLAY,
    ("Operator", "sagemaker:DescribeEndpoint", "endpoint/"): _LAPTOP,
    ("Operator", "lambda:GetAccountSettings", "*"): _LAPTOP,
    ("Operator", "servicequotas:GetServiceQuota", "*"): _LAPTOP,
    ("Operator", "servicequotas:GetAWSDefaultServiceQuota", "*"): _LAPTOP,
}

# (role, action, a part of the resource) → why a role may do what only others were seen to do.
WIDER: dict[tuple[str, str, str], str] = {
    ("Reviewer", "s3:GetObject", "/work/"): "looks by hand at what the models were asked and said",
    ("Quarantine", "s3:GetObject", "/work/"): "copies all files of an escalated image",
    ("PolicyEditor", "sagemaker:InvokeEndpoint", "endpoint/llama"): "`moderate policy replay --judge ask`",
}


@cache
def deployed(name: str) -> Template:
    return template_of(make_app(**DEPLOYMENTS[name]).synth(), "Moderation")


@dataclass(frozen=True)
class Grant:
    """One action on one resource of one statement of a role's policy."""

    role: str
    policy: int
    statement: int
    action: str
    resource: str

    def without(self, policies: list[dict[str, Any]]) -> tuple[Policy, ...]:
        """The role's policies without this grant."""
        less = copy.deepcopy(policies)
        statements = less[self.policy]["Statement"]
        given = statements.pop(self.statement)
        actions, resources = as_list(given["Action"]), as_list(given["Resource"])
        others = [action for action in actions if action != self.action]
        elsewhere = [resource for resource in resources if resource != self.resource]
        if others:
            statements.append(given | {"Action": others})
        if elsewhere:
            statements.append(given | {"Action": self.action, "Resource": elsewhere})
        return tuple(Policy.parse(document) for document in less)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def grants(role: str, policies: list[dict[str, Any]]) -> Iterator[Grant]:
    for p, document in enumerate(policies):
        for s, statement in enumerate(as_list(document["Statement"])):
            for action in as_list(statement["Action"]):
                for resource in as_list(statement["Resource"]):
                    yield Grant(role, p, s, action, resource)


def calls_of(role: str, deployment: str) -> list[dict[str, Any]]:
    """The recorded calls of a role, as they would be made in a deployment."""
    mine = [call for call in CALLS if call["caller"] == role]
    if deployment != "theirs":
        return mine
    return [translated(call) for call in mine if not _of_standard_executions(call)]


def caller_of(account: Account, role: str) -> Caller:
    """A session of a role; one that takes another role does so under its own session's name, as the trust demands."""
    takes = (call["context"] for call in CALLS if call["caller"] == role and call["action"] == "sts:AssumeRole")
    return account.role(role, next(takes, {"sts:rolesessionname": ["alice"]})["sts:rolesessionname"][0])


def _of_standard_executions(call: dict[str, Any]) -> bool:
    """Express executions can't be described, send no events when they fail, and are started to be waited for."""
    if call["caller"].startswith("BackfillRole"):
        return call["action"].startswith("events:") or "WorkflowMachine" in call["resource"]
    described = call["action"] == "states:DescribeExecution" and "WorkflowMachine" in call["resource"]
    return described or "UnrecordedFailures" in call["resource"]


def translated(call: dict[str, Any]) -> dict[str, Any]:
    """The call where uploads lie in their bucket, under a prefix."""
    text = json.dumps(call)
    for intake in intake_ids():
        text = text.replace(f"{intake}/image.png", "their-images/in/image.png")
        text = text.replace(f"{intake}#image.png", "their-images#in/image.png").replace(intake, "their-images")
    for prefix in ("", "stock/"):
        text = text.replace(f'"s3:prefix": ["{prefix}"]', f'"s3:prefix": ["in/{prefix}"]')
    moved: dict[str, Any] = json.loads(text)
    return moved


@cache
def intake_ids() -> list[str]:
    return [name for name in deployed("default").resources if name.startswith("IntakeImages")]


def roles(deployment: str) -> list[str]:
    """The pipeline's roles and the persons', not those of CDK's own helpers; of the console those that it adds."""
    names = deployed(deployment).of_type("AWS::IAM::Role")
    known = deployed("default").resources if deployment == "console" else {}
    return [name for name in names if not name.startswith("Custom") and name not in known]


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_every_call_that_was_seen_is_allowed(deployment: str) -> None:
    account = Account(deployed(deployment))
    refused = [
        (role, call["action"], call["resource"])
        for role in roles(deployment)
        for call in calls_of(role, deployment)
        if not account.may(caller_of(account, role), call["action"], call["resource"], call.get("context"))
    ]

    assert refused == []


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_every_grant_is_needed_or_has_its_reason(deployment: str) -> None:
    unneeded = [grant for grant in unnoticed(deployment) if reason_for(grant) is None]

    assert unneeded == []


def test_every_reason_is_needed() -> None:
    excused = {reason_for(grant) for deployment in DEPLOYMENTS for grant in unnoticed(deployment)}

    assert excused == set(UNSEEN)


@cache
def unnoticed(deployment: str) -> list[Grant]:
    """The grants that can be taken away and every recorded call is allowed as before."""
    account, found = Account(deployed(deployment)), []
    for role in roles(deployment):
        caller, documents, seen = caller_of(account, role), account.documents(role), calls_of(role, deployment)
        for grant in grants(role, documents):
            less = Caller(caller.arn, grant.without(documents))
            if all(account.may(less, call["action"], call["resource"], call.get("context")) for call in seen):
                found.append(grant)
    return found


def reason_for(grant: Grant) -> tuple[str, str, str] | None:
    """The key of UNSEEN that speaks of a grant."""
    return next((key for key in UNSEEN if speaks_of(key, grant.role, grant.action, grant.resource)), None)


def speaks_of(key: tuple[str, str, str], role: str, action: str, resource: str) -> bool:
    return role.startswith(key[0]) and action == key[1] and key[2] in resource


def test_no_role_may_do_what_only_others_were_seen_to_do() -> None:
    """A grant that is too wide lets a role into another's work: each such right has its reason in WIDER."""
    account = Account(deployed("default"))
    of_others: dict[tuple[str, str], dict[str, Any]] = {}
    for call in CALLS:
        if not call["caller"].endswith(".amazonaws.com"):
            of_others.setdefault((call["action"], call["resource"]), call)
    wider = set()
    for role in roles("default"):
        caller, own = account.role(role), {(call["action"], call["resource"]) for call in calls_of(role, "default")}
        for (action, resource), call in of_others.items():
            if (action, resource) not in own and account.may(caller, action, resource, call.get("context")):
                wider.add((role, action, resource))

    unexplained = {found for found in wider if not any(speaks_of(key, *found) for key in (*WIDER, *UNSEEN))}
    assert unexplained == set()
    assert {key for key in WIDER if not any(speaks_of(key, *found) for found in wider)} == set()


def test_the_calls_are_of_the_deployed_roles() -> None:
    known = set(deployed("console").resources)

    callers = {call["caller"] for call in CALLS}
    assert callers - {caller for caller in callers if caller.endswith(".amazonaws.com")} <= known
    assert len(CALLS) > 100
