"""Programs for a shell whose work is done in the test's own process: a start costs milliseconds instead of a second."""

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer
from typing import Any

Program = Callable[[Sequence[str]], tuple[str, int]]  # words → output, exit status

_CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect({address!r})
    connection.sendall(json.dumps([os.getcwd(), {name!r}, *sys.argv[1:]]).encode() + b"\\n")
    output, status = json.loads(connection.makefile().readline())
sys.stdout.write(output)
sys.exit(status)
"""


@contextmanager
def served(folder: Path, programs: Mapping[str, Program]) -> Iterator[Path]:
    """Yield a folder for the PATH in which the programs are, for the duration of the block."""
    address, lock = str(folder / "socket"), threading.Lock()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            here, name, *words = json.loads(self.rfile.readline())
            with lock, chdir(here):
                answer: Any = programs[name](words)
            self.wfile.write(json.dumps(answer).encode() + b"\n")

    bin_folder = folder / "bin"
    bin_folder.mkdir()
    for name in programs:
        program = bin_folder / name
        program.write_text(_CLIENT.format(python=sys.executable, address=address, name=name))
        program.chmod(0o755)
    with ThreadingUnixStreamServer(address, Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield bin_folder
        finally:
            server.shutdown()
