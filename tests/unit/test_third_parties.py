"""Each layer imports only the packages listed for it; pyproject.toml has the contracts between our own modules."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TYPED = (
    "bedrock_runtime",
    "dynamodb",
    "lambda",
    "logs",
    "s3",
    "sagemaker",
    "sagemaker_runtime",
    "sns",
    "sqs",
    "stepfunctions",
)
STUBS = {f"mypy_boto3_{service}" for service in TYPED}

# folder or file → packages beside the standard library; the longest entry that fits a file counts
ALLOWED = {
    "app.py": {"aws_cdk", "cdk_nag", "stacks"},
    "stacks": {"aws_cdk", "cdk_nag", "constructs", "jsii", "stacks", "statemachine"},
    "statemachine": {"statemachine"},
    "lambdas/moderation": {"moderation"},
    "lambdas/moderation/adapters": {"moderation", "boto3", "botocore", "yaml", *STUBS},
    "lambdas/moderation/adapters/cognito_tokens.py": {"moderation", "jwt"},
    "lambdas/moderation/adapters/reader": {"moderation", "PIL", "numpy", "onnxruntime", "phonenumbers", "zxingcpp"},
    "lambdas/moderation/api": {"moderation", "aws_lambda_powertools"},
    "lambdas/moderation/domain/image": {"moderation", "PIL", "pi_heif"},
    "lambdas/moderation/observability.py": {"moderation", "aws_lambda_powertools"},
}
FOLDERS = ("stacks", "statemachine", "lambdas/moderation")
SOURCES = [ROOT / "app.py", *(path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))]


def packages(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.split(".")[0] for name in names} - sys.stdlib_module_names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_file_imports_only_what_its_layer_may(path):
    name = path.relative_to(ROOT).as_posix()
    layer = max((place for place in ALLOWED if name == place or name.startswith(f"{place}/")), key=len)

    assert packages(path) <= ALLOWED[layer]
