"""Resource usage in round numbers, and a load, that a person can calculate with by hand."""

from dataclasses import replace
from typing import Any

from moderate.costs.resource_usage import Measured, ResourceUsage

SAFE = ResourceUsage(
    transitions=9,  # read
    invocations=5,
    gb_seconds=0.5,
    function_seconds=0.3,
    workflow_seconds=0.4,
    queries=1,
    s3_writes=6,
    s3_reads=11,
    work_bytes=100_000,
    write_units=10,
    read_units=1,
    stored_bytes=5_000,
    item_bytes=4_000,
    listed_bytes=512,
    publishes=0,
    log_bytes=16_800,
)
UNSAFE = replace(SAFE, transitions=10, invocations=6, write_units=16, publishes=1)
REUSED = replace(SAFE, transitions=7, invocations=3, queries=0, s3_writes=5, s3_reads=8, work_bytes=100_000)
MANY = replace(SAFE, transitions=15, queries=7, s3_writes=18, invocations=11)
MEASURED = Measured("a desk", "2026-11-23", safe=SAFE, unsafe=UNSAFE, reused=REUSED, many_views=MANY, views=7)
PLAIN: dict[str, Any] = {
    "unsafe_share": 0.0,
    "review_share": 0.0,
    "judged_share": 1.0,
    "blip2_seconds": 0.2,
    "llama_seconds": 1.0,
    "reading_seconds": 0.0,
}
