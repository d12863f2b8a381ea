"""Checks of the CloudFormation stacks."""

from collections.abc import Mapping
from typing import Any

from moderate.checks.check import Check

_SETTLED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
_USABLE = (*_SETTLED, "UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE")


def status(name: str, described: Mapping[str, Any]) -> Check:
    """Check that the stack is complete."""
    row, found = f"stack {name}", str(described["StackStatus"])
    if reason := described.get("StackStatusReason"):
        found = f"{found}: {reason}"
    events = (
        f"aws cloudformation describe-stack-events --stack-name {name} --output table --query "
        "\"StackEvents[?contains(ResourceStatus,'FAILED')].[LogicalResourceId,ResourceStatusReason]\""
    )
    match str(described["StackStatus"]):
        case settled if settled in _SETTLED:
            return Check(row, "ok", found)
        case usable if usable in _USABLE:
            return Check(row, "warn", f"{found}: the last change failed and was rolled back", f"See why: {events}")
        case "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED":
            return Check(
                row, "fail", found, f"See why: {events}; then `npx cdk destroy {name}`, and deploy with all settings"
            )
        case "REVIEW_IN_PROGRESS":
            return Check(
                row, "warn", f"{found}: created, but never deployed", f"npx cdk deploy {name} with all your settings"
            )
        case running if running.endswith("IN_PROGRESS"):
            return Check(row, "warn", found, f"Wait: aws cloudformation describe-stack-events --stack-name {name}")
    return Check(row, "fail", found, f"See why: {events}")


def is_usable(described: Mapping[str, Any]) -> bool:
    """Tell if the stack's resources exist, even if an update is running."""
    state = str(described["StackStatus"])
    return state in _USABLE or state.startswith("UPDATE_")


def protection(name: str, described: Mapping[str, Any], stage: str) -> Check:
    """Check that a production stack with data is protected from `cdk destroy`."""
    row = "termination protection"
    if described.get("EnableTerminationProtection"):
        return Check(row, "ok", "on")
    if stage != "prod":
        return Check(row, "ok", f"off, as suits stage {stage}")
    command = f"aws cloudformation update-termination-protection --enable-termination-protection --stack-name {name}"
    kept = "add -c terminationProtection=true to every later deploy, because without it the protection is turned off"
    return Check(row, "warn", "off: `npx cdk destroy` removes this stack after one confirmation", f"{command}; {kept}")
