"""The outputs that the runbooks read, and the logs that they show, are those of the stack."""

import re

from aws_cdk.cx_api import CloudAssembly

from scripts.runbooks.page import sections
from tests.infra.synthesis import Template, flatten, template_of

COMMANDS = "\n".join(block.text for blocks in sections().values() for block in blocks)
READ = {
    *re.findall(r"\$\(out (\w+)\)", COMMANDS),
    *(f"{name}Log" for name in re.findall(r"^tail_log (\w+)", COMMANDS, re.M)),
}


def test_the_stack_tells_what_the_runbooks_ask_for(moderation: Template) -> None:
    assert len(READ) > 20
    assert set(moderation.content["Outputs"]) >= READ


def test_every_function_and_the_workflow_tell_their_own_log(moderation: Template) -> None:
    outputs = {name: flatten(output["Value"]) for name, output in moderation.content["Outputs"].items()}
    functions = {
        properties["Handler"].split(".")[2].title().replace("_", ""): properties["LoggingConfig"]["LogGroup"]["Ref"]
        for properties in moderation.properties("AWS::Lambda::Function")
        if properties["Handler"].startswith("moderation.")
    }

    assert {name: outputs[f"{name}Log"] for name in functions} == {name: f"<{ref}>" for name, ref in functions.items()}
    assert outputs["WorkflowLog"].startswith("<WorkflowLog")


def test_the_models_logs_are_those_that_their_stack_makes(default: CloudAssembly, production: CloudAssembly) -> None:
    """Scaling to zero, a container logs as its component."""
    for assembly in (default, production):
        told = {name: flatten(o["Value"]) for name, o in template_of(assembly, "Moderation").content["Outputs"].items()}
        made = {
            flatten(each["LogGroupName"])
            for each in template_of(assembly, "ModerationModels").properties("AWS::Logs::LogGroup")
        }
        assert {told["Blip2Log"], told["LlamaLog"]} <= made
    assert told["Blip2Log"].startswith("/aws/sagemaker/InferenceComponents/")
