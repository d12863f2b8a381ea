"""The workflow's executions on Step Functions."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from moderation.adapters.faults import code_of, store_faults

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class SfnExecutions:
    """Fulfils `ports.Executions`."""

    def __init__(self, client: "SFNClient") -> None:
        self._client = client

    def status(self, execution: str) -> str | None:
        with store_faults("Step Functions"):
            try:
                return self._client.describe_execution(executionArn=execution)["status"]
            except ClientError as error:
                if code_of(error) == "ExecutionDoesNotExist":
                    return None
                raise
