"""The real template, state machine and handlers on the laptop cloud, with models that say what a test wants."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.harness.instant_models import InstantModels
from local.harness.laptop import Laptop
from tests.support.workers import made_once
from tests.workflow.steps import ROOT, synthesised


@pytest.fixture(scope="session")
def assembly(tmp_path_factory) -> Path:
    """The assembly of a first deployment."""
    return made_once(tmp_path_factory, "assembly", synthesised)


@pytest.fixture(scope="session")
def running() -> Iterator[InstantModels]:
    with InstantModels() as models:
        yield models


@pytest.fixture(scope="session")
def deployed(assembly, running) -> Iterator[Laptop]:
    # Waits a hundred times shorter: minutes of retries pass in seconds.
    with Laptop(assembly, running.url, environment={"LOCAL_TIME_SCALE": "100"}) as laptop:
        laptop.publish("routes.yaml", "'': {enforce: blog}\n")
        # Tests upload the same bytes over and over: each is to be judged.
        blog = (ROOT / "lambdas/moderation/packs/blog.yaml").read_text() + "\nreuse: false\nsticky_decisions: false\n"
        laptop.publish("packs/blog.yaml", blog)
        yield laptop


@pytest.fixture
def models(running) -> Iterator[InstantModels]:
    running.reset()  # a deployment of its own may have asked it
    yield running
    running.reset()


@pytest.fixture
def laptop(deployed, models) -> Iterator[Laptop]:
    yield deployed
    deployed.wait_until_idle()
