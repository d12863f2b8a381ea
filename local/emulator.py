"""Start the emulator as a process of its own."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local.processes import child

START_TIMEOUT_S = 60

RECORD_CALLS = "LOCAL_RECORD_CALLS"  # folder for the recorded calls of roles and services, with their rights


@contextmanager
def emulator(folder: Path, models_url: str, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run the emulator for the duration of the block and yield its URL. `folder` is for its log and scratch files.

    Raises ProcessFailed if it doesn't start.
    """
    port_file = folder / "cloud.port"
    command = [sys.executable, "-m", "local.cloud", "--port-file", str(port_file), "--models-url", models_url]
    variables = {"TMPDIR": str(folder), **(environment or {})}
    with child("The laptop cloud", command, folder / "cloud.log", variables) as cloud:
        cloud.wait_until(lambda: port_file.exists() and port_file.read_text() != "", START_TIMEOUT_S)
        yield f"http://127.0.0.1:{port_file.read_text()}"
