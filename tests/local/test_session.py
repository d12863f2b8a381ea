"""The commands as a user runs them: they start, say what to do, and leave nothing behind."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from local.harness.laptop import Laptop
from local.processes import ProcessFailed, child
from local.samples import sample_drawings, write_samples
from local.session import Models, Session
from local.up import usage
from tests.support.waiting import PATIENCE_S, eventually

MODELS = Models("http://127.0.0.1:1", "demo", 96, True, "stand-in", True, "scored")
OUTPUTS = {
    "IntakeBucketName": "intake",
    "VerdictTableName": "verdicts",
    "UnsafeTopicArn": "arn:aws:sns:us-east-1:123456789012:unsafe",
    "WorkflowArn": "arn:aws:states:us-east-1:123456789012:stateMachine:workflow",
}


@contextmanager
def started(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command in a process of its own, killed if the test doesn't end it."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(log: Path, words: str) -> None:
    eventually(lambda: words in log.read_text())


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE_S)
    return not alive


class TestProcesses:
    def test_a_child_that_ends_early_is_an_error_with_what_it_printed(self, tmp_path: Path) -> None:
        command = [sys.executable, "-c", "print('no luck'); raise SystemExit(3)"]
        with (
            child("The part", command, tmp_path / "log") as part,
            pytest.raises(ProcessFailed, match=r"(?s)The part ended with status 3 .* printed:.*no luck"),
        ):
            part.wait_until(lambda: False)

    def test_a_child_and_what_it_started_end_with_the_block(self, tmp_path: Path) -> None:
        pid_file = tmp_path / "pid"
        sleeper = "import time; time.sleep(600)"
        code = (
            "import signal, subprocess, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit());"
            f"p = subprocess.Popen([sys.executable, '-c', {sleeper!r}]);"
            f"open({str(pid_file)!r}, 'w').write(str(p.pid)); p.wait()"
        )
        with child("The part", [sys.executable, "-c", code], tmp_path / "log") as part:
            part.wait_until(lambda: pid_file.exists() and pid_file.read_text() != "", 10)
            family = [psutil.Process(part.process.pid), psutil.Process(int(pid_file.read_text()))]

        assert gone(family)


class TestEmulator:
    def test_it_ends_when_its_parent_is_killed(self, tmp_path: Path) -> None:
        code = (
            "import pathlib, time; from local.emulator import emulator\n"
            f"with emulator(pathlib.Path({str(tmp_path)!r}), 'http://127.0.0.1:9') as url:\n"
            "    print(url, flush=True); time.sleep(600)"
        )
        with started([sys.executable, "-c", code], tmp_path / "log") as parent:
            wait_for(tmp_path / "log", "http://127.0.0.1:")
            family = psutil.Process(parent.pid).children(recursive=True)
            assert family
            parent.kill()

            assert gone(family)

    def test_two_run_side_by_side(self, laptop: Laptop, assembly: Path) -> None:
        with Laptop(assembly, "http://127.0.0.1:9", stack="Small") as other:
            other.upload("only here", b"x")

            assert other.url != laptop.url
            assert "only here" not in str(
                laptop.client("s3").list_objects_v2(Bucket=laptop.outputs["IntakeBucketName"])
            )


class TestCommand:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_stops_everything(self, tmp_path: Path, number: signal.Signals) -> None:
        """Sent while the models load: the time when most is half done."""
        log = tmp_path / "log"
        with started([sys.executable, "-m", "local", "up"], log) as command:
            process = psutil.Process(command.pid)
            family = eventually(lambda: process.children(recursive=True))
            os.kill(command.pid, number)

            assert command.wait(PATIENCE_S) == 130
            assert gone(family)
        assert "Everything is stopped." in log.read_text()
        assert "Traceback" not in log.read_text()

    def test_an_image_that_is_not_there_is_a_sentence(self) -> None:
        command = [sys.executable, "-m", "local", "demo", "--images", "no/such.jpg"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)

        assert result.returncode == 1
        assert "There is no file no/such.jpg" in result.stdout


class TestUsage:
    def test_it_names_models_endpoint_and_the_calls(self) -> None:
        text = usage(Session("http://127.0.0.1:5000", MODELS, OUTPUTS, Path()))

        for words in (
            "source .venv/bin/activate\n",  # where `moderate` is
            "AWS_ENDPOINT_URL=http://127.0.0.1:5000",
            "aws s3 cp build/drawings/06-weapon.png s3://intake/",
            "aws dynamodb get-item --table-name verdicts",
            "aws sns subscribe --topic-arn arn:aws:sns:us-east-1:123456789012:unsafe",
            "aws stepfunctions describe-execution",
            "moderate upload build/drawings --wait",
            "cdk deploy Moderation --method=direct --no-previous-parameters",
            "drawings only",
        ):
            assert words in text


class TestSamples:
    def test_the_drawings_that_are_named_are_written(self, tmp_path: Path) -> None:
        write_samples(tmp_path / "build/drawings", seed=1)

        drawings = {file.name for file in (tmp_path / "build/drawings").iterdir()}
        assert len(drawings) == 14
        text = usage(Session("http://127.0.0.1:5000", MODELS, OUTPUTS, Path()))
        assert set(re.findall(r"build/drawings/(\S+)", text)) <= drawings
        assert re.findall(r"moderate show (\S+)", text)[0] in drawings

    def test_there_are_twelve_of_both_kinds_and_a_seed_repeats_them(self) -> None:
        first, second, other = (list(sample_drawings(seed)) for seed in (1, 1, 2))

        assert len(first) == 12
        assert {sample.expected for sample in first} == {"safe", "unsafe"}
        assert len({sample.name for sample in first}) == 12
        assert [s.image.tobytes() for s in first] == [s.image.tobytes() for s in second]
        assert first[0].image.tobytes() != other[0].image.tobytes()
        assert first[-1].image.width > 2 * first[0].image.width  # the small content in a large picture
