"""A SageMaker endpoint with one model on one instance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from stacks.acknowledge import acknowledge
from stacks.components.service_log import ServiceLog


@dataclass(frozen=True)
class Container:
    """What an endpoint runs: an AWS deep learning container, a model from S3, and their environment."""

    account: str
    repository: str
    tag: str
    model_data: sagemaker.CfnModel.S3DataSourceProperty
    environment: Mapping[str, str]
    isolated: bool  # no network at all, in or out


class ModelEndpoint(Construct):
    """A real-time endpoint named `name`, with its own role, log group and model."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        container: Container,
        instance_type: str,
        statements: Sequence[iam.PolicyStatement],
        startup_seconds: int,
        protected: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        # SageMaker makes this group by itself and never deletes it: owned here, it goes with the stack.
        self._log = ServiceLog(self, "Log", protected=protected, name=f"/aws/sagemaker/Endpoints/{name}")
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
        model.node.add_dependency(self.role)  # its policy too: SageMaker checks both when it makes the model
        variant = sagemaker.CfnEndpointConfig.ProductionVariantProperty(
            variant_name="AllTraffic",
            model_name=model.attr_model_name,
            instance_type=instance_type,
            initial_instance_count=1,
            initial_variant_weight=1,
            container_startup_health_check_timeout_in_seconds=startup_seconds,
            model_data_download_timeout_in_seconds=startup_seconds,
        )
        config = sagemaker.CfnEndpointConfig(self, "Config", production_variants=[variant])
        endpoint = sagemaker.CfnEndpoint(
            self, "Endpoint", endpoint_name=name, endpoint_config_name=config.attr_endpoint_config_name
        )
        endpoint.node.add_dependency(self._log)

    def _make_role(self, container: Container, statements: Sequence[iam.PolicyStatement]) -> iam.Role:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        repository = Stack.of(self).format_arn(
            service="ecr", account=container.account, resource="repository", resource_name=container.repository
        )
        for statement in (
            iam.PolicyStatement(
                actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                resources=[repository],
            ),
            iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]),
            iam.PolicyStatement(
                actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                resources=[self._log.log_group_arn],
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
            "GetAuthorizationToken and PutMetricData offer no resources; a condition bounds the latter's namespace",
        )
        return role
