"""The endpoints: what runs where, from which pinned artefacts."""

import json
from pathlib import Path

import boto3
import pytest
from aws_cdk.cx_api import CloudAssembly
from sagemaker import image_uris

from local.models.djl_properties import parse_properties
from scripts.release import pin_jumpstart, pin_regions
from stacks.contract import BLIP2_WEIGHTS
from stacks.inference_ami import inference_ami
from stacks.model_archive import pack
from stacks.models_stack import BLIP2_REPOSITORY, BLIP2_TAG, LLAMA_PINS
from stacks.regions import models_faults
from tests.infra.synthesis import DEFAULT, ROOT, Template, flatten, make_app, template_of, warnings_of


def model(template: Template, start: str) -> dict[str, object]:
    (found,) = [
        r["Properties"] for name, r in template.of_type("AWS::SageMaker::Model").items() if name.startswith(start)
    ]
    return dict(found)


def container(template: Template, start: str) -> dict[str, object]:
    found = model(template, start)["PrimaryContainer"]
    assert isinstance(found, dict)
    return found


def source(template: Template, start: str) -> dict[str, object]:
    data = container(template, start)["ModelDataSource"]
    assert isinstance(data, dict)
    return dict(data["S3DataSource"])


def instance_types(template: Template) -> dict[str, str]:
    return {
        name[:6]: config["Properties"]["ProductionVariants"][0]["InstanceType"]
        for name, config in template.of_type("AWS::SageMaker::EndpointConfig").items()
    }


def test_blip2_runs_our_code_and_fetches_the_weights(models: Template) -> None:
    assert model(models, "Blip2")["EnableNetworkIsolation"] is False
    assert container(models, "Blip2")["Environment"] == {
        "SERVING_FAIL_FAST": "true",
        "OPTION_MODEL_ID": "Salesforce/blip2-flan-t5-xl",
        "OPTION_REVISION": BLIP2_WEIGHTS["revision"],
    }
    assert source(models, "Blip2")["CompressionType"] == "Gzip"
    assert flatten(container(models, "Blip2")["Image"]).endswith(f"/djl-inference:{BLIP2_TAG}")


def test_blip2_can_run_without_a_network(production: CloudAssembly) -> None:
    isolated = template_of(production, "ModerationModels")

    assert model(isolated, "Blip2")["EnableNetworkIsolation"] is True
    assert source(isolated, "Blip2") == {
        "CompressionType": "None",
        "S3DataType": "S3Prefix",
        "S3Uri": "s3://weights/blip2/",
    }
    assert container(isolated, "Blip2")["Environment"] == {
        "SERVING_FAIL_FAST": "true",
        "HF_HUB_OFFLINE": "1",
        "OPTION_SERVED_MODEL_NAME": "blip2",
    }
    granted = isolated.granted("Blip2Role")
    assert granted["arn:<AWS::Partition>:s3:::weights/blip2/*"] == {"s3:GetObject"}
    assert granted["arn:<AWS::Partition>:s3:::weights"] == {"s3:ListBucket"}


def test_a_commit_and_a_token_for_the_hub_are_settings_and_the_token_stays_in_its_secret() -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hub/token-AbCdEf"
    asked = {"blip2Weights": "a/b", "blip2Revision": "c" * 40, "hubTokenSecretArn": arn}
    template = template_of(make_app(**DEFAULT, **asked).synth(), "ModerationModels")

    assert container(template, "Blip2")["Environment"] == {
        "SERVING_FAIL_FAST": "true",
        "OPTION_MODEL_ID": "a/b",
        "OPTION_REVISION": "c" * 40,
        "OPTION_HUB_TOKEN_SECRET_ARN": arn,
    }
    assert template.granted("Blip2Role")[arn] == {"secretsmanager:GetSecretValue"}
    assert [role for role in ("Blip2Role", "Llama2Role") if arn in template.granted(role)] == ["Blip2Role"]


def test_the_container_gives_up_loading_before_sagemaker_does(models: Template, production: CloudAssembly) -> None:
    properties = parse_properties((ROOT / "model_artifacts/blip2/serving.properties").read_text())
    loading = int(properties["option.model_loading_timeout"])
    started = [config["ProductionVariants"][0] for config in models.properties("AWS::SageMaker::EndpointConfig")]
    started += [
        component["Specification"]["StartupParameters"]
        for component in template_of(production, "ModerationModels").properties("AWS::SageMaker::InferenceComponent")
    ]

    assert len(started) == 4
    for waits in started:
        assert waits["ContainerStartupHealthCheckTimeoutInSeconds"] == 1800
        assert waits["ModelDataDownloadTimeoutInSeconds"] == 1800
    assert loading == 1700


def test_llama_is_isolated_and_comes_from_jumpstart_under_the_licence(models: Template) -> None:
    assert model(models, "Llama2")["EnableNetworkIsolation"] is True
    assert source(models, "Llama2")["ModelAccessConfig"] == {"AcceptEula": True}
    assert flatten(source(models, "Llama2")["S3Uri"]) == (
        "s3://jumpstart-private-cache-prod-<AWS::Region>/meta-textgeneration/meta-textgeneration-llama-2-13b-f/"
        "artifacts/inference-prepack/v1.1.0/"
    )
    assert instance_types(models) == {"Blip2C": "ml.g5.2xlarge", "Llama2": "ml.g5.12xlarge"}


def test_the_size_of_llama_is_a_setting(production: CloudAssembly) -> None:
    template = template_of(production, "ModerationModels")
    environment = container(template, "Llama2")["Environment"]

    assert instance_types(template)["Llama2"] == "ml.g5.48xlarge"
    assert isinstance(environment, dict)
    assert environment["SM_NUM_GPUS"] == "8"
    assert "llama-2-70b-f" in flatten(source(template, "Llama2")["S3Uri"])


def test_the_pipeline_asks_the_endpoints_that_the_models_stack_makes(moderation: Template, models: Template) -> None:
    made = {endpoint["EndpointName"] for endpoint in models.properties("AWS::SageMaker::Endpoint")}
    outputs = moderation.content["Outputs"]

    assert {outputs["Blip2EndpointName"]["Value"], outputs["LlamaEndpointName"]["Value"]} == made


def test_llamas_image_and_artefacts_are_the_pair_that_aws_deploys(models: Template) -> None:
    assert flatten(container(models, "Llama2")["Image"]).endswith(
        "/huggingface-pytorch-tgi-inference:2.3.0-tgi2.2.0-gpu-py310-cu121-ubuntu22.04-v2.0"
    )
    assert flatten(source(models, "Llama2")["S3Uri"]).endswith("/inference-prepack/v1.1.0/")


@pytest.mark.parametrize("size", ["7b", "13b", "70b"])
def test_every_field_of_a_pin_has_a_source_or_synthesis_says_that_it_has_none(size: str) -> None:
    pin = LLAMA_PINS["models"][size]
    unsourced = [name for name, found in pin["sources"].items() if not found]
    app = make_app(**DEFAULT, llamaSize=size)

    said = warnings_of(app.synth())

    assert pin["sources"].keys() == pin.keys() - {"sources"}
    assert (size == "13b") == (unsourced == [])
    assert [all(name in sentence for name in (size, *unsourced)) for sentence in said] == ([True] if unsourced else [])


@pytest.mark.parametrize("deployment", ["default", "production"])
def test_instances_have_a_driver_for_the_cuda_of_their_container(
    deployment: str, request: pytest.FixtureRequest
) -> None:
    template = template_of(request.getfixturevalue(deployment), "ModerationModels")
    amis = [
        config["ProductionVariants"][0]["InferenceAmiVersion"]
        for config in template.properties("AWS::SageMaker::EndpointConfig")
    ]

    assert amis == ["al2-ami-sagemaker-inference-gpu-3-1"] * 2
    assert {inference_ami(flatten(container(template, name)["Image"])) for name in ("Blip2", "Llama2")} == set(amis)


def test_an_inference_ami_is_one_that_sagemaker_knows_and_an_unpaired_image_gets_none() -> None:
    known = boto3.client("sagemaker", region_name="us-east-1").meta.service_model.shape_for(
        "ProductionVariantInferenceAmiVersion"
    )

    assert inference_ami("0.35.0-lmi17.0.0-cu128") != inference_ami("0.36.0-lmi27.0.0-cu130")
    assert {inference_ami("a-cu121-x"), inference_ami("a-cu130")} <= set(known.metadata["enum"])
    for tag in ("2.0.0-cu118-ubuntu20.04", "1.0-cpu"):
        with pytest.raises(ValueError, match="No inference AMI"):
            inference_ami(tag)


@pytest.mark.parametrize("deployment", ["default", "production"])
def test_each_role_may_write_the_log_of_its_own_endpoint_and_make_it_if_it_is_gone(
    deployment: str, request: pytest.FixtureRequest
) -> None:
    template = template_of(request.getfixturevalue(deployment), "ModerationModels")
    groups = template.of_type("AWS::Logs::LogGroup")

    for name in ("Blip2", "Llama2"):
        granted = template.granted(f"{name}Role")
        own = {f"<{group}.Arn>" for group in groups if group.startswith(name)}
        logs = {resource: actions for resource, actions in granted.items() if any("logs:" in a for a in actions)}
        assert logs.keys() == own
        for actions in logs.values():
            assert actions == {
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            }


def test_the_committed_pins_are_what_their_scripts_write() -> None:
    assert json.loads(pin_jumpstart.PINS.read_text()) == pin_jumpstart.pins()
    assert json.loads(pin_regions.REGIONS.read_text()) == pin_regions.regions()


def test_the_blip2_container_is_one_that_the_sdk_knows() -> None:
    uri = image_uris.retrieve("djl-lmi", region="us-east-1", version="0.35.0", instance_type="ml.g5.2xlarge")

    assert uri.endswith(f"/{BLIP2_REPOSITORY}:{BLIP2_TAG}")


def test_every_region_we_accept_has_a_registry_in_the_template(models: Template) -> None:
    registries = models.content["Mappings"]["Registries"]
    hosting = json.loads(pin_regions.REGIONS.read_text())["instance_types"]["ml.g5.2xlarge"]
    accepted = [region for region in hosting if not models_faults(region, {"ml.g5.2xlarge"})]

    assert {"us-east-1", "il-central-1"} <= set(accepted)
    assert set(accepted) <= registries.keys()
    assert registries["us-east-1"] == {"account": "763104351884"}
    assert json.dumps(container(models, "Blip2")["Image"]).count("Fn::FindInMap") == 1


def test_an_unchanged_model_keeps_its_archive_byte_for_byte(tmp_path: Path) -> None:
    source_folder = tmp_path / "model"
    (source_folder / "package/__pycache__").mkdir(parents=True)
    (source_folder / "model.py").write_text("print('hi')")
    (source_folder / "package/part.py").write_text("")
    first = pack(source_folder, tmp_path / "first.tar.gz").read_bytes()

    (source_folder / "package/__pycache__/part.pyc").write_text("cache")
    (source_folder / "model.py").touch()

    assert pack(source_folder, tmp_path / "second.tar.gz").read_bytes() == first
    (source_folder / "model.py").write_text("print('changed')")
    assert pack(source_folder, tmp_path / "third.tar.gz").read_bytes() != first
