"""`python -m local.models.python_engine FOLDER FD`: process that runs a handler with sequential calls.

It replaces djl_python_engine.py: the handler runs in the main thread, and the process ends with its connection.
"""

import logging
import signal
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType

from local.models.container import Reply, answer, first_call, load_handler

Bodies = Sequence[bytes | None]


def main() -> None:
    """Load the handler, send None or the failure, then answer batches until the connection ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal: the parent stops this process
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(message)s")
    folder, connection = Path(sys.argv[1]), Connection(int(sys.argv[2]))
    try:
        handler = _start(folder, connection)
        while handler:
            bodies: Bodies = connection.recv()
            replies: list[Reply] = answer(handler, bodies)
            connection.send(replies)
    except (EOFError, OSError):
        pass  # DJL is gone


def _start(folder: Path, connection: Connection) -> ModuleType | None:
    properties: dict[str, str] = connection.recv()
    try:
        handler = load_handler(folder)
        first_call(handler, folder, properties)
    except Exception as problem:
        logging.getLogger(__name__).exception("The handler can't be started")
        connection.send(f"{type(problem).__name__}: {problem}")
        return None
    connection.send(None)
    return handler


if __name__ == "__main__":
    main()
