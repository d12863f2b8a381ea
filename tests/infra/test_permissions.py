"""Each role may do exactly what its code does."""

import json

import pytest
from aws_cdk.cx_api import CloudAssembly

from tests.infra.synthesis import Template, flatten, template_of

LIST = {"s3:ListBucket", "s3:ListBucketVersions"}
TAGGING = {f"s3:{verb}Object{version}Tagging" for verb in ("Get", "Put") for version in ("", "Version")}
EDITING = ("GetObject", "PutObject", "DeleteObject")
DEAD_LETTERS = {"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"}
TRACE = {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}
WRITE_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
SAGEMAKER = "arn:<AWS::Partition>:sagemaker:<AWS::Region>:<AWS::AccountId>:endpoint/"
STACK = "arn:<AWS::Partition>:cloudformation:<AWS::Region>:<AWS::AccountId>:stack/<AWS::StackName>/*"
EXECUTIONS = "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:"


def name_of(template: Template, resource_type: str, start: str) -> str:
    (found,) = [name for name in template.of_type(resource_type) if name.startswith(start)]
    return found


@pytest.fixture(scope="module")
def grants(moderation: Template) -> dict[str, dict[str, set[str]]]:
    """What each function may do beyond its own log and its traces."""
    intake = name_of(moderation, "AWS::S3::Bucket", "IntakeImages")
    policies = name_of(moderation, "AWS::S3::Bucket", "Policies")
    work = name_of(moderation, "AWS::S3::Bucket", "Work")
    table = f"<{name_of(moderation, 'AWS::DynamoDB::Table', 'VerdictsTable')}.Arn>"
    unsafe = name_of(moderation, "AWS::SNS::Topic", "AlertsUnsafe")
    review = name_of(moderation, "AWS::SNS::Topic", "AlertsReview")
    key = name_of(moderation, "AWS::KMS::Key", "AlertsKey")
    failures = name_of(moderation, "AWS::SQS::Queue", "FunctionsUnrecordedFailures")
    machine = name_of(moderation, "AWS::StepFunctions::StateMachine", "WorkflowMachine")
    unstarted = name_of(moderation, "AWS::SQS::Queue", "WorkflowUnstartedExecutions")
    write_items = {table: {"dynamodb:GetItem", "dynamodb:UpdateItem"}}
    list_items = {f"{table}/index/by-verdict": {"dynamodb:Query"}}
    use_key = {f"<{key}.Arn>": {"kms:Decrypt", "kms:GenerateDataKey"}}
    publish = {f"<{unsafe}>": {"sns:Publish"}, f"<{review}>": {"sns:Publish"}} | use_key
    see_executions = {f"{EXECUTIONS}<{machine}.Name>:*": {"states:DescribeExecution"}}
    read_policies = {
        f"<{policies}.Arn>/packs/*": {"s3:GetObject"},
        f"<{policies}.Arn>/routes.yaml": {"s3:GetObject"},
        f"<{policies}.Arn>": {"s3:ListBucket"},
    }

    def work_files(**actions: str) -> dict[str, set[str]]:
        """Action → the files that it may be done to, seen from the files."""
        granted: dict[str, set[str]] = {}
        for action, keys in actions.items():
            for file in keys.split():
                granted.setdefault(f"<{work}.Arn>/{file}", set()).add(f"s3:{action}Object")
        return granted

    return {
        "PrepareImage": {
            f"<{intake}.Arn>/*": {"s3:GetObjectVersion"},
            f"<{intake}.Arn>": LIST,
            f"{table}/index/by-sha256": {"dynamodb:Query"},
            table: {"dynamodb:GetItem"},
        }
        | read_policies
        | work_files(Put="work/*/manifest.json work/*/views/* work/*/judgement.json provenance/packs/*"),
        "QueryImage": work_files(Get="work/*/manifest.json work/*/views/*", Put="work/*/answers/*")
        | {f"{SAGEMAKER}moderation-blip2": {"sagemaker:InvokeEndpoint"}},
        "JudgeImage": work_files(
            Get="work/*/manifest.json work/*/answers/*", Put="work/*/judgement.json provenance/prompts/*"
        )
        | {f"{SAGEMAKER}moderation-llama2": {"sagemaker:InvokeEndpoint"}},
        "RecordVerdict": work_files(Get="work/*/manifest.json work/*/judgement.json", Put="evidence/*")
        | write_items
        | {f"<{intake}.Arn>/*": TAGGING, f"<{intake}.Arn>": LIST},
        "Notify": write_items | publish,
        "RecordFailure": write_items | publish | {f"<{failures}.Arn>": {"sqs:SendMessage"}},
        "SweepClaims": write_items | publish | list_items | see_executions,
        "Reviewer": use_key
        | read_policies
        | list_items
        | work_files(Get="work/* evidence/* provenance/packs/*", Put="provenance/packs/*")
        | {
            STACK: {"cloudformation:DescribeStacks"},
            f"<{unsafe}>": {"sns:Publish"},
            f"<{intake}.Arn>/*": {"s3:GetObject", "s3:GetObjectVersion"} | TAGGING,
            f"<{intake}.Arn>": LIST,
            table: {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"},
        },
        "Eraser": work_files(Delete="work/* evidence/*", Put="provenance/erasures/*")
        | {
            STACK: {"cloudformation:DescribeStacks"},
            f"<{intake}.Arn>/*": {"s3:DeleteObjectVersion"},
            f"<{intake}.Arn>": {"s3:ListBucketVersions"},
            f"<{work}.Arn>": {"s3:ListBucket"},
            table: {f"dynamodb:{verb}Item" for verb in ("Get", "Update", "Delete")} | {"dynamodb:Query"},
            f"{table}/index/by-sha256": {"dynamodb:Query"},
        },
        "PolicyEditor": {
            STACK: {"cloudformation:DescribeStacks"},
            f"<{policies}.Arn>/packs/*": {f"s3:{verb}" for verb in EDITING} | {"s3:GetObjectVersion"},
            f"<{policies}.Arn>/routes.yaml": {f"s3:{verb}" for verb in EDITING},
            f"<{policies}.Arn>": LIST,
        },
        "Operator": write_items
        | publish
        | list_items
        | see_executions
        | {
            STACK: {"cloudformation:DescribeStacks"},
            f"<{machine}>": {"states:StartExecution"},
            f"<{unstarted}.Arn>": DEAD_LETTERS,
            f"<{failures}.Arn>": DEAD_LETTERS,
        },
    }


@pytest.mark.parametrize(
    "function",
    ["PrepareImage", "QueryImage", "JudgeImage", "RecordVerdict", "Notify", "RecordFailure", "SweepClaims"],
)
def test_a_function_may_do_exactly_what_it_does(
    function: str, moderation: Template, grants: dict[str, dict[str, set[str]]]
) -> None:
    log = name_of(moderation, "AWS::Logs::LogGroup", f"Functions{function}Log")

    granted = moderation.granted(f"Functions{function}Role")

    assert granted == grants[function] | {f"<{log}.Arn>": WRITE_LOG, "*": TRACE}


@pytest.mark.parametrize("person", ["Reviewer", "Eraser", "PolicyEditor", "Operator"])
def test_a_person_may_do_exactly_what_their_task_needs(
    person: str, moderation: Template, grants: dict[str, dict[str, set[str]]]
) -> None:
    assert moderation.granted(f"{person}Role") == grants[person]


def test_the_workflow_may_invoke_its_steps_and_update_the_table(moderation: Template) -> None:
    steps = ("PrepareImage", "QueryImage", "JudgeImage", "RecordVerdict", "Notify")
    functions = {name_of(moderation, "AWS::Lambda::Function", f"Functions{step}Function") for step in steps}
    table = name_of(moderation, "AWS::DynamoDB::Table", "VerdictsTable")

    granted = moderation.granted("WorkflowRole")

    assert {resource for resource, actions in granted.items() if "lambda:InvokeFunction" in actions} == {
        f"<{function}.Arn>" for function in functions
    }
    assert granted[f"<{table}.Arn>"] == {"dynamodb:UpdateItem"}
    assert {action.split(":")[0] for action in granted["*"]} == {"logs", "xray"}


def test_no_role_has_a_policy_of_amazons_but_the_one_that_empties_buckets(
    moderation: Template, models: Template
) -> None:
    managed = {
        name
        for template in (moderation, models)
        for name, role in template.of_type("AWS::IAM::Role").items()
        if role["Properties"].get("ManagedPolicyArns")
    }

    assert all(name.startswith("CustomS3AutoDeleteObjects") for name in managed)


def test_no_policy_holds_a_wildcard_in_an_action(moderation: Template, models: Template) -> None:
    for template in (moderation, models):
        for policy in template.properties("AWS::IAM::Policy"):
            assert "*" not in json.dumps([s["Action"] for s in policy["PolicyDocument"]["Statement"]])


def test_a_prefix_bounds_what_may_be_read_and_tagged(theirs: CloudAssembly) -> None:
    template = template_of(theirs, "Moderation")

    for role in ("FunctionsPrepareImageRole", "FunctionsRecordVerdictRole"):
        objects = [resource for resource in template.granted(role) if "their-images/" in resource]
        assert objects == ["arn:<AWS::Partition>:s3:::their-images/in/*"]


def test_only_events_may_write_to_a_dead_letter_queue_from_outside(moderation: Template) -> None:
    allowed = [
        (statement["Principal"], statement["Action"], flatten(statement["Condition"]["ArnEquals"]["aws:SourceArn"]))
        for policy in moderation.properties("AWS::SQS::QueuePolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]

    rules = moderation.of_type("AWS::Events::Rule")
    assert len(allowed) == 2
    for principal, action, source in allowed:
        assert (principal, action) == ({"Service": "events.amazonaws.com"}, "sqs:SendMessage")
        assert source.removeprefix("<").removesuffix(".Arn>") in rules
