"""Turns at a model that this machine can run for one caller at a time: a bounded queue that drops callers who hang up.

A slow model that works on requests whose callers have given up never catches up: each caller asks again.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PLACES = 8  # as many as an endpoint's instance is assumed to work on at once
# SageMaker waits 60 s for a container: what remains after the wait is enough for a model's own limit of 40 s.
WAIT_S = 15.0
POLL_S = 0.2


class Busy(Exception):
    """The queue is full, or no turn came in time: the caller may ask again later."""


class CallerGone(Exception):
    """The caller hung up before its turn."""


class Turns:
    """Queue of callers, of whom the first has the turn."""

    def __init__(self, places: int = PLACES, wait_s: float = WAIT_S) -> None:
        """`places` is the number of callers that may wait, each for `wait_s` seconds at most."""
        self._places, self._wait_s = places, wait_s
        self._callers: deque[object] = deque()
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """Number of callers without a turn."""
        with self._changed:
            return max(0, len(self._callers) - 1)

    @contextmanager
    def turn(self, has_hung_up: Callable[[], bool]) -> Iterator[None]:
        """Wait for the turn, and hold it to the end of the block. Raises Busy or CallerGone."""
        caller = object()
        with self._changed:
            if len(self._callers) > self._places:
                raise Busy
            self._callers.append(caller)
        try:
            self._await_turn(caller, has_hung_up)
            yield
        finally:
            with self._changed:
                self._callers.remove(caller)
                self._changed.notify_all()

    def _await_turn(self, caller: object, has_hung_up: Callable[[], bool]) -> None:
        until = time.monotonic() + self._wait_s
        while not self._is_first(caller):
            if time.monotonic() > until:
                raise Busy
            if has_hung_up():
                raise CallerGone
        if has_hung_up():
            raise CallerGone

    def _is_first(self, caller: object) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._callers[0] is caller, POLL_S)
