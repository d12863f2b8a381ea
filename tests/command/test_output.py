"""Every command: its version, its help, JSON of what it reports, tables for pipes, and a quiet Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from rich.console import Console

from moderate.main import app
from moderate.output import results, table
from moderation.adapters.policies import shipped_text
from tests.command.checkpoint import FILES, write

ROOT = Path(__file__).parents[2]
# Commands that change something and say so in a sentence, or write a file.
SPEAK = {
    *("decide", "policy push", "policy rollback", "policy canary", "policy new", "policy pull"),
    *("backfill cancel", "backfill resume"),
    *("people set", "people remove", "audit export", "escalate", "release", "console", "report"),
}
# Commands whose JSON is read by tests of their own, with the models, the state machine or the packs that they need.
ELSEWHERE = {
    *("eval", "policy fit", "policy replay", "sor export"),
    *("backfill start", "backfill status", "backfill report", "backfill check"),
}


def commands() -> dict[str, object]:
    """Every command by its words."""

    def within(group: object, words: tuple[str, ...]) -> dict[str, object]:
        found: dict[str, object] = {}
        for name, command in group.commands.items():  # type: ignore[attr-defined]
            if hasattr(command, "commands"):
                found |= within(command, (*words, name))
            else:
                found[" ".join((*words, name))] = command
        return found

    return within(typer.main.get_command(app), ())


def options(command: object) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}  # type: ignore[attr-defined]


COMMANDS = commands()
REPORT = sorted(COMMANDS.keys() - SPEAK)


def test_every_command_that_reports_prints_json() -> None:
    assert [name for name in REPORT if "--json" not in options(COMMANDS[name])] == []
    assert COMMANDS.keys() >= SPEAK | ELSEWHERE


@pytest.fixture
def prepared(deployed, tmp_path, monkeypatch) -> dict[str, tuple[object, ...]]:
    """The arguments of every command that reports, for a deployment and files that are there."""
    image, gone = deployed.put_object(), deployed.put_object("in/gone.jpg")
    deployed.put_unsafe(image)
    deployed.put_unsafe(gone)
    deployed.s3.put_object(Bucket="policies", Key="packs/mine.yaml", Body=b"name: mine\n")
    (tmp_path / "default.yaml").write_bytes(shipped_text("default") or b"")
    (tmp_path / "a.jpg").write_bytes(b"x")
    deployed.s3.create_bucket(Bucket="models")
    monkeypatch.setattr("moderate.checks.doctor.examine", lambda stack, plan: iter(()))
    monkeypatch.setattr("moderate.ask.ask", lambda *_: Answered())
    pack = tmp_path / "default.yaml"
    return {
        "upload": (tmp_path / "a.jpg",),
        "verdicts": (),
        "show": (image.key,),
        "ask": (tmp_path / "a.jpg",),
        "status": (),
        "sample": ("--waiting",),
        "metrics": (),
        "drift": (),
        "redrive": (),
        "cost": ("--images-per-day", 10),
        "decisions revoke": ("--by", "alice", "--since", "2h", "--yes"),
        "erase": (gone.key, "--yes"),
        "doctor": (),
        "people list": (),
        "audit verify": (),
        "policy lint": (pack,),
        "policy test": (pack,),
        "policy diff": (pack, "shipped:blog"),
        "policy versions": ("mine",),
        "policy routes": (),
        "policy approve": (),
        "policy log": (),
        "policy list": (),
        "policy show": ("default",),
        "weights push": (write(tmp_path / "source", FILES), "s3://models/blip2/"),
    }


class Answered:
    """Answer of the vision model about a picture."""

    model, caption, answers = "blip2", "a red square", ()


@pytest.mark.parametrize("name", [name for name in REPORT if name not in ELSEWHERE])
def test_json_is_all_that_is_on_stdout(prepared, moderate, name):
    result = moderate(*name.split(), *prepared[name], "--json")

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout) is not None


@pytest.mark.parametrize("arguments", [("--versions",), ("--versions", "--stack", "Moderation")])
def test_versions_of_routes_are_json_too(deployed, moderate, arguments):
    deployed.s3.put_object(Bucket="policies", Key="routes.yaml", Body=b"'': {enforce: blog}\n")
    deployed.s3.put_object(Bucket="policies", Key="routes.yaml", Body=b"[")

    newest, oldest = json.loads(moderate("policy", "routes", *arguments, "--json").stdout)

    assert newest["routes"] is None
    assert oldest["routes"] == {"": {"enforce": "blog"}}


def test_a_broken_pack_is_json_and_exit_status_1(moderate, tmp_path):
    (tmp_path / "broken.yaml").write_text("name: broken\n")

    result = moderate("policy", "lint", tmp_path / "broken.yaml", "--json")

    assert result.exit_code == 1
    (found,) = json.loads(result.stdout)
    assert found["file"] == str(tmp_path / "broken.yaml") and found["faults"] and found["warnings"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("policy", "routes", ROOT / "README.md", "--json"),
        ("policy", "routes", "--rollback", "--json"),
        ("policy", "approve", "abc", "--json"),
        ("erase", "in/a.jpg", "--json"),
    ],
)
def test_what_asks_a_question_prints_no_json(moderate, arguments):
    assert moderate(*arguments).exit_code == 2


def test_the_version_is_the_projects(moderate):
    result = moderate("--version")

    assert (result.exit_code, result.stdout.strip()) == (0, f"moderate {version('image-moderation')}")


@pytest.mark.parametrize("words", ["", "policy", *sorted(COMMANDS)])
def test_every_command_has_a_short_option_for_its_help(moderate, words):
    result = moderate(*words.split(), "-h")

    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_a_table_has_borders_on_a_terminal_and_a_line_a_row_in_a_pipe(monkeypatch, capsys):
    def shown() -> list[str]:
        rows = table(("key", "reason"))
        rows.add_row("in/a.jpg", "long " * 100)
        results.print(rows)
        return capsys.readouterr().out.splitlines()

    monkeypatch.delenv("COLUMNS", raising=False)
    header, row = shown()
    assert header.split() == ["key", "reason"]
    assert row.startswith("in/a.jpg  long long") and row.count("long") == 100

    monkeypatch.setattr(type(results), "console", Console(force_terminal=True, width=80, no_color=True))
    monkeypatch.setattr(results.console, "file", sys.stdout)
    bordered = shown()
    assert len(bordered) > 3 and "┃" in "".join(bordered)


def test_ctrl_c_while_the_modules_load_is_quiet():
    """The signal comes as soon as the entry point runs, and once more while boto3 is imported."""
    program = (
        "import os, signal, sys, threading, time\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == MODULE: os.kill(os.getpid(), signal.SIGINT); time.sleep(5)\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell ignores it\n"
        "from moderate.entry import run\n"
        "run()\n"
    )
    for module in ("moderate.main", "boto3", "moderate.policy"):
        done = subprocess.run(
            [sys.executable, "-c", program.replace("MODULE", repr(module)), "--help"],
            capture_output=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'lambdas'}"},
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b""), module


def test_ctrl_c_while_a_command_works_is_quiet_and_exit_status_130(monkeypatch, moderate):
    def interrupted(stack: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("moderate.status.find", interrupted)

    result = moderate("status")

    assert (result.exit_code, result.output) == (130, "")
