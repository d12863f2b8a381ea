"""Model hosted as a SageMaker inference component, which can scale to zero instances."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from stacks.components.metrics import VARIANT
from stacks.components.model_scaling import ComponentScaling

# A reservation, not a limit. SageMaker keeps most of an instance's memory for itself and rejects a component that
# requests more than the rest; alone on its instance, a component needs no more than JumpStart's models reserve.
_RESERVED_MB = 1024


class InferenceComponent(Construct):
    """Endpoint of managed instances with one component, each copy of which takes all GPUs of an instance.

    SageMaker creates no component without a copy: deploying a new one starts an instance, which stops once idle.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        endpoint_name: str,
        model: sagemaker.CfnModel,
        role: iam.Role,
        isolated: bool,
        instance_type: str,
        ami: str,
        gpus: int,
        maximum: int,
        startup_seconds: int,
    ) -> None:
        super().__init__(scope, construct_id)
        variant = sagemaker.CfnEndpointConfig.ProductionVariantProperty(
            variant_name=VARIANT,
            instance_type=instance_type,
            inference_ami_version=ami,
            initial_instance_count=1,
            managed_instance_scaling=sagemaker.CfnEndpointConfig.ManagedInstanceScalingProperty(
                status="ENABLED", min_instance_count=0, max_instance_count=maximum
            ),
            routing_config=sagemaker.CfnEndpointConfig.RoutingConfigProperty(
                routing_strategy="LEAST_OUTSTANDING_REQUESTS"
            ),
        )
        self.config = sagemaker.CfnEndpointConfig(
            self,
            "Config",
            production_variants=[variant],
            execution_role_arn=role.role_arn,  # instances start before there is a model to take a role from
            enable_network_isolation=isolated,
        )
        self.config.node.add_dependency(role)
        endpoint = sagemaker.CfnEndpoint(
            self, "Endpoint", endpoint_name=endpoint_name, endpoint_config_name=self.config.attr_endpoint_config_name
        )
        component = sagemaker.CfnInferenceComponent(
            self,
            "Copies",
            inference_component_name=name,
            endpoint_name=endpoint.attr_endpoint_name,  # a reference, so that the component is deleted first
            variant_name=VARIANT,
            runtime_config=sagemaker.CfnInferenceComponent.InferenceComponentRuntimeConfigProperty(copy_count=1),
            specification=sagemaker.CfnInferenceComponent.InferenceComponentSpecificationProperty(
                model_name=model.attr_model_name,
                compute_resource_requirements=(
                    sagemaker.CfnInferenceComponent.InferenceComponentComputeResourceRequirementsProperty(
                        number_of_accelerator_devices_required=gpus, min_memory_required_in_mb=_RESERVED_MB
                    )
                ),
                startup_parameters=sagemaker.CfnInferenceComponent.InferenceComponentStartupParametersProperty(
                    container_startup_health_check_timeout_in_seconds=startup_seconds,
                    model_data_download_timeout_in_seconds=startup_seconds,
                ),
            ),
        )
        ComponentScaling(self, "Scaling", component=component, component_name=name, maximum=maximum)
