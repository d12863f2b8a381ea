"""The `djl_python` double behaves as the notes on DJL Serving say."""

import json
import textwrap
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from local.models.batching import Batcher, BatchSettings
from local.models.blip2 import HANDLER
from local.models.container import Container, Reply
from local.models.djl_properties import parse_properties
from local.models.djl_python import Input, Output
from tests.support.waiting import eventually


def test_properties_arrive_only_in_the_empty_first_call(handler: Callable[[str], Container]) -> None:
    container = handler(
        """
        calls = []
        def handle(inputs):
            calls.append([inputs.is_empty(), inputs.get_property("MODEL_ID")])
            return None if inputs.is_empty() else Output().add(calls)
        """
    )

    (reply,) = container.invoke([b"{}"])

    assert json.loads(reply.body) == [[True, "weights"], [False, None]]


def test_a_single_request_is_no_batch(handler: Callable[[str], Container]) -> None:
    container = handler(
        """
        def handle(inputs):
            if inputs.is_empty():
                return None
            same = inputs.get_batches() == [inputs]
            return Output().add_property("content-type", "text/plain").add(f"{inputs.is_batch()} {same}")
        """
    )

    assert container.invoke([b"x"]) == [Reply(200, b"False True", "text/plain")]


def test_a_batch_is_split_into_its_items(handler: Callable[[str], Container]) -> None:
    container = handler(
        """
        def handle(inputs):
            if inputs.is_empty():
                return None
            output = Output()
            for index, item in reversed(list(enumerate(inputs.get_batches()))):
                output.add(item.get_as_string().upper(), batch_index=index)
            return output
        """
    )

    assert [reply.body for reply in container.invoke([b"a", b"b", b"c"])] == [b"A", b"B", b"C"]


def test_a_batch_must_get_one_content_an_item(handler: Callable[[str], Container]) -> None:
    container = handler("def handle(inputs):\n    return None if inputs.is_empty() else Output().add('only one')")

    replies = container.invoke([b"a", b"b"])

    assert [reply.status for reply in replies] == [400, 400]
    assert "expected: 2, actual: 1" in json.loads(replies[0].body)["message"]


@pytest.mark.parametrize(("error", "status"), [("ValueError", 424), ("MemoryError", 507)])
def test_an_uncaught_exception_fails_the_whole_batch(
    handler: Callable[[str], Container], error: str, status: int
) -> None:
    container = handler(
        f"""
        def handle(inputs):
            if not inputs.is_empty():
                raise {error}("out of luck")
        """
    )

    replies = container.invoke([b"a", b"b"])

    assert [reply.status for reply in replies] == [status, status]
    assert json.loads(replies[0].body)["error"] == "out of luck"


def test_an_error_is_json_with_its_code() -> None:
    output = Output().error("the image is damaged", code=400, message="bad request")

    assert output.code == 400
    assert output.properties["content-type"] == "application/json"
    assert json.loads(output.content[0][1]) == {
        "code": 400,
        "message": "bad request",
        "error": "the image is damaged",
    }


def test_properties_of_a_batch_go_to_their_items() -> None:
    batch = Input()
    batch.properties = {"batch_size": "2", "batch_001.Content-Type": "application/json"}
    batch.content = [("batch_000.data", b"0"), ("batch_001.data", b"1")]

    first, second = batch.get_batches()

    assert (first.get_property("content-type"), second.get_property("content-type")) == (None, "application/json")
    assert second.get_as_json() == 1


def test_an_item_without_content_is_none() -> None:
    batch = Input()
    batch.properties = {"batch_size": "2"}
    batch.content = [("batch_001.data", b"1")]

    empty, full = batch.get_batches()

    assert (empty.get_as_bytes(), empty.get_as_bytes("data"), full.get_as_bytes()) == (None, None, b"1")
    with pytest.raises(KeyError):
        full.get_as_bytes("other")
    with pytest.raises(AttributeError):
        empty.get_as_json()


def test_requests_that_come_together_are_answered_together() -> None:
    container = _Recorder()
    batcher = Batcher(container, BatchSettings(size=3, delay_ms=60_000, queue_size=10))

    replies = _at_once(batcher, [b"a", b"b", b"c"])
    batcher.close()

    assert replies == {b"a": b"a!", b"b": b"b!", b"c": b"c!"}
    assert [len(batch) for batch in container.batches] == [3]  # full before its time was up


def test_a_lone_request_is_answered_after_the_delay() -> None:
    """By itself, though its batch could still fill."""
    container = _Recorder()
    batcher = Batcher(container, BatchSettings(size=8, delay_ms=50, queue_size=10))

    begin = time.monotonic()
    reply = batcher.invoke(b"a")
    waited = time.monotonic() - begin
    batcher.close()

    assert reply.body == b"a!"
    assert [len(batch) for batch in container.batches] == [1]
    assert waited >= 0.05


def test_a_full_queue_is_a_503() -> None:
    container = _Recorder(busy=True)
    batcher = Batcher(container, BatchSettings(size=1, delay_ms=0, queue_size=1))
    waiting = [threading.Thread(target=batcher.invoke, args=(body,)) for body in (b"a", b"b")]
    waiting[0].start()
    container.entered.wait()
    waiting[1].start()
    eventually(lambda: batcher.full)

    reply = batcher.invoke(b"c")
    container.release.set()
    for thread in waiting:
        thread.join()
    batcher.close()

    assert reply.status == 503


def test_the_settings_are_those_of_the_container() -> None:
    properties = parse_properties((HANDLER / "serving.properties").read_text())

    assert BatchSettings.of(properties, {}) == BatchSettings(size=8, delay_ms=10, queue_size=64)


class _Recorder:
    """Answers with an exclamation mark and remembers the batches."""

    ready = True

    def __init__(self, busy: bool = False) -> None:
        self.batches: list[list[bytes]] = []
        self.entered, self.release = threading.Event(), threading.Event()
        if not busy:
            self.release.set()

    def invoke(self, bodies: Sequence[bytes | None]) -> list[Reply]:
        self.entered.set()
        self.release.wait()
        batch = [body for body in bodies if body is not None]
        self.batches.append(batch)
        return [Reply(200, body + b"!") for body in batch]

    def terminate(self) -> None:
        pass

    def close(self) -> None:
        pass


def _at_once(batcher: Batcher, bodies: list[bytes]) -> dict[bytes, bytes]:
    replies: dict[bytes, bytes] = {}

    def send(body: bytes) -> None:
        replies[body] = batcher.invoke(body).body

    threads = [threading.Thread(target=send, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies


@pytest.fixture
def handler(tmp_path: Path) -> Callable[[str], Container]:
    """A container around a handler's source."""

    def make(source: str) -> Container:
        code = "from djl_python import Input, Output\n" + textwrap.dedent(source)
        (tmp_path / "model.py").write_text(code)
        return Container(tmp_path, {"model_id": "weights"})

    return make
