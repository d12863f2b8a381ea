"""`make e2e-laptop`: run `make e2e`, with the real `cdk`, against an empty laptop cloud."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from local.deploy import bootstrap
from local.emulator import emulator
from local.session import Session, model_server
from local.synth import PROJECT

# The emulator has no change sets; `bootstrap` replaces the stack of `cdk bootstrap`.
OPTIONS = ("--method=direct", "--no-previous-parameters")


def main() -> int:
    """Start the cloud, run the end-to-end script against it, and return its exit status."""
    with tempfile.TemporaryDirectory(prefix="e2e-laptop-") as scratch:
        folder = Path(scratch)
        with model_server(folder) as models, emulator(folder, models.url) as url:
            bootstrap(url)
            environment = {**os.environ, **Session(url, models, {}, folder).environment}
            command = [sys.executable, "-m", "scripts.release", "--existing-endpoints", "blip2,llama"]
            command += ["--context", f"modelInputSize={models.input_size}"]
            command += [f"--deploy-option={option}" for option in OPTIONS]
            return subprocess.run([*command, *sys.argv[1:]], cwd=PROJECT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
