"""Detection of callers that closed their connection."""

import socket
from contextlib import suppress
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def connection_of(environ: "WSGIEnvironment") -> socket.socket:
    """Return the connection of a request, which werkzeug's server puts into its environment."""
    connection: socket.socket = environ["werkzeug.socket"]
    return connection


def has_hung_up(caller: socket.socket) -> bool:
    """Return True if the caller has closed its connection."""
    if not wait([caller], timeout=0):
        return False
    with suppress(OSError):
        return caller.recv(1, socket.MSG_PEEK) == b""
    return True
