"""CloudWatch dashboard of a deployment."""

from collections.abc import Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks import prices
from stacks.components import metrics
from stacks.components.alarms import Alarms
from stacks.components.functions import Functions
from stacks.components.workflow import Workflow
from stacks.settings import DeploymentSettings, EndpointNames

_WIDTH = 24  # of a dashboard, in its own units
_TRANSITIONS = 9  # of a safe image whose text is read, as `default` does: tests/workflow counts them
_STAGES = ("Prepare", "Query", "Judge", "Record")


class Dashboard(cloudwatch.Dashboard):
    """Dashboard named after the stack: alarms and verdicts, then latencies, drift, endpoints, backlog and cost."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: DeploymentSettings,
        endpoints: EndpointNames,
        functions: Functions,
        workflow: Workflow,
        alarms: Alarms,
    ) -> None:
        super().__init__(
            scope, construct_id, dashboard_name=Stack.of(scope).stack_name, default_interval=Duration.hours(12)
        )
        self.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=alarms.all, width=_WIDTH, height=3))
        self._row(*_verdicts())
        self._row(*_latencies(), _drift())
        for endpoint, component in endpoints.served.values():
            self._row(*_endpoint(endpoint, component))
        if settings.bedrock_judge:
            self._row(*_bedrock(settings.bedrock_judge.id))
        self._row(*_waiting(functions, workflow))
        self._row(_cost(settings, endpoints, workflow))

    def _row(self, *widgets: cloudwatch.GraphWidget) -> None:
        self.add_widgets(*widgets)


def _verdicts() -> list[cloudwatch.GraphWidget]:
    by_category = metrics.search(
        "Verdicts",
        ("verdict", "category", "decided_by"),
        "${PROP('Dim.verdict')} ${PROP('Dim.category')} (${PROP('Dim.decided_by')})",
    )
    by_error = metrics.search("Rejections", ("error",), "${PROP('Dim.error')}")
    counted = ("JudgeRepairs", "JudgeSpared", "VerdictsReused", "ShadowErrors")
    judge = [metrics.pipeline(name, label=name) for name in counted]
    return [
        _graph("Verdicts by category", [by_category], 4, stacked=True),
        _graph("Review rate (% of the last hour's verdicts)", [metrics.review_rate(Duration.hours(1))], 4),
        _graph("Judge: repaired, skipped; verdicts reused; shadow packs without a verdict", judge, 4),
        _graph("Images that can't be moderated, by error", [by_error], 4, stacked=True),
    ]


def _latencies() -> list[cloudwatch.GraphWidget]:
    whole = [metrics.pipeline("UploadToVerdictMilliseconds", p, label=p) for p in ("p50", "p99")]
    stages = [
        metrics.pipeline(f"{stage}Milliseconds", p, label=f"{stage} {p}") for stage in _STAGES for p in ("p50", "p99")
    ]
    return [_graph("Upload to verdict (ms)", whole, 3), _graph("Stages (ms)", stages, 3)]


def _drift() -> cloudwatch.GraphWidget:
    """Draw four weeks whatever the page's range, because the comparison is made once a day."""
    drifted = metrics.pipeline("Drifted", "Maximum", period=Duration.days(1), label="quantities that drifted")
    return cloudwatch.GraphWidget(
        title="Drift from one week to the next, daily", left=[drifted], width=_WIDTH // 3, start="-P28D"
    )


def _endpoint(name: str, component: str | None) -> list[cloudwatch.GraphWidget]:
    errors = ("Invocation4XXErrors", "Invocation5XXErrors", "InvocationModelErrors")
    latency = [
        metrics.requests(name, component, metric, p)
        for metric in ("ModelLatency", "OverheadLatency")
        for p in ("p50", "p99")
    ]
    gpu = [metrics.instance(name, metric) for metric in ("GPUUtilization", "GPUMemoryUtilization", "CPUUtilization")]
    return [
        _graph(f"{name}: requests", [metrics.requests(name, component, "Invocations")], 4),
        _graph(f"{name}: errors", [metrics.requests(name, component, error) for error in errors], 4),
        _graph(f"{name}: latency (µs)", latency, 4),
        _graph(f"{name}: load (%, summed over cores and GPUs)", gpu, 4),
    ]


def _bedrock(model: str) -> list[cloudwatch.GraphWidget]:
    errors = ("InvocationClientErrors", "InvocationServerErrors", "InvocationThrottles")
    tokens = ("InputTokenCount", "OutputTokenCount")
    latency = [metrics.bedrock(model, "InvocationLatency", p) for p in ("p50", "p99")]
    return [
        _graph(f"{model}: requests", [metrics.bedrock(model, "Invocations")], 4),
        _graph(f"{model}: errors", [metrics.bedrock(model, error) for error in errors], 4),
        _graph(f"{model}: latency (ms)", latency, 4),
        _graph(f"{model}: tokens", [metrics.bedrock(model, count) for count in tokens], 4),
    ]


def _waiting(functions: Functions, workflow: Workflow) -> list[cloudwatch.GraphWidget]:
    machine = workflow.machine
    ended = {
        "succeeded": machine.metric_succeeded(),
        "failed": machine.metric_failed(),
        "timed_out": machine.metric_timed_out(),
        "aborted": machine.metric_aborted(),
    }
    executions = {"started": machine.metric_started(), **ended}
    running = cloudwatch.MathExpression(
        expression=f"RUNNING_SUM(FILL(started, 0) - SUM([{', '.join(ended)}]))",
        using_metrics=executions,
        period=metrics.FIVE_MINUTES,
        label="running (started minus ended, since the start of the time range)",
    )
    queues = {"not started": workflow.unstarted, "not recorded": functions.unrecorded_failures}
    oldest = metrics.pipeline(
        "OldestUndecidedSeconds", "Maximum", period=Duration.minutes(15), label="oldest upload in progress"
    )
    return [
        _graph("Dead letters", [_depth(queue, label) for label, queue in queues.items() if queue], 4),
        _graph("Executions", [running, *executions.values()], 4),
        _graph("Oldest upload without a verdict (s), if over 15 min", [oldest], 4),
        _graph(
            "Failures: caught, notifications",
            [metrics.workflow_log(metrics.CAUGHT_FAILURES), metrics.notification_failures()],
            4,
        ),
    ]


def _cost(settings: DeploymentSettings, endpoints: EndpointNames, workflow: Workflow) -> cloudwatch.GraphWidget:
    """Estimate dollars per hour of the largest cost items; `moderate cost` covers the rest."""
    hour = Duration.hours(1)
    lines = [
        cloudwatch.MathExpression(
            # Each instance reports once a minute; there is no metric for the number of instances.
            expression=f"samples{number} / 60 * {price}",
            using_metrics={f"samples{number}": metrics.instance(name, "CPUUtilization", "SampleCount", hour)},
            period=hour,
            label=f"{name}: instances",
        )
        for number, (name, price) in enumerate(prices.of_instances(settings, endpoints).items())
    ]
    if settings.workflow_type == "EXPRESS":
        price, label = prices.usd("states_express_request"), "workflow: executions, without duration charges"
    else:
        price, label = _TRANSITIONS * prices.usd("states_transition"), f"workflow: {_TRANSITIONS} transitions per image"
    executions = cloudwatch.MathExpression(
        expression=f"executions * {price:f}",  # CloudWatch would parse the exponent of 2.5e-05 as a metric id
        using_metrics={"executions": workflow.machine.metric_started(period=hour)},
        period=hour,
        label=label,
    )
    return _graph("Cost estimate ($ per hour)", [*lines, executions], 1, stacked=True)


def _depth(queue: sqs.IQueue, label: str) -> cloudwatch.Metric:
    return queue.metric_approximate_number_of_messages_visible(statistic="Maximum", label=label)


def _graph(
    title: str, lines: Sequence[cloudwatch.IMetric], in_a_row: int, *, stacked: bool = False
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(lines), width=_WIDTH // in_a_row, stacked=stacked)
