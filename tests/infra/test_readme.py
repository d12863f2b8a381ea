"""What the README promises of the deployment."""

from typing import Any

from moderate.checks.quotas import CODES
from stacks.models_stack import BLIP2_INSTANCE_TYPE, LLAMA_INSTANCE_TYPES
from stacks.settings import Settings
from tests.infra.synthesis import ROOT

README = (ROOT / "README.md").read_text()


def test_the_quotas_of_every_gpu_instance_are_named_before_the_first_deploy() -> None:
    before, _, _ = README.partition("cdk deploy")

    for instance in {BLIP2_INSTANCE_TYPE, *LLAMA_INSTANCE_TYPES.values()}:
        assert f"`{instance} for endpoint usage` (`{CODES[instance]}`)" in before.replace("\n", " "), instance


def test_every_setting_is_in_the_table() -> None:
    asked = set[str]()

    def lookup(name: str) -> Any:
        asked.add(name)

    Settings.from_context(lookup)
    named = {cell for line in README.splitlines() if line.startswith("| `") for cell in line.split("|")[1].split("`")}

    assert asked <= named
