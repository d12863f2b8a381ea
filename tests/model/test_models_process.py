"""`python -m local.models`, as `make local` starts it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from local.models.__main__ import main

ROOT = Path(__file__).parents[2]


def test_it_writes_its_port_answers_and_stops_when_told(checkpoint: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "local.models", "--port", "0", "--port-file", str(tmp_path / "port")],
        cwd=ROOT,
        env={**os.environ, "BLIP2_MODEL": str(checkpoint)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        while not (tmp_path / "port").exists() and process.poll() is None:
            time.sleep(0.05)
        port = (tmp_path / "port").read_text()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/about") as response:
            about = json.load(response)
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)

    assert about["blip2"]["demo"] is False
    assert process.returncode == 0
    assert "STAND-IN" in output
    assert "Traceback" not in output


def test_a_model_that_isnt_there_ends_it_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["models"])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("BLIP2_MODEL", "/no/such/folder")

    assert main() == 1
    assert "BLIP2_MODEL=/no/such/folder: no such checkpoint" in capsys.readouterr().out
