"""Imported by Python as it starts: any connection is an error."""

import socket


def _refuse(*_args: object) -> None:
    raise AssertionError("synthesis opened a connection")


socket.socket.connect = _refuse  # type: ignore[method-assign]
socket.getaddrinfo = _refuse  # type: ignore[assignment]
