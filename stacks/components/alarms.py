"""What somebody is called for. docs/operations.md has a runbook for each, under the alarm's name."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from constructs import Construct

from stacks.components import metrics
from stacks.components.alerts import Alerts
from stacks.components.functions import Functions
from stacks.components.workflow import Workflow
from stacks.settings import Endpoints, Settings

_SLOW_MINUTES = 5
_SLOW_FROM_ZERO_MINUTES = 60  # an endpoint that scales to zero needs most of this to come back
_FORGOTTEN_S = 60 * 60
_REVIEW_PERCENT = 25
_FAILED_REQUESTS = 5

_QUIET = cloudwatch.TreatMissingData.NOT_BREACHING  # nothing happened
_AS_IT_WAS = cloudwatch.TreatMissingData.IGNORE  # nothing was looked at
_HOUR = Duration.hours(1)


class Alarms(Construct):
    """Each tells the ops topic when it fires and when it is over."""

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
        self._slow_minutes = _SLOW_FROM_ZERO_MINUTES if settings.scale_to_zero else _SLOW_MINUTES
        self._tell = actions.SnsAction(alerts.ops)
        self.all: list[cloudwatch.Alarm] = []
        self._watch_intake(workflow)
        self._watch_executions(functions, workflow)
        self._watch_waiting()
        self._watch_verdicts()
        self._watch_endpoints(endpoints)
        self._watch_announcements(alerts)

    def _watch_intake(self, workflow: Workflow) -> None:
        retries = metrics.rule(workflow.intake_rule.rule_name, "RetryInvocationAttempts")
        self._alarm("IntakeDelayed", "Uploads wait because EventBridge can't start the workflow", retries, periods=3)
        # A queue falls silent some hours after its last message came: the alarm stays until it speaks again.
        self._alarm(
            "UnstartedExecutions",
            "Uploads whose workflow could not be started lie in a dead-letter queue",
            workflow.unstarted.metric_approximate_number_of_messages_visible(statistic="Maximum"),
            missing=_AS_IT_WAS,
        )

    def _watch_executions(self, functions: Functions, workflow: Workflow) -> None:
        ended = metrics.total(
            "Executions that failed or timed out",
            failed=workflow.machine.metric_failed(),
            timed_out=workflow.machine.metric_timed_out(),
        )
        self._alarm("ExecutionsFailed", "Executions failed or timed out", ended)
        self._alarm(
            "CaughtFailures",
            "The workflow met failures that it has no name for, or that outlasted its retries",
            metrics.in_log(metrics.CAUGHT_FAILURES),
        )
        if functions.unrecorded_failures:
            self._alarm(
                "UnrecordedFailures",
                "Failed executions that could not be recorded lie in a dead-letter queue",
                functions.unrecorded_failures.metric_approximate_number_of_messages_visible(statistic="Maximum"),
                missing=_AS_IT_WAS,
            )

    def _watch_waiting(self) -> None:
        self._alarm(
            "SlowVerdicts",
            f"One upload in a hundred waits longer than {self._slow_minutes} minutes for its verdict",
            metrics.ours("UploadToVerdictMilliseconds", "p99"),
            threshold=self._slow_minutes * 60_000,
            periods=3,
        )
        self._alarm(
            "OldestUndecided",
            "An upload has waited for its verdict for more than an hour",
            metrics.ours("OldestUndecidedSeconds", "Maximum", period=Duration.minutes(15)),
            threshold=_FORGOTTEN_S,
            missing=_AS_IT_WAS,
        )
        self._alarm(
            "SweeperSilent",
            "The sweeper, which finds lost claims, hasn't finished a run for an hour",
            metrics.ours("OldestUndecidedSeconds", "SampleCount", period=_HOUR),
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )

    def _watch_verdicts(self) -> None:
        self._alarm(
            "ReviewRate",
            "More than a quarter of an hour's verdicts are left to people",
            metrics.review_rate(_HOUR),
            threshold=_REVIEW_PERCENT,
        )
        self._alarm(
            "BrokenPack",
            "Images go to review because a policy pack or the routes can't be used",
            metrics.ours("Rejections", error="InvalidPolicy"),
        )
        self._alarm(
            "Misconfigured",
            "Images go to review because the deployment lacks something or an endpoint refuses its requests",
            metrics.total(
                "Images",
                misconfigured=metrics.ours("Rejections", error="Misconfigured"),
                rejected=metrics.ours("Rejections", error="EndpointRejected"),
                not_found=metrics.ours("Rejections", error="EndpointNotFound"),
            ),
        )

    def _watch_endpoints(self, endpoints: Endpoints) -> None:
        watched = {
            "Blip2Errors": (endpoints.blip2, endpoints.blip2_component),
            "LlamaErrors": (endpoints.llama, endpoints.llama_component),
        }
        for name, (endpoint, component) in watched.items():
            self._alarm(
                name,
                f"Endpoint {endpoint} fails requests",
                metrics.failed_requests(endpoint, component),
                threshold=_FAILED_REQUESTS,
                periods=3,
                breaching=2,
            )

    def _watch_announcements(self, alerts: Alerts) -> None:
        self._alarm("Unannounced", "Verdicts stand that could not be published", metrics.unannounced())
        topics = {"unsafe": alerts.unsafe, "review": alerts.review, "safe": alerts.safe}
        failed = {name: topic.metric_number_of_notifications_failed() for name, topic in topics.items() if topic}
        self._alarm(
            "Undelivered", "SNS can't deliver verdicts to a subscriber", metrics.total("Undelivered messages", **failed)
        )

    def _alarm(
        self,
        name: str,
        says: str,
        metric: cloudwatch.IMetric,
        *,
        threshold: float = 1,
        periods: int = 1,
        breaching: int | None = None,
        comparison: cloudwatch.ComparisonOperator = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        missing: cloudwatch.TreatMissingData = _QUIET,
    ) -> None:
        """Fire when `breaching` of the last `periods` periods (all of them unless told) are at the threshold."""
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_description=f"{says}. Runbook: docs/operations.md#{name.lower()}",
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            datapoints_to_alarm=breaching or periods,
            comparison_operator=comparison,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(self._tell)
        alarm.add_ok_action(self._tell)
        self.all.append(alarm)
