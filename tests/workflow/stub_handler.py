"""A Lambda handler for tests: fails by the plan in the object's key, `<state>|<error>|<times>/…`, then succeeds.

It stands in for all six functions of the workflow; `ME` says for which.
"""

import os
from pathlib import Path


def handler(event, context):
    me = os.environ["ME"]
    key = event.get("key") or event.get("prefix") or event["input"]["key"]
    state, error, times = key.split("/")[0].split("|")
    if state == me and "stopped" not in event and attempt(key) <= int(times):
        raise type(error, (Exception,), {})("injected by a test")
    return {
        "PrepareImage": {"prefix": key, "items": [{"step": int(state == "ReadImage"), "query": 0}]},
        "RecordVerdict": {"verdict": "unsafe", "notify": True},
    }.get(me)


def attempt(key: str) -> int:
    """The number of invocations with the key, this one included; workers share the file."""
    path = Path(os.environ["COUNTERS"]) / key.replace("/", "_")
    with path.open("a") as file:
        file.write("x")
    return path.stat().st_size
