"""`python -m local up|demo`: run the laptop cloud in the foreground, or a demo on it."""

import argparse
import signal
import sys
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from local.demo import UnusableImage, demo
from local.deploy import DeployError
from local.processes import SIGNALS, ProcessFailed
from local.synth import NotSetUp
from local.up import up


def main() -> int:
    """Run the command and return its exit status: 0, 1 for an expected failure, 130 when interrupted."""
    options = _options()
    console = Console()
    for number in SIGNALS:
        signal.signal(number, _interrupt)
    try:
        if options.command == "up":
            return up(console)
        return demo(console, options.images, options.seed)
    except KeyboardInterrupt:
        console.print("\nInterrupted. Everything is stopped.")
        return 130
    except (DeployError, NotSetUp, ProcessFailed, UnusableImage) as fault:
        console.print(str(fault), style="red", markup=False, soft_wrap=True)
        return 1


def _interrupt(*_: object) -> NoReturn:
    """Start the shutdown at the first signal, and ignore further ones, so that nothing cuts it short."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="keep it running and print how to use it")
    demo_parser = commands.add_parser("demo", help="moderate sample drawings, or images of your own, and stop")
    demo_parser.add_argument("--images", type=Path, nargs="+", default=[], help="images of your own")
    demo_parser.add_argument("--seed", type=int, default=1, help="seed of the sample drawings")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
