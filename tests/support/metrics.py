"""The metrics that a handler prints, as CloudWatch takes them from its log (the embedded metric format)."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Printed:
    """One metric: where it is filed, its unit, and what was measured."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str
    value: float


class Context:
    """Lambda's context object, as far as the logger and the handlers read it."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"

    def __init__(self, remaining_ms: int = 90_000) -> None:
        self._remaining_ms = remaining_ms

    def get_remaining_time_in_millis(self) -> int:
        return self._remaining_ms


def printed(output: str) -> list[Printed]:
    """The metrics in what was printed; every set of dimensions gives one of its own."""
    return [metric for line in output.splitlines() if '"_aws"' in line for metric in _of_line(json.loads(line))]


def _of_line(line: dict[str, Any]) -> list[Printed]:
    found = []
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = tuple(sorted((name, str(line[name])) for name in names))
            for metric in directive["Metrics"]:
                values = line[metric["Name"]]
                value = sum(values) if isinstance(values, list) else values
                found.append(Printed(directive["Namespace"], metric["Name"], dimensions, metric["Unit"], value))
    return found


# What the handlers print, by name, with the dimensions beside the service. The tests of the handlers hold them to it,
# those of the template hold the alarms and the dashboard to it: a name that nobody prints is never seen to go wrong.
EMITTED: dict[str, tuple[str, ...]] = {
    "PrepareMilliseconds": (),
    "QueryMilliseconds": (),
    "ReadMilliseconds": (),
    "CanaryWrong": (),
    "Drifted": (),
    "AuditGaps": (),
    "DecisionsInForce": (),
    "DecisionsRefused": (),
    "DecisionsStuck": (),
    "DecisionsUnvouched": (),
    "VouchesRefused": (),
    "ReviewsOverdue": (),
    "ReviewsUnseen": (),
    "JudgeMilliseconds": (),
    "JudgeRepairs": (),
    "JudgeSpared": (),
    "ShadowErrors": (),
    "VerdictsReused": (),
    "Decided": (),
    "Reviewed": (),
    "Verdicts": ("category", "decided_by", "verdict"),
    "Rejections": ("error",),
    "RecordMilliseconds": (),
    "UploadToVerdictMilliseconds": (),
    "VerdictsSuperseded": (),
    "Notifications": (),
    "SweptUnpublished": (),
    "FailuresRecorded": (),
    "ClaimsSwept": (),
    "OldestUndecidedSeconds": (),
}
