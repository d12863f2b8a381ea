"""`python -m local.models`, as `make local` starts it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from PIL import Image

from local.models.__main__ import main
from tests.model.runtime_client import client_of
from tests.support.waiting import PATIENCE_S, eventually

ROOT = Path(__file__).parents[2]


def test_it_writes_its_port_and_answers_what_was_taken_up_before_it_stops(
    checkpoint: Path, tmp_path: Path, picture: Callable[..., Image.Image], encoded: Callable[..., str]
) -> None:
    request = {"image": encoded(picture()), "prompts": ["Question: why? Answer:"] * 16, "caption": True}
    body = json.dumps({**request, "parameters": {"min_new_tokens": 62}})
    with ThreadPoolExecutor(3) as pool:
        with _started(checkpoint, tmp_path) as url:
            with urllib.request.urlopen(f"{url}/about") as response:  # noqa: S310
                about = json.load(response)
            runtime = client_of(url)
            answers = [pool.submit(runtime.invoke_endpoint, EndpointName="blip2", Body=body) for _ in range(3)]
            eventually(lambda: _connections(url) >= 3)
            time.sleep(0.5)  # their bodies follow, and SIGTERM comes
        texts = [json.loads(answer.result()["Body"].read()) for answer in answers]

    assert about["blip2"]["demo"] is False
    assert all(len(text["answers"]) == 16 for text in texts)


def test_a_model_that_isnt_there_ends_it_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["models"])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("BLIP2_MODEL", "/no/such/folder")

    assert main() == 1
    assert "BLIP2_MODEL=/no/such/folder: no such checkpoint" in capsys.readouterr().out


def _connections(url: str) -> int:
    """The number of clients that are connected to the process."""
    port = urlsplit(url).port
    open_ones = (c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_ESTABLISHED)
    return len([c for c in open_ones if c.laddr and c.laddr.port == port])


@contextmanager
def _started(checkpoint: Path, folder: Path) -> Iterator[str]:
    """The process's URL. At the end it is told to stop, and must do so in peace."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local.models", "--port", "0", "--port-file", str(folder / "port")],
        cwd=ROOT,
        env={**os.environ, "BLIP2_MODEL": str(checkpoint)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        eventually(lambda: (folder / "port").exists() or process.poll() is not None)
        yield f"http://127.0.0.1:{(folder / 'port').read_text()}"
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "STAND-IN" in output
    assert "Traceback" not in output
