"""Background work of the services: deliveries and asynchronous invocations."""

import threading
from collections.abc import Callable
from typing import ParamSpec

P = ParamSpec("P")


def in_background(work: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    """Run `work` on a thread of its own, since it may wait for minutes before a retry.

    Its exceptions are printed into the emulator's log by threading's own hook.
    """
    threading.Thread(target=work, args=args, kwargs=kwargs, daemon=True).start()
