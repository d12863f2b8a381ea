"""`moderate doctor` assumes what the app deploys."""

import json

from aws_cdk.cx_api import CloudAssembly

from moderate.checks import account, plan, quotas, tools
from moderate.checks.check import RIGHTS
from moderate.checks.intake_statements import is_among, required
from moderate.deployment import Deployment
from stacks.models_stack import BLIP2_INSTANCE_TYPE, LLAMA_INSTANCE_TYPES
from stacks.settings import DeploymentSettings, Instances
from tests.infra.synthesis import ROOT, Template, flatten, intake_statements, template_of


def test_the_bootstrap_it_asks_for_is_what_the_stacks_need(default: CloudAssembly) -> None:
    needed = {stack.requires_bootstrap_stack_version for stack in default.stacks}

    assert needed == {account.BOOTSTRAP_VERSION}


def test_the_cdk_it_asks_for_is_the_pinned_one() -> None:
    package = json.loads((ROOT / "package.json").read_text())

    assert package["devDependencies"]["aws-cdk"] == tools.CDK
    assert package["engines"]["node"] == f">={tools.LEAST_NODE}"


def test_what_it_takes_a_setting_for_is_the_apps_default() -> None:
    settings = DeploymentSettings.from_context(lambda name: None)

    assert {
        "llamaSize": settings.llama_size,
        "blip2Dialect": settings.blip2_dialect,
        "llamaDialect": settings.llama_dialect,
        "llamaGrammar": str(settings.llama_grammar).lower(),
        "modelInputSize": str(settings.model_input_size),
        "modelConcurrency": str(settings.model_concurrency),
        "blip2MinInstances": str(Instances.minimum),
        "llamaMinInstances": str(Instances.minimum),
    } == plan.DEFAULTS


def test_it_knows_the_quota_of_every_instance_that_the_models_stack_runs_on() -> None:
    assert set(quotas.CODES) == {BLIP2_INSTANCE_TYPE, *LLAMA_INSTANCE_TYPES.values()}


def test_the_rights_that_it_takes_are_documented() -> None:
    lines = (ROOT / "docs/security.md").read_text().splitlines()
    (row,) = [line for line in lines if line.startswith("| `doctor` |")]

    for right in set(RIGHTS.values()) - {"sts:GetCallerIdentity"}:  # which nobody can be denied
        assert right.split(":")[1] in row, right


def test_the_statements_it_looks_for_are_all_that_the_stack_writes(
    moderation: Template, production: CloudAssembly
) -> None:
    for template in (moderation, template_of(production, "Moderation")):
        outputs = {name: flatten(output["Value"]) for name, output in template.content["Outputs"].items()}
        written = list(intake_statements(template).values())
        needed = required(Deployment("Moderation", outputs))

        assert {statement["Sid"] for statement in written} == {statement["Sid"] for statement in needed}
        flat = [flattened(statement, outputs["IntakeBucketName"]) for statement in written]
        for statement in needed:
            assert is_among(statement, flat), statement["Sid"]


def flattened(statement: dict[str, object], bucket: str) -> dict[str, object]:
    """The statement with every reference as text, as S3 would give the values back."""

    def walk(value: object) -> object:
        match value:
            case {"Ref": _} | {"Fn::GetAtt": _} | {"Fn::Join": _}:
                return flatten(value).replace(f"{bucket[:-1]}.Arn>", f"arn:aws:s3:::{bucket}")
            case dict():
                return {key: walk(item) for key, item in value.items()}
            case list():
                return [walk(item) for item in value]
        return value

    return {key: walk(item) for key, item in statement.items()}


def test_a_deployment_tells_it_what_it_asks_for(moderation: Template, production: CloudAssembly) -> None:
    """Outputs whose value is empty are left out: of those it may go without."""
    told = set(moderation.content["Outputs"])

    assert {
        "Blip2EndpointName",
        "Blip2Dialect",
        "LlamaEndpointName",
        "LlamaDialect",
        "LlamaGrammar",
        "ModelInputSize",
        "IntakeBucketName",
        "PrepareImageRoleArn",
        "ReadImageRoleArn",
        "SelectItemRoleArn",
        "RecordVerdictRoleArn",
        "FinaliseRoleArn",
        "RenderOriginalRoleArn",
        "ReviewerRoleArn",
        "UnsafeTopicArn",
        "ReviewTopicArn",
        "OpsTopicArn",
        "Stage",
    } <= told
    assert not {"LlamaComponentName", "HoldUntilCleared", "ModelConcurrency"} & told
    protected = template_of(production, "Moderation").content["Outputs"]
    assert protected["LlamaComponentName"]["Value"] == "moderation-llama2"
    assert protected["LlamaDialect"]["Value"] == "tgi"
    assert protected["HoldUntilCleared"]["Value"] == "true"
    assert protected["Stage"]["Value"] == "prod"
    assert protected["ModelConcurrency"]["Value"] == "12"
