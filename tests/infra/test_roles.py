"""Roles: their principals, and the records, endpoints and keys they may use, by the template's own policies."""

import json
from typing import Any

import pytest
from aws_cdk.cx_api import CloudAssembly

from local.cloud.iam.evaluate import Caller
from tests.infra.access import ACCOUNT, HERE, Account, somebody
from tests.infra.synthesis import DEFAULT, EXISTING_ENDPOINTS, THEIRS, Template, make_app, template_of

PERSONS = (
    "ReviewerRole",
    "EraserRole",
    "PolicyEditorRole",
    "OperatorRole",
    "AdministratorRole",
    "AuditorRole",
    "QuarantineRole",
)
ASSUMING = somebody("sts:AssumeRole", "sts:SetSourceIdentity").policies
ALICE = Caller(f"arn:aws:iam::{ACCOUNT}:user/alice", ASSUMING)
DEVELOPER = Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/Developer/alice", ASSUMING)
KEY = f"arn:aws:kms:{HERE}:key/01234567-89ab-cdef-0123-456789abcdef"


@pytest.fixture(scope="module")
def account(moderation: Template) -> Account:
    return Account(moderation)


@pytest.mark.parametrize("role", PERSONS)
@pytest.mark.parametrize(
    "caller, identity",
    [
        (ALICE, {"aws:username": "alice", "aws:userid": "AIDAEXAMPLE"}),
        (DEVELOPER, {"aws:userid": "AROAEXAMPLE:alice"}),
    ],
)
def test_a_person_acts_under_their_own_name_only(
    account: Account, role: str, caller: Caller, identity: dict[str, str]
) -> None:
    assert account.trusts(role, caller, identity | {"sts:RoleSessionName": "alice"})
    for other in ("bob", "lice", "Alice", "alice-2", "*"):
        assert not account.trusts(role, caller, identity | {"sts:RoleSessionName": other}), other


@pytest.mark.parametrize("role", PERSONS)
def test_a_source_identity_is_taken_along(account: Account, role: str) -> None:
    context = {"aws:userid": "AROAEXAMPLE:alice", "sts:RoleSessionName": "alice", "sts:SourceIdentity": "alice@example"}

    assert account.trusts(role, DEVELOPER, context, "sts:SetSourceIdentity")


@pytest.mark.parametrize("role", PERSONS)
def test_nobody_assumes_a_role_whose_own_policies_do_not_say_so_nor_from_another_account(
    account: Account, role: str
) -> None:
    named = {"aws:username": "alice", "sts:RoleSessionName": "alice"}

    assert not account.trusts(role, Caller(ALICE.arn), named)
    assert not account.trusts(role, Caller("arn:aws:iam::999999999999:user/alice", ASSUMING), named)


@pytest.mark.parametrize("deployment", ["default", "production", "theirs"])
def test_services_assume_roles_on_behalf_of_this_account_only(deployment: str, request: pytest.FixtureRequest) -> None:
    assembly: CloudAssembly = request.getfixturevalue(deployment)
    assumed = 0
    for stack in assembly.stacks:
        template = template_of(assembly, stack.stack_name)
        for name, role in template.of_type("AWS::IAM::Role").items():
            (first, *_) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            if principal := first["Principal"].get("Service"):
                service, known = Caller(principal), Account(template)
                assert known.trusts(name, service, {"aws:SourceAccount": ACCOUNT}), name
                assert known.trusts(name, service, {}), f"{name}: not every service says for whom it asks"
                assert not known.trusts(name, service, {"aws:SourceAccount": "999999999999"}), name
                assumed += 1

    assert assumed >= 8


TABLE_ROLES = (
    "FunctionsPrepareImageRole",
    "FunctionsRecordVerdictRole",
    "FunctionsNotifyRole",
    "FunctionsRecordFailureRole",
    "FunctionsSweepClaimsRole",
    "FunctionsMeasureDriftRole",
    "WorkflowRole",
    "ReviewerRole",
    "EraserRole",
    "OperatorRole",
    "PolicyEditorRole",
)


@pytest.mark.parametrize("role", TABLE_ROLES)
def test_items_of_the_buckets_objects_are_all_that_anybody_touches(account: Account, role: str) -> None:
    table = account.arn("VerdictsTable", "AWS::DynamoDB::Table")
    bucket = account.arn("IntakeImages").removeprefix("arn:aws:s3:::")
    caller = account.role(role)
    actions = [f"dynamodb:{verb}" for verb in ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan")]
    attributes = {"dynamodb:Attributes": ["pk", "sk", "reused_from"]}

    mine = {a for a in actions if account.may(caller, a, table, attributes | {"dynamodb:LeadingKeys": f"{bucket}#a"})}

    assert mine and mine <= {f"dynamodb:{verb}" for verb in ("GetItem", "UpdateItem", "DeleteItem", "Query")}
    for keys in ("erasure#1", "other-bucket#a", bucket, [f"{bucket}#a", "erasure#1"]):
        assert not [a for a in actions if account.may(caller, a, table, attributes | {"dynamodb:LeadingKeys": keys})]
    assert not [a for a in actions if account.may(caller, a, table, attributes)], "a request without keys"


def test_sticky_decisions_are_no_records_and_each_role_does_its_own_with_them(account: Account) -> None:
    table = account.arn("VerdictsTable", "AWS::DynamoDB::Table")
    bucket = account.arn("IntakeImages").removeprefix("arn:aws:s3:::")
    verbs = ("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem", "Scan")
    of_decision = {"dynamodb:LeadingKeys": f"{bucket}:decisions#1"}
    allowed = {
        role: {verb for verb in verbs if account.may(account.role(role), f"dynamodb:{verb}", table, of_decision)}
        for role in TABLE_ROLES
    }

    assert allowed == {role: set() for role in allowed} | {
        "FunctionsPrepareImageRole": {"GetItem"},
        "FunctionsRecordVerdictRole": {"ConditionCheckItem"},
        "ReviewerRole": {"GetItem", "Query", "PutItem", "DeleteItem", "ConditionCheckItem"},
        "EraserRole": {"UpdateItem"},
    }
    eraser = account.role("EraserRole")
    for attribute in ("verdict", "categories", "decided_by", "decided_at", "reused_from"):
        changed = of_decision | {"dynamodb:Attributes": ["pk", "sk", attribute]}
        assert not account.may(eraser, "dynamodb:UpdateItem", table, changed), attribute
    for keys in ("other:decisions#1", f"{bucket}:decision", [f"{bucket}:decisions#1", f"{bucket}#a"]):
        assert not account.may(account.role("ReviewerRole"), "dynamodb:PutItem", table, {"dynamodb:LeadingKeys": keys})


def test_the_eraser_changes_nothing_of_a_record_that_stays_but_its_reference(account: Account) -> None:
    table = account.arn("VerdictsTable", "AWS::DynamoDB::Table")
    bucket = account.arn("IntakeImages").removeprefix("arn:aws:s3:::")
    of_image, eraser = {"dynamodb:LeadingKeys": f"{bucket}#a"}, account.role("EraserRole")

    reference = of_image | {"dynamodb:Attributes": ["pk", "sk", "reused_from"]}
    assert account.may(eraser, "dynamodb:UpdateItem", table, reference)
    verdict = of_image | {"dynamodb:Attributes": ["pk", "sk", "verdict"]}
    assert not account.may(eraser, "dynamodb:UpdateItem", table, verdict)
    assert account.may(eraser, "dynamodb:DeleteItem", table, of_image)


def test_the_eraser_sees_no_image_and_tags_none(account: Account) -> None:
    image, eraser = f"{account.arn('IntakeImages')}/a.jpg", account.role("EraserRole")

    for action in ("s3:GetObject", "s3:GetObjectVersion", "s3:PutObjectVersionTagging", "s3:PutObject"):
        assert not account.may(eraser, action, image)
    assert account.may(eraser, "s3:DeleteObjectVersion", image)


def test_reviewers_publish_what_a_person_decides_and_operators_what_was_not_published(account: Account) -> None:
    unsafe, review = (account.arn(f"Alerts{name}", "AWS::SNS::Topic") for name in ("Unsafe", "Review"))

    for topic in (unsafe, review):
        assert account.may(account.role("ReviewerRole"), "sns:Publish", topic)
        assert account.may(account.role("OperatorRole"), "sns:Publish", topic)


def test_the_operator_sees_no_image_and_decides_nothing_in_s3(account: Account) -> None:
    operator = account.role("OperatorRole")

    for place in (f"{account.arn('IntakeImages')}/a.jpg", f"{account.arn('Work')}/work/i/e/views/full.png"):
        for action in ("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectTagging"):
            assert not account.may(operator, action, place)


@pytest.mark.parametrize("blip2, llama", [("Their-BLIP2", "LLAMA-2"), ("their-blip2", "their-llama")])
def test_endpoints_are_invoked_by_their_arns_in_lower_case(blip2: str, llama: str) -> None:
    assembly = make_app(**(EXISTING_ENDPOINTS | {"blip2Endpoint": blip2, "llamaEndpoint": llama})).synth()
    template = template_of(assembly, "Moderation")
    account = Account(template)

    for role, name in (("FunctionsQueryImageRole", blip2), ("FunctionsJudgeImageRole", llama)):
        endpoint = f"arn:aws:sagemaker:{HERE}:endpoint/{name.lower()}"
        assert account.may(account.role(role), "sagemaker:InvokeEndpoint", endpoint)
    # the call itself must name the endpoint as it was made
    assert template.function("query_image")["Environment"]["Variables"]["BLIP2_ENDPOINT"] == blip2


THROUGH_S3 = {"kms:ViaService": "s3.us-east-1.amazonaws.com"}


def test_an_existing_buckets_own_key_opens_images_to_those_who_read_them_and_through_s3_only() -> None:
    context: dict[str, Any] = THEIRS | {"intakeKeyArn": KEY}
    assembly = make_app(**context).synth()
    account = Account(template_of(assembly, "Moderation"))
    account.resource_policies[KEY] = left_to_identity_policies()

    for role in ("FunctionsPrepareImageRole", "ReviewerRole"):
        assert account.may(account.role(role), "kms:Decrypt", KEY, THROUGH_S3)
        assert not account.may(account.role(role), "kms:Decrypt", KEY)
        assert not account.may(
            account.role(role), "kms:Decrypt", KEY, {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}
        )
        assert not account.may(account.role(role), "kms:Encrypt", KEY, THROUGH_S3)
    for role in ("FunctionsRecordVerdictRole", "EraserRole", "OperatorRole", "FunctionsQueryImageRole"):
        assert not account.may(account.role(role), "kms:Decrypt", KEY, THROUGH_S3)


def test_the_weights_buckets_own_key_opens_them_to_blip2_alone() -> None:
    context: dict[str, Any] = DEFAULT | {"blip2WeightsPrefix": "s3://weights/blip2", "weightsKeyArn": KEY}
    account = Account(template_of(make_app(**context).synth(), "ModerationModels"))
    account.resource_policies[KEY] = left_to_identity_policies()

    assert account.may(account.role("Blip2Role"), "kms:Decrypt", KEY, THROUGH_S3)
    assert not account.may(account.role("Blip2Role"), "kms:Decrypt", KEY)
    assert not account.may(account.role("Llama2Role"), "kms:Decrypt", KEY, THROUGH_S3)


def left_to_identity_policies() -> dict[str, object]:
    """A key's policy as the console writes it."""
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    return {"Statement": [{"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}]}


def test_express_executions_send_no_events_so_nothing_waits_for_them(theirs: CloudAssembly) -> None:
    template = template_of(theirs, "Moderation")

    handlers = {properties["Handler"] for properties in template.properties("AWS::Lambda::Function")}
    assert "moderation.handlers.record_failure.handler" not in handlers
    assert "moderation.handlers.sweep_claims.handler" in handlers
    assert "UnrecordedQueueUrl" not in template.content["Outputs"]
    own = {name: r for name, r in template.resources.items() if not name.startswith(("Backfill", "Operator"))}
    whole = json.dumps(own)
    for trace in ("RecordFailureRole", "UnrecordedFailures", "Execution Status Change", "states:DescribeExecution"):
        assert trace not in whole
