"""The next version's deploy replaces nothing that holds data."""

import json
from typing import Any

import pytest
from aws_cdk.cx_api import CloudAssembly

from scripts.release.logical_ids import RECORD, holding_data
from tests.infra.synthesis import template_of

RECORDED: dict[str, dict[str, Any]] = json.loads(RECORD.read_text())


@pytest.fixture(params=["dev", "prod", "dev console", "prod console"])
def stage(request: pytest.FixtureRequest) -> str:
    return str(request.param)


ASSEMBLIES = {"dev": "default", "prod": "production", "dev console": "console", "prod console": "protected_console"}


@pytest.fixture
def now(stage: str, request: pytest.FixtureRequest) -> dict[str, Any]:
    assembly: CloudAssembly = request.getfixturevalue(ASSEMBLIES[stage])
    return holding_data(template_of(assembly, "ModerationConsole" if "console" in stage else "Moderation"))


def test_what_holds_data_keeps_its_logical_id(stage: str, now: dict[str, Any]) -> None:
    gone = RECORDED[stage].keys() - now.keys()

    assert not gone, (
        f"{sorted(gone)} would be replaced by new, empty resources when a {stage} deployment is updated (in prod the "
        "old ones stay behind, cut off). A construct was moved or renamed: put its id back, or pin it with "
        "override_logical_id. If no deployment needs its data, record the new ids: "
        "python -m scripts.release.logical_ids"
    )


def test_what_holds_data_keeps_the_properties_that_can_not_be_updated(stage: str, now: dict[str, Any]) -> None:
    changed = {name: (was, now[name]) for name, was in RECORDED[stage].items() if name in now and now[name] != was}

    assert not changed, (
        f"CloudFormation would replace these when a {stage} deployment is updated, or rebuild an index, of which it "
        f"can change one at a time: {changed}. Undo it, or migrate the data and record it: "
        "python -m scripts.release.logical_ids"
    )


def test_the_people_who_sign_in_are_in_what_is_recorded() -> None:
    for stage in ("dev console", "prod console"):
        assert "AWS::Cognito::UserPool" in {held["Type"] for held in RECORDED[stage].values()}


def test_what_is_new_is_recorded(stage: str, now: dict[str, Any]) -> None:
    new = now.keys() - RECORDED[stage].keys()

    assert not new, f"{sorted(new)} hold data from now on: record them with python -m scripts.release.logical_ids"
