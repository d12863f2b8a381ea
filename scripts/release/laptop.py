"""`make e2e-laptop`: `make e2e` as it is, with the real `cdk`, against an empty laptop cloud."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from local.deploy import bootstrap
from local.emulator import emulator
from local.session import Session, model_server
from local.synth import PROJECT

# The emulator knows no change sets, and the stack of `cdk bootstrap` is stood in for.
OPTIONS = ("--method=direct", "--no-previous-parameters")


def main() -> int:
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
