"""The state machine, the rules that start and guard it, and what they let through."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.cx_api import CloudAssembly
from moto.events.models import EventPattern

from statemachine import definition
from tests.infra.synthesis import ROOT, Template, flatten, template_of


def rule(template: Template, start: str) -> dict[str, Any]:
    (found,) = [r["Properties"] for name, r in template.of_type("AWS::Events::Rule").items() if name.startswith(start)]
    return dict(found)


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    resolved = json.loads(json.dumps(pattern), object_hook=lambda d: d.get("Ref", d) if len(d) == 1 else d)
    return bool(EventPattern.load(json.dumps(resolved)).matches_event(event))


def object_created(bucket: str, key: str, size: int, detail_type: str = "Object Created") -> dict[str, Any]:
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": detail_type,
        "source": "aws.s3",
        "account": "111122223333",
        "time": "2026-11-23T06:00:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": key, "size": size, "etag": "b1946ac9", "version-id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"},
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "111122223333",
            "reason": "PutObject",
        },
    }


@pytest.fixture(scope="module")
def intake(moderation: Template) -> str:
    (name,) = [name for name in moderation.of_type("AWS::S3::Bucket") if name.startswith("IntakeImages")]
    return name


@pytest.mark.parametrize(
    ("key", "size"),
    [
        ("cat.jpg", 5),
        ("notes.txt", 5),
        ("no extension", 5),
        ("empty.jpg", 0),
        ("ends in a slash/", 7),
        ("ünï+code %20.PNG", 20_000_001),
    ],
)
def test_every_object_starts_the_workflow_whatever_its_name_and_size(
    key: str, size: int, moderation: Template, intake: str
) -> None:
    pattern = rule(moderation, "WorkflowObjectCreated")["EventPattern"]

    assert matches(pattern, object_created(intake, key, size))


@pytest.mark.parametrize(
    "event",
    [
        object_created("IntakeImages", "folder/", 0),
        object_created("IntakeImages", "deep/folder/", 0),
        object_created("IntakeImages", "cat.jpg", 5, "Object Deleted"),
        object_created("IntakeImages", "cat.jpg", 5, "Object Tags Added"),
        object_created("another", "cat.jpg", 5),
    ],
)
def test_folder_markers_other_events_and_other_buckets_start_nothing(
    event: dict[str, Any], moderation: Template, intake: str
) -> None:
    pattern = rule(moderation, "WorkflowObjectCreated")["EventPattern"]
    if event["detail"]["bucket"]["name"] == "IntakeImages":
        event["detail"]["bucket"]["name"] = intake

    assert not matches(pattern, event)


def test_a_prefix_bounds_what_starts_the_workflow(theirs: CloudAssembly) -> None:
    template = template_of(theirs, "Moderation")
    pattern = rule(template, "WorkflowObjectCreated")["EventPattern"]

    assert matches(pattern, object_created("their-images", "in/cat.jpg", 5))
    assert matches(pattern, object_created("their-images", "in/empty", 0))
    assert not matches(pattern, object_created("their-images", "cat.jpg", 5))
    assert template.content["Outputs"]["IntakeBucketName"]["Value"] == "their-images"
    assert template.content["Outputs"]["IntakePrefix"]["Value"] == "in/"
    assert not [name for name in template.of_type("AWS::S3::Bucket") if name.startswith("Intake")]


def test_the_event_becomes_the_execution_input(moderation: Template) -> None:
    (target,) = rule(moderation, "WorkflowObjectCreated")["Targets"]
    transformer = target["InputTransformer"]
    fields = {f"<{name}>": path.removeprefix("$.") for name, path in transformer["InputPathsMap"].items()}
    template = transformer["InputTemplate"]
    for field, path in fields.items():
        template = template.replace(field, json.dumps(path))

    assert json.loads(template) == {
        "bucket": "detail.bucket.name",
        "key": "detail.object.key",
        "version": "detail.object.version-id",
        "size": "detail.object.size",
        "event_id": "id",
        "time": "time",
    }


def test_an_upload_to_a_bucket_without_versioning_starts_the_workflow_too(
    moderation: Template, intake: str, theirs: CloudAssembly
) -> None:
    for template, bucket in ((moderation, intake), (template_of(theirs, "Moderation"), "their-images")):
        event = object_created(bucket, "in/cat.jpg", 5)
        del event["detail"]["object"]["version-id"]
        unversioned = rule(template, "WorkflowUnversionedCreated")

        assert matches(unversioned["EventPattern"], event)
        assert not matches(rule(template, "WorkflowObjectCreated")["EventPattern"], event)
        assert not matches(unversioned["EventPattern"], object_created(bucket, "in/cat.jpg", 5))
        assert '"version":"null"' in unversioned["Targets"][0]["InputTransformer"]["InputTemplate"]


def made_before(template: Template, name: str) -> set[str]:
    """The resources that CloudFormation makes before `name`: what it refers to or depends on, and so on."""

    def needs(value: Any) -> set[str]:
        match value:
            case {"Ref": str(found)} | {"Fn::GetAtt": [str(found), _]}:
                return {found} & template.resources.keys()
            case dict():
                return set[str]().union(*map(needs, value.values()))
            case list():
                return set[str]().union(*map(needs, value))
            case _:
                return set()

    found: set[str] = set()
    todo = [name]
    while todo:
        resource = template.resources[todo.pop()]
        new = (needs(resource.get("Properties", {})) | set(resource.get("DependsOn", []))) - found
        found |= new
        todo += new
    return found


def test_the_first_upload_meets_every_right_that_its_moderation_needs(
    default: CloudAssembly, production: CloudAssembly, theirs: CloudAssembly
) -> None:
    for template in (template_of(assembly, "Moderation") for assembly in (default, production, theirs)):
        (start,) = [name for name in template.of_type("AWS::Events::Rule") if name.startswith("WorkflowObjectCreated")]
        (target,) = rule(template, "WorkflowObjectCreated")["Targets"]
        made = made_before(template, start)
        policies = {
            name: {role["Ref"] for role in policy["Properties"]["Roles"]}
            for name, policy in template.of_type("AWS::IAM::Policy").items()
        }

        of_target = {name for name, roles in policies.items() if target["RoleArn"]["Fn::GetAtt"][0] in roles}
        assert of_target and of_target <= set(template.resources[start]["DependsOn"])
        assert {name for name, roles in policies.items() if roles & made} <= made


@pytest.mark.parametrize(
    ("start", "queue"),
    [("WorkflowObjectCreated", "WorkflowUnstarted"), ("WorkflowExecutionFailed", "FunctionsUnrecorded")],
)
def test_events_are_delivered_for_a_day_and_then_kept(start: str, queue: str, moderation: Template) -> None:
    (target,) = rule(moderation, start)["Targets"]

    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    assert flatten(target["DeadLetterConfig"]["Arn"]).startswith(f"<{queue}")


@pytest.mark.parametrize(
    ("status", "recorded"),
    [("FAILED", True), ("TIMED_OUT", True), ("ABORTED", True), ("SUCCEEDED", False), ("RUNNING", False)],
)
def test_executions_that_end_outside_the_machine_are_recorded(
    status: str, recorded: bool, moderation: Template
) -> None:
    failed = rule(moderation, "WorkflowExecutionFailed")
    [machine] = [n for n in moderation.of_type("AWS::StepFunctions::StateMachine") if n.startswith("Workflow")]
    event = {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {"stateMachineArn": machine, "status": status},
    }

    assert matches(failed["EventPattern"], event) is recorded
    assert flatten(failed["Targets"][0]["Arn"]).startswith("<FunctionsRecordFailureFunction")


def test_executions_of_other_machines_are_left_alone(moderation: Template) -> None:
    event = {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {"stateMachineArn": "another", "status": "FAILED"},
    }

    assert not matches(rule(moderation, "WorkflowExecutionFailed")["EventPattern"], event)


def test_lost_claims_are_swept_every_quarter_of_an_hour(moderation: Template) -> None:
    sweep = rule(moderation, "WorkflowSweepSchedule")

    assert sweep["ScheduleExpression"] == "rate(15 minutes)"
    assert flatten(sweep["Targets"][0]["Arn"]).startswith("<FunctionsSweepClaimsFunction")


def test_the_canary_is_asked_once_an_hour(moderation: Template) -> None:
    canary = rule(moderation, "FunctionsCanarySchedule")

    assert canary["ScheduleExpression"] == "rate(1 hour)"
    assert flatten(canary["Targets"][0]["Arn"]).startswith("<FunctionsAskCanaryFunction")


def test_drift_is_measured_once_a_day(moderation: Template) -> None:
    drift = rule(moderation, "FunctionsDriftSchedule")

    assert drift["ScheduleExpression"] == "rate(1 day)"
    assert flatten(drift["Targets"][0]["Arn"]).startswith("<FunctionsMeasureDriftFunction")


def test_both_types_run_the_same_definition(moderation: Template, theirs: CloudAssembly) -> None:
    express = template_of(theirs, "Moderation").machine("Workflow")

    assert express["DefinitionString"] == moderation.machine("Workflow")["DefinitionString"]


def test_the_machine_runs_the_file_with_every_placeholder_filled(moderation: Template) -> None:
    machine = moderation.machine("Workflow")

    assert json.loads(machine["DefinitionString"]) == json.loads(definition.load())
    assert machine["DefinitionSubstitutions"].keys() == definition.placeholders(definition.load())
    for name, value in machine["DefinitionSubstitutions"].items():
        if name.endswith("Function"):
            assert flatten(value).startswith(f"<Functions{name}")


@pytest.mark.parametrize(("deployment", "workflow_type"), [("default", "STANDARD"), ("theirs", "EXPRESS")])
def test_the_machine_is_traced_and_logs_every_step_but_no_content(
    deployment: str, workflow_type: str, request: pytest.FixtureRequest
) -> None:
    template = template_of(request.getfixturevalue(deployment), "Moderation")
    machine = template.machine("Workflow")

    assert machine["StateMachineType"] == workflow_type
    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert machine["LoggingConfiguration"].get("IncludeExecutionData", False) is False


@pytest.mark.parametrize("path", [definition.DEFINITION_PATH, definition.BACKFILL_PATH])
def test_the_definition_is_valid_amazon_states_language(path: Path) -> None:
    validator = ROOT / "node_modules/.bin/asl-validator"

    checked = subprocess.run([str(validator), "--json-path", str(path)], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr
