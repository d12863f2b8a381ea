"""Context → settings: good values are read, bad ones are refused in words."""

import pytest

from stacks.contract import BLIP2_WEIGHTS
from stacks.settings import (
    BedrockModel,
    DeploymentSettings,
    EndpointNames,
    Instances,
    IntakeSettings,
    InvalidSettings,
    S3Prefix,
)

EXISTING_BUCKET = {"intakeBucketName": "their-images", "intakeBucketVersioned": True}
KEY = "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
MULTI_REGION_KEY = "arn:aws:kms:eu-west-1:123456789012:key/mrk-0123456789abcdef0123456789abcdef"
EXISTING_ENDPOINTS = {"blip2Endpoint": "their-blip2", "llamaEndpoint": "their-llama"}
JUDGE = {"judge": "bedrock:amazon.nova-micro-v1:0"}
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hub-AbCdEf"


def faults_of(**context: object) -> list[str]:
    with pytest.raises(InvalidSettings) as caught:
        DeploymentSettings.from_context(context.get)
    return caught.value.faults


def test_an_empty_context_is_a_development_deployment_without_the_licence() -> None:
    settings = DeploymentSettings.from_context(lambda name: None)

    assert settings == DeploymentSettings()
    assert not settings.protected
    assert not settings.accept_llama2_eula


def test_values_of_the_command_line_are_text_and_read_as_what_they_mean() -> None:
    settings = DeploymentSettings.from_context(
        {
            "stage": "prod",
            "acceptLlama2Eula": "true",
            "notifySafe": "True",
            "modelInputSize": "96",
            "modelConcurrency": "12",
        }.get
    )

    assert settings.protected
    assert settings.accept_llama2_eula
    assert settings.notify_safe
    assert settings.model_input_size == 96
    assert settings.model_concurrency == 12


def test_the_console_and_its_web_acl() -> None:
    acl = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/ours/01234567-89ab-cdef-0123-456789abcdef"

    settings = DeploymentSettings.from_context({"console": "true", "consoleWebAclArn": acl}.get)

    assert (settings.console, settings.console_web_acl_arn) == (True, acl)
    assert not DeploymentSettings().console
    (fault,) = faults_of(consoleWebAclArn=acl)
    assert "set without console=true" in fault
    (fault,) = faults_of(console=True, consoleWebAclArn=acl.replace("global", "regional"))
    assert "scope CLOUDFRONT" in fault


def test_existing_endpoints_may_speak_any_dialect() -> None:
    settings = DeploymentSettings.from_context(
        {**EXISTING_ENDPOINTS, "blip2Dialect": "sample", "llamaDialect": "openai", "llamaGrammar": True}.get
    )

    assert settings.existing_endpoints == EndpointNames("their-blip2", "their-llama")
    assert (settings.blip2_dialect, settings.llama_dialect, settings.llama_grammar) == ("sample", "openai", True)


@pytest.mark.parametrize(
    ("judge", "model", "foundation_model"),
    [
        ("bedrock:amazon.nova-micro-v1:0", BedrockModel("amazon.nova-micro-v1:0"), "amazon.nova-micro-v1:0"),
        (
            "bedrock:mistral.ministral-3-8b-instruct",
            BedrockModel("mistral.ministral-3-8b-instruct"),
            "mistral.ministral-3-8b-instruct",
        ),
        ("bedrock:zai.glm-4.7", BedrockModel("zai.glm-4.7"), "zai.glm-4.7"),
        ("bedrock:us.zai.glm-4.7", BedrockModel("us.zai.glm-4.7", "us"), "zai.glm-4.7"),
        (
            "bedrock:us.meta.llama3-1-8b-instruct-v1:0",
            BedrockModel("us.meta.llama3-1-8b-instruct-v1:0", "us"),
            "meta.llama3-1-8b-instruct-v1:0",
        ),
        (
            "bedrock:global.amazon.nova-2-lite-v1:0",
            BedrockModel("global.amazon.nova-2-lite-v1:0", "global"),
            "amazon.nova-2-lite-v1:0",
        ),
        (
            "bedrock:arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-micro-v1:0",
            BedrockModel("eu.amazon.nova-micro-v1:0", "eu"),
            "amazon.nova-micro-v1:0",
        ),
        (
            "bedrock:arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0",
            BedrockModel("amazon.nova-micro-v1:0"),
            "amazon.nova-micro-v1:0",
        ),
    ],
)
def test_the_judge_may_be_a_model_or_a_profile_on_bedrock(
    judge: str, model: BedrockModel, foundation_model: str
) -> None:
    settings = DeploymentSettings.from_context({"judge": judge}.get)

    assert settings.bedrock_judge == model
    assert model.foundation_model == foundation_model


def test_with_a_judge_on_bedrock_blip2_alone_may_be_an_existing_endpoint() -> None:
    context = {"blip2Endpoint": "their-blip2", "judge": "bedrock:amazon.nova-micro-v1:0"}

    assert DeploymentSettings.from_context(context.get).existing_endpoints == EndpointNames("their-blip2")


def test_an_existing_versioned_bucket_and_a_prefix() -> None:
    settings = DeploymentSettings.from_context(
        {"intakeBucketName": "their-images", "intakeBucketVersioned": True, "intakePrefix": "in/"}.get
    )

    assert settings.intake == IntakeSettings("their-images", "in/")


@pytest.mark.parametrize("key", [KEY, MULTI_REGION_KEY, KEY.replace("aws:", "aws-cn:")])
def test_existing_buckets_may_have_keys_of_their_own(key: str) -> None:
    weights = {"blip2WeightsPrefix": "s3://weights/blip2", "weightsKeyArn": key}
    settings = DeploymentSettings.from_context({**EXISTING_BUCKET, "intakeKeyArn": key, **weights}.get)

    assert settings.intake.key_arn == settings.weights_key_arn == key


@pytest.mark.parametrize(
    ("uri", "prefix", "name"),
    [
        ("s3://weights/blip2", S3Prefix("weights", "blip2/"), "blip2"),
        ("s3://weights/blip2/", S3Prefix("weights", "blip2/"), "blip2"),
        ("s3://b/p/", S3Prefix("b", "p/"), "p"),
        ("s3://weights/our models/xl-2/", S3Prefix("weights", "our models/xl-2/"), "xl-2"),
    ],
)
def test_the_prefix_of_isolated_weights_ends_in_one_slash(uri: str, prefix: S3Prefix, name: str) -> None:
    settings = DeploymentSettings.from_context({"blip2WeightsPrefix": uri}.get)

    assert settings.blip2_weights_prefix == prefix
    assert prefix.name == name


def test_the_prefix_that_the_refusal_shows_is_accepted() -> None:
    (fault,) = faults_of(blip2WeightsPrefix="weights")
    shown = fault.partition("such as ")[2].rstrip(".")

    assert DeploymentSettings.from_context({"blip2WeightsPrefix": shown}.get).blip2_weights_prefix


def test_the_commit_of_the_default_weights_is_pinned_and_others_need_theirs() -> None:
    commit = "0123456789abcdef" * 2 + "01234567"

    assert DeploymentSettings().blip2_revision == BLIP2_WEIGHTS["revision"]
    assert DeploymentSettings.from_context({"blip2Weights": BLIP2_WEIGHTS["hub_id"]}.get) == DeploymentSettings()
    chosen = DeploymentSettings.from_context({"blip2Weights": "a/b", "blip2Revision": commit}.get)
    assert (chosen.blip2_weights, chosen.blip2_revision) == ("a/b", commit)


def test_a_token_in_the_place_of_its_secret_is_not_repeated() -> None:
    with pytest.raises(InvalidSettings, match="never the token itself") as raised:
        DeploymentSettings.from_context({"hubTokenSecretArn": "hf_sesame"}.get)

    assert "sesame" not in str(raised.value)


@pytest.mark.parametrize(
    ("context", "named", "advice"),
    [
        ({"stage": "production"}, "stage", "dev, prod"),
        ({"terminationProtection": "on"}, "terminationProtection", "true or false"),
        ({"acceptLlama2Eula": "yes"}, "acceptLlama2Eula", "true or false"),
        ({"llamaSize": "30b"}, "llamaSize", "7b, 13b, 70b"),
        ({"judge": "amazon.nova-micro-v1:0"}, "judge", "bedrock:"),
        ({"judge": "bedrock:nova"}, "judge", "foundation model"),
        ({"judge": "bedrock:amazon.*"}, "judge", "foundation model"),
        ({"judge": "bedrock:moon.amazon.nova-micro-v1:0"}, "judge", "'moon'"),
        ({"judge": "bedrock:us-gov.amazon.nova-micro-v1:0"}, "judge", "'us-gov'"),
        (
            {"judge": "bedrock:arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"},
            "judge",
            "AWS's own inference profile",
        ),
        ({**JUDGE, "llamaEndpoint": "their-llama"}, "llamaEndpoint", "leave out llamaEndpoint or judge"),
        ({**JUDGE, "llamaDialect": "openai"}, "llamaDialect", "leave out llamaDialect or judge"),
        ({**JUDGE, "llamaGrammar": True}, "llamaGrammar", "leave out llamaGrammar or judge"),
        ({**JUDGE, "llamaSize": "7b"}, "llamaSize", "leave out llamaSize or judge"),
        ({**JUDGE, "llamaMaxInstances": "3"}, "llamaMaxInstances", "leave out llamaMaxInstances or judge"),
        ({**EXISTING_ENDPOINTS, "llamaDialect": "chat"}, "llamaDialect", "dialog, tgi, openai"),
        ({**EXISTING_ENDPOINTS, "blip2Dialect": "plain"}, "blip2Dialect", "scored, sample, openai"),
        ({"llamaDialect": "dialog"}, "llamaDialect", "name existing endpoints"),
        ({"blip2Dialect": "sample"}, "blip2Dialect", "name existing endpoints"),
        ({**EXISTING_ENDPOINTS, "llamaDialect": "dialog", "llamaGrammar": True}, "llamaGrammar", "tgi or openai"),
        ({"llamaGrammar": "on"}, "llamaGrammar", "true or false"),
        ({"blip2Endpoint": "their-blip2"}, "blip2Endpoint", "llamaEndpoint is not"),
        ({"llamaEndpoint": "their-llama"}, "llamaEndpoint", "blip2Endpoint is not"),
        ({**EXISTING_ENDPOINTS, "blip2Endpoint": "a b"}, "blip2Endpoint", "letters, digits and hyphens"),
        ({"modelInputSize": "big"}, "modelInputSize", "whole number from 32 to 1024"),
        ({"modelInputSize": "0"}, "modelInputSize", "whole number from 32 to 1024"),
        ({"modelConcurrency": "-1"}, "modelConcurrency", "whole number from 0 to 1000"),
        ({"modelConcurrency": True}, "modelConcurrency", "whole number from 0 to 1000"),
        ({"blip2Weights": "flan"}, "blip2Weights", "owner/model"),
        ({"blip2WeightsPrefix": "https://x/y"}, "blip2WeightsPrefix", "s3://"),
        ({"blip2WeightsPrefix": "s3://weights/*"}, "blip2WeightsPrefix", "s3://"),
        ({"blip2Weights": "a/b", "blip2WeightsPrefix": "s3://weights/blip2/"}, "blip2Weights", "choose one"),
        ({"blip2WeightsPrefix": "s3://weights//"}, "blip2WeightsPrefix", "s3://"),
        ({"blip2Weights": "a/b"}, "blip2Revision must be set with blip2Weights a/b", "40 hex digits"),
        ({"blip2Revision": "main"}, "blip2Revision", "40 lower-case hex digits"),
        ({"blip2Revision": "c" * 40, "blip2WeightsPrefix": "s3://weights/blip2/"}, "blip2Revision", "leave out one"),
        ({"hubTokenSecretArn": "hf_token"}, "hubTokenSecretArn", "the complete ARN of a secret"),
        ({"hubTokenSecretArn": SECRET.removesuffix("-AbCdEf")}, "hubTokenSecretArn", "the complete ARN of a secret"),
        ({"blip2Weights": "./blip2", "blip2Revision": "c" * 40}, "blip2Weights", "owner/model"),
        ({"blip2Weights": "../..", "blip2Revision": "c" * 40}, "blip2Weights", "owner/model"),
        ({"blip2Revision": "C" * 40}, "blip2Revision", "lower-case"),
        ({"blip2WeightsPrefix": "s3://weights/${aws:username}/"}, "blip2WeightsPrefix", "s3://"),
        ({**EXISTING_ENDPOINTS, "blip2Weights": "a/b"}, "blip2Weights", "name no existing endpoints"),
        ({**EXISTING_ENDPOINTS, "blip2WeightsPrefix": "s3://w/b/"}, "blip2WeightsPrefix", "name no existing endpoints"),
        (
            {"hubTokenSecretArn": SECRET, "blip2WeightsPrefix": "s3://weights/blip2/"},
            "hubTokenSecretArn",
            "leave out one",
        ),
        ({**EXISTING_ENDPOINTS, "hubTokenSecretArn": SECRET}, "hubTokenSecretArn", "name no existing endpoints"),
        ({**EXISTING_ENDPOINTS, "blip2Revision": "c" * 40}, "blip2Revision", "name no existing endpoints"),
        ({**EXISTING_ENDPOINTS, "blip2Weights": "a/b"}, "blip2Weights", "name no existing endpoints"),
        ({**EXISTING_ENDPOINTS, "blip2WeightsPrefix": "s3://b/p/"}, "blip2WeightsPrefix", "name no existing endpoints"),
        ({**EXISTING_ENDPOINTS, "llamaSize": "7b"}, "llamaSize", "name no existing endpoints"),
        ({"intakeBucketName": "Images", "intakeBucketVersioned": True}, "intakeBucketName", "existing bucket"),
        ({"intakeBucketName": "images"}, "intakeBucketVersioned", "the bucket must be versioned"),
        (
            {"intakeBucketName": "images", "intakeBucketVersioned": "false"},
            "intakeBucketVersioned",
            "must be versioned",
        ),
        ({"intakeBucketVersioned": "true"}, "intakeBucketVersioned", "without intakeBucketName: set both"),
        ({"intakePrefix": "/in"}, "intakePrefix", "doesn't begin with /"),
        ({"intakePrefix": "in/*"}, "intakePrefix", "without *, ? or ${"),
        ({"intakePrefix": "in/${aws:username}/"}, "intakePrefix", "without *, ? or ${"),
        ({"notifySafe": 1}, "notifySafe", "true or false"),
        ({"holdUntilCleared": "yes"}, "holdUntilCleared", "true or false"),
        ({**EXISTING_BUCKET, "holdUntilCleared": True}, "holdUntilCleared", "`moderate backfill start`"),
        ({**EXISTING_BUCKET, "holdUntilCleared": True}, "holdUntilCleared", "intakeBucketCleared=true"),
        ({"inventoryPrefix": "my-inventories"}, "inventoryPrefix", "an S3 prefix such as"),
        ({**EXISTING_BUCKET, "imageRetentionDays": 30}, "imageRetentionDays", "a lifecycle rule on the bucket"),
        ({**EXISTING_BUCKET, "intakeKeyArn": "alias/images"}, "intakeKeyArn", "the ARN of a KMS key"),
        ({**EXISTING_BUCKET, "intakeKeyArn": KEY.replace("key/", "alias/")}, "intakeKeyArn", "not of an alias"),
        ({**EXISTING_BUCKET, "intakeKeyArn": KEY[:-1] + "*"}, "intakeKeyArn", "the ARN of a KMS key"),
        ({"intakeKeyArn": KEY}, "intakeKeyArn", "without intakeBucketName"),
        ({"weightsKeyArn": KEY}, "weightsKeyArn", "without blip2WeightsPrefix"),
        ({"blip2WeightsPrefix": "s3://weights/blip2", "weightsKeyArn": "k"}, "weightsKeyArn", "the ARN of a KMS key"),
        ({"imageRetentionDays": -1}, "imageRetentionDays", "whole number from 0 to 3650"),
        ({"recordRetentionDays": "long"}, "recordRetentionDays", "whole number from 0 to 3650"),
        (
            {"recordRetentionDays": 183},
            "recordRetentionDays is 183",
            "use 184 or more, or 0, or set complaints=elsewhere",
        ),
        ({"imageRetentionDays": 1, "complaints": "accepted"}, "imageRetentionDays is 1", "possible for six months"),
        ({"complaints": "none"}, "complaints", "choose one of accepted, elsewhere"),
        ({"workRetentionDays": 0}, "workRetentionDays", "whole number from 1 to 3650"),
        ({"opsEmail": "on-call"}, "opsEmail", "an e-mail address"),
        ({"opsEmail": "a@b.org, c@d.org"}, "opsEmail", "an e-mail address"),
        ({"workflowType": "express"}, "workflowType", "STANDARD, EXPRESS"),
        ({"workflowType": "EXPRESS", "scaleToZero": True}, "workflowType EXPRESS", "leave out one of the two"),
        ({"scaleToZero": "yes"}, "scaleToZero", "true or false"),
        ({"blip2MaxInstances": 0}, "blip2MaxInstances", "whole number from 1 to 100"),
        ({"llamaMinInstances": 0}, "llamaMinInstances", "whole number from 1 to 100"),
        ({"blip2MinInstances": 2, "blip2MaxInstances": 1}, "blip2MinInstances", "swap them"),
        ({"llamaMaxInstances": 3, "modelConcurrency": 8}, "llamaMaxInstances", "set modelConcurrency to 12 or more"),
        ({"scaleToZero": True, "llamaMinInstances": 1}, "llamaMinInstances", "leave out one of the two"),
        ({**EXISTING_ENDPOINTS, "scaleToZero": True}, "scaleToZero", "name no existing endpoints"),
        ({**EXISTING_ENDPOINTS, "blip2Dialect": "sample", "scaleToZero": True}, "scaleToZero", "no existing endpoints"),
        ({**EXISTING_ENDPOINTS, "blip2MaxInstances": 2}, "blip2MaxInstances", "name no existing endpoints"),
    ],
)
def test_a_bad_setting_is_one_sentence_that_names_it_and_says_what_to_do(
    context: dict[str, object], named: str, advice: str
) -> None:
    (fault,) = faults_of(**context)

    assert fault.startswith(named)
    assert advice in fault
    assert fault.endswith(".")


@pytest.mark.parametrize("name, meant", [("Stage", "stage"), ("modelConcurency", "modelConcurrency")])
def test_a_name_that_is_nearly_a_settings_is_refused_rather_than_passed_over(name: str, meant: str) -> None:
    """`-c Stage=prod` would make a deployment whose data goes with it."""
    context = {name: "prod", "@aws-cdk/core:stage": "x", "availability-zones:account=1": "y", "stage": "dev"}

    with pytest.raises(InvalidSettings) as caught:
        DeploymentSettings.from_context(context.get, context)

    assert caught.value.faults == [f"{name} isn't a setting: did you mean {meant}?"]


def test_an_endpoint_scales_between_two_numbers_and_is_fixed_where_only_the_lower_is_raised() -> None:
    settings = DeploymentSettings.from_context(
        {"blip2MinInstances": "3", "llamaMinInstances": 2, "llamaMaxInstances": "20"}.get
    )

    assert settings.blip2_instances == Instances(3, 3)
    assert settings.llama_instances == Instances(2, 20)
    assert not settings.scale_to_zero


def test_every_fault_is_reported_at_once() -> None:
    faults = faults_of(stage="test", llamaSize="1b", notifySafe="maybe")

    assert [fault.split()[0] for fault in faults] == ["stage", "llamaSize", "notifySafe"]


def test_an_existing_bucket_is_held_once_it_is_said_to_be_cleared() -> None:
    context = EXISTING_BUCKET | {"holdUntilCleared": True, "intakeBucketCleared": True}

    settings = DeploymentSettings.from_context(context.get)

    assert settings.hold_until_cleared


@pytest.mark.parametrize(
    "context",
    [
        {"recordRetentionDays": 184, "imageRetentionDays": "184"},
        {"recordRetentionDays": 0},
        {"recordRetentionDays": 30, "imageRetentionDays": 7, "complaints": "elsewhere"},
    ],
)
def test_records_and_images_are_kept_for_complaints_unless_they_are_dealt_with_elsewhere(
    context: dict[str, object],
) -> None:
    retention = DeploymentSettings.from_context(context.get).retention

    assert retention.records == context["recordRetentionDays"]


def test_inventories_lie_under_a_prefix() -> None:
    context = {"inventoryPrefix": "s3://my-inventories/photos/"}

    inventory = DeploymentSettings.from_context(context.get).inventory

    assert inventory
    assert (inventory.bucket, inventory.prefix, inventory.uri) == (
        "my-inventories",
        "photos/",
        "s3://my-inventories/photos/",
    )
