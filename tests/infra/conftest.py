"""Some deployments, each synthesised once."""

import pytest
from aws_cdk.cx_api import CloudAssembly

from tests.infra.synthesis import DEFAULT, PRODUCTION, THEIRS, WEB_ACL, Template, make_app, template_of


@pytest.fixture(scope="session")
def default() -> CloudAssembly:
    """The assembly of a first deployment."""
    return make_app(**DEFAULT).synth()


@pytest.fixture(scope="session")
def production() -> CloudAssembly:
    """Protected, with isolated BLIP-2, the largest judge, both scaling to zero, and a topic for safe images."""
    return make_app(**PRODUCTION).synth()


@pytest.fixture(scope="session")
def console() -> CloudAssembly:
    """A first deployment with the review console."""
    return make_app(**DEFAULT, console=True).synth()


@pytest.fixture(scope="session")
def protected_console() -> CloudAssembly:
    """A protected deployment with the review console behind a web ACL."""
    return make_app(**PRODUCTION, console=True, consoleWebAclArn=WEB_ACL).synth()


@pytest.fixture(scope="session")
def moderation(default: CloudAssembly) -> Template:
    return template_of(default, "Moderation")


@pytest.fixture(scope="session")
def models(default: CloudAssembly) -> Template:
    return template_of(default, "ModerationModels")


@pytest.fixture(scope="session")
def theirs() -> CloudAssembly:
    """On endpoints and a bucket that exist already, of which only a prefix is moderated, by Express executions."""
    return make_app(**THEIRS).synth()
