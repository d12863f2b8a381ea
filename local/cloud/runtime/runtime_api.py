"""Lambda Runtime API for one execution environment, on a loopback port of its own.

The client in the worker polls `GET …/invocation/next` and posts results back.
Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import queue
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Invocation:
    request_id: str
    event: bytes
    deadline_ms: int
    function_arn: str

    def headers(self) -> dict[str, str]:
        """Return the headers of the event. The trace isn't sampled, since nothing collects it here."""
        return {
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.function_arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-5759e988-{self.request_id.replace('-', '')[:24]};Sampled=0",
            "Content-Type": "application/json",
        }


@dataclass(frozen=True)
class Posted:
    """Message from a worker: the result of an invocation, or the reason why it couldn't start."""

    payload: str
    failed: bool


class Exited:
    """The worker's process ended without a result."""


class LambdaRuntimeApi:
    """Passes invocations to one worker and collects its results."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.start_failed = False
        self.outcomes: queue.Queue[Posted | Exited] = queue.Queue()
        self._invocations: queue.Queue[Invocation | None] = queue.Queue()
        self._server = _Server(("127.0.0.1", 0), _handler_for(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def hand_over(self, invocation: Invocation) -> None:
        self._invocations.put(invocation)

    def next_invocation(self) -> Invocation | None:
        """Wait for the next invocation and return it, None when the environment closes."""
        self.ready.set()
        return self._invocations.get()

    def post(self, outcome: Posted | Exited) -> None:
        """Store a worker's message; it also wakes a caller that waits for a failed start."""
        self.outcomes.put(outcome)
        self.ready.set()

    def close(self) -> None:
        self._invocations.put(None)
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Ignore broken connections: the worker has ended, which its watcher notices."""


def _handler_for(api: LambdaRuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            invocation = api.next_invocation()
            if invocation is None:
                self.close_connection = True
            else:
                self._answer(200, invocation.event, invocation.headers())

        def do_POST(self) -> None:
            body = self._body()
            self._answer(202, b"{}", {})
            api.start_failed = api.start_failed or self.path.endswith("/init/error")
            api.post(Posted(body.decode(), failed=self.path.endswith("/error")))

        def log_message(self, *_: Any) -> None:
            """Log nothing: the worker's own output is the log."""

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                return b"".join(iter(self._chunk, b""))
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def _chunk(self) -> bytes:
            size = int(self.rfile.readline().split(b";")[0], 16)
            data = self.rfile.read(size)
            self.rfile.readline()
            return data

        def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
