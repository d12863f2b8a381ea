"""Resources that AWS itself creates beside ours: they go with the stacks."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aws_cdk.cx_api import CloudAssembly

from tests.infra.synthesis import Template, as_list, flatten, template_of

# Every type of resource that the stacks may hold → what AWS makes beside it, and who takes that away. A type that
# isn't here hasn't been thought about: find out, see to it, and write it down.
REVIEWED = {
    "AWS::ApiGatewayV2::Api": "nothing",
    "AWS::ApiGatewayV2::Authorizer": "nothing",
    "AWS::ApiGatewayV2::Integration": "nothing",
    "AWS::ApiGatewayV2::Route": "nothing",
    "AWS::ApiGatewayV2::Stage": "the account's policy for log deliveries; its log group is the stack's",
    "AWS::ApplicationAutoScaling::ScalableTarget": "nothing; the service-linked role belongs to the account",
    "AWS::ApplicationAutoScaling::ScalingPolicy": "alarms of target tracking, which AWS deletes with the policy",
    "AWS::CloudFront::Distribution": "nothing",
    "AWS::CloudFront::OriginAccessControl": "nothing",
    "AWS::CloudFront::ResponseHeadersPolicy": "nothing",
    "AWS::CloudWatch::Alarm": "nothing; its history expires after 30 days",
    "AWS::CloudWatch::Dashboard": "nothing",
    "AWS::Cognito::ManagedLoginBranding": "nothing",
    "AWS::Cognito::UserPool": "nothing; its users go with it",
    "AWS::Cognito::UserPoolClient": "nothing",
    "AWS::Cognito::UserPoolDomain": "nothing",
    "AWS::Cognito::UserPoolResourceServer": "nothing",
    "AWS::DynamoDB::Table": "a backup of the deleted table, because of point-in-time recovery: AWS keeps it 35 days",
    "AWS::Events::Rule": "nothing",
    "AWS::IAM::ManagedPolicy": "nothing",
    "AWS::IAM::Policy": "nothing",
    "AWS::IAM::Role": "nothing",
    "AWS::KMS::Key": "nothing; the key itself is deleted 7 days after the stack, the soonest that KMS allows",
    "AWS::Lambda::Function": "a log group, unless LoggingConfig names one of the stack's; network interfaces in a VPC",
    "AWS::Lambda::LayerVersion": "nothing",
    "AWS::Lambda::Permission": "nothing",
    "AWS::Logs::LogGroup": "nothing",
    "AWS::Logs::MetricFilter": "nothing; it goes with its log group",
    "AWS::S3::Bucket": "objects, without which alone it can be deleted: Custom::S3AutoDeleteObjects",
    "AWS::S3::BucketPolicy": "nothing",
    "AWS::SNS::Subscription": "nothing",
    "AWS::SNS::Topic": "nothing; subscriptions go with it",
    "AWS::SNS::TopicPolicy": "nothing",
    "AWS::SQS::Queue": "nothing",
    "AWS::SQS::QueuePolicy": "nothing",
    "AWS::SageMaker::Endpoint": "the log group /aws/sagemaker/Endpoints/<its name>",
    "AWS::SageMaker::EndpointConfig": "nothing",
    "AWS::SageMaker::InferenceComponent": "the log group /aws/sagemaker/InferenceComponents/<its name>",
    "AWS::SageMaker::Model": "network interfaces in a VPC",
    "AWS::SSM::Parameter": "nothing",
    "AWS::StepFunctions::StateMachine": "the account's policy for log deliveries; its log group is the stack's",
    "Custom::CDKBucketDeployment": "the page's files, which Custom::S3AutoDeleteObjects deletes",
    "Custom::S3AutoDeleteObjects": "nothing; its function is a resource of the stack",
}


def templates(*assemblies: CloudAssembly) -> Iterator[Template]:
    for assembly in assemblies:
        for stack in assembly.stacks:
            yield template_of(assembly, stack.stack_name)


@pytest.fixture(scope="module")
def everything(
    default: CloudAssembly, production: CloudAssembly, theirs: CloudAssembly, protected_console: CloudAssembly
) -> list[Template]:
    return list(templates(default, production, theirs, protected_console))


def test_every_type_of_resource_has_been_thought_about(everything: list[Template]) -> None:
    types = {resource["Type"] for template in everything for resource in template.resources.values()}

    unknown = types - REVIEWED.keys()
    assert not unknown, f"What does AWS make beside {sorted(unknown)}, and who deletes it? Say so in REVIEWED."


def test_every_function_writes_to_a_log_group_of_its_stack(everything: list[Template]) -> None:
    for template in everything:
        owned = template.of_type("AWS::Logs::LogGroup")
        for name, function in template.of_type("AWS::Lambda::Function").items():
            assert function["Properties"].get("LoggingConfig", {}).get("LogGroup", {}).get("Ref") in owned, name


@pytest.mark.parametrize(
    "resource_type, name, group",
    [
        ("AWS::SageMaker::Endpoint", "EndpointName", "/aws/sagemaker/Endpoints/"),
        ("AWS::SageMaker::InferenceComponent", "InferenceComponentName", "/aws/sagemaker/InferenceComponents/"),
    ],
)
def test_what_sagemaker_logs_is_owned_under_its_exact_name(
    everything: list[Template], resource_type: str, name: str, group: str
) -> None:
    for template in everything:
        owned = {flatten(p.get("LogGroupName")) for p in template.properties("AWS::Logs::LogGroup")}
        assert {f"{group}{flatten(p[name])}" for p in template.properties(resource_type)} <= owned


def test_nothing_may_make_a_log_group_anew_that_the_stack_deleted(everything: list[Template]) -> None:
    """A model's role may, but only its own groups: its policy refers to them, so it is deleted before they are."""
    for template in everything:
        groups = template.of_type("AWS::Logs::LogGroup")
        for name, resource in template.resources.items():
            text = json.dumps(resource)
            if resource["Type"] == "AWS::IAM::Policy" and name.startswith(("Blip2Role", "Llama2Role")):
                (statement,) = [s for s in _statements(resource) if "logs:CreateLogGroup" in as_list(s["Action"])]
                for group in as_list(statement["Resource"]):
                    assert group["Fn::GetAtt"][0] in groups and group["Fn::GetAtt"][1] == "Arn", name
            else:
                assert "logs:CreateLogGroup" not in text, name
            assert "logs:*" not in text, name
            assert not resource.get("Properties", {}).get("ManagedPolicyArns"), f"{name}: what AWS's policy grants?"


def _statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = policy["Properties"]["PolicyDocument"]["Statement"]
    return statements


def test_nothing_stands_in_a_vpc_whose_network_interfaces_would_stay(everything: list[Template]) -> None:
    for template in everything:
        assert '"VpcConfig"' not in json.dumps(template.content)


def test_in_development_no_resource_at_all_is_kept(default: CloudAssembly) -> None:
    for template in templates(default):
        for name, resource in template.resources.items():
            assert resource.get("DeletionPolicy", "Delete") == "Delete", name
            assert resource.get("UpdateReplacePolicy", "Delete") == "Delete", name


def test_a_bucket_that_is_kept_keeps_the_policy_that_guards_it(production: CloudAssembly) -> None:
    for template in templates(production):
        for name, policy in template.of_type("AWS::S3::BucketPolicy").items():
            assert policy.get("DeletionPolicy") == "Retain", name
