"""The functions' code, environment and limits."""

import ast
import os
import re
import subprocess
import sys
from importlib import metadata

import pytest
from aws_cdk.cx_api import CloudAssembly

from moderate.costs import drift
from moderation import wiring
from moderation.adapters.clients import FUNCTION_CONNECT_S, FUNCTION_READ_S
from stacks.components.functions import POWERTOOLS_LAYER
from tests.infra.synthesis import ROOT, Template, flatten, template_of

LIMITS = {  # stem: (memory in MB, time-out in seconds, reserved concurrency: an account may have too little for any)
    "prepare_image": (2048, 60, None),
    "query_image": (256, 90, None),
    "read_image": (1792, 90, None),
    "judge_image": (256, 90, None),
    "record_verdict": (512, 60, None),
    "notify": (256, 60, None),
    "record_failure": (256, 60, None),
    "escalate": (512, 30, None),
    "finalise": (512, 300, None),
    "vouch": (1024, 15, None),
    "render_original": (2048, 18, None),
    "sweep_claims": (256, 300, None),
    "api": (1024, 30, None),
    "app_api": (512, 30, None),
    "log_api": (1024, 30, None),
    "ask_canary": (256, 90, None),
    "select_item": (256, 60, None),
    "digest_backfill": (512, 900, None),
    "check_audit": (1792, 900, None),
    "measure_drift": (drift.MEMORY_MB, drift.TIMEOUT_SECONDS, None),
}
# What Lambda adds to a function's environment.
LAMBDAS_OWN = dict.fromkeys(("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "us-east-1") | {
    "AWS_LAMBDA_FUNCTION_NAME": "its-name"
}
# Version of the managed layer → the Powertools in it.
POWERTOOLS = {36: "3.31.1"}


@pytest.fixture(scope="module")
def moderation(console: CloudAssembly) -> Template:
    """The stack with all its functions."""
    return template_of(console, "Moderation")


def environment(template: Template, stem: str) -> dict[str, str]:
    return {name: flatten(v) for name, v in template.function(stem)["Environment"]["Variables"].items()}


@pytest.mark.parametrize("stem", LIMITS)
def test_a_function_has_its_limits(stem: str, moderation: Template) -> None:
    function = moderation.function(stem)

    limits = (function["MemorySize"], function["Timeout"], function.get("ReservedConcurrentExecutions"))

    assert limits == LIMITS[stem]


@pytest.mark.parametrize("stem", LIMITS)
def test_every_handler_resolves(stem: str, moderation: Template) -> None:
    module, function = moderation.function(stem)["Handler"].rsplit(".", 1)

    tree = ast.parse((ROOT / "lambdas" / module.replace(".", "/")).with_suffix(".py").read_text())

    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_handler_is_deployed(moderation: Template) -> None:
    written = {path.stem for path in (ROOT / "lambdas/moderation/handlers").glob("[a-z]*.py")}

    assert written == LIMITS.keys()
    assert len(moderation.of_type("AWS::Lambda::Function")) == len(written) + 1  # and the emptier of buckets


@pytest.mark.parametrize("stem", LIMITS)
def test_a_function_finds_every_setting_that_it_reads(
    stem: str, moderation: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = LAMBDAS_OWN
    for name, value in (environment(moderation, stem) | credentials).items():
        monkeypatch.setenv(name, value)
    wiring.record_failure.cache_clear()  # which the sweeper shares

    getattr(wiring, stem).__wrapped__()  # raises Misconfigured, which names what is missing
    wiring.record_failure.cache_clear()


def test_settings_reach_the_functions(theirs: CloudAssembly) -> None:
    template = template_of(theirs, "Moderation")

    assert environment(template, "prepare_image")["MODEL_INPUT_SIZE"] == "96"
    assert environment(template, "query_image")["BLIP2_ENDPOINT"] == "their-blip2"
    assert environment(template, "query_image")["BLIP2_DIALECT"] == "sample"
    assert environment(template, "judge_image")["LLAMA_ENDPOINT"] == "their-llama"
    assert environment(template, "judge_image")["LLAMA_DIALECT"] == "dialog"


def test_no_concurrency_is_reserved_but_on_request_and_then_for_the_endpoints_alone(
    default: CloudAssembly, theirs: CloudAssembly, production: CloudAssembly
) -> None:
    def reserved(assembly: CloudAssembly) -> dict[str, int]:
        functions = template_of(assembly, "Moderation").properties("AWS::Lambda::Function")
        handlers = {f["Handler"]: f.get("ReservedConcurrentExecutions") for f in functions}
        return {handler.split(".")[-2]: bound for handler, bound in handlers.items() if bound is not None}

    assert reserved(default) == reserved(theirs) == {}
    assert reserved(production) == {"query_image": 12, "judge_image": 12}


def test_safe_images_are_published_only_on_request(production: CloudAssembly, moderation: Template) -> None:
    asked = template_of(production, "Moderation")
    topic = environment(asked, "notify")["SAFE_TOPIC_ARN"]

    assert environment(asked, "record_verdict")["NOTIFY_SAFE"] == "true"
    assert topic.strip("<>") in asked.of_type("AWS::SNS::Topic")
    assert flatten(asked.content["Outputs"]["SafeTopicArn"]["Value"]) == topic
    assert asked.granted("FunctionsNotifyRole")[topic] == {"sns:Publish"}
    assert environment(moderation, "record_verdict")["NOTIFY_SAFE"] == "false"
    assert "SAFE_TOPIC_ARN" not in environment(moderation, "notify")
    assert "SafeTopicArn" not in moderation.content["Outputs"]


def test_what_the_console_waits_for_ends_before_it_does(moderation: Template) -> None:
    shows, waits = (moderation.function(stem)["Timeout"] for stem in ("render_original", "api"))

    assert shows < FUNCTION_READ_S
    assert FUNCTION_CONNECT_S + FUNCTION_READ_S < waits <= 30, "API Gateway waits no longer"


@pytest.mark.parametrize("stem", LIMITS)
def test_a_function_runs_traced_on_the_newest_python_with_powertools(stem: str, moderation: Template) -> None:
    function = moderation.function(stem)
    layers = [flatten(layer) for layer in function["Layers"]]

    assert (function["Runtime"], function["Architectures"]) == ("python3.14", ["arm64"])
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["LoggingConfig"]["LogFormat"] == "JSON"
    assert sum(":AWSLambdaPowertoolsPythonV3-python314-arm64:" in layer for layer in layers) == 1
    assert any(layer.startswith("<FunctionsImaging") for layer in layers) is (
        stem in ("prepare_image", "read_image", "finalise", "render_original", "api", "app_api")
    )
    assert any(layer.startswith("<FunctionsReading") for layer in layers) is (stem == "read_image")
    assert any(layer.startswith("<FunctionsTokens") for layer in layers) is (stem == "vouch")
    assert environment(moderation, stem)["POWERTOOLS_SERVICE_NAME"] == "moderation"
    assert environment(moderation, stem)["POWERTOOLS_METRICS_NAMESPACE"] == "ImageModeration"


START = """
import importlib, sys
hidden = sys.argv[2].split()
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in hidden:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hide())
importlib.import_module(f"moderation.handlers.{sys.argv[1]}")
getattr(importlib.import_module("moderation.wiring"), sys.argv[1]).__wrapped__()
"""
OF_LAYERS = {
    "<FunctionsImaging": "PIL pi_heif yaml",
    "<FunctionsReading": "numpy onnxruntime phonenumbers zxingcpp",
    "<FunctionsTokens": "jwt cryptography",
}


@pytest.mark.parametrize("stem", LIMITS)
def test_a_function_starts_with_what_its_layers_hold(stem: str, moderation: Template) -> None:
    """On the laptop all functions share an environment that holds everything."""
    layers = [flatten(layer) for layer in moderation.function(stem)["Layers"]]
    held = {start for start in OF_LAYERS if any(layer.startswith(start) for layer in layers)}
    hidden = " ".join(packages for start, packages in OF_LAYERS.items() if start not in held)
    credentials = LAMBDAS_OWN

    done = subprocess.run(
        [sys.executable, "-c", START, stem, hidden],
        env=os.environ | environment(moderation, stem) | credentials,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_the_tests_run_the_powertools_that_the_managed_layer_holds() -> None:
    held = POWERTOOLS[int(POWERTOOLS_LAYER.rpartition(":")[2])]

    for pins in ("requirements.txt", "constraints.txt"):
        pinned = re.findall(r"^aws[-_]lambda[-_]powertools\S*==(\S+)", (ROOT / pins).read_text(), re.MULTILINE)
        assert pinned == [held], pins
    assert metadata.version("aws-lambda-powertools") == held, "set up anew: make setup"


def test_a_failure_that_can_not_be_recorded_is_kept(moderation: Template) -> None:
    queue = moderation.function("record_failure")["DeadLetterConfig"]["TargetArn"]

    assert flatten(queue).startswith("<FunctionsUnrecordedFailures")
