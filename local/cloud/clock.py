"""LOCAL_TIME_SCALE divides the waits of the emulated services, so that hours of retries pass in minutes."""

import os

VARIABLE = "LOCAL_TIME_SCALE"


def scaled(seconds: float) -> float:
    """The time to really wait for a wait of `seconds`. Raises ValueError like `time_scale`."""
    return seconds / time_scale()


def time_scale() -> float:
    """How many times faster waits pass; 1 unless the variable says otherwise. Raises ValueError if it's no scale."""
    text = os.environ.get(VARIABLE, "1")
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not 0 < scale < float("inf"):
        raise ValueError(f"{VARIABLE} is {text!r}: give a number above 0 (1 is real time).")
    return scale
