"""Shell into which blocks of commands are pasted."""

import re
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from scripts.runbooks.page import Block

TIMEOUT_S = 180
_MARK = re.compile(r"\n<<status (\d+)>>\n")


class CommandHung(Exception):
    """The shell ended before its command did: it waited for input, or for too long."""


@dataclass(frozen=True)
class Done:
    """A command, what it printed on both streams, and its exit status."""

    command: str
    output: str
    status: int


class Shell:
    """`with Shell("zsh", environment, folder) as shell:` keeps variables and functions from one block to the next."""

    def __init__(self, program: str, environment: Mapping[str, str], folder: Path) -> None:
        self._process = subprocess.Popen(
            [program],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> "Shell":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def define(self, block: Block) -> None:
        """Run the block as a whole. Raises CommandHung."""
        self._run(block.text)

    def paste(self, block: Block) -> list[Done]:
        """Run the block's commands one after the other. Raises CommandHung."""
        return [self._run(command) for command in block.commands]

    def _run(self, command: str) -> Done:
        stdin, stdout = cast(IO[str], self._process.stdin), cast(IO[str], self._process.stdout)
        alarm = threading.Timer(TIMEOUT_S, self._process.kill)
        alarm.start()
        try:
            stdin.write(f"{command}\nprintf '\\n<<status %s>>\\n' $?\n")
            stdin.flush()
            said = ""
            while not (mark := _MARK.search(said)):
                line = stdout.readline()
                if not line:
                    raise CommandHung(f"{command}\n{said}")
                said += line
        finally:
            alarm.cancel()
        return Done(command, said[: mark.start()].strip("\n"), int(mark[1]))
