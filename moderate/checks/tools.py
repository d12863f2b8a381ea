"""Checks of the deployment tools: Node and the CDK's command line."""

import os
import re
import shutil
import subprocess

from moderate.checks.check import Check
from moderate.failures import CommandFailed

LEAST_NODE, GOOD_NODE = 20, 22  # 20 reached its end of life in April 2026
CDK = "2.1148.1"  # as package.json pins it
_TIMEOUT_S = 60
_PROJECT = "node_modules/.bin"  # of the current folder, where `npx cdk` looks before the PATH
_SETUP = "In the project's folder: make setup"
_NODE = f"Install Node {GOOD_NODE} (https://nodejs.org/en/download)"


def node() -> Check:
    found = _version("node")
    if found is None:
        return Check("Node", "fail", "`node` isn't on the PATH", _NODE)
    major = int(found.split(".")[0])
    if major < LEAST_NODE:
        return Check("Node", "fail", f"{found}; the CDK needs {LEAST_NODE} or newer", _NODE)
    if major < GOOD_NODE:
        return Check("Node", "warn", f"{found}, which is past its end of life", _NODE)
    return Check("Node", "ok", found)


def cdk() -> Check:
    found = _version("cdk", _PROJECT)
    if found is None:
        return Check("CDK", "fail", "`cdk` is neither in node_modules of this folder nor on the PATH", _SETUP)
    if found == CDK:
        return Check("CDK", "ok", found)
    if found.split(".")[0] != CDK.split(".")[0]:
        return Check("CDK", "fail", f"{found} can't read this project's assemblies; the project requires {CDK}", _SETUP)
    return Check("CDK", "warn", f"{found}; the project is tested with {CDK}", _SETUP)


def _version(command: str, *folders: str) -> str | None:
    """Return the version that a command of these folders or of the PATH reports, None if there is no such command.

    Raises CommandFailed.
    """
    path = shutil.which(command, path=os.pathsep.join((*folders, os.environ.get("PATH", os.defpath))))
    if path is None:
        return None
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(f"`{command} --version` didn't answer within {_TIMEOUT_S} s.") from error
    version = re.search(r"\d+\.\d+\.\d+", said.stdout)
    if not version:
        raise CommandFailed(f"`{command} --version` failed: {(said.stderr or said.stdout).strip()[:200]}")
    return version[0]
