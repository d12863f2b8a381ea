"""The workflow, Dependabot's settings and the hooks, against the Makefile and the pins that they build on."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
DEPENDABOT = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z0-9-]+):", MAKEFILE, re.MULTILINE))
PINNED = set(re.findall(r"^([\w.-]+)(?:\[.*?\])?==", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REPOSITORIES = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
HOOKS = {hook["id"]: hook for repository in REPOSITORIES for hook in repository["hooks"]}


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        yield from yaml.safe_load(path.read_text())["jobs"].items()


JOBS = dict(jobs())
NIGHTLY = {"mutate", "runbooks"}  # what they find is no matter of the interpreter


def steps_of(job: dict[str, Any], action: str) -> list[dict[str, Any]]:
    return [step["with"] for step in job["steps"] if step.get("uses", "").startswith(f"actions/{action}@")]


def test_every_target_that_a_job_makes_exists() -> None:
    made = [
        target
        for job in JOBS.values()
        for step in job["steps"]
        for target in re.findall(r"\bmake(?: [A-Z_]+=\S+)* ([\w-]+)", step.get("run", ""))
    ]

    assert {"test", "wheel-test"} <= set(made)
    assert set(made) <= TARGETS


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read_and_runs_pinned_actions(path: Path) -> None:
    text = path.read_text()
    workflow = yaml.safe_load(text)

    assert workflow["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in workflow["jobs"].values())
    assert "pull_request_target" not in text
    uses = re.findall(r"uses: (.*)", text)
    assert uses
    for action in uses:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", action), action
    commits = {action.partition("@")[0]: action for action in uses}
    assert set(uses) == set(commits.values()), "an action is pinned to one commit everywhere"


@pytest.mark.parametrize("name", JOBS)
def test_a_job_ends_and_keeps_no_credentials(name: str) -> None:
    job = JOBS[name]

    assert job["timeout-minutes"] <= 90
    assert [given["persist-credentials"] for given in steps_of(job, "checkout")] == [False]


@pytest.mark.parametrize("name", JOBS)
def test_a_job_runs_on_the_oldest_python_and_the_functions_own_with_caches(name: str) -> None:
    function = (ROOT / "stacks/components/pipeline_function.py").read_text()
    oldest = PROJECT["requires-python"].removeprefix(">=")
    newest = re.findall(r"PYTHON_(\d)_(\d+)", function)

    pythons = [oldest] if name in NIGHTLY else [oldest, *(".".join(version) for version in newest)]
    assert JOBS[name]["strategy"]["matrix"]["python"] == pythons
    (python,) = steps_of(JOBS[name], "setup-python")
    (node,) = steps_of(JOBS[name], "setup-node")
    assert (python["cache"], node["cache"], node["node-version"]) == ("pip", "npm", "22")
    for path in python["cache-dependency-path"].split():
        assert (ROOT / path).is_file()


def test_dependabot_knows_each_manifest_and_groups_what_it_raises() -> None:
    manifests = {"pip": "requirements.txt", "npm": "package.json", "github-actions": ".github/workflows"}
    watched = {entry["package-ecosystem"]: entry.get("directories") or [entry["directory"]] for entry in DEPENDABOT}

    assert watched.keys() == manifests.keys()
    for ecosystem, folders in watched.items():
        assert all((ROOT / folder.strip("/") / manifests[ecosystem]).exists() for folder in folders)
    assert all(list(entry["groups"].values()) == [{"patterns": ["*"]}] for entry in DEPENDABOT)
    held = {rule["dependency-name"] for entry in DEPENDABOT for rule in entry.get("ignore", [])}
    assert held <= PINNED


def test_the_hooks_are_valid() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_hooks_have_no_version_of_their_own() -> None:
    """They are what set-up installed from requirements.txt, or the project's own command."""
    assert [repository["repo"] for repository in REPOSITORIES] == ["local"]
    for hook in HOOKS.values():
        folder, tool = hook["entry"].split()[0].rsplit("/", 1)
        assert (folder, hook["language"]) == (".venv/bin", "system")
        assert "additional_dependencies" not in hook
        assert tool in PINNED | PROJECT["scripts"].keys()


def test_hooks_run_what_the_gate_runs() -> None:
    gate = {" ".join(words.split()[:2]).rstrip(".") for words in re.findall(r"\$\(BIN\)/((?:ruff|mypy)\b.*)", MAKEFILE)}

    assert {"ruff check", "ruff format", "mypy"} <= gate
    assert {hook["name"] for hook in HOOKS.values()} >= {"ruff check", "ruff format", "mypy"}


def test_hooks_match_files_that_exist() -> None:
    packs = re.compile(HOOKS["policy-lint"]["files"])

    assert packs.match("lambdas/moderation/packs/default.yaml")
    assert packs.match("examples/marketplace.yaml")
    assert packs.match("model_artifacts/demo/pack.yaml")
    assert not packs.match("tests/unit/domain/benign.yaml")


def test_node_is_no_older_than_the_tools_need() -> None:
    needed = json.loads((ROOT / "package.json").read_text())["engines"]["node"]

    assert int(needed.removeprefix(">=")) <= 22
