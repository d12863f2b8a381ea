"""One row of `moderate doctor`, and the conversion of failed calls into rows."""

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
# A deploy resets missing settings to their defaults, so a remedy must be combined with the others.
TOO = "and all your other settings"
_RETRY = "Run it again. If a service keeps failing, see https://health.aws.amazon.com."
# Every call that the checks make, by operation → the IAM action that allows it (Service Authorization Reference).
RIGHTS = {
    "BatchGetItem": "dynamodb:BatchGetItem",
    "Converse": "bedrock:InvokeModel",
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
    "GetFoundationModel": "bedrock:GetFoundationModel",
    "GetFoundationModelAvailability": "bedrock:GetFoundationModelAvailability",
    "GetInferenceProfile": "bedrock:GetInferenceProfile",
    "GetKeyPolicy": "kms:GetKeyPolicy",
    "GetObject": "s3:GetObject",
    "GetParameter": "ssm:GetParameter",
    "GetServiceQuota": "servicequotas:GetServiceQuota",
    "HeadBucket": "s3:ListBucket",
    "InvokeEndpoint": "sagemaker:InvokeEndpoint",
    "ListGrants": "kms:ListGrants",
    "ListObjectVersions": "s3:ListBucketVersions",
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
    """Return the rows of `examine`, or the row of its error if it raises."""
    try:
        return examine()
    except FAULTS as error:
        return [failed(name, error)]


def softened(check: Check) -> Check:
    """Turn a failure that only concerns the next deployment into a warning."""
    if check.status != "fail":
        return check
    return replace(check, status="warn", found=f"{check.found} (matters for the next deployment)")


def explained(error: Exception) -> tuple[str, str]:
    """Split an error's message into finding and remedy, if it names one."""
    said = sentence(error)
    if said == str(error) or isinstance(error, OSError):
        return said, ""
    found, _, remedy = said.partition(": ")  # the form of all our messages about AWS
    return found, remedy[:1].upper() + remedy[1:]


def failed(name: str, error: Exception, remedy: str = _RETRY) -> Check:
    """Return the row of an error: the missing permission, or else the error's own remedy, or else `remedy`."""
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
