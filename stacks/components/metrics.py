"""What is measured, under the names and dimensions that AWS and our functions report it by."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from stacks.contract import CONTRACT

NAMESPACE: str = CONTRACT["metrics"]["namespace"]
SERVICE: str = CONTRACT["metrics"]["service"]
VARIANT = "AllTraffic"  # ours, and what SageMaker's own tools call an endpoint's one variant
# What the workflow's log is counted for: a failure that it caught, and a verdict that it could not announce.
CAUGHT_FAILURES = "CaughtFailures"
UNANNOUNCED = "Unannounced"

FIVE_MINUTES = Duration.minutes(5)
_ENOUGH_VERDICTS = 20  # of fewer, a rate says nothing


def ours(
    name: str, statistic: str = "Sum", *, period: Duration = FIVE_MINUTES, label: str | None = None, **dimensions: str
) -> cloudwatch.Metric:
    """What the functions count or time, see `moderation/observability.py`."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": SERVICE, **dimensions},
        statistic=statistic,
        period=period,
        label=label,
    )


def in_log(name: str) -> cloudwatch.Metric:
    """What is counted in the workflow's log."""
    return cloudwatch.Metric(namespace=NAMESPACE, metric_name=name, statistic="Sum", period=FIVE_MINUTES)


def each(name: str, dimensions: tuple[str, ...], label: str) -> cloudwatch.MathExpression:
    """One line for each value of the dimensions that a metric of ours has."""
    schema = ",".join([NAMESPACE, "service", *dimensions])
    return cloudwatch.MathExpression(
        expression=f"SEARCH('{{{schema}}} MetricName=\"{name}\"', 'Sum', 300)", label=label, period=FIVE_MINUTES
    )


def review_rate(period: Duration) -> cloudwatch.MathExpression:
    """Percent of the verdicts that are left to a person; 0 while there are too few to tell."""
    return cloudwatch.MathExpression(
        expression=f"IF(decided >= {_ENOUGH_VERDICTS}, 100 * reviewed / decided, 0)",
        using_metrics={"decided": ours("Decided", period=period), "reviewed": ours("Reviewed", period=period)},
        period=period,
        label="Review rate (%)",
    )


def total(label: str, **metrics: cloudwatch.IMetric) -> cloudwatch.MathExpression:
    """The sum; SUM of a list, unlike `+`, takes a metric without data as nothing."""
    return cloudwatch.MathExpression(
        expression=f"SUM([{', '.join(metrics)}])", using_metrics=metrics, period=FIVE_MINUTES, label=label
    )


def unannounced() -> cloudwatch.MathExpression:
    """Verdicts that could not be published, by the workflow or by the sweeper."""
    return total("Unannounced", by_workflow=in_log(UNANNOUNCED), by_sweeper=ours("SweptUnannounced"))


def requests(endpoint: str, component: str | None, metric: str, statistic: str = "Sum") -> cloudwatch.Metric:
    """What SageMaker reports of the requests to an endpoint, or to a component on it; latencies are in microseconds.

    "Metrics for monitoring Amazon SageMaker AI with Amazon CloudWatch", endpoint invocation metrics.
    """
    dimensions = {"InferenceComponentName": component} if component else _variant(endpoint)
    return _metric("AWS/SageMaker", dimensions, metric, statistic)


def instance(name: str, metric: str, statistic: str = "Average", period: Duration = FIVE_MINUTES) -> cloudwatch.Metric:
    """What SageMaker reports of an endpoint's instances, one sample a minute each."""
    return _metric("/aws/sagemaker/Endpoints", _variant(name), metric, statistic, period)


def failed_requests(endpoint: str, component: str | None) -> cloudwatch.MathExpression:
    """Requests that an endpoint failed: its 5xx answers, or all that the model failed, time-outs included."""
    errors = {
        "five": requests(endpoint, component, "Invocation5XXErrors"),
        "failed": requests(endpoint, component, "InvocationModelErrors"),
    }
    return cloudwatch.MathExpression(
        expression="MAX([five, failed])", using_metrics=errors, period=FIVE_MINUTES, label="Failed requests"
    )


def rule(name: str, metric: str) -> cloudwatch.Metric:
    """What EventBridge reports of a rule on the default bus."""
    return cloudwatch.Metric(
        namespace="AWS/Events",
        metric_name=metric,
        dimensions_map={"RuleName": name},
        statistic="Sum",
        period=FIVE_MINUTES,
    )


def _variant(endpoint: str) -> dict[str, str]:
    return {"EndpointName": endpoint, "VariantName": VARIANT}


def _metric(
    namespace: str, dimensions: dict[str, str], metric: str, statistic: str, period: Duration = FIVE_MINUTES
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=metric,
        dimensions_map=dimensions,
        statistic=statistic,
        period=period,
        label=metric,
    )
