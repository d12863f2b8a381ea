"""CloudWatch metrics of the pipeline and of the AWS services that it uses."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from stacks.contract import CONTRACT

NAMESPACE: str = CONTRACT["metrics"]["namespace"]
SERVICE: str = CONTRACT["metrics"]["service"]
VARIANT = "AllTraffic"  # also the default of SageMaker's own tools
# Counted in the workflow's log: failures that it caught, and verdicts that it could not publish.
CAUGHT_FAILURES = "CaughtFailures"
NOTIFICATION_FAILURES = "NotificationFailures"

FIVE_MINUTES = Duration.minutes(5)
_ENOUGH_VERDICTS = 20  # a rate of fewer means nothing


def pipeline(
    name: str, statistic: str = "Sum", *, period: Duration = FIVE_MINUTES, label: str | None = None, **dimensions: str
) -> cloudwatch.Metric:
    """Return a metric that the functions emit, see `moderation/observability.py`."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": SERVICE, **dimensions},
        statistic=statistic,
        period=period,
        label=label,
    )


def workflow_log(name: str) -> cloudwatch.Metric:
    """Return a metric that is counted in the workflow's log."""
    return cloudwatch.Metric(namespace=NAMESPACE, metric_name=name, statistic="Sum", period=FIVE_MINUTES)


def search(name: str, dimensions: tuple[str, ...], label: str) -> cloudwatch.MathExpression:
    """Return an expression with one line for each combination of dimension values of a pipeline metric."""
    schema = ",".join([NAMESPACE, "service", *dimensions])
    return cloudwatch.MathExpression(
        expression=f"SEARCH('{{{schema}}} MetricName=\"{name}\"', 'Sum', 300)", label=label, period=FIVE_MINUTES
    )


def review_rate(period: Duration) -> cloudwatch.MathExpression:
    """Return the percentage of review verdicts; 0 while there are too few verdicts."""
    return cloudwatch.MathExpression(
        expression=f"IF(decided >= {_ENOUGH_VERDICTS}, 100 * reviewed / decided, 0)",
        using_metrics={"decided": pipeline("Decided", period=period), "reviewed": pipeline("Reviewed", period=period)},
        period=period,
        label="Review rate (%)",
    )


def total(label: str, **metrics: cloudwatch.IMetric) -> cloudwatch.MathExpression:
    """Return the sum. SUM of a list, unlike `+`, treats a metric without data as 0."""
    return cloudwatch.MathExpression(
        expression=f"SUM([{', '.join(metrics)}])", using_metrics=metrics, period=FIVE_MINUTES, label=label
    )


def notification_failures() -> cloudwatch.MathExpression:
    """Return the number of verdicts that the workflow or the sweeper could not publish."""
    return total(
        "Notification failures",
        by_workflow=workflow_log(NOTIFICATION_FAILURES),
        by_sweeper=pipeline("SweptUnpublished"),
    )


def requests(endpoint: str, component: str | None, metric: str, statistic: str = "Sum") -> cloudwatch.Metric:
    """Return a SageMaker metric of requests to an endpoint, or to a component on it; latencies are in microseconds.

    "Metrics for monitoring Amazon SageMaker AI with Amazon CloudWatch", endpoint invocation metrics.
    """
    dimensions = {"InferenceComponentName": component} if component else _variant(endpoint)
    return _metric("AWS/SageMaker", dimensions, metric, statistic)


def instance(name: str, metric: str, statistic: str = "Average", period: Duration = FIVE_MINUTES) -> cloudwatch.Metric:
    """Return a SageMaker metric of an endpoint's instances, with one sample per instance and minute."""
    return _metric("/aws/sagemaker/Endpoints", _variant(name), metric, statistic, period)


def failed_requests(endpoint: str, component: str | None) -> cloudwatch.MathExpression:
    """Return the number of failed requests: 5xx responses, or model errors including time-outs."""
    errors = {
        "five": requests(endpoint, component, "Invocation5XXErrors"),
        "failed": requests(endpoint, component, "InvocationModelErrors"),
    }
    return cloudwatch.MathExpression(
        expression="MAX([five, failed])", using_metrics=errors, period=FIVE_MINUTES, label="Failed requests"
    )


def bedrock(model: str, metric: str, statistic: str = "Sum") -> cloudwatch.Metric:
    """Return a metric of requests to a model or inference profile: "Monitoring Amazon Bedrock", runtime metrics."""
    return _metric("AWS/Bedrock", {"ModelId": model}, metric, statistic)


def failed_conversations(model: str) -> cloudwatch.MathExpression:
    """Return the number of requests to a model on Bedrock that its side failed or throttled."""
    failed = {"server": bedrock(model, "InvocationServerErrors"), "throttled": bedrock(model, "InvocationThrottles")}
    return total("Failed requests", **failed)


def rule(name: str, metric: str) -> cloudwatch.Metric:
    """Return an EventBridge metric of a rule on the default bus."""
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
