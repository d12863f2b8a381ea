"""Decision on one request, as IAM makes it within one account.

Source: "Policy evaluation logic", AWS IAM User Guide. Service control policies, permissions boundaries and session
policies aren't implemented: this app creates none.
"""

import re
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from local.cloud.iam.policy import Context, Policy, Statement

_SESSION = re.compile(r"arn:aws[a-z-]*:sts::(\d{12}):assumed-role/([^/]+)/[^/]+")
_IDENTITY = re.compile(r"arn:aws[a-z-]*:(?:sts|iam)::(\d{12}):")
_ROOT = re.compile(r"(?:arn:aws[a-z-]*:iam::)?(\d{12})(?::root)?")
# The policies of these resources must allow a call; if one names the account, identity policies decide.
_OWN_POLICY_DECIDES = ("kms:", "sts:")


class AccessDecision(Enum):
    """Decision of IAM, in the words of its policy simulator."""

    ALLOWED = "allowed"
    IMPLICIT_DENY = "implicitDeny"
    EXPLICIT_DENY = "explicitDeny"


@dataclass(frozen=True)
class Caller:
    """Caller: a user or role session with its policies, an AWS service by its name, or "" for an anonymous caller."""

    arn: str
    policies: tuple[Policy, ...] = ()

    @cached_property
    def account(self) -> str | None:
        found = _IDENTITY.match(self.arn)
        return found[1] if found else None

    @cached_property
    def role_arn(self) -> str | None:
        """ARN of a session's role, without the role's path; roles of this app have none."""
        found = _SESSION.fullmatch(self.arn)
        return f"arn:aws:iam::{found[1]}:role/{found[2]}" if found else None


@dataclass(frozen=True)
class AccessRequest:
    """Action on a resource of account `owner`, with the context keys for conditions."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)
    owner: str = "123456789012"


def decide(caller: Caller, request: AccessRequest, resource_policy: Policy | None = None) -> AccessDecision:
    """Decide by the policies of caller and resource. Raises UnknownPolicy for elements that aren't implemented."""
    own = caller.policies if caller.account else ()  # services have no identity policies
    mine = [
        s
        for policy in own
        for s in policy.statements_on(request.action)
        if s.applies(request.resource, request.context)
    ]
    theirs = [
        (statement, how)
        for statement in (resource_policy.statements_on(request.action) if resource_policy else ())
        if statement.applies(request.resource, request.context) and (how := _names(statement, caller))
    ]
    if any(not statement.allows for statement in mine) or any(not statement.allows for statement, _ in theirs):
        return AccessDecision.EXPLICIT_DENY
    by_identity = bool(mine)
    directly = any(how == "directly" for _, how in theirs)
    by_account = any(how == "account" for _, how in theirs)
    if caller.account not in (request.owner, None):
        allowed = by_identity and (directly or by_account)
    elif request.action.lower().startswith(_OWN_POLICY_DECIDES):
        allowed = directly or (by_account and by_identity)
    else:
        allowed = by_identity or directly
    return AccessDecision.ALLOWED if allowed else AccessDecision.IMPLICIT_DENY


def _names(statement: Statement, caller: Caller) -> str | None:
    """Return how a resource's policy names the caller: "directly", as "account", or "" for not at all."""
    principals = statement.principals or {}
    if caller.arn in principals.get("Service", ()):
        return "directly"
    for name in principals.get("AWS", ()):
        if name == "*" or name in (caller.arn, caller.role_arn):
            return "directly" if caller.arn or name == "*" else None
        if (root := _ROOT.fullmatch(name)) and root[1] == caller.account:
            return "account"
    return None
