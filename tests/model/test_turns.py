"""Slow models on the laptop: one caller at a time, a bounded queue, and no work for callers who have hung up."""

import json
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from werkzeug.serving import make_server

from local.cloud.endpoints import EndpointForwarder
from local.models.container import Reply
from local.models.server import SageMakerRuntime
from local.models.turns import Turns
from moderation.adapters.container_words import container_fault
from moderation.errors import EndpointThrottled
from tests.model.runtime_client import client_of
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class SlowModel:
    """Answers each request with its body once `finish` allows it, and remembers what it worked on."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self._finished = threading.Semaphore(0)
        self._lock = threading.Lock()

    def invoke(self, body: bytes, attributes: str) -> Reply:
        with self._lock:
            self.begun.append(json.loads(body))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        assert self._finished.acquire(timeout=30)
        with self._lock:
            self.at_once -= 1
        return Reply(200, body)

    def finish(self, requests: int) -> None:
        self._finished.release(requests)

    def close(self) -> None:
        pass


@contextmanager
def _served(application: "WSGIApplication") -> Iterator[str]:
    http = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.port}"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def _unknown(environ: object, start_response: object) -> list[bytes]:
    raise AssertionError("No such service here.")


@contextmanager
def _cloud(model: SlowModel, turns: Turns) -> Iterator[str]:
    """The model server behind the emulator's forwarder, as a function reaches it."""
    with ExitStack() as stack:
        models = stack.enter_context(_served(SageMakerRuntime({"llama": model}, {}, {"llama": turns})))
        yield stack.enter_context(_served(EndpointForwarder(_unknown, models)))


def _ask(url: str, word: str) -> str:
    answer = client_of(url).invoke_endpoint(EndpointName="llama", Body=json.dumps(word))
    return str(json.loads(answer["Body"].read()))


def _connect_and_ask(url: str, word: str) -> socket.socket:
    address = urlsplit(url)
    assert address.hostname and address.port
    caller = socket.create_connection((address.hostname, address.port))
    body = json.dumps(word)
    caller.sendall(
        f"POST /endpoints/llama/invocations HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    return caller


def test_a_slow_model_works_for_one_caller_at_a_time_and_answers_all() -> None:
    model = SlowModel()
    with _cloud(model, Turns()) as url, ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(_ask, url, word) for word in ("a", "b", "c", "d")]
        model.finish(4)

        assert [answer.result() for answer in answers] == ["a", "b", "c", "d"]
    assert model.most_at_once == 1


def test_a_full_queue_is_busy_and_the_workflow_retries_it() -> None:
    model = SlowModel()
    turns = Turns(places=1)
    with _cloud(model, turns) as url, ThreadPoolExecutor(2) as pool:
        first = pool.submit(_ask, url, "first")
        eventually(lambda: model.begun == ["first"])
        second = pool.submit(_ask, url, "second")
        eventually(lambda: turns.waiting == 1)
        error = _error(url, "third")
        model.finish(2)
        assert (first.result(), second.result()) == ("first", "second")

    fault = container_fault("llama", int(error["OriginalStatusCode"]), str(error["OriginalMessage"]))
    assert isinstance(fault, EndpointThrottled)
    assert "third" not in model.begun


def test_who_waits_too_long_is_told_to_come_back_and_costs_the_model_nothing() -> None:
    model = SlowModel()
    with _cloud(model, Turns(wait_s=0.3)) as url, ThreadPoolExecutor(1) as pool:
        first = pool.submit(_ask, url, "first")
        eventually(lambda: model.begun == ["first"])
        error = _error(url, "second")
        model.finish(1)
        assert first.result() == "first"

    assert error and error["OriginalStatusCode"] == 503
    assert model.begun == ["first"]


def test_no_work_is_done_for_callers_who_hung_up_while_they_waited() -> None:
    model = SlowModel()
    turns = Turns()
    with _cloud(model, turns) as url, ThreadPoolExecutor(2) as pool:
        first = pool.submit(_ask, url, "first")
        eventually(lambda: model.begun == ["first"])
        impatient = [_connect_and_ask(url, "impatient") for _ in range(5)]
        eventually(lambda: turns.waiting == 5)
        for caller in impatient:
            caller.close()
        eventually(lambda: turns.waiting == 0)
        last = pool.submit(_ask, url, "last")
        model.finish(2)
        assert (first.result(), last.result()) == ("first", "last")

    assert model.begun == ["first", "last"]


def test_a_caller_who_hangs_up_while_it_is_served_leaves_the_turn_to_the_next() -> None:
    model = SlowModel()
    turns = Turns()
    with _cloud(model, turns) as url, ThreadPoolExecutor(1) as pool:
        gone = _connect_and_ask(url, "gone")
        eventually(lambda: model.begun == ["gone"])
        second = pool.submit(_ask, url, "second")
        eventually(lambda: turns.waiting == 1)
        gone.close()
        model.finish(2)
        assert second.result() == "second"

    assert (model.most_at_once, model.at_once) == (1, 0)


def test_a_storm_of_callers_ends_with_an_answer_for_all_who_stay_and_come_back() -> None:
    model = SlowModel()
    turns = Turns()
    model.finish(1000)
    with _cloud(model, turns) as url, ThreadPoolExecutor(50) as pool:
        leaving = [pool.submit(_leave, url, reset) for reset in (False, True) for _ in range(15)]
        staying = [pool.submit(_persist, url, f"stays {number}") for number in range(20)]
        answers = [answer.result() for answer in staying]
        for caller in leaving:
            caller.result()
        eventually(lambda: turns.waiting == 0)
        assert _ask(url, "after") == "after"

    assert answers == [f"stays {number}" for number in range(20)]
    assert (model.most_at_once, model.at_once) == (1, 0)


def _leave(url: str, reset: bool) -> None:
    """Ask, and hang up soon, politely or as a process that is killed does."""
    with _connect_and_ask(url, "leaves") as caller:
        if reset:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        time.sleep(random.random() / 5)


def _persist(url: str, word: str) -> str:
    """Ask until there is a place in the queue."""
    while True:
        try:
            return _ask(url, word)
        except ClientError as error:
            assert dict(error.response)["OriginalStatusCode"] == 503
            time.sleep(0.05)


def _error(url: str, word: str) -> dict[str, Any]:
    with pytest.raises(ClientError) as raised:
        _ask(url, word)
    return dict(raised.value.response)
