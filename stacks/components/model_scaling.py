"""Application Auto Scaling of endpoints, under its service-linked role.

The policy tracks concurrent requests rather than invocations per minute, as SageMaker's "Define a scaling policy"
explains: a queue is noticed within 10 seconds, however long one answer takes.
"""

from aws_cdk import Duration
from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from stacks.settings import REQUESTS_PER_INSTANCE, Instances

_SCALE_OUT_COOLDOWN = Duration.minutes(5)  # a new instance takes minutes to start
_SCALE_IN_COOLDOWN = Duration.minutes(10)


class VariantScaling(Construct):
    """Scaling of an endpoint's variant between a minimum and a maximum of instances."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint: sagemaker.CfnEndpoint,
        variant: str,
        instances: Instances,
    ) -> None:
        super().__init__(scope, construct_id)
        target = autoscaling.CfnScalableTarget(
            self,
            "Target",
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            resource_id=f"endpoint/{endpoint.attr_endpoint_name}/variant/{variant}",
            min_capacity=instances.minimum,
            max_capacity=instances.maximum,
        )
        _track(self, target, "SageMakerVariantConcurrentRequestsPerModelHighResolution")


class ComponentScaling(Construct):
    """Scaling of an inference component from zero to `maximum` copies ("Scale an endpoint to zero instances")."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        component: sagemaker.CfnInferenceComponent,
        component_name: str,
        maximum: int,
    ) -> None:
        super().__init__(scope, construct_id)
        target = autoscaling.CfnScalableTarget(
            self,
            "Target",
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:inference-component:DesiredCopyCount",
            resource_id=f"inference-component/{component_name}",
            min_capacity=0,
            max_capacity=maximum,
        )
        # The name isn't a reference: without this, the component could be deleted before its scaling target.
        target.node.add_dependency(component)
        _track(self, target, "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution")
        self._wake(target, component_name)

    def _wake(self, target: autoscaling.CfnScalableTarget, component_name: str) -> None:
        """Scale from zero to one copy, which target tracking can't do: there is no copy to average over."""
        first_copy = autoscaling.CfnScalingPolicy(
            self,
            "FirstCopy",
            policy_name="first-copy",
            policy_type="StepScaling",
            scaling_target_id=target.ref,
            step_scaling_policy_configuration=autoscaling.CfnScalingPolicy.StepScalingPolicyConfigurationProperty(
                # Exactly one: the alarm stays on until the copy is ready, and a change by one would be repeated.
                adjustment_type="ExactCapacity",
                metric_aggregation_type="Maximum",
                cooldown=60,
                step_adjustments=[
                    autoscaling.CfnScalingPolicy.StepAdjustmentProperty(
                        metric_interval_lower_bound=0, scaling_adjustment=1
                    )
                ],
            ),
        )
        cloudwatch.CfnAlarm(
            self,
            "Asleep",
            alarm_description="A request found no copy of the model; starts the first one. Not an error.",
            namespace="AWS/SageMaker",
            metric_name="NoCapacityInvocationFailures",
            dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name="InferenceComponentName", value=component_name)],
            statistic="Sum",
            period=60,
            evaluation_periods=1,
            threshold=1,
            comparison_operator="GreaterThanOrEqualToThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[first_copy.ref],
        )


def _track(scope: Construct, target: autoscaling.CfnScalableTarget, metric: str) -> None:
    """Keep concurrent requests per instance or copy at their target; its alarms are deleted with the policy."""
    autoscaling.CfnScalingPolicy(
        scope,
        "Tracking",
        policy_name="requests-under-way",
        policy_type="TargetTrackingScaling",
        scaling_target_id=target.ref,
        target_tracking_scaling_policy_configuration=(
            autoscaling.CfnScalingPolicy.TargetTrackingScalingPolicyConfigurationProperty(
                target_value=REQUESTS_PER_INSTANCE,
                predefined_metric_specification=autoscaling.CfnScalingPolicy.PredefinedMetricSpecificationProperty(
                    predefined_metric_type=metric
                ),
                scale_out_cooldown=_SCALE_OUT_COOLDOWN.to_seconds(),
                scale_in_cooldown=_SCALE_IN_COOLDOWN.to_seconds(),
            )
        ),
    )
