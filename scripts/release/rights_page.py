"""Write the table of rights in docs/security.md from the template: `python -m scripts.release.rights_page`."""

import re
import sys

from scripts.release.synthesis import DEFAULT, ROOT, Template, make_app, template_of
from scripts.sections import markdown, write_section

PAGE = ROOT / "docs/security.md"
SECTION = "rights of roles"
ROLES = ("Reviewer", "Eraser", "PolicyEditor", "Operator", "Administrator", "Auditor", "Quarantine")
# Start of a logical id → name in the page.
_NAMES = {
    "IntakeImages": "the intake bucket",
    "Policies": "the policy bucket",
    "Work": "the work bucket",
    "Quarantined": "the quarantine bucket",
    "Audit": "the audit bucket",
    "VerdictsTable": "the table",
    "AlertsUnsafe": "the topic of unsafe images",
    "AlertsReview": "the topic of images to review",
    "AlertsKey": "the topics' key",
    "AlertsOps": "the topic of alarms",
    "WorkflowUnstartedExecutions": "the queue of uploads not started",
    "FunctionsUnrecordedFailures": "the queue of failures not recorded",
    "FunctionsRenderOriginal": "the function that shows uploads",
    "WorkflowMachine": "the workflow",
    "BackfillMachine": "the backfill",
}
# Part of an ARN → name in the page, for resources outside the stack.
_UNOWNED = {
    ":stack/ModerationModels/": "the models' stack",
    ":stack/": "the stack",
    ":endpoint/moderation-blip2": "BLIP-2's endpoint",
    ":endpoint/moderation-llama2": "Llama's endpoint",
    ":parameter/": "the bootstrap's version",
}


def table(template: Template) -> str:
    """Return a Markdown table of the roles, the resources and the allowed actions."""
    rows = []
    for role in ROLES:
        first = f"`{role}RoleArn`"
        for resource, actions in sorted(template.granted(f"{role}Role").items(), key=lambda item: _named(item[0])):
            rows.append((first, _named(resource), ", ".join(f"`{action}`" for action in sorted(actions))))
            first = ""
    return markdown(("role, by output", "on", "may"), rows)


def _named(resource: str) -> str:
    """Return a resource in words: `<WorkBF1A2B3C.Arn>/evidence/*` is "the work bucket: `evidence/*`"."""
    if resource == "*":
        return "the account's quotas and settings"
    for part, name in _UNOWNED.items():
        if part in resource:
            return name
    found = re.search(r"<((?!AWS::)\w+)(?:\.\w+)?>(?:[/:](.*))?$", resource)
    if found is None:
        raise ValueError(f"{resource} belongs to no resource of the stack: add it to _UNOWNED.")
    name = max((start for start in _NAMES if found[1].startswith(start)), key=len)
    if ":mapRun:" in resource:
        return f"{_NAMES[name]}'s Map runs"
    if ":execution:" in resource and resource.endswith("/*"):
        return f"{_NAMES[name]}'s children"
    if ":execution:" in resource:
        return f"{_NAMES[name]}'s executions"
    return _NAMES[name] + (f": `{found[2]}`" if found[2] else "")


def main() -> int:
    write_section(PAGE, SECTION, table(template_of(make_app(**DEFAULT).synth(), "Moderation")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
