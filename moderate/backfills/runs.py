"""Runs of the backfill's state machine on Step Functions."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from moderation.adapters.faults import store_faults

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_EXPLAINED = 100  # failed children that are asked for their causes


@dataclass(frozen=True)
class Attempt:
    """Execution of a run: the first one, or one that resumed it. `counts` are the items' of its Map run."""

    arn: str
    status: str
    given: Mapping[str, Any]
    started: datetime
    stopped: datetime | None
    counts: Mapping[str, int]
    map_run: str | None = None

    @property
    def is_running(self) -> bool:
        return self.status == "RUNNING"


class BackfillRuns:
    """Starts, finds and stops runs of one state machine."""

    def __init__(self, client: "SFNClient", machine: str) -> None:
        self._client, self._machine = client, machine

    def start(self, run: str, number: int, given: Mapping[str, Any]) -> str:
        """Start an attempt at a run; a number is started once. Raises StoreUnavailable, Misconfigured."""
        with store_faults("Step Functions"):
            begun = self._client.start_execution(
                stateMachineArn=self._machine, name=f"{run}-{number}", input=json.dumps(given)
            )
        return begun["executionArn"]

    def attempts(self, run: str) -> list[Attempt]:
        """Return the attempts at a run, the first one first. Raises StoreUnavailable, Misconfigured."""
        with store_faults("Step Functions"):
            pages = self._client.get_paginator("list_executions").paginate(stateMachineArn=self._machine)
            listed = [found for page in pages for found in page["executions"]]
            arns = [found["executionArn"] for found in listed if found["name"].rpartition("-")[0] == run]
            return sorted(map(self._attempt, arns), key=lambda attempt: attempt.started)

    def stop(self, attempt: Attempt) -> None:
        """Begin no more items; the moderations at work go on. Raises StoreUnavailable, Misconfigured."""
        with store_faults("Step Functions"):
            self._client.stop_execution(executionArn=attempt.arn, error="Cancelled", cause="moderate backfill cancel")

    def causes(self, attempt: Attempt) -> Counter[str]:
        """Return the errors of the newest failed items. Raises StoreUnavailable, Misconfigured."""
        if attempt.map_run is None:
            return Counter()
        with store_faults("Step Functions"):
            failed = self._client.list_executions(
                mapRunArn=attempt.map_run, statusFilter="FAILED", maxResults=_EXPLAINED
            )["executions"]
            told = [self._client.describe_execution(executionArn=child["executionArn"]) for child in failed]
        return Counter(child.get("error", "unknown error") for child in told)

    def _attempt(self, arn: str) -> Attempt:
        described = self._client.describe_execution(executionArn=arn)
        map_runs = self._client.list_map_runs(executionArn=arn)["mapRuns"]
        map_run = map_runs[0]["mapRunArn"] if map_runs else None
        counts: Any = self._client.describe_map_run(mapRunArn=map_run)["itemCounts"] if map_run else {}
        return Attempt(
            arn=arn,
            status=described["status"],
            given=json.loads(described["input"]),
            started=described["startDate"],
            stopped=described.get("stopDate"),
            counts=counts,
            map_run=map_run,
        )
