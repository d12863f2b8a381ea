"""A handler whose process hangs or dies, in the double as in DJL Serving 0.35.0."""

import json
import os
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from local.models import batching, hosting
from local.models.batching import Batcher, BatchSettings, ContainerGone, ContainerTimeout
from local.models.blip2 import HANDLER
from local.models.container import Reply
from local.models.hosting import SupervisedContainer
from local.models.py_process import PyProcess, StartFailed
from tests.support.waiting import PATIENCE_S, eventually

MOODY = """
    import os, time
    from djl_python import Input, Output

    def handle(inputs):
        if inputs.is_empty():
            return None
        bodies = [item.get_as_bytes() for item in inputs.get_batches()]
        if b"hang" in bodies:
            open(os.path.join(os.path.dirname(__file__), "hanging"), "w").close()
            time.sleep(60)
        if b"die" in bodies:
            os._exit(9)
        output = Output()
        for index, body in enumerate(bodies):
            output.add(str(os.getpid()), batch_index=index if inputs.is_batch() else None)
        return output
"""
TOGETHER = BatchSettings(size=2, delay_ms=60_000, queue_size=10)
ALONE = BatchSettings(size=1, delay_ms=0, queue_size=10)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Batcher]]:
    """Start the moody handler behind a batcher, which waits `late_s` for a call."""
    (tmp_path / "model.py").write_text(textwrap.dedent(MOODY))
    started: list[Batcher] = []

    def make(settings: BatchSettings = ALONE, fail_fast: bool = False, late_s: float = 60) -> Batcher:
        started.append(Batcher(PyProcess(tmp_path, {"predict_timeout": str(late_s)}), settings, fail_fast))
        return started[-1]

    yield make
    for batcher in started:
        batcher.close()


@pytest.fixture(autouse=True)
def _frequent_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosting, "PING_S", 0.05)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (b"hang", "java.util.concurrent.TimeoutException"),
        (b"die", "java.util.concurrent.ExecutionException: java.io.IOException: Python worker disconnected."),
    ],
)
def test_a_process_that_is_late_or_dies_fails_the_model_for_good(
    start: Callable[..., Batcher], fault: bytes, words: str
) -> None:
    batcher = start(TOGETHER, late_s=1)
    pid = int(_at_once(batcher, b"fine", b"fine")[0].body)
    assert batcher.ping() == 200

    replies = _at_once(batcher, fault, b"fine")

    assert [(reply.status, json.loads(reply.body)["message"]) for reply in replies] == [(503, words)] * 2
    assert batcher.ping() == 500
    later = [batcher.invoke(b"fine") for _ in range(2)]
    assert [reply.status for reply in later] == [503, 503]
    assert "Model is not ready" in json.loads(later[0].body)["message"]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_is_queued_behind_it_is_never_answered(
    start: Callable[..., Batcher], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "INVOCATION_TIMEOUT_S", 1.5)
    batcher = start(late_s=1)
    hanging = threading.Thread(target=batcher.invoke, args=(b"hang",))
    hanging.start()
    eventually((tmp_path / "hanging").exists)

    with pytest.raises(ContainerTimeout):
        batcher.invoke(b"fine")
    hanging.join()


def test_a_process_that_dies_while_it_is_idle_is_no_failure(start: Callable[..., Batcher]) -> None:
    """DJL neither starts it again nor says so in its health: PyPredictor's TranslateException is a 400."""
    batcher = start()
    process = psutil.Process(int(batcher.invoke(b"fine").body))
    process.kill()
    eventually(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)

    reply = batcher.invoke(b"fine")

    assert (reply.status, json.loads(reply.body)["message"]) == (400, "Backend Python process is stopped.")
    assert batcher.ping() == 200


@pytest.mark.parametrize("ask", [lambda batcher: batcher.ping(), lambda batcher: batcher.invoke(b"fine")])
def test_with_fail_fast_the_container_exits_when_its_status_is_asked_for(
    start: Callable[..., Batcher], ask: Callable[[Batcher], object]
) -> None:
    batcher = start(fail_fast=True, late_s=1)
    assert batcher.invoke(b"hang").status == 503

    for _ in range(2):
        with pytest.raises(ContainerGone):
            ask(batcher)


def test_an_exit_cuts_off_what_is_queued(start: Callable[..., Batcher], tmp_path: Path) -> None:
    batcher = start(BatchSettings(size=1, delay_ms=0, queue_size=1), fail_fast=True, late_s=2)
    threads = [threading.Thread(target=batcher.invoke, args=(b"hang",))]
    cut = threading.Event()

    def queue() -> None:
        with pytest.raises(ContainerGone):
            batcher.invoke(b"fine")
        cut.set()

    threads.append(threading.Thread(target=queue))
    threads[0].start()
    eventually((tmp_path / "hanging").exists)
    threads[1].start()
    eventually(lambda: batcher.full)
    threads[0].join()
    with pytest.raises(ContainerGone):
        batcher.ping()
    threads[1].join(PATIENCE_S)

    assert cut.is_set()


def test_a_container_that_exits_is_replaced(start: Callable[..., Batcher]) -> None:
    hosted = SupervisedContainer(lambda: start(fail_fast=True, late_s=1))
    first = hosted.invoke(b"fine").body

    assert hosted.invoke(b"hang").status == 503
    second = _answer_of_the_next(hosted)
    hosted.close()

    assert (second.status, first != second.body) == (200, True)


def test_one_that_is_unhealthy_stays(start: Callable[..., Batcher], monkeypatch: pytest.MonkeyPatch) -> None:
    pings, ping = [], Batcher.ping

    def counted(self: Batcher) -> int:
        pings.append(ping(self))
        return pings[-1]

    monkeypatch.setattr(Batcher, "ping", counted)
    hosted = SupervisedContainer(start)
    hosted.invoke(b"die")
    eventually(lambda: pings.count(500) >= 3)

    assert (hosted.ping(), hosted.invoke(b"fine").status) == (500, 503)
    hosted.close()


def test_a_start_that_fails_is_tried_again(start: Callable[..., Batcher], caplog: pytest.LogCaptureFixture) -> None:
    outcomes = iter([None, StartFailed("no room"), None])

    def moody_start() -> Batcher:
        outcome = next(outcomes)
        if outcome:
            raise outcome
        return start(fail_fast=True)

    hosted = SupervisedContainer(moody_start)
    hosted.invoke(b"die")
    answer = _answer_of_the_next(hosted)
    hosted.close()

    assert answer.status == 200
    assert "no room" in caplog.text


@pytest.mark.parametrize(
    ("source", "timeout_s", "words"),
    [
        ("def handle(inputs):\n    raise OSError('no weights')", 60, "OSError: no weights"),
        ("import nothing_of_that_name", 60, "ModuleNotFoundError"),
        ("import os\ndef handle(inputs):\n    os._exit(3)", 60, "ended with status 3"),
        ("import time\ndef handle(inputs):\n    time.sleep(60)", 1, "wasn't loaded after 1 s"),
    ],
)
def test_a_handler_that_cant_be_loaded_says_why(tmp_path: Path, source: str, timeout_s: int, words: str) -> None:
    (tmp_path / "model.py").write_text(source)

    with pytest.raises(StartFailed, match=words):
        PyProcess(tmp_path, {"model_loading_timeout": str(timeout_s)})


def test_sigterm_ends_what_is_decoded_with_a_sentence(
    tmp_path: Path, checkpoint: Path, picture: Callable[..., Image.Image], encoded: Callable[..., str]
) -> None:
    """The real handler in a process of its own: a second passes with each step, and at the tenth comes SIGTERM."""
    (tmp_path / "model.py").write_text(
        textwrap.dedent(
            f"""
            import os, signal
            from pathlib import Path
            from local.models.container import load_handler

            real = load_handler(Path({str(HANDLER)!r}))
            steps = []

            def step(*_):
                steps.append(1)
                if len(steps) == 10:
                    os.kill(os.getpid(), signal.SIGTERM)

            def handle(inputs):
                first = inputs.is_empty()
                output = real.handle(inputs)
                if first:
                    blip2 = real._service._blip2
                    blip2.deadline.clock = lambda: len(steps)
                    blip2._model.language_model.lm_head.register_forward_hook(step)
                return output
            """
        )
    )
    process = PyProcess(tmp_path, {"model_id": str(checkpoint)})
    request = {"image": encoded(picture()), "prompt": "Question: why? Answer:"}
    slow = json.dumps({**request, "parameters": {"max_new_tokens": 256}}).encode()
    quick = json.dumps({**request, "parameters": {"max_new_tokens": 2}}).encode()

    late, answered = process.invoke([slow, quick])
    follows = process.invoke([quick])
    process.close()

    error = json.loads(late.body)
    assert error["code"] == 504
    assert "is being stopped" in error["error"]
    assert b'"error"' not in answered.body
    assert [reply.status for reply in follows] == [504]
    assert not process.ready


def _answer_of_the_next(hosted: SupervisedContainer) -> Reply:
    def answer() -> Reply | None:
        try:
            reply = hosted.invoke(b"fine")
        except ContainerGone:
            return None
        return reply if reply.status == 200 else None

    return eventually(answer)


def _at_once(batcher: Batcher, *bodies: bytes) -> list[Reply]:
    replies: dict[int, Any] = {}

    def send(index: int) -> None:
        replies[index] = batcher.invoke(bodies[index])

    threads = [threading.Thread(target=send, args=(index,)) for index in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [replies[index] for index in range(len(bodies))]
