"""Deployments whose judge is on Bedrock: no Llama endpoint, and exact rights on the model."""

import json
from typing import Any

import pytest
from aws_cdk.cx_api import CloudAssembly

from tests.infra.access import Account
from tests.infra.synthesis import Template, make_app, nag_report, template_of

NOVA = "amazon.nova-micro-v1:0"
PROFILES = "arn:aws:bedrock:us-east-1:123456789012:inference-profile"
ASKING = ("FunctionsJudgeImageRole", "PolicyEditorRole", "OperatorRole")


def synthesised(judge: str, **more: Any) -> CloudAssembly:
    return make_app(judge=f"bedrock:{judge}", **more).synth()


@pytest.fixture(scope="module")
def assembly() -> CloudAssembly:
    return synthesised(f"us.{NOVA}")


@pytest.fixture(scope="module")
def moderation(assembly: CloudAssembly) -> Template:
    return template_of(assembly, "Moderation")


def model(region: str, name: str = NOVA) -> str:
    return f"arn:aws:bedrock:{region}::foundation-model/{name}"


def test_only_blip2_has_an_endpoint_and_no_licence_is_asked_for(assembly: CloudAssembly) -> None:
    models = template_of(assembly, "ModerationModels")

    assert [e["EndpointName"] for e in models.properties("AWS::SageMaker::Endpoint")] == ["moderation-blip2"]
    assert "llama" not in json.dumps(models.content).lower()
    assert nag_report(assembly)["violations"] == []


def test_scaled_to_zero_there_is_blip2_alone_too() -> None:
    models = template_of(synthesised(NOVA, scaleToZero=True), "ModerationModels")

    (endpoint,) = models.properties("AWS::SageMaker::Endpoint")
    assert endpoint["EndpointName"] == "moderation-blip2-components"


def test_the_function_and_the_outputs_name_the_model(moderation: Template) -> None:
    environment = moderation.function("judge_image")["Environment"]["Variables"]
    outputs = moderation.content["Outputs"]

    assert environment["BEDROCK_MODEL"] == outputs["BedrockModel"]["Value"] == f"us.{NOVA}"
    assert not [name for name in [*environment, *outputs] if name.lower().startswith("llama")]
    assert "bedrock:us." in json.dumps(moderation.function("prepare_image")["Environment"]["Variables"]["MODELS"])


def test_a_model_is_asked_where_the_stack_is_and_nowhere_else() -> None:
    account = Account(template_of(synthesised(NOVA), "Moderation"))

    for role in ASKING:
        assert account.may(account.role(role), "bedrock:InvokeModel", model("us-east-1"))
        assert not account.may(account.role(role), "bedrock:InvokeModel", model("us-west-2"))
        assert not account.may(account.role(role), "bedrock:InvokeModel", model("us-east-1", "amazon.nova-lite-v1:0"))
        assert not account.may(account.role(role), "bedrock:InvokeModelWithResponseStream", model("us-east-1"))
    for role in ("FunctionsQueryImageRole", "ReviewerRole", "EraserRole"):
        assert not account.may(account.role(role), "bedrock:InvokeModel", model("us-east-1"))


def test_a_profile_is_asked_in_all_its_regions_and_its_model_through_it_alone(moderation: Template) -> None:
    account = Account(moderation)
    through = {"bedrock:InferenceProfileArn": f"{PROFILES}/us.{NOVA}"}

    for role in ASKING:
        mine = account.role(role)
        assert account.may(mine, "bedrock:InvokeModel", f"{PROFILES}/us.{NOVA}")
        assert not account.may(mine, "bedrock:InvokeModel", f"{PROFILES}/eu.{NOVA}")
        for region in ("us-east-1", "us-east-2", "us-west-1", "us-west-2"):
            assert account.may(mine, "bedrock:InvokeModel", model(region), through)
            assert not account.may(mine, "bedrock:InvokeModel", model(region))
        assert not account.may(mine, "bedrock:InvokeModel", model("eu-west-1"), through)


def test_a_global_profile_has_a_model_without_a_region() -> None:
    account = Account(template_of(synthesised("global.amazon.nova-2-lite-v1:0"), "Moderation"))
    judge = account.role("FunctionsJudgeImageRole")
    through = {"bedrock:InferenceProfileArn": f"{PROFILES}/global.amazon.nova-2-lite-v1:0"}

    for region in ("", "us-east-1"):
        assert account.may(judge, "bedrock:InvokeModel", model(region, "amazon.nova-2-lite-v1:0"), through)
    assert not account.may(judge, "bedrock:InvokeModel", model("eu-west-1", "amazon.nova-2-lite-v1:0"), through)


def test_the_operator_sees_what_the_doctor_looks_at(moderation: Template) -> None:
    account = Account(moderation)
    operator = account.role("OperatorRole")

    for action in ("GetFoundationModel", "GetFoundationModelAvailability"):
        assert account.may(operator, f"bedrock:{action}", model("us-east-1"))
    assert account.may(operator, "bedrock:GetInferenceProfile", f"{PROFILES}/us.{NOVA}")
    assert not account.may(account.role("FunctionsJudgeImageRole"), "bedrock:GetFoundationModel", model("us-east-1"))


def test_the_alarm_on_the_judge_watches_bedrock(moderation: Template) -> None:
    alarms = [alarm for alarm in moderation.properties("AWS::CloudWatch::Alarm") if "on Bedrock" in json.dumps(alarm)]

    (alarm,) = alarms
    metrics = json.dumps(alarm["Metrics"])
    assert "AWS/Bedrock" in metrics
    assert {"InvocationServerErrors", "InvocationThrottles"} <= {
        each["MetricStat"]["Metric"]["MetricName"] for each in alarm["Metrics"] if "MetricStat" in each
    }
