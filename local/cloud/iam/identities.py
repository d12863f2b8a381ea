"""Identities of callers: the deployer, role sessions, and AWS services."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.iam.models import iam_backends
from moto.sts.models import STSBackend, sts_backends

from local.cloud.iam.evaluate import Caller
from local.cloud.iam.policy import Context, Policy
from local.cloud.iam.resources import ACCOUNT, PARTITION, REGION, Resources, policies_of

DEPLOYER_KEY = "local"
DEPLOYER = "deployer"
_ADMINISTRATOR = Policy.parse({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
_BOOTSTRAP_ROLES = "cdk-"  # the roles of `cdk bootstrap` act for the deployer


@dataclass(frozen=True)
class Identity:
    """Caller with its condition keys. `role` is the role's name, None without one."""

    arn: str
    context: Context = field(default_factory=dict)
    role: str | None = None

    @property
    def administers(self) -> bool:
        """True if only resource policies restrict the caller."""
        return self.role.startswith(_BOOTSTRAP_ROLES) if self.role else self.arn.endswith(f":user/{DEPLOYER}")


ANYBODY = Identity("", {"aws:securetransport": ("true",)})


class Identities:
    """Access keys of this cloud, and their owners."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._sessions: dict[str, Identity] = {}

    def install(self) -> None:
        """Make the deployer a user of the account, and register each role session."""
        iam = iam_backends[ACCOUNT][PARTITION]
        user = iam.create_user(REGION, DEPLOYER)
        iam.create_access_key(DEPLOYER).access_key_id = DEPLOYER_KEY
        context = {"aws:username": (DEPLOYER,), "aws:userid": (user.id,), "aws:principaltype": ("User",)}
        self._sessions[DEPLOYER_KEY] = Identity(user.arn, _with_common(user.arn, context))
        assume = STSBackend.assume_role

        def assume_and_learn(backend: Any, **given: Any) -> Any:
            session = assume(backend, **given)
            self._sessions[session.access_key_id] = _session(session.arn, session.role_arn, session.user_id)
            return session

        identify = STSBackend.get_caller_identity

        def identify_deployer(backend: Any, access_key_id: str, region: str) -> tuple[str, str, str]:
            """Return the deployer for its access key, which is too short for moto."""
            if backend.get_assumed_role_from_access_key(access_key_id):
                answer: tuple[str, str, str] = identify(backend, access_key_id, region)
                return answer
            return user.id, user.arn, ACCOUNT

        STSBackend.assume_role = assume_and_learn
        STSBackend.get_caller_identity = identify_deployer

    def of_key(self, access_key: str | None) -> Identity | None:
        """Return the owner of a key, ANYBODY for a request without one, None for an unknown key."""
        return ANYBODY if access_key is None else self._sessions.get(access_key)

    def caller(self, identity: Identity) -> Caller:
        """Return the caller of an identity, with its current policies."""
        if identity.administers:
            return Caller(identity.arn, (_ADMINISTRATOR,))
        role = self._resources.role(identity.role) if identity.role else None
        return Caller(identity.arn, policies_of(role) if role else ())

    def of_role(self, role_arn: str, session: str) -> Identity:
        """Return the identity of a role's session, without keys."""
        name = role_arn.rpartition("/")[2]
        role = self._resources.role(name)
        user_id = f"{role.id if role else 'AROA'}:{session}"
        return _session(f"arn:{PARTITION}:sts::{ACCOUNT}:assumed-role/{name}/{session}", role_arn, user_id)

    def session(self, role_arn: str, name: str) -> Mapping[str, str]:
        """Assume a role and return the environment variables of the SDKs. The gate checks the trust policy."""
        session = sts_backends[ACCOUNT][PARTITION].assume_role(
            region_name=REGION,
            role_session_name=name,
            role_arn=role_arn,
            policy="",
            duration=3600,
            external_id="",
        )
        return {
            "AWS_ACCESS_KEY_ID": session.access_key_id,
            "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
            "AWS_SESSION_TOKEN": session.session_token,
        }


def _session(arn: str, role_arn: str, user_id: str) -> Identity:
    context = {"aws:userid": (user_id,), "aws:principaltype": ("AssumedRole",)}
    return Identity(arn, _with_common(role_arn, context), role=role_arn.rpartition("/")[2])


def service(name: str, source_arn: str | None = None) -> Identity:
    """Return an AWS service that acts for the resource `source_arn`."""
    context: dict[str, tuple[str, ...]] = {"aws:securetransport": ("true",), "aws:principalisawsservice": ("true",)}
    if source_arn:
        context |= {"aws:sourcearn": (source_arn,), "aws:sourceaccount": (ACCOUNT,)}
    return Identity(name, context)


def _with_common(principal_arn: str, context: Context) -> Context:
    """Add the keys of every signed request. The loopback counts as TLS: it can't be intercepted."""
    common = {
        "aws:principalarn": (principal_arn,),
        "aws:principalaccount": (ACCOUNT,),
        "aws:securetransport": ("true",),
        "aws:principalisawsservice": ("false",),
        "s3:tlsversion": ("1.3",),
    }
    return {**common, **context}
