"""Waiting for what happens in the background."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S = 300  # ends a test that would hang; a busy machine doesn't come near it


def eventually(look: Callable[[], T | None], patience_s: float = PATIENCE_S) -> T:
    """Return the first truthy result of `look`. Fails after `patience_s`, showing the last one."""
    until = time.monotonic() + patience_s
    while not (found := look()):
        assert time.monotonic() < until, f"it didn't happen in time: {found}"
        time.sleep(0.02)
    return found
