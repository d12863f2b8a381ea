"""Synthesise the app in this process, and read the templates."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import App, Validations
from aws_cdk.cx_api import CloudAssembly
from cdk_nag import AwsSolutionsChecks

from app import build

ROOT = Path(__file__).parents[2]
# Only the CLI reads cdk.json; bundling the layer is left to the one test that runs the app as the CLI does.
CONTEXT = json.loads((ROOT / "cdk.json").read_text())["context"] | {"aws:cdk:bundling-stacks": []}

DEFAULT: dict[str, Any] = {"acceptLlama2Eula": True}
PRODUCTION: dict[str, Any] = {
    "stage": "prod",
    "acceptLlama2Eula": True,
    "llamaSize": "70b",
    "blip2WeightsPrefix": "s3://weights/blip2",
    "notifySafe": True,
    "holdUntilCleared": True,
    "policyApproval": True,
    "recordRetentionDays": 365,
    "imageRetentionDays": 90,
    "complaints": "elsewhere",
    "workRetentionDays": 7,
    "opsEmail": "on-call@example.com",
    "scaleToZero": True,
    "llamaMaxInstances": 3,
    "modelConcurrency": 12,
}


@dataclass(frozen=True)
class Template:
    """A synthesised template, with queries for its resources and grants."""

    content: dict[str, Any]

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        resources: dict[str, dict[str, Any]] = self.content["Resources"]
        return resources

    def of_type(self, resource_type: str) -> dict[str, dict[str, Any]]:
        """Return the resources of a type by their logical ids."""
        return {name: r for name, r in self.resources.items() if r["Type"] == resource_type}

    def properties(self, resource_type: str) -> list[dict[str, Any]]:
        return [resource["Properties"] for resource in self.of_type(resource_type).values()]

    def only(self, resource_type: str) -> dict[str, Any]:
        """Return the properties of the only resource of a type."""
        (properties,) = self.properties(resource_type)
        return properties

    def machine(self, start: str) -> dict[str, Any]:
        """Return the properties of the state machine whose logical id starts so."""
        machines = self.of_type("AWS::StepFunctions::StateMachine")
        (found,) = [resource["Properties"] for name, resource in machines.items() if name.startswith(start)]
        return dict(found)

    def function(self, stem: str) -> dict[str, Any]:
        """Return the properties of the Lambda function that runs a handler."""
        handler = f"moderation.handlers.{stem}.handler"
        (found,) = [p for p in self.properties("AWS::Lambda::Function") if p["Handler"] == handler]
        return found

    def granted(self, role: str) -> dict[str, set[str]]:
        """Return the actions that a role (by the start of its logical id) may take, by resource, without conditions."""
        grants: dict[str, set[str]] = {}
        for policy in self.properties("AWS::IAM::Policy"):
            if not any(attached["Ref"].startswith(role) for attached in policy["Roles"]):
                continue
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement["Effect"] != "Allow":
                    raise ValueError(f"A policy of {role} denies: {statement}")
                for resource in as_list(statement["Resource"]):
                    grants.setdefault(flatten(resource), set()).update(as_list(statement["Action"]))
        return grants


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def flatten(value: Any) -> str:
    """Return a CloudFormation value as text, with references as <LogicalId> or <LogicalId.Attribute>."""
    match value:
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(flatten(part) for part in parts)
        case {"Fn::Sub": text}:
            return str(text)
        case _:
            return str(value)


def make_app(region: str | None = None, outdir: str | None = None, **context: Any) -> App:
    """Return the app as `app.py` makes it, checked by cdk-nag, with its assembly in `outdir` or a temporary folder."""
    app = App(context=CONTEXT | context, analytics_reporting=False, outdir=outdir)
    build(app, region)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


def template_of(assembly: CloudAssembly, stack: str) -> Template:
    return Template(json.loads(Path(assembly.directory, f"{stack}.template.json").read_text()))
