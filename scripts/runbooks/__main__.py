"""`make runbooks`: follow each runbook on the laptop cloud, with the real AWS CLI in bash and, if there is one, zsh.

Names of runbooks as arguments choose some of them.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from local.deploy import REGION
from local.harness.instant_models import InstantModels
from local.harness.laptop import Laptop
from local.synth import PROJECT, synthesise
from scripts.runbooks.cli import NoCli, cli, version
from scripts.runbooks.page import functions
from scripts.runbooks.scene import RunbookFailed, Scene
from scripts.runbooks.shell import CommandHung, Shell
from scripts.runbooks.situations import SITUATIONS

INPUT_SIZE = 96
SHELLS = ("bash", "zsh")


def main(names: Sequence[str]) -> int:
    """Follow the runbooks and return the exit status."""
    console, failed = Console(highlight=False), 0
    try:
        aws = cli()
    except NoCli as error:
        console.print(str(error))
        return 2
    console.print(version(aws))
    with tempfile.TemporaryDirectory(prefix="runbooks-") as scratch, InstantModels() as models:
        folder = Path(scratch)
        with console.status("Synthesising the stack"):
            assembly = synthesise(folder, INPUT_SIZE)
        with Laptop(assembly, models.url, environment={"LOCAL_TIME_SCALE": "100"}) as laptop:
            laptop.publish("routes.yaml", "'': {enforce: blog}\n")
            environment = _environment(laptop, aws)
            for program in filter(shutil.which, SHELLS):
                for name in names or SITUATIONS:
                    models.reset()
                    with console.status(f"{program}: {name}"), Shell(program, environment, folder) as shell:
                        fault = _fault(SITUATIONS[name], Scene(laptop, models, shell, folder))
                    failed += bool(fault)
                    console.print(f"{program} {name}: {fault or 'held'}", markup=False)
    return int(failed > 0)


def _fault(situation: Callable[[Scene], None], scene: Scene) -> str:
    """Return what went wrong; empty if the runbook held."""
    scene.shell.define(functions())
    try:
        situation(scene)
        scene.laptop.wait_until_idle()
    except (RunbookFailed, CommandHung, AssertionError) as error:  # the last: the laptop waited in vain
        return f"failed. {error}"
    return ""


def _environment(laptop: Laptop, aws: Path) -> Mapping[str, str]:
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    where = {"AWS_ENDPOINT_URL": laptop.url, "AWS_DEFAULT_REGION": REGION}
    path = f"{PROJECT / '.venv/bin'}:{aws.parent}:{os.environ['PATH']}"
    return {**os.environ, **keys, **where, "COLUMNS": "200", "PATH": path}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
