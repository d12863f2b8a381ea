"""Resource usage of one image: requests, bytes, seconds, as counted by `make measure-calls`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from moderate.costs import reading

MEASURED = Path(__file__).with_name("measured.json")
# One vCPU of Lambda. With less memory a function has less of it and takes longer (AWS Lambda Developer Guide,
# "Configure Lambda function memory").
VCPU_MB = 1769
CALL_SECONDS = 0.015  # assumed: a call of S3, DynamoDB or SNS takes this long
_TRANSITION_SECONDS = 0.03  # assumed: what Step Functions takes itself


@dataclass(frozen=True)
class ResourceUsage:
    """Resource usage of one image: bytes, seconds, request units; without the endpoints' time.

    `item_bytes` are those of the record, `listed_bytes` of its entry in the index by verdict, `stored_bytes` of all.
    """

    transitions: float
    invocations: float
    gb_seconds: float
    function_seconds: float
    workflow_seconds: float
    queries: float
    s3_writes: float
    s3_reads: float
    work_bytes: float
    write_units: float
    read_units: float
    stored_bytes: float
    item_bytes: float
    listed_bytes: float
    publishes: float
    log_bytes: float

    def __add__(self, other: "ResourceUsage") -> "ResourceUsage":
        return ResourceUsage(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    def __mul__(self, times: float) -> "ResourceUsage":
        return ResourceUsage(**{f.name: getattr(self, f.name) * times for f in fields(self)})

    def __sub__(self, other: "ResourceUsage") -> "ResourceUsage":
        return self + other * -1


@dataclass(frozen=True)
class Measured:
    """Measured usage: a safe image of one view, one that is notified, one reused, one of many views."""

    on: str
    when: str
    safe: ResourceUsage
    unsafe: ResourceUsage
    reused: ResourceUsage
    many_views: ResourceUsage
    views: int  # of `many_views`

    def average(self, *, views: float, notified: float, reused: float, is_read: bool = True) -> ResourceUsage:
        """Return the average image's usage; `notified` and `reused` are shares, `views` is per new image.

        What was measured was read; without the reader's time, which depends on the size and the text.
        """
        a_view = (self.many_views - self.safe) * (1 / (self.views - 1))
        judged = self.safe + a_view * (views - 1)
        judged = judged if is_read else _unread(judged)
        return judged * (1 - reused) + self.reused * reused + (self.unsafe - self.safe) * notified


def _unread(usage: ResourceUsage) -> ResourceUsage:
    """Return the usage of the same image under a pack that reads no text."""
    return replace(
        usage,
        transitions=usage.transitions - reading.TRANSITIONS,
        invocations=usage.invocations - reading.INVOCATIONS,
        s3_writes=usage.s3_writes - reading.S3_WRITES,
        s3_reads=usage.s3_reads - reading.S3_READS,
    )


def load(file: Path = MEASURED) -> Measured:
    """Return the last measurement. Raises OSError, and KeyError for a file that `make measure-calls` didn't write."""
    document = json.loads(file.read_text())
    outcomes = document["outcomes"]
    return Measured(
        document["measured_on"],
        document["when"],
        **{name: _usage(outcomes[name]) for name in ("safe", "unsafe", "reused", "many_views")},
        views=outcomes["many_views"]["views"],
    )


def _usage(counted: Mapping[str, Any]) -> ResourceUsage:
    requests = counted["requests"]
    memory, calls = counted["memory_mb"], counted["calls"]
    work = {step: ms / 1000 for step, ms in counted["cpu_ms"].items() if step != "read_image"}
    waits = {step: calls[step] * CALL_SECONDS for step in work}
    working = sum(seconds * max(1, VCPU_MB / memory[step]) + waits[step] for step, seconds in work.items())
    return ResourceUsage(
        transitions=counted["transitions"],
        invocations=sum(counted["invocations"].values()),
        gb_seconds=sum(
            (seconds * max(memory[step], VCPU_MB) + waits[step] * memory[step]) / 1024 for step, seconds in work.items()
        ),
        function_seconds=working,
        workflow_seconds=working + counted["transitions"] * _TRANSITION_SECONDS,
        queries=counted["invocations"].get("query_image", 0),
        s3_writes=requests["s3:PUT"],
        s3_reads=requests["s3:GET"],
        work_bytes=counted["work_bytes"],
        write_units=counted["write_units"],
        read_units=counted["read_units"],
        stored_bytes=counted["stored_bytes"],
        item_bytes=counted["item_bytes"],
        listed_bytes=counted["listed_bytes"],
        publishes=requests.get("sns:POST", 0),
        log_bytes=counted["log_bytes"] + counted["workflow_log_bytes"],
    )
