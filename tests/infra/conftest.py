"""Some deployments, each synthesised once."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk.cx_api import CloudAssembly

from tests.infra.synthesis import DEFAULT, PRODUCTION, THEIRS, WEB_ACL, Template, make_app, template_of
from tests.support.workers import made_once

Synthesise = Callable[..., CloudAssembly]


@pytest.fixture(scope="session")
def synthesise(tmp_path_factory: pytest.TempPathFactory) -> Synthesise:
    """Synthesises the app into a folder of a name that all workers read."""

    def named(name: str, **context: Any) -> CloudAssembly:
        folder = made_once(tmp_path_factory, name, lambda out: make_app(outdir=str(out), **context).synth())
        return CloudAssembly(str(folder))

    return named


@pytest.fixture(scope="session")
def default(synthesise: Synthesise) -> CloudAssembly:
    """The assembly of a first deployment."""
    return synthesise("default", **DEFAULT)


@pytest.fixture(scope="session")
def production(synthesise: Synthesise) -> CloudAssembly:
    """Protected, with isolated BLIP-2, the largest judge, both scaling to zero, and a topic for safe images."""
    return synthesise("production", **PRODUCTION)


@pytest.fixture(scope="session")
def console(synthesise: Synthesise) -> CloudAssembly:
    """A first deployment with the review console."""
    return synthesise("console", **DEFAULT, console=True)


@pytest.fixture(scope="session")
def protected_console(synthesise: Synthesise) -> CloudAssembly:
    """A protected deployment with the review console behind a web ACL."""
    return synthesise("protected-console", **PRODUCTION, console=True, consoleWebAclArn=WEB_ACL)


@pytest.fixture(scope="session")
def moderation(default: CloudAssembly) -> Template:
    return template_of(default, "Moderation")


@pytest.fixture(scope="session")
def models(default: CloudAssembly) -> Template:
    return template_of(default, "ModerationModels")


@pytest.fixture(scope="session")
def theirs(synthesise: Synthesise) -> CloudAssembly:
    """On endpoints and a bucket that exist already, of which only a prefix is moderated, by Express executions."""
    return synthesise("theirs", **THEIRS)
