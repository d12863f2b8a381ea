"""Changes of packs and routes, signed by editors and published once enough of them signed the same digest."""

import base64
import json
from dataclasses import asdict, dataclass
from datetime import datetime

from botocore.exceptions import ClientError

from moderate import policy_bucket as bucket
from moderate.deployment import Deployment
from moderate.policy_log import Change
from moderation.adapters.faults import code_of
from moderation.domain.policy_history import approval_key, is_approved, signers

SOLO = "Solo mode: nobody else has to approve this (`-c policyApproval=true` changes that)."


@dataclass(frozen=True)
class Proposal:
    """Text of a file under its key in the policy bucket, and why; `restored` is the version that it repeats, if any.

    `signed_at` is the time of a signature that was read.
    """

    key: str
    text: bytes
    change: Change
    restored: str = ""
    signed_at: datetime | None = None


def sign(deployment: Deployment, proposal: Proposal) -> None:
    """Sign a proposal in the caller's name; a second signature of theirs changes nothing."""
    said = {"schema_version": 1, "key": proposal.key, **asdict(proposal.change), "restored": proposal.restored}
    try:
        deployment.s3.put_object(
            Bucket=deployment.policy_bucket,
            Key=approval_key(proposal.change.digest, deployment.caller_id),
            Body=json.dumps(said | {"text": base64.b64encode(proposal.text).decode()}).encode(),
            ContentType="application/json",
            IfNoneMatch="*",
        )
    except ClientError as error:
        if code_of(error) not in ("PreconditionFailed", "412"):
            raise


def read(deployment: Deployment, key: str) -> Proposal:
    """Return what an editor signed. Raises ValueError, KeyError or TypeError for a file that is no signature."""
    found = deployment.s3.get_object(Bucket=deployment.policy_bucket, Key=key)
    said = json.loads(found["Body"].read())
    change = Change(str(said["action"]), str(said["why"]), str(said["digest"]), str(said.get("accepted", "")))
    return Proposal(
        str(said["key"]), base64.b64decode(said["text"]), change, str(said["restored"]), found["LastModified"]
    )


def publish(deployment: Deployment, proposal: Proposal, expected: str | None = None) -> str | None:
    """Sign a proposal and publish it; returns its version, None if it waits for another editor.

    `expected` is what `policy_bucket.mark` said of the file that the proposal was compared with.
    """
    sign(deployment, proposal)
    if deployment.needs_approval and not is_approved(proposal.change.digest, signatures(deployment, proposal)):
        return None
    return bucket.put(deployment, proposal.key, proposal.text, proposal.change, proposal.restored, expected)


def signatures(deployment: Deployment, proposal: Proposal) -> list[str]:
    """Return the keys of the signatures of a proposal's digest."""
    return deployment.policies.signatures(proposal.change.digest)


def waiting(digest: str) -> str:
    """Say what a change waits for."""
    return (
        f"It isn't in force: it waits until another policy editor approves it with "
        f"`moderate policy approve {digest[:12]}`."
    )


def outcome(deployment: Deployment, digest: str) -> str:
    """Say under whose approval a change was published."""
    if not deployment.needs_approval:
        return SOLO
    return f"Approved by {', '.join(sorted(signers(digest, deployment.policies.signatures(digest))))}."
