"""Imports between layers: the table of docs/architecture.md, enforced."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STDLIB = sys.stdlib_module_names

# folder or file → what it may import beside the standard library and itself
ALLOWED = {
    "app.py": {"stacks", "aws_cdk", "cdk_nag"},
    "stacks": {"stacks", "aws_cdk", "constructs", "jsii", "statemachine", "cdk_nag"},
    "statemachine": {"statemachine"},
    "lambdas/moderation/errors.py": set(),
    "lambdas/moderation/contract.py": set(),
    "lambdas/moderation/domain": {"moderation.contract", "moderation.errors", "moderation.domain"},
    "lambdas/moderation/ports.py": {"moderation.domain"},
    "lambdas/moderation/settings.py": {"moderation.contract", "moderation.errors"},
    "lambdas/moderation/observability.py": {"aws_lambda_powertools", "moderation.contract", "moderation.domain"},
    "lambdas/moderation/adapters": {
        "moderation.contract",
        "moderation.ports",
        "moderation.domain",
        "moderation.errors",
        "moderation.adapters",
        "boto3",
        "botocore",
        "yaml",
        "mypy_boto3_dynamodb",
        "mypy_boto3_s3",
        "mypy_boto3_sagemaker_runtime",
        "mypy_boto3_sns",
        "mypy_boto3_stepfunctions",
    },
    "lambdas/moderation/wiring.py": {"moderation.ports", "moderation.settings", "moderation.adapters"},
    "lambdas/moderation/handlers": {
        "moderation.domain",
        "moderation.ports",
        "moderation.wiring",
        "moderation.errors",
        "moderation.observability",
        "moderation.handlers",
    },
}
PILLOW_ONLY_IN = {"lambdas/moderation/domain/image.py"}
# Whole packages that may never meet.
FORBIDDEN = {
    "moderate": {"local", "stacks", "aws_cdk", "moto"},
    "local": {"stacks", "aws_cdk", "moderation"},
    "model_artifacts": {"moderation", "stacks", "local", "moderate", "statemachine"},
    "stacks": {"moderation", "local", "moderate"},
}


def sources(place: str) -> list[Path]:
    path = ROOT / place
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def is_within(name: str, allowed: set[str]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in allowed)


@pytest.mark.parametrize("place", ALLOWED)
def test_a_layer_imports_only_what_it_may(place):
    files = sources(place)
    assert files, f"{place} has no code"
    for path in files:
        where = path.relative_to(ROOT).as_posix()
        own = {"PIL"} if where in PILLOW_ONLY_IN else set()
        strangers = {
            name
            for name in imports(path)
            if name.split(".")[0] not in STDLIB and not is_within(name, ALLOWED[place] | own)
        }
        assert not strangers, f"{where} may not import {sorted(strangers)}"


@pytest.mark.parametrize("package", FORBIDDEN)
def test_packages_that_may_never_meet_do_not(package):
    for path in sources(package):
        met = {name for name in imports(path) if is_within(name, FORBIDDEN[package])}
        assert not met, f"{path.relative_to(ROOT)} may not import {sorted(met)}"


@pytest.mark.parametrize("package", ["lambdas/moderation/domain"])
def test_the_domain_reads_no_environment_and_no_clock_of_its_own(package):
    for path in sources(package):
        assert not {name for name in imports(path) if name.split(".")[0] in {"os", "time", "socket", "subprocess"}}
