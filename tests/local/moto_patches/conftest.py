"""Each check runs twice: it passes on the laptop cloud, and fails on stock moto, or its patch is no longer needed."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from local.emulator import emulator
from local.processes import child
from tests.local.moto_patches.cloud import Cloud
from tests.support.waiting import PATIENCE_S

NOWHERE = "http://127.0.0.1:9"
SHARED = {"AWS_ENDPOINT_URL_SNS": NOWHERE}
REFUSALS = (AssertionError, ClientError, ResponseParserError)  # moto's own faults come in no service's format
FAILS = pytest.mark.xfail(strict=True, raises=REFUSALS, reason="moto lacks what the patch adds")
BOTH = ["patched", pytest.param("stock", marks=FAILS)]


@contextmanager
def patched(folder: Path, environment: Mapping[str, str]) -> Iterator[Cloud]:
    with emulator(folder, NOWHERE, environment) as url:
        yield Cloud(url, patience_s=PATIENCE_S)


@contextmanager
def stock(folder: Path, environment: Mapping[str, str]) -> Iterator[Cloud]:
    """Moto as it is installed. What it does at all, it does at once."""
    port = folder / "port"
    command = [sys.executable, "-m", "tests.local.moto_patches.stock_moto", str(port)]
    with child("Stock moto", command, folder / "log", environment) as process:
        process.wait_until(lambda: port.exists() and port.read_text() != "", 60)
        yield Cloud(f"http://127.0.0.1:{port.read_text()}", patience_s=0.5)


@pytest.fixture(scope="session")
def patched_moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """The laptop cloud, whose waits pass a hundred times faster than they say."""
    with patched(tmp_path_factory.mktemp("patched"), {"LOCAL_TIME_SCALE": "100", **SHARED}) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def stock_moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with stock(tmp_path_factory.mktemp("stock"), {"DOCKER_HOST": NOWHERE, **SHARED}) as cloud:
        yield cloud


@pytest.fixture(params=["patched", pytest.param("stock", marks=FAILS)])
def cut_off_cloud(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cloud]:
    """Both again, with connections from the interpreter to Lambda and Step Functions that break."""
    if request.param == "patched":
        clouds = patched(tmp_path, {f"AWS_ENDPOINT_URL_{service}": NOWHERE for service in ("LAMBDA", "STEPFUNCTIONS")})
    else:
        clouds = stock(tmp_path, {"MOTO_PORT": NOWHERE.rpartition(":")[2]})
    with clouds as cloud:
        yield cloud


@pytest.fixture(params=BOTH)
def is_patched(request: pytest.FixtureRequest) -> bool:
    """True, and then False: for a check within this process, which installs its patch by itself."""
    return bool(request.param == "patched")


@pytest.fixture(params=BOTH)
def cloud(request: pytest.FixtureRequest) -> Cloud:
    """The laptop cloud, and then stock moto."""
    found: Cloud = request.getfixturevalue(f"{request.param}_moto")
    return found


@pytest.fixture(autouse=True)
def _on_both(request: pytest.FixtureRequest) -> None:
    """Let no check run on the laptop cloud alone."""
    assert {"cloud", "cut_off_cloud", "is_patched"} & set(request.fixturenames)
