"""Work that the services do after they have answered: deliveries, asynchronous invocations."""

import threading
from collections.abc import Callable
from typing import ParamSpec

P = ParamSpec("P")


def in_background(work: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    """Run `work` on a thread of its own, since it may wait for minutes before it tries again.

    What it raises is printed by threading's own hook, into the emulator's log: nobody waits for it.
    """
    threading.Thread(target=work, args=args, kwargs=kwargs, daemon=True).start()
