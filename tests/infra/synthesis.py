"""Synthesised deployments that the tests share, and the findings of their checks."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.cx_api import CloudAssembly

from scripts.release.synthesis import (
    CONTEXT,
    DEFAULT,
    PRODUCTION,
    ROOT,
    Template,
    as_list,
    flatten,
    make_app,
    template_of,
)

__all__ = ["CONTEXT", "DEFAULT", "PRODUCTION", "ROOT", "Template", "as_list", "flatten", "make_app", "template_of"]

EXISTING_ENDPOINTS = {"blip2Endpoint": "their-blip2", "llamaEndpoint": "their-llama"}
WEB_ACL = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/ours/01234567-89ab-cdef-0123-456789abcdef"
THEIRS: dict[str, Any] = EXISTING_ENDPOINTS | {
    "blip2Dialect": "sample",
    "llamaDialect": "dialog",
    "modelInputSize": 96,
    "modelConcurrency": 0,
    "workflowType": "EXPRESS",
    "intakeBucketName": "their-images",
    "intakeBucketVersioned": True,
    "intakePrefix": "in/",
}


def nag_report(assembly: CloudAssembly) -> dict[str, Any]:
    """cdk-nag's part of the validation report."""
    (nag,) = [part for part in _report(assembly.directory) if part["pluginName"] == "AwsSolutions"]
    return nag


def refusals(app: App) -> list[str]:
    """Why `app` refuses to be synthesised: the rule and its sentence."""
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    violations = [violation for part in _report(app.outdir) for violation in part["violations"]]
    return [f"{violation['ruleName']}: {violation['description']}" for violation in violations]


def warnings_of(assembly: CloudAssembly) -> list[str]:
    """Warnings of our own validations at synthesis."""
    return [violation["description"] for part in _report(assembly.directory) for violation in part["violations"]]


def _report(directory: str) -> list[dict[str, Any]]:
    report = json.loads(Path(directory, "validation-report.json").read_text())
    return list(report["pluginReports"])


def intake_statements(template: Template) -> dict[str, dict[str, Any]]:
    """Return the statements that this project writes into the policy of its intake bucket, by Sid."""
    (policy,) = [
        properties
        for properties in template.properties("AWS::S3::BucketPolicy")
        if flatten(properties["Bucket"]).startswith("<IntakeImages")
    ]
    return {s["Sid"]: s for s in policy["PolicyDocument"]["Statement"] if "Sid" in s}
