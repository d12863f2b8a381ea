"""Logs, metrics and traces: one set-up for every function. They contain nothing that was read from an image."""

from collections.abc import Callable
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from moderation.contract import METRIC_NAMESPACE, METRIC_SERVICE

logger = Logger(service=METRIC_SERVICE)
metrics = Metrics(namespace=METRIC_NAMESPACE, service=METRIC_SERVICE)

Handler = Callable[[dict[str, Any], Any], Any]


@cache
def tracer() -> Tracer:
    """Return the tracer, created at the first invocation: importing the X-Ray SDK takes longer than everything else."""
    return Tracer(service=METRIC_SERVICE)


def observed(handler: Handler) -> Handler:
    """Wrap a Lambda handler: structured logs, a trace without request or response, metrics flushed at the end."""

    def traced(event: dict[str, Any], context: Any) -> Any:
        capture = tracer().capture_lambda_handler(capture_response=False, capture_error=False)
        return capture(handler)(event, context)

    measured = metrics.log_metrics(traced)
    logged: Handler = logger.inject_lambda_context(clear_state=True)(measured)
    return logged


def bind_image(image_id: str, execution: str) -> None:
    """Put the image's id and the execution's name on every log line of this invocation."""
    logger.append_keys(image_id=image_id, execution=execution.rsplit(":", 1)[-1])


def add_count(name: str, value: float = 1) -> None:
    """Count an event."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def add_duration(name: str, milliseconds: int) -> None:
    """Record the duration of a stage."""
    metrics.add_metric(name=name, unit=MetricUnit.Milliseconds, value=milliseconds)


def add_age(name: str, seconds: float) -> None:
    """Record the current age of something."""
    metrics.add_metric(name=name, unit=MetricUnit.Seconds, value=seconds)


def count_verdict(verdict: str, category: str | None, decided_by: str, error: str | None) -> None:
    """Count a verdict; the categories are a policy's, so the dimensions stay few.

    `error` is the class of an error that the workflow caught by name: permanent, or not fixed by its retries.
    """
    add_count("Decided")  # without further dimensions, over which an alarm couldn't sum
    add_count("Reviewed", int(verdict == "review"))
    with single_metric(name="Verdicts", unit=MetricUnit.Count, value=1, namespace=METRIC_NAMESPACE) as metric:
        metric.add_dimension("verdict", verdict)
        metric.add_dimension("category", category or "none")
        metric.add_dimension("decided_by", decided_by)
    if error:
        with single_metric(name="Rejections", unit=MetricUnit.Count, value=1, namespace=METRIC_NAMESPACE) as metric:
            metric.add_dimension("error", error)
