"""Each runbook, followed as it is written in the situation that it is for; `make runbooks` uses the real AWS CLI."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from local.deploy import REGION
from local.harness.instant_models import InstantModels
from local.harness.laptop import Laptop
from moderate.main import app
from scripts.runbooks.page import functions, sections
from scripts.runbooks.scene import Scene
from scripts.runbooks.shell import Shell
from scripts.runbooks.situations import SITUATIONS
from tests.support import aws_cli
from tests.support.commands import served
from tests.support.sessions import new_session

# Their commands are those of others, and their faults take the most time: `make runbooks` follows them, too.
LEFT_OUT = {"CaughtFailures", "Misconfigured"}


def moderate(words: Sequence[str]) -> tuple[str, int]:
    done = CliRunner().invoke(app, list(words))
    return done.output, done.exit_code


@pytest.fixture
def scene(laptop: Laptop, models: InstantModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    environment = {"AWS_ENDPOINT_URL": laptop.url, "AWS_DEFAULT_REGION": REGION, "COLUMNS": "200"}
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_SESSION_TOKEN": ""}
    for name, value in (environment | keys).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", new_session())
    (tmp_path / "s").mkdir()
    with served(tmp_path / "s", {"aws": aws_cli.run, "moderate": moderate}) as programs:
        path = f"{programs}:{os.environ['PATH']}"
        with Shell("bash", {**os.environ, "PATH": path}, tmp_path) as shell:
            shell.define(functions())
            yield Scene(laptop, models, shell, tmp_path)


def test_each_runbook_has_a_situation() -> None:
    assert SITUATIONS.keys() == sections().keys()


@pytest.mark.parametrize("name", [name for name in SITUATIONS if name not in LEFT_OUT])
def test_a_runbook_leads_to_what_it_promises(name: str, scene: Scene) -> None:
    SITUATIONS[name](scene)
