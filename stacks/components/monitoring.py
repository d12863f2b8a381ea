"""Monitoring of the pipeline: metric filters on the workflow's log, alarms and a dashboard."""

from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.components import metrics
from stacks.components.alarms import Alarms
from stacks.components.alerts import Alerts
from stacks.components.dashboard import Dashboard
from stacks.components.functions import Functions
from stacks.components.workflow import Workflow
from stacks.settings import DeploymentSettings, EndpointNames

# States that the workflow enters without calling a function that could emit a metric.
_COUNTED_STATES = {metrics.CAUGHT_FAILURES: "RecordFailure", metrics.NOTIFICATION_FAILURES: "MarkUnnotified"}


class Monitoring(Construct):
    """Metric filters, alarms and dashboard of a deployment, including existing endpoints."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: DeploymentSettings,
        endpoints: EndpointNames,
        alerts: Alerts,
        functions: Functions,
        workflow: Workflow,
    ) -> None:
        super().__init__(scope, construct_id)
        for name, state in _COUNTED_STATES.items():
            logs.MetricFilter(
                self,
                name,
                log_group=workflow.log,
                filter_pattern=logs.FilterPattern.all(
                    logs.FilterPattern.string_value("$.type", "=", "TaskStateEntered"),
                    logs.FilterPattern.string_value("$.details.name", "=", state),
                ),
                metric_namespace=metrics.NAMESPACE,
                metric_name=name,
            )
        alarms = Alarms(
            self,
            "Alarms",
            settings=settings,
            endpoints=endpoints,
            alerts=alerts,
            functions=functions,
            workflow=workflow,
        )
        Dashboard(
            self,
            "Dashboard",
            settings=settings,
            endpoints=endpoints,
            functions=functions,
            workflow=workflow,
            alarms=alarms,
        )
