"""The table of docs/security.md that says what each role for persons may do, written from the template.

`python -m tests.infra.rights` writes it anew.
"""

import re
import sys

from scripts.sections import markdown, write_section
from tests.infra.synthesis import DEFAULT, ROOT, Template, make_app, template_of

PAGE = ROOT / "docs/security.md"
SECTION = "rights of roles"
ROLES = ("Reviewer", "Eraser", "PolicyEditor", "Operator")
# The start of a logical id → what a person calls it.
_NAMES = {
    "IntakeImages": "the intake bucket",
    "Policies": "the policy bucket",
    "Work": "the work bucket",
    "VerdictsTable": "the table",
    "AlertsUnsafe": "the topic of unsafe images",
    "AlertsReview": "the topic of images to review",
    "AlertsKey": "the topics' key",
    "AlertsOps": "the topic of alarms",
    "WorkflowUnstartedExecutions": "the queue of uploads not started",
    "FunctionsUnrecordedFailures": "the queue of failures not recorded",
    "WorkflowMachine": "the workflow",
}
# Part of an ARN → what a person calls it, where it isn't of a resource of the stack.
_UNOWNED = {
    ":stack/ModerationModels/": "the models' stack",
    ":stack/": "the stack",
    ":endpoint/moderation-blip2": "BLIP-2's endpoint",
    ":endpoint/moderation-llama2": "Llama's endpoint",
    ":parameter/": "the bootstrap's version",
}


def table(template: Template) -> str:
    """Markdown: role, on what, which actions."""
    rows = []
    for role in ROLES:
        first = f"`{role}RoleArn`"
        for resource, actions in sorted(template.granted(f"{role}Role").items(), key=lambda item: _named(item[0])):
            rows.append((first, _named(resource), ", ".join(f"`{action}`" for action in sorted(actions))))
            first = ""
    return markdown(("role, by output", "on", "may"), rows)


def _named(resource: str) -> str:
    """`<WorkBF1A2B3C.Arn>/evidence/*` → the work bucket: `evidence/*`."""
    if resource == "*":
        return "the account's quotas and settings"
    for part, name in _UNOWNED.items():
        if part in resource:
            return name
    found = re.search(r"<((?!AWS::)\w+)(?:\.\w+)?>(?:[/:](.*))?$", resource)
    assert found, resource
    name = max((start for start in _NAMES if found[1].startswith(start)), key=len)
    if ":execution:" in resource:
        return f"{_NAMES[name]}'s executions"
    return _NAMES[name] + (f": `{found[2]}`" if found[2] else "")


def main() -> int:
    write_section(PAGE, SECTION, table(template_of(make_app(**DEFAULT).synth(), "Moderation")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
