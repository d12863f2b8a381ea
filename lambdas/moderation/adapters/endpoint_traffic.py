"""Traffic of BLIP-2's endpoint, read from the log of the function that asks it."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from moderation.adapters.faults import store_faults

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sagemaker import SageMakerClient

# Printed by `query_image` once per answered request, as the name of a metric. SageMaker's own metrics count the canary,
# too, which would keep an endpoint awake for ever.
_ANSWERED = '"QueryMilliseconds"'
_HOUR_MS = 3_600_000


class EndpointTraffic:
    """Implements `ports.Traffic`; `component` is the inference component of an endpoint that scales to zero."""

    def __init__(
        self,
        logs: "CloudWatchLogsClient",
        sagemaker: "SageMakerClient",
        log_group: str,
        component: str | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._logs, self._sagemaker, self._clock = logs, sagemaker, clock
        self._log_group, self._component = log_group, component

    def is_awake(self) -> bool:
        with store_faults(f"Log group {self._log_group}"):
            return self._has_answered() and self._has_copies()

    def _has_answered(self) -> bool:
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=self._log_group,
            filterPattern=_ANSWERED,
            startTime=round(self._clock() * 1000) - _HOUR_MS,
        )
        return any(page["events"] for page in pages)

    def _has_copies(self) -> bool:
        """Tell if the model hasn't been scaled to zero since then."""
        if not self._component:
            return True
        described = self._sagemaker.describe_inference_component(InferenceComponentName=self._component)
        return described["RuntimeConfig"]["CurrentCopyCount"] > 0
