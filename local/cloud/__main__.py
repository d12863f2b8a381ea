"""`python -m local.cloud`: run the emulator as a process; the session, the tests and the benchmark start it."""

import argparse
import gc
import logging
import os
import signal
import threading
import time
from pathlib import Path

from local.cloud.clock import time_scale
from local.cloud.server import serve


def main() -> None:
    """Serve until a signal arrives or the parent process has ended."""
    parser = argparse.ArgumentParser(prog="python -m local.cloud", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--port-file", type=Path, help="file to write the port to, once it serves")
    parser.add_argument("--models-url", required=True, help="URL of the server of the SageMaker endpoints")
    options = parser.parse_args()
    try:
        time_scale()
    except ValueError as fault:
        parser.error(str(fault))
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=_watch_parent, args=(os.getppid(), stop), daemon=True).start()
    gc.set_threshold(20_000)  # moto alone is 140,000 objects, which need no search for garbage after each 700 new ones
    with serve(options.models_url, options.port) as url:
        if options.port_file:
            options.port_file.write_text(url.rsplit(":", 1)[1])
        stop.wait()
    gc.freeze()  # the interpreter's last search for garbage takes nearly a second


def _watch_parent(parent: int, stop: threading.Event) -> None:
    """End this process when its parent was killed and can't stop it."""
    while os.getppid() == parent:
        time.sleep(1)
    stop.set()


if __name__ == "__main__":
    main()
