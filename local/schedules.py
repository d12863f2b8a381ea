"""Schedules of the laptop cloud: the emulator keeps EventBridge's rules, and what is here invokes their functions."""

import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.cloud.clock import scaled
from local.deploy import client

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_PATIENCE_S = 5  # at the end, with a function that runs
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


@contextmanager
def schedules(url: str) -> Iterator[None]:
    """Invoke the functions of the rules that have a rate, as often as it says, until the end of the block.

    A function that fails leaves that in its log, and is invoked again the next time. Rules with a time of day never
    come: nobody leaves the laptop cloud running for that.
    """
    events, functions, end = client("events", url), client("lambda", url), threading.Event()
    repeated = [
        threading.Thread(target=_repeat, args=(end, seconds, partial(invoke, functions, target)), daemon=True)
        for seconds, target in _rated(events)
    ]
    for thread in repeated:
        thread.start()
    try:
        yield
    finally:
        end.set()
        for thread in repeated:
            thread.join(_PATIENCE_S)


def invoke(functions: Any, target: Mapping[str, Any]) -> dict[str, Any]:
    """Invoke the function of a rule's target as a schedule does, and return Lambda's answer."""
    event = {"version": "0", "id": str(uuid.uuid4()), "detail-type": "Scheduled Event", "source": "aws.events"}
    answer: dict[str, Any] = functions.invoke(
        FunctionName=target["Arn"], Payload=target.get("Input", json.dumps(event))
    )
    return answer


def _rated(events: Any) -> Iterator[tuple[float, Mapping[str, Any]]]:
    """Yield each target of the rules with a rate, and the seconds between two invocations."""
    for rule in events.list_rules()["Rules"]:
        if rate := _RATE.fullmatch(rule.get("ScheduleExpression", "")):
            for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                yield scaled(int(rate[1]) * _SECONDS[rate[2]]), target


def _repeat(end: threading.Event, seconds: float, action: Callable[[], object]) -> None:
    while not end.wait(seconds):
        with suppress(BotoCoreError, ClientError):
            action()
