"""The endpoints' instances: how many there are, when that changes, and that nothing of it outlives the stack."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.cx_api import CloudAssembly

from stacks.models_stack import ModelsStack
from stacks.settings import DeploymentSettings, Instances
from tests.infra.synthesis import CONTEXT, Template, flatten, template_of

COMPONENTS = {"moderation-blip2": "moderation-blip2-components", "moderation-llama2": "moderation-llama2-components"}


@pytest.fixture(scope="module")
def asleep(production: CloudAssembly) -> Template:
    """The models of a deployment that scales to zero."""
    return template_of(production, "ModerationModels")


def tracked(template: Template) -> set[tuple[str, int]]:
    configurations = [
        policy["TargetTrackingScalingPolicyConfiguration"]
        for policy in template.properties("AWS::ApplicationAutoScaling::ScalingPolicy")
        if policy["PolicyType"] == "TargetTrackingScaling"
    ]
    assert all(configuration["ScaleInCooldown"] >= 600 for configuration in configurations)
    return {(c["PredefinedMetricSpecification"]["PredefinedMetricType"], c["TargetValue"]) for c in configurations}


def bounds(template: Template) -> dict[str, tuple[int, int]]:
    targets = template.properties("AWS::ApplicationAutoScaling::ScalableTarget")
    return {flatten(target["ResourceId"]): (target["MinCapacity"], target["MaxCapacity"]) for target in targets}


def test_endpoints_grow_with_the_requests_under_way(models: Template) -> None:
    endpoints = models.of_type("AWS::SageMaker::Endpoint")

    assert tracked(models) == {("SageMakerVariantConcurrentRequestsPerModelHighResolution", 4)}
    assert bounds(models) == {f"endpoint/<{name}.EndpointName>/variant/AllTraffic": (1, 2) for name in endpoints}
    for endpoint in endpoints.values():
        assert endpoint["Properties"]["RetainAllVariantProperties"] is True


def test_a_fixed_number_of_instances_is_not_scaled() -> None:
    settings = DeploymentSettings(
        accept_llama2_eula=True, blip2_instances=Instances(3, 3), llama_instances=Instances(1, 1)
    )
    app = App(context=CONTEXT, analytics_reporting=False)
    ModelsStack(app, "ModerationModels", settings=settings, region=None)
    fixed = template_of(app.synth(), "ModerationModels")

    configs = fixed.properties("AWS::SageMaker::EndpointConfig")
    assert [config["ProductionVariants"][0]["InitialInstanceCount"] for config in configs] == [3, 1]
    assert not fixed.of_type("AWS::ApplicationAutoScaling::ScalableTarget")
    assert not any(p["RetainAllVariantProperties"] for p in fixed.properties("AWS::SageMaker::Endpoint"))


def test_scaling_uses_the_service_linked_role_and_makes_no_other(models: Template, asleep: Template) -> None:
    for template in (models, asleep):
        assert len(template.of_type("AWS::IAM::Role")) == 2  # one a model
        for target in template.properties("AWS::ApplicationAutoScaling::ScalableTarget"):
            assert "RoleARN" not in target


def test_a_model_that_scales_to_zero_is_a_component_on_an_endpoint_of_another_name(asleep: Template) -> None:
    endpoints = asleep.of_type("AWS::SageMaker::Endpoint")
    hosted = {
        component["InferenceComponentName"]: endpoints[component["EndpointName"]["Fn::GetAtt"][0]]
        for component in asleep.properties("AWS::SageMaker::InferenceComponent")
    }

    assert {name: endpoint["Properties"]["EndpointName"] for name, endpoint in hosted.items()} == COMPONENTS
    for config in asleep.properties("AWS::SageMaker::EndpointConfig"):
        (variant,) = config["ProductionVariants"]
        assert "ModelName" not in variant
        assert variant["ManagedInstanceScaling"]["Status"] == "ENABLED"
        assert variant["ManagedInstanceScaling"]["MinInstanceCount"] == 0
        assert flatten(config["ExecutionRoleArn"]).endswith(".Arn>")
        assert config["EnableNetworkIsolation"] is True  # both models are, in this deployment


def test_a_copy_takes_every_gpu_of_its_instance_and_has_time_to_start(asleep: Template) -> None:
    gpus = {"ml.g5.2xlarge": 1, "ml.g5.48xlarge": 8}
    configs = asleep.properties("AWS::SageMaker::EndpointConfig")
    components = [c["Specification"] for c in asleep.properties("AWS::SageMaker::InferenceComponent")]

    assert [c["ComputeResourceRequirements"]["NumberOfAcceleratorDevicesRequired"] for c in components] == [
        gpus[config["ProductionVariants"][0]["InstanceType"]] for config in configs
    ]
    for component in components:
        assert set(component["StartupParameters"].values()) == {1800}


def test_components_go_down_to_zero_and_up_to_their_most(asleep: Template) -> None:
    assert tracked(asleep) == {("SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution", 4)}
    assert bounds(asleep) == {
        "inference-component/moderation-blip2": (0, 2),
        "inference-component/moderation-llama2": (0, 3),
    }
    most = [
        config["ProductionVariants"][0]["ManagedInstanceScaling"]["MaxInstanceCount"]
        for config in asleep.properties("AWS::SageMaker::EndpointConfig")
    ]
    assert most == [2, 3]  # an instance for each copy


def test_a_request_that_finds_no_copy_wakes_exactly_one(asleep: Template) -> None:
    policies = asleep.of_type("AWS::ApplicationAutoScaling::ScalingPolicy")
    woken = set()
    for alarm in asleep.properties("AWS::CloudWatch::Alarm"):
        assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SageMaker", "NoCapacityInvocationFailures")
        assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")
        (dimension,) = alarm["Dimensions"]
        (action,) = alarm["AlarmActions"]
        policy = policies[action["Ref"]]["Properties"]
        target = asleep.resources[policy["ScalingTargetId"]["Ref"]]["Properties"]
        assert dimension["Name"] == "InferenceComponentName"
        assert target["ResourceId"] == f"inference-component/{dimension['Value']}"
        step = policy["StepScalingPolicyConfiguration"]
        assert step["AdjustmentType"] == "ExactCapacity"
        assert step["StepAdjustments"] == [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}]
        woken.add(dimension["Value"])

    assert woken == COMPONENTS.keys()


def references(resource: dict[str, Any]) -> Iterator[str]:
    """The logical ids that a resource can't exist without."""
    yield from resource.get("DependsOn", [])
    text = json.dumps(resource["Properties"])
    for key in ('{"Ref": "', '{"Fn::GetAtt": ["'):
        yield from (part.split('"')[0] for part in text.split(key)[1:])


def test_what_scales_is_destroyed_before_what_is_scaled(models: Template, asleep: Template) -> None:
    order = {
        "AWS::ApplicationAutoScaling::ScalingPolicy": {"AWS::ApplicationAutoScaling::ScalableTarget"},
        "AWS::ApplicationAutoScaling::ScalableTarget": {
            "AWS::SageMaker::InferenceComponent",
            "AWS::SageMaker::Endpoint",
        },
        "AWS::SageMaker::InferenceComponent": {"AWS::SageMaker::Endpoint"},
        "AWS::CloudWatch::Alarm": {"AWS::ApplicationAutoScaling::ScalingPolicy"},
    }
    for template in (models, asleep):
        for resource_type, needed in order.items():
            for name, resource in template.of_type(resource_type).items():
                types = {template.resources[reference]["Type"] for reference in references(resource)}
                assert types & needed, name


def test_the_log_groups_of_components_are_owned(asleep: Template) -> None:
    owned = {p["LogGroupName"] for p in asleep.properties("AWS::Logs::LogGroup")}

    assert owned == {f"/aws/sagemaker/Endpoints/{endpoint}" for endpoint in COMPONENTS.values()} | {
        f"/aws/sagemaker/InferenceComponents/{component}" for component in COMPONENTS
    }
    for start in ("Blip2Role", "Llama2Role"):
        written = {resource for resource, actions in asleep.granted(start).items() if "logs:PutLogEvents" in actions}
        assert len(written) == 2


@pytest.mark.parametrize(
    ("stem", "variable", "component", "endpoint"),
    [
        ("query_image", "BLIP2_COMPONENT", "moderation-blip2", "moderation-blip2-components"),
        ("judge_image", "LLAMA_COMPONENT", "moderation-llama2", "moderation-llama2-components"),
    ],
)
def test_the_pipeline_asks_the_component_and_may_ask_nothing_else(
    stem: str, variable: str, component: str, endpoint: str, production: CloudAssembly, moderation: Template
) -> None:
    template = template_of(production, "Moderation")
    start = f"Functions{stem.title().replace('_', '')}Role"
    prefix = "arn:<AWS::Partition>:sagemaker:<AWS::Region>:<AWS::AccountId>:"

    assert template.function(stem)["Environment"]["Variables"][variable] == component
    assert {r for r, actions in template.granted(start).items() if "sagemaker:InvokeEndpoint" in actions} == {
        f"{prefix}endpoint/{endpoint}",
        f"{prefix}inference-component/{component}",
    }
    assert template.content["Outputs"]["Blip2ComponentName"]["Value"] == "moderation-blip2"
    assert variable not in moderation.function(stem)["Environment"]["Variables"]
    assert "Blip2ComponentName" not in moderation.content["Outputs"]


def test_the_errors_of_a_component_are_watched_under_its_own_name(production: CloudAssembly) -> None:
    alarms = template_of(production, "Moderation").properties("AWS::CloudWatch::Alarm")
    watched = [
        metric["MetricStat"]["Metric"]["Dimensions"]
        for alarm in alarms
        for metric in alarm.get("Metrics", [])
        if metric.get("MetricStat", {}).get("Metric", {}).get("Namespace") == "AWS/SageMaker"
    ]

    assert {(d["Name"], d["Value"]) for dimensions in watched for d in dimensions} == {
        ("InferenceComponentName", component) for component in COMPONENTS
    }
