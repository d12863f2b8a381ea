"""CloudWatch alarms that page on-call. docs/runbooks.md has a runbook for each, under the alarm's name."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from constructs import Construct

from stacks.components import metrics
from stacks.components.alerts import Alerts
from stacks.components.functions import Functions
from stacks.components.workflow import Workflow
from stacks.settings import BedrockModel, DeploymentSettings, EndpointNames

_SLOW_MINUTES = 5
_SLOW_FROM_ZERO_MINUTES = 60  # a cold start from zero takes most of this
_OVERDUE_SECONDS = 60 * 60
_REVIEW_PERCENT = 25
_FAILED_REQUESTS = 5
_REFUSED_VOUCHES = 3  # one may be a race with an erasure, or with a right that is taken away

_NOT_BREACHING = cloudwatch.TreatMissingData.NOT_BREACHING  # no data means that nothing happened
_KEEP_STATE = cloudwatch.TreatMissingData.IGNORE  # no data means that nothing was observed
_HOUR = Duration.hours(1)


class Alarms(Construct):
    """Alarms on the pipeline and its endpoints; each notifies the ops topic when it fires and when it clears."""

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
        self._slow_minutes = _SLOW_FROM_ZERO_MINUTES if settings.scale_to_zero else _SLOW_MINUTES
        self._notify_ops = actions.SnsAction(alerts.ops)
        self.all: list[cloudwatch.Alarm] = []
        self._watch_intake(workflow)
        self._watch_executions(functions, workflow)
        self._watch_waiting()
        self._watch_verdicts()
        self._watch_models(endpoints, settings.bedrock_judge)
        self._watch_canary()
        self._watch_drift()
        self._watch_audit()
        self._watch_people()
        self._watch_notifications(alerts)

    def _watch_intake(self, workflow: Workflow) -> None:
        retries = metrics.rule(workflow.intake_rule.rule_name, "RetryInvocationAttempts")
        self._alarm(
            "IntakeDelayed", "Uploads are delayed because EventBridge can't start the workflow", retries, periods=3
        )
        # SQS stops reporting metrics of an idle queue after some hours: the alarm keeps its state until there is data.
        self._alarm(
            "UnstartedExecutions",
            "Uploads whose workflow could not be started are in a dead-letter queue",
            workflow.unstarted.metric_approximate_number_of_messages_visible(statistic="Maximum"),
            missing=_KEEP_STATE,
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
            "The workflow caught unexpected errors, or errors that outlasted its retries",
            metrics.workflow_log(metrics.CAUGHT_FAILURES),
        )
        if functions.unrecorded_failures:
            self._alarm(
                "UnrecordedFailures",
                "Failed executions that could not be recorded are in a dead-letter queue",
                functions.unrecorded_failures.metric_approximate_number_of_messages_visible(statistic="Maximum"),
                missing=_KEEP_STATE,
            )

    def _watch_waiting(self) -> None:
        self._alarm(
            "SlowVerdicts",
            f"The 99th percentile of time from upload to verdict is over {self._slow_minutes} minutes",
            metrics.pipeline("UploadToVerdictMilliseconds", "p99"),
            threshold=self._slow_minutes * 60_000,
            periods=3,
        )
        self._alarm(
            "OldestUndecided",
            "An upload has been waiting for its verdict for more than an hour",
            metrics.pipeline("OldestUndecidedSeconds", "Maximum", period=Duration.minutes(15)),
            threshold=_OVERDUE_SECONDS,
            missing=_KEEP_STATE,
        )
        self._alarm(
            "SweeperSilent",
            "The sweeper, which closes abandoned claims, hasn't finished a run for an hour",
            metrics.pipeline("OldestUndecidedSeconds", "SampleCount", period=_HOUR),
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )

    def _watch_verdicts(self) -> None:
        self._alarm(
            "ReviewRate",
            "At least a quarter of the last hour's verdicts need human review",
            metrics.review_rate(_HOUR),
            threshold=_REVIEW_PERCENT,
        )
        self._alarm(
            "BrokenPack",
            "Images go to review because a policy pack or routes.yaml is invalid",
            metrics.pipeline("Rejections", error="InvalidPolicy"),
        )
        self._alarm(
            "Misconfigured",
            "Images go to review because a resource or permission is missing, or an endpoint rejects requests",
            metrics.total(
                "Images",
                misconfigured=metrics.pipeline("Rejections", error="Misconfigured"),
                rejected=metrics.pipeline("Rejections", error="EndpointRejected"),
                not_found=metrics.pipeline("Rejections", error="EndpointNotFound"),
            ),
        )

    def _watch_models(self, endpoints: EndpointNames, bedrock_judge: BedrockModel | None) -> None:
        watched = {
            f"{model}Errors": (f"the endpoint {endpoint}", metrics.failed_requests(endpoint, component))
            for model, (endpoint, component) in endpoints.served.items()
        }
        if bedrock_judge:
            watched["LlamaErrors"] = (f"{bedrock_judge.id} on Bedrock", metrics.failed_conversations(bedrock_judge.id))
        for name, (model, failed) in watched.items():
            self._alarm(
                name,
                f"Requests to {model} fail",
                failed,
                threshold=_FAILED_REQUESTS,
                periods=3,
                breaching=2,
            )

    def _watch_canary(self) -> None:
        self._alarm(
            "BrokenModel",
            "The vision model gives wrong answers about the canary, whose answers are known",
            metrics.pipeline("CanaryWrong", "Maximum", period=_HOUR),
            missing=_KEEP_STATE,
        )

    def _watch_drift(self) -> None:
        self._alarm(
            "Drift",
            "Scores, flags by category or overturned verdicts changed from one week to the next by more than chance",
            metrics.pipeline("Drifted", "Maximum", period=Duration.days(1)),
            missing=_KEEP_STATE,
        )

    def _watch_audit(self) -> None:
        self._alarm(
            "AuditGaps",
            "Entries of the audit log are missing, were changed, or were added afterwards",
            metrics.pipeline("AuditGaps", "Maximum", period=Duration.days(1)),
            missing=_KEEP_STATE,
        )
        self._alarm(
            "AuditCheckSilent",
            "The daily check of the audit log hasn't finished for a day and a half",
            metrics.pipeline("AuditGaps", "SampleCount", period=Duration.hours(12)),
            periods=3,  # of which one a day has a check
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )

    def _watch_people(self) -> None:
        self._alarm(
            "ReviewsOverdue",
            "Images wait for a person for longer than their policy allows",
            metrics.pipeline("ReviewsOverdue", "Maximum", period=Duration.minutes(15)),
            missing=_KEEP_STATE,
        )
        self._alarm(
            "ReviewsUnseen",
            "Images wait for a person, and nobody's scope has them, or they can't be read",
            metrics.pipeline("ReviewsUnseen", "Maximum", period=Duration.minutes(15)),
            missing=_KEEP_STATE,
        )
        self._alarm(
            "DecisionsStuck",
            "People's decisions can't be put into force",
            metrics.pipeline("DecisionsStuck"),
            periods=3,
        )
        self._alarm(
            "DecisionsUnvouched",
            "A decision was refused because nobody has vouched that the person whom it names made it",
            metrics.pipeline("DecisionsUnvouched"),
        )
        self._alarm(
            "VouchesRefused",
            "Tokens that aren't the console's, or decisions that aren't their person's, were refused",
            metrics.pipeline("VouchesRefused", period=Duration.minutes(15)),
            threshold=_REFUSED_VOUCHES,
        )
        self._alarm(
            "FinaliserSilent",
            "Nothing has ended the decisions that nobody ended, or counted what is overdue, for an hour",
            metrics.pipeline("ReviewsOverdue", "SampleCount", period=_HOUR),
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )

    def _watch_notifications(self, alerts: Alerts) -> None:
        self._alarm(
            "NotificationFailures", "Verdicts could not be published to their topic", metrics.notification_failures()
        )
        topics = {"unsafe": alerts.unsafe, "review": alerts.review, "safe": alerts.safe}
        failed = {name: topic.metric_number_of_notifications_failed() for name, topic in topics.items() if topic}
        self._alarm(
            "Undelivered",
            "SNS could not deliver verdicts to a subscriber",
            metrics.total("Undelivered messages", **failed),
        )

    def _alarm(
        self,
        name: str,
        description: str,
        metric: cloudwatch.IMetric,
        *,
        threshold: float = 1,
        periods: int = 1,
        breaching: int | None = None,
        comparison: cloudwatch.ComparisonOperator = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        missing: cloudwatch.TreatMissingData = _NOT_BREACHING,
    ) -> None:
        """Add an alarm that fires when `breaching` (default: all) of the last `periods` periods reach the threshold."""
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_description=f"{description}. Runbook: docs/runbooks.md#{name.lower()}",
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            datapoints_to_alarm=breaching or periods,
            comparison_operator=comparison,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(self._notify_ops)
        alarm.add_ok_action(self._notify_ops)
        self.all.append(alarm)
