"""Download the layers' wheels for the Lambda platform: `python -m scripts.release.fetch_wheels`."""

import subprocess
import sys
from pathlib import Path

from stacks.wheels import REQUIREMENTS, WHEELS, MissingWheels, locked_wheels, unpack_models

# Python 3.14 on Lambda runs on Amazon Linux 2023 (glibc 2.34), which satisfies all of these.
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux_2_26_aarch64", "manylinux2014_aarch64")


def main() -> None:
    """Download the wheels, unless all of them are there already, and unpack the reader's models for the laptop."""
    for requirements in REQUIREMENTS:
        _fetch(requirements)
    unpack_models()


def _fetch(requirements: Path) -> None:
    try:
        locked_wheels(requirements)
    except MissingWheels:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--require-hashes", "--only-binary", ":all:", "--implementation", "cp"]
        command += ["--python-version", "3.14", *(f"--platform={platform}" for platform in PLATFORMS)]
        subprocess.run([*command, "--dest", str(WHEELS), "--requirement", str(requirements)], check=True)
        locked_wheels(requirements)


if __name__ == "__main__":
    main()
