"""Check that a function's role may decrypt with a KMS key: by the key's policy, by a grant, or by both policies."""

import json
from fnmatch import fnmatchcase
from typing import Any

from moderate.checks.aws import client
from moderate.checks.check import TOO, Check

_DECRYPT = "kms:Decrypt"


def usable(name: str, key: str, role: str | None) -> Check:
    """Check that the key is enabled and lets `role` decrypt; None if the role doesn't exist yet."""
    kms = client("kms")
    described = kms.describe_key(KeyId=key)["KeyMetadata"]
    arn, state = str(described["Arn"]), str(described["KeyState"])
    if state != "Enabled":
        return Check(name, "fail", f"{arn} is {state}: no image can be read", _revived(arn, state))
    if described["KeyManager"] == "AWS":
        return Check(name, "ok", f"{arn}, which AWS manages: S3 uses it for whoever may read the object")
    if role is None:
        return Check(name, "skipped", f"{arn} is enabled; the role that uses it comes with the deployment")
    policy = json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    account = arn.split(":")[4]
    if _says(policy, "Deny", role, account):
        return Check(name, "fail", f"the policy of {arn} denies {_DECRYPT} to {role}", _edited(arn, role))
    if _names(policy, "Allow", (role,)) or _granted(kms, arn, role):
        return Check(name, "ok", f"{arn} lets {role} decrypt")
    if not _says(policy, "Allow", role, account):
        return Check(name, "fail", f"the policy of {arn} doesn't let {role} decrypt", _edited(arn, role))
    if not _allowed_by_identity(role, arn):
        remedy = f"npx cdk deploy Moderation -c intakeKeyArn={arn} {TOO}"
        return Check(name, "fail", f"{role} has no {_DECRYPT} on {arn}", remedy)
    return Check(name, "ok", f"{arn} lets the account decide, which lets {role} decrypt")


def _says(policy: dict[str, Any], effect: str, role: str, account: str) -> bool:
    """Tell if a statement concerns decrypting by the role, by its whole account or by everybody."""
    return _names(policy, effect, (role, account, f"arn:aws:iam::{account}:root", "*"))


def _names(policy: dict[str, Any], effect: str, principals: tuple[str, ...]) -> bool:
    return any(
        statement["Effect"] == effect
        and any(fnmatchcase(_DECRYPT.lower(), action.lower()) for action in _many(statement.get("Action")))
        and not set(principals).isdisjoint(_principals(statement.get("Principal")))
        # A conditional denial may exempt the role, which only real calls can show.
        and (effect == "Allow" or "Condition" not in statement)
        for statement in _many(policy["Statement"])
    )


def _principals(principal: Any) -> list[str]:
    return _many(principal.get("AWS")) if isinstance(principal, dict) else _many(principal)


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _granted(kms: Any, key: str, role: str) -> bool:
    pages = kms.get_paginator("list_grants").paginate(KeyId=key, GranteePrincipal=role)
    return any("Decrypt" in grant["Operations"] for page in pages for grant in page["Grants"])


def _allowed_by_identity(role: str, key: str) -> bool:
    """Return IAM's own decision on the role's policies."""
    answer = client("iam").simulate_principal_policy(PolicySourceArn=role, ActionNames=[_DECRYPT], ResourceArns=[key])
    return all(result["EvalDecision"] == "allowed" for result in answer["EvaluationResults"])


def _revived(key: str, state: str) -> str:
    enable = f"aws kms enable-key --key-id {key}"
    return f"aws kms cancel-key-deletion --key-id {key} && {enable}" if state == "PendingDeletion" else enable


def _edited(key: str, role: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": _DECRYPT, "Resource": "*"}
    return f"KMS console, {key}, Key policy: add {json.dumps(statement)}, and take away what denies it"
