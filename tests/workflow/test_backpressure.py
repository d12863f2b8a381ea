"""Load toward the endpoints is bounded, and what is beyond the bound waits instead of failing."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.harness.instant_models import NO
from tests.workflow.steps import drawing

UPLOADS = 12


@pytest.fixture
def one_at_a_time(deployed) -> Iterator[None]:
    """QueryImage may run once at a time, which is what `-c modelConcurrency=1` deploys."""
    functions = deployed.client("lambda")
    name = next(f for f in functions.list_functions()["Functions"] if "QueryImage" in f["FunctionName"])["FunctionName"]
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    yield
    functions.delete_function_concurrency(FunctionName=name)


def test_uploads_beyond_the_bound_wait_their_turn_and_all_get_a_verdict(one_at_a_time, laptop, models):
    guard, now, most = threading.Lock(), 0, 0

    def look(png):
        nonlocal now, most
        with guard:
            now += 1
            most = max(most, now)
        time.sleep(0.1)
        with guard:
            now -= 1
        return "a drawing of a tree"

    models.answer, models.caption = (lambda png, prompt: NO), look
    keys = [f"pressure/{number}.png" for number in range(UPLOADS)]
    with ThreadPoolExecutor(UPLOADS) as pool:
        list(pool.map(lambda key: laptop.upload(key, drawing()), keys))

    records = [laptop.wait_for_verdict(key, timeout_s=60) for key in keys]

    assert {record["verdict"] for record in records} == {"safe"}
    assert most == 1
    events = [event for record in records for event in laptop.history(record["execution"])]
    refused = [
        e for e in events if e.get("taskFailedEventDetails", {}).get("error") == "Lambda.TooManyRequestsException"
    ]
    assert refused, "none was ever refused: the bound wasn't reached"
