"""Authorisation of calls by the deployed policies."""

import json
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from local.cloud.iam.evaluate import AccessDecision, AccessRequest, decide
from local.cloud.iam.identities import Identities, Identity, service
from local.cloud.iam.resources import Resources


@dataclass(frozen=True)
class Denial:
    """First right that a caller lacks, with the decision on it."""

    caller: str
    asked: AccessRequest
    decision: AccessDecision

    def __str__(self) -> str:
        """Return the message of AWS's errors ("Troubleshoot access denied error messages", AWS IAM User Guide)."""
        why = (
            "with an explicit deny"
            if self.decision is AccessDecision.EXPLICIT_DENY
            else f"because no policy allows the {self.asked.action} action"
        )
        return (
            f"User: {self.caller or 'anonymous'} is not authorized to perform: {self.asked.action} on resource: "
            f"{self.asked.resource} {why}"
        )


class AccessDenied(Exception):
    """A service lacks a right that it needs on behalf of a caller; the message names it."""


class Gate:
    """Authorises calls by the currently deployed policies, and records them if a folder is given."""

    def __init__(self, record: Path | None = None) -> None:
        self.resources = Resources()
        self.identities = Identities(self.resources)
        self._record = _Recorder(record) if record else None

    def refusal(self, identity: Identity, rights: Iterable[AccessRequest]) -> Denial | None:
        """Return the first right that is denied, None if the caller has all of them."""
        caller = self.identities.caller(identity)
        for right in rights:
            asked = replace(right, context={**identity.context, **right.context})
            decision = decide(caller, asked, self.resources.policy(asked.resource) if ":" in asked.resource else None)
            if self._record:
                self._record.add(identity, right, decision)
            if decision is not AccessDecision.ALLOWED:
                return Denial(identity.arn, right, decision)
        return None

    def check(self, identity: Identity, *rights: AccessRequest) -> None:
        """Raise AccessDenied unless the caller has the rights."""
        if refusal := self.refusal(identity, rights):
            raise AccessDenied(str(refusal))

    def assume(self, service_name: str, role_arn: str, session: str, source_arn: str | None = None) -> Identity:
        """Return the session of a role that a service assumes. Raises AccessDenied if the role doesn't trust it."""
        self.check(service(service_name, source_arn), AccessRequest("sts:AssumeRole", role_arn))
        return self.identities.of_role(role_arn, session)

    def credentials(self, service_name: str, role_arn: str, session: str) -> Mapping[str, str]:
        """Return the keys of such a session as environment variables of the SDKs. Raises AccessDenied."""
        self.assume(service_name, role_arn, session)
        return self.identities.session(role_arn, session)


class _Recorder:
    """Writes each distinct call once, as a line of JSON, into a file of its own process."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{os.getpid()}.jsonl"
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def add(self, identity: Identity, asked: AccessRequest, decision: AccessDecision) -> None:
        if identity.administers or not identity.arn:
            return
        line = json.dumps(
            {
                "caller": identity.role or identity.arn,
                "source": identity.context.get("aws:sourcearn", ("",))[0],  # resource that a service acts for
                "action": asked.action,
                "resource": asked.resource,
                "context": asked.context,
                "decision": decision.value,
            },
            sort_keys=True,
        )
        with self._lock:
            if line not in self._seen:
                self._seen.add(line)
                with self._path.open("a") as file:
                    file.write(line + "\n")
