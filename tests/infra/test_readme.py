"""Facts of the deployment that the README and the docs name."""

from typing import Any

from moderate.checks.quotas import CODES
from stacks.models_stack import BLIP2_INSTANCE_TYPE, LLAMA_INSTANCE_TYPES
from stacks.settings import DeploymentSettings
from tests.infra.synthesis import ROOT

LIFECYCLE = (ROOT / "docs/lifecycle.md").read_text()
QUOTAS = "## Before the first deploy"


def test_the_readme_links_the_quotas_and_the_doctor_before_the_first_deployment() -> None:
    before, _, _ = (ROOT / "README.md").read_text().partition("cdk deploy")

    assert "(docs/lifecycle.md#before-the-first-deploy)" in before
    assert "moderate doctor" in before


def test_the_quota_of_every_gpu_instance_is_named() -> None:
    section = LIFECYCLE.partition(QUOTAS)[2].partition("\n## ")[0].replace("\n", " ")

    for instance in {BLIP2_INSTANCE_TYPE, *LLAMA_INSTANCE_TYPES.values()}:
        assert f"`{instance} for endpoint usage` (`{CODES[instance]}`)" in section, instance


def test_the_settings_of_the_page_are_those_of_the_stacks() -> None:
    asked = set[str]()

    def lookup(name: str) -> Any:
        asked.add(name)

    DeploymentSettings.from_context(lookup)
    rows = [line for line in (ROOT / "docs/settings.md").read_text().splitlines() if line.startswith("| `")]
    named = {cell for row in rows[1:] for cell in row.split("|")[1].split("`")[1::2]}

    assert named == asked
