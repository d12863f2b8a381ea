"""Supervision of a container as by SageMaker: it is pinged, and replaced when it exits."""

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from local.models.batching import ContainerGone
from local.models.container import Reply

PING_S = 5.0

logger = logging.getLogger(__name__)


class Server(Protocol):
    """HTTP server in a container."""

    def ping(self) -> int:
        """The HTTP status of `GET /ping`. Raises ContainerGone."""

    def invoke(self, body: bytes) -> Reply:
        """Answer `POST /invocations`. Raises ContainerTimeout, ContainerGone."""

    def terminate(self) -> None:
        """Send SIGTERM to the container."""

    def close(self) -> None:
        """Answer the queued requests, then stop."""


class SupervisedContainer:
    """Container that is replaced when it exits, but not when it is unhealthy, which its `/ping` reports."""

    def __init__(self, start: Callable[[], Server]) -> None:
        """Start the first container with `start`, and raise what it raises."""
        self._start = start
        self._server: Server | None = start()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="sagemaker-ping", daemon=True)
        self._thread.start()

    def ping(self) -> int:
        """The HTTP status of the container's `/ping`. Raises ContainerGone."""
        return self._running().ping()

    def invoke(self, body: bytes) -> Reply:
        """Answer a request. Raises ContainerTimeout, ContainerGone."""
        return self._running().invoke(body)

    def terminate(self) -> None:
        """Send SIGTERM to the container."""
        if self._server:
            self._server.terminate()

    def close(self) -> None:
        """Answer the queued requests, then stop."""
        self._closing.set()
        self._thread.join()
        if self._server:
            self._server.close()

    def _running(self) -> Server:
        if self._server is None:
            raise ContainerGone
        return self._server

    def _watch(self) -> None:
        while not self._closing.wait(PING_S):
            try:
                self._running().ping()
            except ContainerGone:
                self._replace()

    def _replace(self) -> None:
        logger.warning("The container has exited; another one is started.")
        if self._server:
            self._server.close()
            self._server = None
        try:
            self._server = self._start()
        except Exception:
            logger.exception("The container can't be started; the next ping tries again.")
