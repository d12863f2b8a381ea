"""Scaling of waits: LOCAL_TIME_SCALE divides those of the emulated services, so that hours of retries take minutes."""

import os

VARIABLE = "LOCAL_TIME_SCALE"


def scaled(seconds: float) -> float:
    """Return the real duration of a wait of `seconds`. Raises ValueError like `time_scale`."""
    return seconds / time_scale()


def time_scale() -> float:
    """Return the factor that waits are divided by, 1 by default. Raises ValueError if the variable is invalid."""
    text = os.environ.get(VARIABLE, "1")
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not 0 < scale < float("inf"):
        raise ValueError(f"{VARIABLE} is {text!r}: give a number above 0 (1 is real time).")
    return scale
