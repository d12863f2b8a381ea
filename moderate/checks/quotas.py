"""Checks of the quotas for the endpoints' GPU instances, which may be 0 in new accounts."""

from typing import Any

from botocore.exceptions import ClientError

from moderate.checks.aws import client
from moderate.checks.check import Check
from moderate.failures import CommandFailed
from moderation.adapters.faults import code_of

# "Amazon SageMaker AI endpoints and quotas" (AWS General Reference) lists each by the name that is compared below.
CODES = {"ml.g5.2xlarge": "L-9614C779", "ml.g5.12xlarge": "L-65C4BD00", "ml.g5.48xlarge": "L-0100B823"}


def name_of(instance: str) -> str:
    """Return the quota's name in Service Quotas, which is also the row's."""
    return f"{instance} for endpoint usage"


def instances(instance: str, least: int, most: int, region: str) -> Check:
    """Check that `least` instances can be started, and that the endpoints can grow to `most`."""
    name, quota = name_of(instance), _quota(instance)
    if quota["QuotaName"] != name:
        raise CommandFailed(f"{CODES[instance]} is the code of {quota['QuotaName']!r}.")
    value = int(quota["Value"])
    more = (
        f"aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code {CODES[instance]} "
        f"--desired-value {most} --region {region}"
    )
    if value < least:
        return Check(name, "fail", f"{value}; the endpoints start {least}", f"{more} (granted within days)")
    if value < most:
        remedy = f"{more}, or deploy with fewer -c blip2MaxInstances and -c llamaMaxInstances"
        return Check(name, "warn", f"{value}: enough to start {least}, too few to grow to {most} under load", remedy)
    return Check(name, "ok", f"{value}; the endpoints take {least} to {most}, besides any others of yours")


def _quota(instance: str) -> dict[str, Any]:
    """Return the account's own quota, or AWS's default if Service Quotas has none."""
    quotas, request = client("service-quotas"), {"ServiceCode": "sagemaker", "QuotaCode": CODES[instance]}
    try:
        found: dict[str, Any] = quotas.get_service_quota(**request)["Quota"]
    except ClientError as error:
        if code_of(error) != "NoSuchResourceException":
            raise
        found = quotas.get_aws_default_service_quota(**request)["Quota"]
    return found
