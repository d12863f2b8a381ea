"""Other people's rules: cdk-nag, cfn-lint, and what the laptop cloud can make."""

from pathlib import Path

import pytest
from aws_cdk import App, Stack, Validations
from aws_cdk import aws_sns as sns
from aws_cdk.cx_api import CloudAssembly
from cdk_nag import AwsSolutionsChecks
from cfnlint import api

from tests.infra.synthesis import ROOT, Template, nag_report, refusals

# What is acknowledged beside wildcards in resources, and queues that are dead-letter queues themselves.
OF_THE_CONSOLE = {f"AwsSolutions-{rule}" for rule in ("CFR1", "CFR3", "CFR4", "L1", "S1")}
ACKNOWLEDGED = {
    "default": set[str](),
    "production": set[str](),
    "theirs": set[str](),
    "console": OF_THE_CONSOLE | {"AwsSolutions-CFR2"},
    "protected_console": OF_THE_CONSOLE,
}


@pytest.mark.parametrize("deployment", ACKNOWLEDGED)
def test_cdk_nag_finds_nothing_that_is_not_acknowledged_with_a_reason(
    deployment: str, request: pytest.FixtureRequest
) -> None:
    report = nag_report(request.getfixturevalue(deployment))

    assert report["conclusion"] == "success"
    assert not report["violations"]
    acknowledged = {finding["ruleName"].split("[")[0] for finding in report["suppressedViolations"]}
    assert acknowledged == {"AwsSolutions-IAM5", "AwsSolutions-SQS3"} | ACKNOWLEDGED[deployment]
    assert all(len(finding["reason"]) > 25 for finding in report["suppressedViolations"])


def test_cdk_nag_would_find_a_topic_without_tls() -> None:
    app = App(analytics_reporting=False)
    sns.Topic(Stack(app, "Careless"), "Topic")

    Validations.of(app).add_plugins(AwsSolutionsChecks(app))

    assert any("AwsSolutions-SNS3" in complaint for complaint in refusals(app))


@pytest.mark.parametrize("stack", ["Moderation", "ModerationModels", "ModerationConsole"])
def test_cfn_lint_finds_no_error(stack: str, console: CloudAssembly) -> None:
    found = api.lint_file(Path(console.directory, f"{stack}.template.json"))

    assert [str(match) for match in found if match.rule.id.startswith("E")] == []


def test_the_pipeline_is_made_of_what_the_laptop_cloud_knows(moderation: Template) -> None:
    assert {resource["Type"] for resource in moderation.resources.values()} == {
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::DynamoDB::Table",
        "AWS::Events::Rule",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::KMS::Key",
        "AWS::Lambda::Function",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "AWS::Logs::MetricFilter",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        "AWS::StepFunctions::StateMachine",
        "Custom::S3AutoDeleteObjects",
    }


def test_the_lock_of_the_node_tools_names_no_registry() -> None:
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()
