"""One page that says how moderation is doing."""

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
from stacks.settings import Endpoints, Settings

_WIDTH = 24  # of a dashboard, in its own units
_TRANSITIONS = 8  # of a safe image: tests/workflow counts them
_STAGES = ("Prepare", "Query", "Judge", "Record")


class Dashboard(cloudwatch.Dashboard):
    """Named after the stack. From what matters most to what explains it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        endpoints: Endpoints,
        functions: Functions,
        workflow: Workflow,
        alarms: Alarms,
    ) -> None:
        super().__init__(
            scope, construct_id, dashboard_name=Stack.of(scope).stack_name, default_interval=Duration.hours(12)
        )
        self.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=alarms.all, width=_WIDTH, height=3))
        self._row(*_verdicts())
        self._row(*_latencies())
        self._row(*_endpoint(endpoints.blip2, endpoints.blip2_component))
        self._row(*_endpoint(endpoints.llama, endpoints.llama_component))
        self._row(*_waiting(functions, workflow))
        self._row(_cost(settings, endpoints, workflow))

    def _row(self, *widgets: cloudwatch.GraphWidget) -> None:
        self.add_widgets(*widgets)


def _verdicts() -> list[cloudwatch.GraphWidget]:
    by_category = metrics.each(
        "Verdicts",
        ("verdict", "category", "decided_by"),
        "${PROP('Dim.verdict')} ${PROP('Dim.category')} (${PROP('Dim.decided_by')})",
    )
    by_error = metrics.each("Rejections", ("error",), "${PROP('Dim.error')}")
    spared = [metrics.ours(name, label=name) for name in ("JudgeRepairs", "JudgeSpared", "VerdictsReused")]
    return [
        _graph("Verdicts by category", [by_category], 4, stacked=True),
        _graph("Review rate: % of an hour's verdicts", [metrics.review_rate(Duration.hours(1))], 4),
        _graph("The judge: asked again, spared, taken over", spared, 4),
        _graph("Images that can't be moderated, by error", [by_error], 4, stacked=True),
    ]


def _latencies() -> list[cloudwatch.GraphWidget]:
    whole = [metrics.ours("UploadToVerdictMilliseconds", p, label=p) for p in ("p50", "p99")]
    stages = [
        metrics.ours(f"{stage}Milliseconds", p, label=f"{stage} {p}") for stage in _STAGES for p in ("p50", "p99")
    ]
    return [_graph("Upload to verdict (ms)", whole, 2), _graph("Stages (ms)", stages, 2)]


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
        label="started and not ended (since the page's first moment)",
    )
    queues = {"not started": workflow.unstarted, "not recorded": functions.unrecorded_failures}
    oldest = metrics.ours(
        "OldestUndecidedSeconds", "Maximum", period=Duration.minutes(15), label="oldest upload at work"
    )
    return [
        _graph("Dead letters", [_depth(queue, label) for label, queue in queues.items() if queue], 4),
        _graph("Executions", [running, *executions.values()], 4),
        _graph("Oldest upload without a verdict (s), of those older than 15 min", [oldest], 4),
        _graph(
            "Failures: caught, unannounced",
            [metrics.in_log(metrics.CAUGHT_FAILURES), metrics.unannounced()],
            4,
        ),
    ]


def _cost(settings: Settings, endpoints: Endpoints, workflow: Workflow) -> cloudwatch.GraphWidget:
    """Dollars an hour of what the bill is made of; the rest, `moderate cost` reckons."""
    hour = Duration.hours(1)
    lines = [
        cloudwatch.MathExpression(
            # Each instance reports once a minute; how many there are is no metric of its own.
            expression=f"samples{number} / 60 * {price}",
            using_metrics={f"samples{number}": metrics.instance(name, "CPUUtilization", "SampleCount", hour)},
            period=hour,
            label=f"{name}: instances",
        )
        for number, (name, price) in enumerate(prices.of_instances(settings, endpoints).items())
    ]
    if settings.workflow_type == "EXPRESS":
        price, label = prices.usd("states_express_request"), "workflow: executions, without their duration"
    else:
        price, label = _TRANSITIONS * prices.usd("states_transition"), f"workflow: {_TRANSITIONS} transitions an image"
    executions = cloudwatch.MathExpression(
        expression=f"executions * {price:f}",  # CloudWatch reads the exponent of 2.5e-05 as the name of a metric
        using_metrics={"executions": workflow.machine.metric_started(period=hour)},
        period=hour,
        label=label,
    )
    return _graph("Cost estimate ($ an hour)", [*lines, executions], 1, stacked=True)


def _depth(queue: sqs.IQueue, label: str) -> cloudwatch.Metric:
    return queue.metric_approximate_number_of_messages_visible(statistic="Maximum", label=label)


def _graph(
    title: str, lines: Sequence[cloudwatch.IMetric], in_a_row: int, *, stacked: bool = False
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(lines), width=_WIDTH // in_a_row, stacked=stacked)
