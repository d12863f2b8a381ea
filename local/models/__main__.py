"""`python -m local.models [--port N] [--port-file FILE]`: serve both model endpoints on this machine until Ctrl-C."""

import argparse
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from local.models.errors import UnusableModel


def main() -> int:
    """Serve until Ctrl-C or SIGTERM. Return 1 if the requested models can't be served."""
    arguments = _arguments()
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _serve(arguments.port, arguments.port_file, console)
    except UnusableModel as problem:
        console.print(str(problem), style="red", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _serve(port: int, port_file: Path | None, console: Console) -> None:
    with console.status("Loading torch"):
        # the imports take seconds: print the banner first
        from local.models.app import ModelSettings, model_server
    with ExitStack() as stack:
        server = stack.enter_context(model_server(ModelSettings.from_env(), console, port))
        console.print(server.banner, soft_wrap=True)
        if port_file:
            _write_whole(port_file, str(server.port))
        threading.Event().wait()


def _write_whole(file: Path, text: str) -> None:
    """Write a file atomically: readers find the whole text or no file."""
    part = file.with_name(file.name + ".part")
    part.write_text(text)
    part.replace(file)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.models", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on the loopback interface; 0 takes a free one")
    parser.add_argument("--port-file", type=Path, help="file to write the port to, once the models answer")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
