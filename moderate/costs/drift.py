"""Work of the function that compares two weeks of verdicts once a day."""

import math
from dataclasses import dataclass

from moderate.costs.resource_usage import VCPU_MB, ResourceUsage

MEMORY_MB, TIMEOUT_SECONDS = 512, 900  # as deployed
_DAYS = 14  # of uploads, whose entries in the index by verdict are read
_DECISION_DAYS = 14 + 7  # of people's decisions: those since each week's start
_SAMPLED = 2 * 500  # whole records
# Processor time of an entry: parsed, counted, drawn from. Measured on the laptop, one thread.
_ENTRY_CPU_SECONDS = 0.00013
# Assumed: a read of a record takes this long, ten at once.
_RECORD_SECONDS = 0.015 / 10


@dataclass(frozen=True)
class DailyRun:
    """One run: index entries and whole records read, read units, and seconds of the function.

    `is_complete` is False for a load whose entries take longer than the function may; it then does what it can.
    """

    entries: float
    records: float
    read_units: float
    seconds: float
    is_complete: bool


def daily_run(images_per_day: float, review_share: float, image: ResourceUsage) -> DailyRun:
    """Return the work of a run; it is taken that people decide on every review."""
    entries = images_per_day * _DAYS
    records = min(_SAMPLED, entries) + images_per_day * _DECISION_DAYS * review_share
    seconds = entries * _ENTRY_CPU_SECONDS * VCPU_MB / MEMORY_MB + records * _RECORD_SECONDS
    done = min(1.0, TIMEOUT_SECONDS / seconds)
    units = entries * image.listed_bytes / 4096 / 2 + records * math.ceil(image.item_bytes / 4096)
    return DailyRun(entries * done, records * done, units * done, seconds * done, done == 1.0)
