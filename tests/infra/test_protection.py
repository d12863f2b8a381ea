"""Encryption, TLS, retention, and what outlives the stacks."""

import json
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk.cx_api import CloudAssembly

from stacks.models_stack import ModelsStack
from stacks.settings import DeploymentSettings
from tests.infra.synthesis import CONTEXT, PRODUCTION, Template, flatten, make_app, template_of

STATEFUL = {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Logs::LogGroup"}
# Type that a stack may keep → the property that would give it a name of its own, None where it can have none.
NAMED_BY = {
    "AWS::Cognito::UserPool": "UserPoolName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::KMS::Key": None,
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::S3::BucketPolicy": None,
}


@pytest.fixture(scope="module")
def protected(production: CloudAssembly) -> Template:
    return template_of(production, "Moderation")


def denies_plain_http(policy: dict[str, Any], resource: str) -> bool:
    return any(
        statement["Effect"] == "Deny"
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        and resource in json.dumps(statement["Resource"])
        for statement in policy["PolicyDocument"]["Statement"]
    )


def test_buckets_are_private_encrypted_and_reached_over_tls_only(moderation: Template) -> None:
    buckets = moderation.of_type("AWS::S3::Bucket")

    assert len(buckets) == 6
    for name, bucket in buckets.items():
        properties = bucket["Properties"]
        (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
        assert rule["BlockedEncryptionTypes"] == {"EncryptionType": ["SSE-C"]}, "an upload under such a key is a 403"
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert any(
            policy["Bucket"] == {"Ref": name} and denies_plain_http(policy, name)
            for policy in moderation.properties("AWS::S3::BucketPolicy")
        )


def test_images_and_policies_keep_their_versions(moderation: Template) -> None:
    versioned = {
        name[:6]
        for name, bucket in moderation.of_type("AWS::S3::Bucket").items()
        if bucket["Properties"].get("VersioningConfiguration") == {"Status": "Enabled"}
    }

    assert versioned == {"Intake", "Polici", "Audit3", "Quaran"}


def test_new_images_are_sent_to_eventbridge_without_a_custom_resource(moderation: Template) -> None:
    (intake,) = [
        bucket["Properties"]
        for name, bucket in moderation.of_type("AWS::S3::Bucket").items()
        if name.startswith("IntakeImages")
    ]

    assert intake["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    assert not moderation.of_type("Custom::S3BucketNotifications")


def test_work_is_deleted_after_a_month_and_provenance_never(moderation: Template) -> None:
    (work,) = [
        bucket["Properties"]
        for name, bucket in moderation.of_type("AWS::S3::Bucket").items()
        if name.startswith("Work")
    ]

    expiring = [rule for rule in work["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule]
    assert [(rule["Prefix"], rule["ExpirationInDays"]) for rule in expiring] == [("work/", 30), ("backfill/", 30)]


def rules_of(template: Template, bucket: str) -> list[dict[str, Any]]:
    """The bucket's lifecycle rules that delete something stored, without their switches."""
    (found,) = [b["Properties"] for name, b in template.of_type("AWS::S3::Bucket").items() if name.startswith(bucket)]
    rules = [
        {name: value for name, value in rule.items() if name != "Status"}
        for rule in found["LifecycleConfiguration"]["Rules"]
    ]
    return [rule for rule in rules if "AbortIncompleteMultipartUpload" not in rule]


def test_images_and_records_are_kept_for_good_unless_told_otherwise(moderation: Template) -> None:
    assert rules_of(moderation, "IntakeImages") == []
    for stem in ("record_verdict", "record_failure", "sweep_claims"):
        assert moderation.function(stem)["Environment"]["Variables"]["RECORD_RETENTION_DAYS"] == "0"


def test_what_is_kept_for_some_days_goes_and_evidence_lives_as_long_as_its_record(protected: Template) -> None:
    assert rules_of(protected, "IntakeImages") == [
        {"ExpirationInDays": 90, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}},
        {"ExpiredObjectDeleteMarker": True},
    ]
    # An expired item may stand for a few days more, and its evidence is to be there as long.
    assert rules_of(protected, "Work") == [
        {"Prefix": "work/", "ExpirationInDays": 7},
        {"Prefix": "backfill/", "ExpirationInDays": 7},
        {"Prefix": "evidence/", "ExpirationInDays": 365 + 184 + 3},
    ]
    for stem in ("record_verdict", "record_failure", "sweep_claims"):
        assert protected.function(stem)["Environment"]["Variables"]["RECORD_RETENTION_DAYS"] == "365"


def test_queues_are_encrypted_reached_over_tls_and_keep_14_days(moderation: Template) -> None:
    queues = moderation.of_type("AWS::SQS::Queue")

    assert len(queues) == 2
    for name, queue in queues.items():
        assert queue["Properties"]["SqsManagedSseEnabled"] is True
        assert queue["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600
        assert any(denies_plain_http(p, name) for p in moderation.properties("AWS::SQS::QueuePolicy"))


def test_topics_share_one_rotating_key_and_are_reached_over_tls_only(moderation: Template) -> None:
    (key,) = moderation.of_type("AWS::KMS::Key")
    topics = moderation.of_type("AWS::SNS::Topic")

    assert len(topics) == 3
    assert moderation.only("AWS::KMS::Key")["EnableKeyRotation"] is True
    for name, topic in topics.items():
        assert flatten(topic["Properties"]["KmsMasterKeyId"]) == f"<{key}.Arn>"
        assert any(denies_plain_http(p, name) for p in moderation.properties("AWS::SNS::TopicPolicy"))


def test_the_table_has_its_keys_expiry_and_recovery(moderation: Template) -> None:
    table = moderation.only("AWS::DynamoDB::Table")

    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]
    assert {attribute["AttributeType"] for attribute in table["AttributeDefinitions"]} == {"S"}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_the_index_holds_what_the_sweeper_and_a_list_of_verdicts_show_but_no_evidence(moderation: Template) -> None:
    table = moderation.only("AWS::DynamoDB::Table")
    (held,) = [i["Projection"]["NonKeyAttributes"] for i in indexes(table) if i["IndexName"] == "by-verdict"]

    assert {"owner", "verdict", "category", "reason", "decided_by", "decided_at", "notified"} <= set(held)
    assert {"evidence", "captions"}.isdisjoint(held)


def indexes(table: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table["GlobalSecondaryIndexes"]
    return found


def test_development_leaves_nothing_behind(moderation: Template, models: Template) -> None:
    for template in (moderation, models):
        for name, resource in template.resources.items():
            if resource["Type"] in STATEFUL:
                assert resource["DeletionPolicy"] == "Delete", name
    emptied = {flatten(p["BucketName"]) for p in moderation.properties("Custom::S3AutoDeleteObjects")}
    assert emptied == {f"<{name}>" for name in moderation.of_type("AWS::S3::Bucket")}


def test_every_log_group_that_aws_would_make_is_owned(moderation: Template, models: Template) -> None:
    logs = moderation.of_type("AWS::Logs::LogGroup")
    written = [p["LoggingConfig"]["LogGroup"]["Ref"] for p in moderation.properties("AWS::Lambda::Function")]
    for machine in moderation.properties("AWS::StepFunctions::StateMachine"):
        (destination,) = machine["LoggingConfiguration"]["Destinations"]
        written.append(destination["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"][0])

    assert sorted(written) == sorted(logs)
    assert {p["LogGroupName"] for p in models.properties("AWS::Logs::LogGroup")} == {
        f"/aws/sagemaker/Endpoints/{p['EndpointName']}" for p in models.properties("AWS::SageMaker::Endpoint")
    }
    assert not models.of_type("AWS::Lambda::Function")
    for template in (moderation, models):
        assert {p["RetentionInDays"] for p in template.properties("AWS::Logs::LogGroup")} == {30}


def test_production_outlives_its_stack(protected: Template) -> None:
    for name, resource in protected.resources.items():
        if resource["Type"] in STATEFUL and "LogGroupName" not in resource["Properties"]:
            # Not RetainExceptOnCreate: a rollback would try to delete the table, which is protected from that.
            assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain", name
    assert protected.only("AWS::DynamoDB::Table")["DeletionProtectionEnabled"] is True
    assert not protected.of_type("Custom::S3AutoDeleteObjects")


@pytest.fixture(scope="module")
def every_template(
    default: CloudAssembly,
    production: CloudAssembly,
    theirs: CloudAssembly,
    awake: CloudAssembly,
    protected_console: CloudAssembly,
) -> list[Template]:
    assemblies = (default, production, theirs, awake, protected_console)
    return [template_of(assembly, stack.stack_name) for assembly in assemblies for stack in assembly.stacks]


@pytest.fixture(scope="module")
def awake() -> CloudAssembly:
    """The models in production, not scaling to zero, where their names are others."""
    app = App(context=CONTEXT, analytics_reporting=False)
    settings = DeploymentSettings(stage="prod", accept_llama2_eula=True)
    ModelsStack(app, "ModerationModels", settings=settings, region=None)
    return app.synth()


def test_nothing_that_is_kept_has_a_name_that_the_next_attempt_needs(every_template: list[Template]) -> None:
    for template in every_template:
        for name, resource in template.resources.items():
            policies = {resource.get("DeletionPolicy", "Delete"), resource.get("UpdateReplacePolicy", "Delete")}
            if policies != {"Delete"}:
                assert resource["Type"] in NAMED_BY, f"{name} is kept: under which property would it have a fixed name?"
                assert NAMED_BY[resource["Type"]] not in resource.get("Properties", {}), name


def test_a_log_group_of_a_fixed_name_goes_with_its_stack(every_template: list[Template]) -> None:
    named = [
        (name, group)
        for template in every_template
        for name, group in template.of_type("AWS::Logs::LogGroup").items()
        if "LogGroupName" in group["Properties"]
    ]

    assert {flatten(group["Properties"]["LogGroupName"]) for _, group in named} == {
        "/aws/vendedlogs/states/<AWS::StackName>-workflow",
        "/aws/vendedlogs/states/<AWS::StackName>-backfill",
        "/aws/vendedlogs/apigateway/<AWS::StackName>",
        "/aws/sagemaker/Endpoints/moderation-blip2",
        "/aws/sagemaker/Endpoints/moderation-llama2",
        "/aws/sagemaker/Endpoints/moderation-blip2-components",
        "/aws/sagemaker/Endpoints/moderation-llama2-components",
        "/aws/sagemaker/InferenceComponents/moderation-blip2",
        "/aws/sagemaker/InferenceComponents/moderation-llama2",
    }
    for name, group in named:
        assert group["DeletionPolicy"] == group["UpdateReplacePolicy"] == "Delete", name


def test_the_models_can_be_destroyed_in_production_too(production: CloudAssembly, awake: CloudAssembly) -> None:
    for assembly in (production, awake):
        for name, resource in template_of(assembly, "ModerationModels").resources.items():
            assert resource.get("DeletionPolicy", "Delete") == "Delete", name


def test_no_stack_is_protected_from_termination_when_it_is_first_made(
    default: CloudAssembly, production: CloudAssembly
) -> None:
    assert not any(stack.termination_protection for stack in (*default.stacks, *production.stacks))


def test_termination_protection_is_of_the_data_alone() -> None:
    app = make_app(**PRODUCTION, terminationProtection=True)
    protected = {
        stack.stack_name: stack.termination_protection for stack in app.node.children if isinstance(stack, Stack)
    }

    assert protected == {"Moderation": True, "ModerationModels": False}


def test_development_can_be_destroyed(moderation: Template) -> None:
    assert moderation.only("AWS::DynamoDB::Table")["DeletionProtectionEnabled"] is False
