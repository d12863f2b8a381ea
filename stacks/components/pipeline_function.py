"""Lambda function of the pipeline."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.acknowledge import acknowledge
from stacks.components.grantee import Grantee, service
from stacks.components.service_log import ServiceLog
from stacks.contract import CONTRACT

COMMON_ENVIRONMENT: dict[str, str] = {
    "POWERTOOLS_SERVICE_NAME": CONTRACT["metrics"]["service"],
    "POWERTOOLS_METRICS_NAMESPACE": CONTRACT["metrics"]["namespace"],
    "POWERTOOLS_LOG_LEVEL": "INFO",
}


class PipelineFunction(Grantee):
    """Function that runs `moderation.handlers.<stem>.handler`, with its own role and log group.

    The construct id is the stem in CamelCase, like the workflow state.
    """

    def __init__(
        self,
        scope: Construct,
        stem: str,
        *,
        code: lambda_.Code,
        layers: Sequence[lambda_.ILayerVersion],
        protected: bool,
        memory_mb: int,
        timeout_seconds: int,
        environment: Mapping[str, str],
        reserved_concurrency: int | None = None,
        dead_letter_queue: sqs.IQueue | None = None,
    ) -> None:
        super().__init__(scope, stem.title().replace("_", ""))
        self.log = ServiceLog(self, "Log", protected=protected)
        self.role = iam.Role(self, "Role", assumed_by=service("lambda"))
        self.log.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            code=code,
            handler=f"moderation.handlers.{stem}.handler",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            layers=list(layers),
            role=self.role,
            log_group=self.log,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            memory_size=memory_mb,
            timeout=Duration.seconds(timeout_seconds),
            environment=COMMON_ENVIRONMENT | dict(environment),
            reserved_concurrent_executions=reserved_concurrency,
            dead_letter_queue=dead_letter_queue,
        )
        acknowledge(
            self.role, "IAM5[Resource::*]", "X-Ray supports no resources for PutTraceSegments and PutTelemetryRecords"
        )
