"""Servers that speak OpenAI's API badly: redirects, endless and damaged answers."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local.models import openai_server
from local.models.errors import UnusableModel
from local.models.openai_server import OpenAiServer
from local.models.vision_url import VisionUrl

CHAT: dict[str, Any] = {"messages": []}
COMPLETION = {"choices": [{"message": {"content": "No"}}]}
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class _Raw(BaseHTTPRequestHandler):
    """Lists a model, and answers a chat with the bytes that it was told to."""

    answer: Callable[[Any], None]

    def do_GET(self) -> None:
        listed = json.dumps({"data": [{"id": "eyes"}], **COMPLETION}).encode()
        self.wfile.write(JSON + b"Content-Length: %d\r\n\r\n" % len(listed) + listed)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.close_connection = True
        with suppress(OSError):  # the client hangs up, as it should
            type(self).answer(self.wfile)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def answering() -> Iterator[Callable[[Callable[[Any], None]], str]]:
    """Return a function that gives the address of a server with that answer."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Raw)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()

    def serve(answer: Callable[[Any], None]) -> str:
        _Raw.answer = staticmethod(answer)
        return f"http://127.0.0.1:{http.server_port}"

    yield serve
    http.shutdown()
    thread.join()
    http.server_close()


def _written(data: bytes) -> Callable[[Any], None]:
    return lambda file: file.write(data)


def _endless(file: Any) -> None:
    file.write(JSON + b"\r\n")
    while True:
        file.write(b" " * 65_536)


def _dripping(file: Any) -> None:
    file.write(JSON + b"\r\n")
    while True:
        file.write(b" ")
        threading.Event().wait(0.02)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_names_the_address(
    answering: Callable[[Callable[[Any], None]], str], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    moved = b"HTTP/1.1 %d Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n" % status
    base = answering(_written(moved))

    reply = VisionUrl(base).invoke(json.dumps(CHAT).encode(), "")

    assert reply.status == 502
    assert b"redirects to /elsewhere" in reply.body
    assert "VISION_URL: " in caplog.text and "redirects to /elsewhere" in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        JSON + b"Content-Length: 1000\r\n\r\n{",
        JSON + b"Content-Length: 200000\r\n\r\n" + b"[" * 200_000,
        b"\x00\x01garbage\r\n\r\n",
        b"",
    ],
    ids=["cut off", "nested deeply", "not HTTP", "nothing"],
)
def test_a_damaged_answer_is_a_failing_container(
    answering: Callable[[Callable[[Any], None]], str], answer: bytes
) -> None:
    reply = VisionUrl(answering(_written(answer))).invoke(json.dumps(CHAT).encode(), "")

    assert reply.status == 502
    assert b"gave no usable answer" in reply.body


def test_an_endless_answer_is_not_read_whole(answering: Callable[[Callable[[Any], None]], str]) -> None:
    with pytest.raises(ValueError, match="more than"):
        OpenAiServer("VISION_URL", answering(_endless)).complete(CHAT)


def test_an_answer_that_drips_times_out(
    answering: Callable[[Callable[[Any], None]], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai_server, "TIMEOUT_S", 0.3)

    with pytest.raises(TimeoutError):
        OpenAiServer("VISION_URL", answering(_dripping)).complete(CHAT)


def test_a_server_whose_list_is_elsewhere_is_refused_with_the_address(
    answering: Callable[[Callable[[Any], None]], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    base = answering(_written(b""))
    monkeypatch.setattr(
        _Raw,
        "do_GET",
        lambda self: self.wfile.write(
            b"HTTP/1.1 301 Moved\r\nLocation: https://eyes.example/v1/models\r\nContent-Length: 0\r\n\r\n"
        ),
    )

    with pytest.raises(UnusableModel, match=r"redirects to https://eyes\.example"):
        OpenAiServer("VISION_URL", base)
