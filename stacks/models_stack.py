"""Stack of the two GPU endpoints, separate from the data: destroying it stops their cost and nothing else."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from aws_cdk import Aws, CfnMapping, DefaultStackSynthesizer, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from stacks.acknowledge import acknowledge_wildcard
from stacks.components.grantee import THROUGH_S3
from stacks.components.model_endpoint import EndpointHosting, ModelContainer, ModelEndpoint
from stacks.contract import CONTRACT
from stacks.model_archive import pack
from stacks.regions import CONTAINER_ACCOUNTS, models_faults
from stacks.settings import DeploymentSettings, EndpointNames, Instances, S3Prefix

# Plain names rather than exports: either stack can then be replaced or destroyed while the other exists.
ENDPOINTS = EndpointNames(**CONTRACT["endpoints"])
# Separate names: an endpoint can't be switched between hosting its model and hosting a component.
COMPONENT_ENDPOINTS = EndpointNames(**CONTRACT["component_endpoints"])

ROOT = Path(__file__).parents[1]
LLAMA_PINS: dict[str, Any] = json.loads((ROOT / "model_artifacts/llama2/pins.json").read_text())
BLIP2_REPOSITORY = "djl-inference"
# CUDA 12.8, which `inference_ami` knows; transformers 4.57.1, as on the laptop. Both are true of LMI 17 to 19; 20 to 24
# have CUDA 12.9 and transformers below 5, 25 to 27 CUDA 13.0 and up to 5.9 (djl-serving, serving/docker/lmi*).
BLIP2_TAG = "0.35.0-lmi17.0.0-cu128"
# Once a process has died its model stays failed: `/ping` 500, every request 503. With this the server exits (137)
# instead (djl-serving 0.35.0, ModelInfo.getStatus), and SageMaker restarts the container.
BLIP2_ENVIRONMENT = {"SERVING_FAIL_FAST": "true"}
BLIP2_INSTANCE_TYPE: str = CONTRACT["instance_types"]["blip2"]
LLAMA_INSTANCE_TYPES: dict[str, str] = CONTRACT["instance_types"]["llama"]
_GPUS: dict[str, int] = CONTRACT["gpus"]
_STARTUP_SECONDS = 1800  # includes loading weights: 16 GB for BLIP-2, 26 GB for Llama 2 13B, 138 GB for 70B


def endpoints_of(settings: DeploymentSettings) -> EndpointNames:
    """Return the names of the endpoints that the models stack creates under these settings."""
    names = COMPONENT_ENDPOINTS if settings.scale_to_zero else ENDPOINTS
    return replace(names, llama=None, llama_component=None) if settings.bedrock_judge else names


class ModelsStack(Stack):
    """BLIP-2 in the large model inference container, and Llama 2 chat from JumpStart if the judge isn't on Bedrock."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: DeploymentSettings, region: str | None
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            # The CLI checks the bootstrap version itself; the rule would make the template read an SSM parameter.
            synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
        )
        self._settings = settings
        self._endpoints = endpoints_of(settings)
        self._llama = LLAMA_PINS["models"][settings.llama_size]
        self._add_errors(region)
        accounts = {name: {"account": account} for name, account in CONTAINER_ACCOUNTS.items()}
        self._registry = CfnMapping(self, "Registries", mapping=accounts).find_in_map(Aws.REGION, "account")
        self._make_blip2()
        if self._endpoints.llama:
            self._add_warnings()
            self._make_llama(self._endpoints.llama)

    def _add_errors(self, region: str | None) -> None:
        """Report validation errors instead of raising, so that `cdk destroy` still works."""
        validations = Validations.of(self)
        if self._endpoints.llama and not self._settings.accept_llama2_eula:
            validations.add_error(
                "Llama2Eula",
                "acceptLlama2Eula is not true. Read Meta's licence (https://ai.meta.com/llama/license/), then deploy "
                "with -c acceptLlama2Eula=true.",
            )
        instance_types = {BLIP2_INSTANCE_TYPE}
        if self._endpoints.llama:
            instance_types.add(LLAMA_INSTANCE_TYPES[self._settings.llama_size])
        lacking = models_faults(region, instance_types, llama=bool(self._endpoints.llama)) if region else []
        for number, fault in enumerate(lacking):
            validations.add_error(f"Region{number}", fault)

    def _add_warnings(self) -> None:
        size = self._settings.llama_size
        unverified = [name for name, source in self._llama["sources"].items() if source is None]
        if unverified:
            Validations.of(self).add_warning(
                "Llama2Unverified",
                f"llamaSize {size} is unverified: no public source gives its {', '.join(unverified)}, so those of 13b "
                "are assumed. Deploy 13b, or use an existing endpoint: see docs/lifecycle.md.",
            )

    def _make_blip2(self) -> None:
        prefix = self._settings.blip2_weights_prefix
        container, statements = self._isolated_blip2(prefix) if prefix else self._hub_blip2()
        endpoint = ModelEndpoint(
            self,
            "Blip2",
            name=self._endpoints.blip2,
            component=self._endpoints.blip2_component,
            container=container,
            hosting=self._hosting(BLIP2_INSTANCE_TYPE, self._settings.blip2_instances),
            statements=statements,
        )
        if prefix:
            acknowledge_wildcard(
                endpoint.role, _objects(prefix), "Read-only access to the code and weight files under one prefix"
            )

    def _hub_blip2(self) -> tuple[ModelContainer, list[iam.PolicyStatement]]:
        """Return the container that downloads its weights from the hub, so it needs network access."""
        archive = pack(ROOT / "model_artifacts/blip2", ROOT / "build/blip2/model.tar.gz")
        asset = assets.Asset(self, "Blip2Archive", path=str(archive))
        container = ModelContainer(
            account=self._registry,
            repository=BLIP2_REPOSITORY,
            tag=BLIP2_TAG,
            model_data=sagemaker.CfnModel.S3DataSourceProperty(
                compression_type="Gzip", s3_data_type="S3Object", s3_uri=asset.s3_object_url
            ),
            environment=self._hub_environment(),
            isolated=False,
        )
        archived = asset.bucket.arn_for_objects(asset.s3_object_key)
        statements = [iam.PolicyStatement(actions=["s3:GetObject"], resources=[archived])]
        if token := self._settings.hub_token_secret_arn:
            statements.append(iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[token]))
        return container, statements

    def _hub_environment(self) -> dict[str, str]:
        """Return the handler's options, which DJL reads from OPTION_*; HF_MODEL_ID would add a second model.

        The environment holds the ARN of the token's secret, not the token: DescribeModel shows it to anyone allowed.
        """
        environment = BLIP2_ENVIRONMENT | {
            "OPTION_MODEL_ID": self._settings.blip2_weights,
            "OPTION_REVISION": self._settings.blip2_revision,
        }
        token = self._settings.hub_token_secret_arn
        return environment | ({"OPTION_HUB_TOKEN_SECRET_ARN": token} if token else {})

    def _isolated_blip2(self, prefix: S3Prefix) -> tuple[ModelContainer, list[iam.PolicyStatement]]:
        """Return the container that reads code and weights from one S3 prefix, so it needs no network access."""
        container = ModelContainer(
            account=self._registry,
            repository=BLIP2_REPOSITORY,
            tag=BLIP2_TAG,
            model_data=sagemaker.CfnModel.S3DataSourceProperty(
                compression_type="None",
                s3_data_type="S3Prefix",
                s3_uri=f"s3://{prefix.bucket}/{prefix.prefix}",
            ),
            # The handler finds the weights next to itself, in a folder with an arbitrary name.
            environment=BLIP2_ENVIRONMENT | {"HF_HUB_OFFLINE": "1", "OPTION_SERVED_MODEL_NAME": prefix.name},
            isolated=True,
        )
        key = self._settings.weights_key_arn
        decrypt = iam.PolicyStatement(actions=["kms:Decrypt"], resources=[key], conditions=THROUGH_S3) if key else None
        return container, _read_prefix(prefix) + ([decrypt] if decrypt else [])

    def _make_llama(self, name: str) -> None:
        prefix = S3Prefix(f"jumpstart-private-cache-prod-{Aws.REGION}", self._llama["artifact_prefix"])
        access = sagemaker.CfnModel.ModelAccessConfigProperty(accept_eula=self._settings.accept_llama2_eula)
        endpoint = ModelEndpoint(
            self,
            "Llama2",
            name=name,
            component=self._endpoints.llama_component,
            container=ModelContainer(
                account=self._registry,
                **self._llama["image"],
                model_data=sagemaker.CfnModel.S3DataSourceProperty(
                    compression_type="None",
                    s3_data_type="S3Prefix",
                    s3_uri=f"s3://{prefix.bucket}/{prefix.prefix}",
                    model_access_config=access,
                ),
                environment=self._llama["environment"],
                isolated=True,
            ),
            hosting=self._hosting(LLAMA_INSTANCE_TYPES[self._settings.llama_size], self._settings.llama_instances),
            statements=_read_prefix(prefix),
        )
        acknowledge_wildcard(
            endpoint.role, _objects(prefix), "Read-only access to the model files that AWS publishes under one prefix"
        )

    def _hosting(self, instance_type: str, instances: Instances) -> EndpointHosting:
        return EndpointHosting(instance_type, _GPUS[instance_type], instances, _STARTUP_SECONDS)


def _objects(prefix: S3Prefix) -> str:
    return f"arn:{Aws.PARTITION}:s3:::{prefix.bucket}/{prefix.prefix}*"


def _read_prefix(prefix: S3Prefix) -> list[iam.PolicyStatement]:
    return [
        iam.PolicyStatement(actions=["s3:GetObject"], resources=[_objects(prefix)]),
        iam.PolicyStatement(
            actions=["s3:ListBucket"],
            resources=[f"arn:{Aws.PARTITION}:s3:::{prefix.bucket}"],
            conditions={"StringLike": {"s3:prefix": [f"{prefix.prefix}*"]}},
        ),
    ]
