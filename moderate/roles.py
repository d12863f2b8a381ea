"""Role of a command, assumed by the command itself in the caller's own name."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.credentials import RefreshableCredentials, create_assume_role_refresher
from botocore.exceptions import ClientError

from moderate.deployment import Deployment
from moderate.failures import CommandFailed, is_denied
from moderation.adapters import clients

if TYPE_CHECKING:
    from boto3 import Session


def acting_as(deployment: Deployment, role: str) -> Deployment:
    """Return the deployment with the credentials of a role, by its name before `RoleArn` in the outputs.

    Raises CommandFailed if the caller may not assume it.
    """
    arn = deployment.output(f"{role}RoleArn")
    if _is_session_of(arn, deployment.caller):
        return deployment
    try:
        return replace(deployment, session=_assumed(arn, deployment))
    except ClientError as error:
        if not is_denied(error):
            raise
        raise CommandFailed(
            f"You ({deployment.caller}) may not assume the role {role} ({arn}), which this requires: ask whoever "
            "administers the account's IAM for `sts:AssumeRole` on it (docs/security.md#roles)."
        ) from error


def _is_session_of(role_arn: str, caller: str) -> bool:
    """`arn:aws:iam::<account>:role/<name>` is the role of `arn:aws:sts::<account>:assumed-role/<name>/<session>`."""
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    return f":{account}:assumed-role/{name}/" in caller


def _assumed(role_arn: str, deployment: Deployment) -> "Session":
    """Return a session that renews its credentials, because those of a role expire after an hour."""
    own = clients.session_of(deployment.session)
    # The role's trust policy accepts only this name: the user's, or that of the previous session.
    who = {"RoleArn": role_arn, "RoleSessionName": deployment.caller.rsplit("/", 1)[-1]}
    renew = create_assume_role_refresher(own.client("sts"), who)
    credentials = RefreshableCredentials.create_from_metadata(renew(), renew, method="assume-role")
    core = botocore.session.Session()
    core.register_component("data_loader", own._session.get_component("data_loader"))  # has read the services' models
    core.register_component("credential_provider", _Provider(credentials))
    return boto3.Session(botocore_session=core, region_name=own.region_name)


@dataclass(frozen=True)
class _Provider:
    """Replacement for botocore's chain of credential providers."""

    credentials: RefreshableCredentials

    def load_credentials(self) -> RefreshableCredentials:
        return self.credentials
