"""Download the imaging layer's wheels for the Lambda platform: `python -m scripts.release.fetch_wheels`."""

import subprocess
import sys

from stacks.wheels import REQUIREMENTS, WHEELS, MissingWheels, locked_wheels

# Python 3.14 on Lambda runs on Amazon Linux 2023 (glibc 2.34), which satisfies all of these.
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux_2_17_aarch64")


def main() -> None:
    """Download the wheels, unless all of them are there already."""
    try:
        locked_wheels()
    except MissingWheels:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--require-hashes", "--only-binary", ":all:", "--implementation", "cp"]
        command += ["--python-version", "3.14", *(f"--platform={platform}" for platform in PLATFORMS)]
        subprocess.run([*command, "--dest", str(WHEELS), "--requirement", str(REQUIREMENTS)], check=True)
        locked_wheels()


if __name__ == "__main__":
    main()
