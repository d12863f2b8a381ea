"""One row of `moderate doctor`, and how a call that fails becomes one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from moderate.failures import DENIED, CommandFailed, sentence
from moderation.adapters.faults import code_of
from moderation.errors import ModerationError

Status = Literal["ok", "warn", "fail", "skipped"]

FAULTS = (CommandFailed, ModerationError, BotoCoreError, ClientError, ResponseParserError, OSError)
# A deploy gives every setting that it isn't told its default, so that a remedy must not be pasted alone.
TOO = "and all your other settings"
_RETRY = "Run it again. Is it a service that keeps failing, see https://health.aws.amazon.com."
# Every call that the checks make, by operation → the IAM action that allows it (Service Authorization Reference).
RIGHTS = {
    "DescribeEndpoint": "sagemaker:DescribeEndpoint",
    "DescribeInferenceComponent": "sagemaker:DescribeInferenceComponent",
    "DescribeKey": "kms:DescribeKey",
    "DescribeStacks": "cloudformation:DescribeStacks",
    "GetAWSDefaultServiceQuota": "servicequotas:GetAWSDefaultServiceQuota",
    "GetAccountSettings": "lambda:GetAccountSettings",
    "GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "GetBucketPolicy": "s3:GetBucketPolicy",
    "GetBucketVersioning": "s3:GetBucketVersioning",
    "GetCallerIdentity": "sts:GetCallerIdentity",
    "GetKeyPolicy": "kms:GetKeyPolicy",
    "GetObject": "s3:GetObject",
    "GetParameter": "ssm:GetParameter",
    "GetServiceQuota": "servicequotas:GetServiceQuota",
    "HeadBucket": "s3:ListBucket",
    "InvokeEndpoint": "sagemaker:InvokeEndpoint",
    "ListGrants": "kms:ListGrants",
    "ListSubscriptionsByTopic": "sns:ListSubscriptionsByTopic",
    "SimulatePrincipalPolicy": "iam:SimulatePrincipalPolicy",
}


@dataclass(frozen=True)
class Check:
    """A row of the report: subject, status, finding, and remedy (empty if all is well)."""

    name: str
    status: Status
    found: str
    remedy: str = ""


def attempt(name: str, examine: Callable[[], Check], remedy: str = _RETRY) -> Check:
    """Return the result of `examine`, or the row of its error if it raises."""
    try:
        return examine()
    except FAULTS as error:
        return failed(name, error, remedy)


def several(name: str, examine: Callable[[], list[Check]]) -> list[Check]:
    """The rows that `examine` gives; where it raises, the one row of its error."""
    try:
        return examine()
    except FAULTS as error:
        return [failed(name, error)]


def softened(check: Check) -> Check:
    """A failure of what only the next deployment needs, as a warning."""
    if check.status != "fail":
        return check
    return replace(check, status="warn", found=f"{check.found} (matters for the next deployment)")


def explained(error: Exception) -> tuple[str, str]:
    """Split an error's message into finding and remedy, if it names one."""
    said = sentence(error)
    if said == str(error) or isinstance(error, OSError):
        return said, ""
    found, _, remedy = said.partition(": ")  # as every sentence about AWS is made
    return found, remedy[:1].upper() + remedy[1:]


def failed(name: str, error: Exception, remedy: str = _RETRY) -> Check:
    """The row of an error: the right that is missing, or else what the error says to do, or else `remedy`."""
    refused = error if isinstance(error, ClientError) else error.__cause__
    if isinstance(refused, ClientError) and code_of(refused) in DENIED:
        right = RIGHTS.get(refused.operation_name, refused.operation_name)
        said = refused.response["Error"].get("Message", "")
        return Check(
            name,
            "fail",
            f"not examined: these credentials lack {right}",
            f"Allow them {right}, or use the role of somebody who has it. AWS says: {said or code_of(refused)}",
        )
    found, advice = explained(error)
    return Check(name, "fail", found, advice or remedy)
