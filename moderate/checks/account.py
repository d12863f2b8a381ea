"""Checks of the account and region before a deployment."""

from dataclasses import dataclass

import boto3
from botocore.exceptions import ClientError, InvalidRegionError, NoRegionError

from moderate.checks.aws import client
from moderate.checks.check import Check, explained
from moderation.adapters.faults import code_of

BOOTSTRAP_VERSION = 6  # required by the synthesised stacks; a test compares it with the assembly
_BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
# "You can reserve up to the Unreserved account concurrency value minus 100" (AWS Lambda Developer Guide, "Configuring
# reserved concurrency"); accounts whose limit is lower are refused any reservation.
_LEFT_UNRESERVED = 100
_CALLING_FUNCTIONS = 2  # query_image and judge_image
_LAMBDA_QUOTA = "L-B99A9384"  # "Concurrent executions"


@dataclass(frozen=True)
class Account:
    """The caller, with account and region."""

    number: str
    arn: str
    region: str

    @property
    def environment(self) -> str:
        """The environment in the form that `cdk bootstrap` takes."""
        return f"aws://{self.number}/{self.region}"


def region() -> str:
    """Return the region of the calls. Raises what boto3 raises if none is set."""
    name = boto3.session.Session().region_name
    if not name:
        raise NoRegionError
    return name


def caller() -> Account:
    """Return the identity of the credentials. Raises what boto3 raises if they are missing or rejected."""
    identity = client("sts").get_caller_identity()
    return Account(identity["Account"], identity["Arn"], region())


def unusable(error: Exception) -> Check:
    """Return the row for an error that `caller` raised."""
    name = "region" if isinstance(error, NoRegionError | InvalidRegionError) else "credentials"
    found, remedy = explained(error)
    return Check(name, "fail", found, remedy or "Run `aws sts get-caller-identity` to see what AWS says.")


def credentials(account: Account) -> Check:
    return Check("credentials", "ok", f"account {account.number}, region {account.region}, as {account.arn}")


def bootstrap(account: Account) -> Check:
    """Check that `cdk bootstrap` was run here, and recently enough."""
    name, remedy = "bootstrap", f"npx cdk bootstrap {account.environment}"
    try:
        found = client("ssm").get_parameter(Name=_BOOTSTRAP_PARAMETER)["Parameter"]["Value"]
    except ClientError as error:
        if code_of(error) != "ParameterNotFound":
            raise
        return Check(name, "fail", f"{account.environment} isn't bootstrapped", remedy)
    if not found.isdigit() or int(found) < BOOTSTRAP_VERSION:
        return Check(name, "fail", f"version {found}; the stacks need {BOOTSTRAP_VERSION}", remedy)
    return Check(name, "ok", f"version {found}")


def concurrency(reserved: int, held: int, account: Account) -> Check:
    """Check that Lambda lets `reserved` executions be reserved for each function that calls an endpoint.

    What the deployment has reserved already counts as available.
    """
    limits = client("lambda").get_account_settings()["AccountLimit"]
    limit, unreserved = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    most = max(0, unreserved + _CALLING_FUNCTIONS * held - _LEFT_UNRESERVED) // _CALLING_FUNCTIONS
    found = f"{limit} at once, {unreserved} of them unreserved: modelConcurrency can be {most} at most"
    wanted = max(1000, unreserved + _CALLING_FUNCTIONS * reserved + _LEFT_UNRESERVED)
    more = (
        f"aws service-quotas request-service-quota-increase --service-code lambda --quota-code {_LAMBDA_QUOTA} "
        f"--desired-value {wanted} --region {account.region}"
    )
    if reserved > most:
        return Check("Lambda concurrency", "fail", found, f"Deploy with -c modelConcurrency={most}, or {more}")
    if limit < _LEFT_UNRESERVED:
        return Check("Lambda concurrency", "warn", f"{found}; many uploads at once wait for each other", more)
    return Check("Lambda concurrency", "ok", found)
