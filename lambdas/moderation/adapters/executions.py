"""The workflow's executions on Step Functions."""

from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from moderation.adapters.faults import code_of, store_faults

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# "Standard and Express workflows types": Express ones end after five minutes. The sixth is for clocks that differ.
LONGEST_EXPRESS = timedelta(minutes=6)


def is_described(execution: str) -> bool:
    """Whether Step Functions can say how an execution fares: not of Express ones, nor of what is no execution's ARN."""
    return ":execution:" in execution


class SfnExecutions:
    """Fulfils `ports.Executions`."""

    def __init__(self, client: "SFNClient") -> None:
        self._client = client

    def status(self, execution: str) -> str | None:
        if not is_described(execution):
            return None
        with store_faults("Step Functions"):
            try:
                return self._client.describe_execution(executionArn=execution)["status"]
            except ClientError as error:
                if code_of(error) == "ExecutionDoesNotExist":
                    return None
                raise
