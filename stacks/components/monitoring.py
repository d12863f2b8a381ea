"""How the pipeline is watched: counts of its log, alarms, a dashboard."""

from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.components import metrics
from stacks.components.alarms import Alarms
from stacks.components.alerts import Alerts
from stacks.components.dashboard import Dashboard
from stacks.components.functions import Functions
from stacks.components.workflow import Workflow
from stacks.settings import Endpoints, Settings

# The states that the workflow enters when no function can tell of it.
_COUNTED_STATES = {metrics.CAUGHT_FAILURES: "RecordFailure", metrics.UNANNOUNCED: "MarkUnnotified"}


class Monitoring(Construct):
    """Watches a deployment, its endpoints included, whoever made them."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        endpoints: Endpoints,
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
