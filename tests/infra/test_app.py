"""The app as a whole: which stacks there are, what is refused, and how it is run."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from aws_cdk.cx_api import CloudAssembly

from moderation.adapters.reader.pp_ocr import DETECTOR, RECOGNISER
from stacks.settings import InvalidSettings
from stacks.wheels import REQUIREMENTS
from tests.infra.synthesis import CONTEXT, EXISTING_ENDPOINTS, ROOT, Template, make_app, refusals, template_of

BLOCKED = Path(__file__).with_name("no_network")


def stack_names(assembly: CloudAssembly) -> set[str]:
    return {stack.stack_name for stack in assembly.stacks}


def test_without_settings_both_stacks_are_made(default: CloudAssembly) -> None:
    assert stack_names(default) == {"ModerationModels", "Moderation"}


def test_existing_endpoints_are_used_instead_of_our_models_stack(theirs: CloudAssembly) -> None:
    outputs = template_of(theirs, "Moderation").content["Outputs"]

    assert stack_names(theirs) == {"Moderation"}
    assert outputs["Blip2EndpointName"]["Value"] == "their-blip2"
    assert outputs["LlamaEndpointName"]["Value"] == "their-llama"


def test_the_stack_that_costs_by_the_hour_is_deployed_last_and_destroyed_first(default: CloudAssembly) -> None:
    needed = {s.stack_name: {d.id for d in s.dependencies} & stack_names(default) for s in default.stacks}

    assert needed == {"ModerationModels": {"Moderation"}, "Moderation": set()}
    assert [stack.stack_name for stack in default.stacks] == ["Moderation", "ModerationModels"]


def test_neither_stack_refers_to_the_other(default: CloudAssembly) -> None:
    for stack in default.stacks:
        text = json.dumps(stack.template)
        for reference in ("Fn::ImportValue", "Fn::GetStackOutput", "AWS::SSM::Parameter"):
            assert reference not in text


def test_the_template_is_bound_to_no_account_and_no_region(moderation: Template) -> None:
    text = json.dumps(moderation.content)

    assert "us-east-1" not in text
    assert '"AWS::Region"' in text


def test_a_setting_of_another_spelling_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="Stage isn't a setting: did you mean stage"):
        make_app(Stage="prod")


def test_without_the_licence_or_in_the_wrong_region_models_are_refused_in_words() -> None:
    complaints = refusals(make_app("us-west-1"))

    assert any("acceptLlama2Eula is not true" in complaint for complaint in complaints)
    assert any("The region us-west-1 lacks SageMaker hosting" in complaint for complaint in complaints)


def test_the_pipeline_is_refused_where_its_layer_is_not() -> None:
    (complaint,) = refusals(make_app("ca-west-1", **EXISTING_ENDPOINTS))

    assert "The region ca-west-1 lacks the managed Powertools layer: deploy to one of" in complaint
    assert "us-east-1" in complaint


def test_a_console_is_refused_where_nobody_could_sign_in() -> None:
    complaints = refusals(make_app("us-gov-west-1", **EXISTING_ENDPOINTS, console=True))

    assert any("The region us-gov-west-1 lacks Amazon Cognito: deploy to one of" in one for one in complaints)


def test_a_bad_setting_ends_the_run_with_its_sentence() -> None:
    environment = {**os.environ, "CDK_CONTEXT_JSON": json.dumps({"stage": "production"})}
    command = [sys.executable, str(ROOT / "app.py")]

    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert "stage is 'production': choose one of dev, prod." in ended.stderr
    assert "Traceback" not in ended.stderr


@dataclass(frozen=True)
class IsolatedRun:
    output: Path
    stderr: str


@pytest.fixture(scope="module")
def isolated_run(tmp_path_factory: pytest.TempPathFactory) -> IsolatedRun:
    """The app, run as the CLI runs it, with no credentials, no network and no tool but Node."""
    tools, output = tmp_path_factory.mktemp("tools"), tmp_path_factory.mktemp("cdk.out")
    node = shutil.which("node")
    assert node
    (tools / "node").symlink_to(node)
    context = {name: value for name, value in CONTEXT.items() if name != "aws:cdk:bundling-stacks"}
    environment = {
        "PATH": str(tools),
        "HOME": os.environ["HOME"],  # where jsii caches what it unpacks
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONPATH": os.pathsep.join([str(BLOCKED), str(ROOT)]),
        "NODE_OPTIONS": f"--require={BLOCKED / 'block.cjs'}",
        "CDK_OUTDIR": str(output),
        "CDK_CONTEXT_JSON": json.dumps(context | EXISTING_ENDPOINTS | {"console": "true"}),
    }
    command = json.loads((ROOT / "cdk.json").read_text())["app"]

    ended = subprocess.run(command, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S602 - as the CLI runs it

    assert ended.returncode == 0, ended.stderr
    return IsolatedRun(output, ended.stderr)


def test_the_command_line_shows_no_box_about_the_version_of_node(isolated_run: IsolatedRun) -> None:
    assert "!!!" not in isolated_run.stderr


def test_synthesis_needs_no_credentials_network_docker_or_git(isolated_run: IsolatedRun) -> None:
    template = json.loads((isolated_run.output / "Moderation.template.json").read_text())

    assert template["Outputs"]["WorkflowArn"]


def test_the_layers_are_unpacked_from_wheels_for_the_lambda_platform(isolated_run: IsolatedRun) -> None:
    layers = {name.name: layer for layer in isolated_run.output.glob("asset.*/python") for name in layer.iterdir()}

    assert {"PIL", "pi_heif", "yaml", "numpy", "onnxruntime", "phonenumbers", "zxingcpp"} <= layers.keys()
    assert list(layers["PIL"].glob("_pi_heif.cpython-314-aarch64-linux-gnu.so"))
    assert list(layers["PIL"].glob("PIL/_imaging.cpython-314-aarch64-linux-gnu.so"))
    assert list(layers["numpy"].glob("onnxruntime/capi/onnxruntime_pybind11_state.cpython-314-aarch64-linux-gnu.so"))
    assert list(layers["jwt"].glob("_cffi_backend.cpython-314-aarch64-linux-gnu.so"))
    assert list(layers["jwt"].glob("cryptography/hazmat/bindings/_rust.abi3.so"))
    assert len({layers["PIL"], layers["numpy"], layers["jwt"]}) == 3


def test_the_reading_layer_leaves_room_for_the_others(isolated_run: IsolatedRun) -> None:
    """All layers of a function and its code may take 250 MB; Powertools' takes at most 53, the imaging layer 29."""
    (models,) = isolated_run.output.glob("asset.*/reader")
    files = [path for path in models.parent.rglob("*") if path.is_file()]

    assert {path.name for path in models.glob("*.onnx")} == {DETECTOR, RECOGNISER}
    assert sum(path.stat().st_size for path in files) < 160_000_000


@pytest.mark.parametrize("requirements", REQUIREMENTS, ids=lambda path: path.parent.name)
def test_a_layer_names_the_licences_of_what_is_in_it(requirements: Path, isolated_run: IsolatedRun) -> None:
    written = (requirements.parent / "THIRD-PARTY.md").read_text()
    locked = re.findall(r"^([\w-]+)==(\S+)", requirements.read_text(), re.MULTILINE)

    assert written in {path.read_text() for path in isolated_run.output.glob("asset.*/THIRD-PARTY.md")}
    assert len(locked) >= 3
    for name, version in locked:
        assert f"| {name} {version} |" in written


def test_the_code_asset_is_small_and_holds_only_the_package(isolated_run: IsolatedRun) -> None:
    (package,) = isolated_run.output.glob("asset.*/moderation")
    files = [path for path in package.parent.rglob("*") if path.is_file()]

    assert [entry.name for entry in package.parent.iterdir()] == ["moderation"]
    assert sum(path.stat().st_size for path in files) < 1_800_000
    assert not [path for path in files if path.suffix == ".pyc"]
