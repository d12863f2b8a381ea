"""`python -m tests.local.moto_patches.stock_moto FILE`: moto's own server, unpatched, that runs state machines.

It writes its port to FILE once it serves, and stops with its parent's signal.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from moto.core.config import default_user_config
from moto.moto_server.threaded_moto_server import ThreadedMotoServer


def main(port_file: Path) -> None:
    """Serve until a signal comes. MOTO_PORT, where moto looks for itself, may be set to another port."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    default_user_config["stepfunctions"]["execute_state_machine"] = True  # a setting of moto's, as its docs give it
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = str(server.get_host_and_port()[1])
    os.environ.setdefault("MOTO_PORT", port)
    port_file.write_text(port)
    stop.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
