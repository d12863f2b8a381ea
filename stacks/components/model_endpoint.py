"""SageMaker endpoint with one model that scales with its load."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from stacks.acknowledge import acknowledge
from stacks.components.grantee import service
from stacks.components.inference_component import InferenceComponent
from stacks.components.metrics import VARIANT
from stacks.components.model_scaling import VariantScaling
from stacks.components.service_log import ServiceLog
from stacks.inference_ami import inference_ami
from stacks.settings import Instances


@dataclass(frozen=True)
class ModelContainer:
    """AWS deep learning container, its model in S3, and its environment."""

    account: str
    repository: str
    tag: str
    model_data: sagemaker.CfnModel.S3DataSourceProperty
    environment: Mapping[str, str]
    isolated: bool  # no network access in or out


@dataclass(frozen=True)
class EndpointHosting:
    """Instances of a model: type, GPUs of each, bounds of their number, and maximum start-up time."""

    instance_type: str
    gpus: int
    instances: Instances
    startup_seconds: int


class ModelEndpoint(Construct):
    """Real-time endpoint `name` with its own role, log group and model.

    With `component` the model is hosted as an inference component of that name, which scales to zero.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        component: str | None,
        container: ModelContainer,
        hosting: EndpointHosting,
        statements: Sequence[iam.PolicyStatement],
    ) -> None:
        super().__init__(scope, construct_id)
        # SageMaker would create these groups and never delete them; as part of the stack they are deleted with it.
        self._logs = [ServiceLog(self, "Log", name=f"/aws/sagemaker/Endpoints/{name}")]
        if component:
            self._logs.append(ServiceLog(self, "ComponentLog", name=f"/aws/sagemaker/InferenceComponents/{component}"))
        self.role = self._make_role(container, statements)
        model = sagemaker.CfnModel(
            self,
            "Model",
            execution_role_arn=self.role.role_arn,
            enable_network_isolation=container.isolated,
            primary_container=sagemaker.CfnModel.ContainerDefinitionProperty(
                image=f"{container.account}.dkr.ecr.{Aws.REGION}.{Aws.URL_SUFFIX}/{container.repository}:{container.tag}",
                environment=dict(container.environment),
                model_data_source=sagemaker.CfnModel.ModelDataSourceProperty(s3_data_source=container.model_data),
            ),
        )
        model.node.add_dependency(self.role)  # including its policy: SageMaker checks both when it creates the model
        if component:
            hosted = InferenceComponent(
                self,
                "Component",
                name=component,
                endpoint_name=name,
                model=model,
                role=self.role,
                isolated=container.isolated,
                instance_type=hosting.instance_type,
                ami=inference_ami(container.tag),
                gpus=hosting.gpus,
                maximum=hosting.instances.maximum,
                startup_seconds=hosting.startup_seconds,
            )
            hosted.config.node.add_dependency(*self._logs)
        else:
            self._host_variant(name, model, hosting, inference_ami(container.tag)).node.add_dependency(*self._logs)

    def _host_variant(
        self, name: str, model: sagemaker.CfnModel, hosting: EndpointHosting, ami: str
    ) -> sagemaker.CfnEndpoint:
        scaled = hosting.instances.minimum < hosting.instances.maximum
        variant = sagemaker.CfnEndpointConfig.ProductionVariantProperty(
            variant_name=VARIANT,
            model_name=model.attr_model_name,
            instance_type=hosting.instance_type,
            inference_ami_version=ami,
            initial_instance_count=hosting.instances.minimum,
            initial_variant_weight=1,
            container_startup_health_check_timeout_in_seconds=hosting.startup_seconds,
            model_data_download_timeout_in_seconds=hosting.startup_seconds,
        )
        config = sagemaker.CfnEndpointConfig(self, "Config", production_variants=[variant])
        endpoint = sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=name,
            endpoint_config_name=config.attr_endpoint_config_name,
            # Otherwise a deploy under load would reset the endpoint to its initial number of instances.
            retain_all_variant_properties=scaled,
        )
        if scaled:
            VariantScaling(self, "Scaling", endpoint=endpoint, variant=VARIANT, instances=hosting.instances)
        return endpoint

    def _make_role(self, container: ModelContainer, statements: Sequence[iam.PolicyStatement]) -> iam.Role:
        role = iam.Role(self, "Role", assumed_by=service("sagemaker"))
        repository = Stack.of(self).format_arn(
            service="ecr", account=container.account, resource="repository", resource_name=container.repository
        )
        for statement in (
            iam.PolicyStatement(
                actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                resources=[repository],
            ),
            iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]),
            # The groups exist, but SageMaker doesn't document whether its agent can write without permission to create
            # them: EC2 Image Builder's can't (aws/ec2-image-builder-roadmap, issue 109).
            iam.PolicyStatement(
                actions=["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                resources=[log.log_group_arn for log in self._logs],
            ),
            iam.PolicyStatement(
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],
                conditions={"StringLike": {"cloudwatch:namespace": ["AWS/SageMaker", "/aws/sagemaker/*"]}},
            ),
            *statements,
        ):
            role.add_to_policy(statement)
        acknowledge(
            role,
            "IAM5[Resource::*]",
            "GetAuthorizationToken and PutMetricData support no resources; a condition limits the latter's namespace",
        )
        return role
