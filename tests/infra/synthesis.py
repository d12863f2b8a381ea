"""Synthesises the app in this process, and reads what came out."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Validations
from aws_cdk.cx_api import CloudAssembly
from cdk_nag import AwsSolutionsChecks

from app import build

ROOT = Path(__file__).parents[2]
# Only the CLI reads cdk.json; bundling the layer is left to the one test that runs the app as the CLI does.
CONTEXT = json.loads((ROOT / "cdk.json").read_text())["context"] | {"aws:cdk:bundling-stacks": []}
EXISTING_ENDPOINTS = {"blip2Endpoint": "their-blip2", "llamaEndpoint": "their-llama"}

# Synthesis takes seconds, so the tests share three deployments.
DEFAULT = {"acceptLlama2Eula": True}
PRODUCTION = {
    "stage": "prod",
    "acceptLlama2Eula": True,
    "llamaSize": "70b",
    "blip2WeightsPrefix": "s3://weights/blip2",
    "notifySafe": True,
    "holdUntilCleared": True,
    "recordRetentionDays": 365,
    "imageRetentionDays": 90,
    "workRetentionDays": 7,
    "opsEmail": "on-call@example.com",
    "scaleToZero": True,
    "llamaMaxInstances": 3,
    "modelConcurrency": 12,
}
THEIRS = EXISTING_ENDPOINTS | {
    "blip2Dialect": "sample",
    "llamaDialect": "dialog",
    "modelInputSize": 96,
    "modelConcurrency": 0,
    "workflowType": "EXPRESS",
    "intakeBucketName": "their-images",
    "intakeBucketVersioned": True,
    "intakePrefix": "in/",
}


@dataclass(frozen=True)
class Template:
    """A synthesised template, with the questions that tests put to it."""

    content: dict[str, Any]

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        return self.content["Resources"]

    def of_type(self, resource_type: str) -> dict[str, dict[str, Any]]:
        """Logical id → resource."""
        return {name: r for name, r in self.resources.items() if r["Type"] == resource_type}

    def properties(self, resource_type: str) -> list[dict[str, Any]]:
        return [resource["Properties"] for resource in self.of_type(resource_type).values()]

    def only(self, resource_type: str) -> dict[str, Any]:
        """The properties of the one resource of its type."""
        (properties,) = self.properties(resource_type)
        return properties

    def function(self, stem: str) -> dict[str, Any]:
        """The properties of the Lambda function of a handler."""
        handler = f"moderation.handlers.{stem}.handler"
        (found,) = [p for p in self.properties("AWS::Lambda::Function") if p["Handler"] == handler]
        return found

    def granted(self, role: str) -> dict[str, set[str]]:
        """Rights of a role (by the start of its logical id): resource → actions, conditions left aside."""
        grants: dict[str, set[str]] = {}
        for policy in self.properties("AWS::IAM::Policy"):
            if not any(attached["Ref"].startswith(role) for attached in policy["Roles"]):
                continue
            for statement in policy["PolicyDocument"]["Statement"]:
                assert statement["Effect"] == "Allow"
                for resource in as_list(statement["Resource"]):
                    grants.setdefault(flatten(resource), set()).update(as_list(statement["Action"]))
        return grants


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def flatten(value: Any) -> str:
    """A CloudFormation value as one readable string: references as <LogicalId> or <LogicalId.Attribute>."""
    match value:
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [separator, parts]}:
            return separator.join(flatten(part) for part in parts)
        case {"Fn::Sub": text}:
            return str(text)
        case _:
            return str(value)


def make_app(region: str | None = None, **context: Any) -> App:
    """The app as `app.py` makes it, checked by cdk-nag."""
    app = App(context=CONTEXT | context, analytics_reporting=False)
    build(app, region)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


def template_of(assembly: CloudAssembly, stack: str) -> Template:
    return Template(json.loads(Path(assembly.directory, f"{stack}.template.json").read_text()))


def nag_report(assembly: CloudAssembly) -> dict[str, Any]:
    """cdk-nag's part of the validation report."""
    (nag,) = [part for part in _report(assembly.directory) if part["pluginName"] == "AwsSolutions"]
    return nag


def refusals(app: App) -> list[str]:
    """The reason why `app` refuses to be synthesised: the rule and its message."""
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    violations = [violation for part in _report(app.outdir) for violation in part["violations"]]
    return [f"{violation['ruleName']}: {violation['description']}" for violation in violations]


def warnings_of(assembly: CloudAssembly) -> list[str]:
    """Warnings of our own validations in a synthesis that isn't refused."""
    return [violation["description"] for part in _report(assembly.directory) for violation in part["violations"]]


def _report(directory: str) -> list[dict[str, Any]]:
    report = json.loads(Path(directory, "validation-report.json").read_text())
    return list(report["pluginReports"])


def intake_statements(template: Template) -> dict[str, dict[str, Any]]:
    """The statements that this project writes into the policy of its intake bucket, by Sid."""
    (policy,) = [
        properties
        for properties in template.properties("AWS::S3::BucketPolicy")
        if flatten(properties["Bucket"]).startswith("<IntakeImages")
    ]
    return {s["Sid"]: s for s in policy["PolicyDocument"]["Statement"] if "Sid" in s}
