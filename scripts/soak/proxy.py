"""A proxy between the pipeline and the laptop cloud: it passes calls on, and lets some fail as the plan says."""

import json
import select
import socket
import struct
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Mapping
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psutil
import urllib3

from scripts.soak.faults import STEPS, Fault, How, Plan

SLOW_S = 1.5
SILENT_S = 12  # the functions' clients of stores give up after 10
_PATIENCE_S = 900  # the workflow's own client waits as long
_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
# A call that a test wants to fail for good: its name, path and body → what happens to it.
Doom = Callable[[str, str, bytes], Fault | None]


class FaultProxy:
    """`with FaultProxy(plan, doom) as proxy:` listens at `proxy.url`; `connect` it once the cloud is there.

    `abort` stops an execution by its name. `repeats` counts by call how often the workflow repeated one.
    """

    def __init__(self, plan: Plan, doom: Doom = lambda call, path, body: None) -> None:
        self.plan, self.doom = plan, doom
        self.cloud: urllib3.HTTPConnectionPool  # once it is connected
        self.abort: Callable[[str], None] = lambda name: None
        self.aborted: set[str] = set()
        self.doomed: Counter[str] = Counter()
        self.repeats: Counter[str] = Counter()
        self.broken: list[str] = []  # what the proxy itself couldn't do: must stay empty
        self._seen: set[int] = set()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler_for(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "FaultProxy":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def connect(self, cloud: str) -> None:
        """Say where the services are."""
        self.cloud = _pool(cloud)

    def fate(self, call: str, path: str, body: bytes) -> Fault | None:
        """What happens to this call."""
        if call.startswith("workflow:"):
            self._note_repeat(call, body)
        if self.plan.failing and (fault := self.doom(call, path, body)):
            with self._lock:
                self.doomed[fault.kind] += 1
            return fault
        return self.plan.next(call)

    def stop_execution(self, body: bytes) -> None:
        """Abort the execution that makes this call."""
        name = execution_of(body)
        with self._lock:
            self.aborted.add(name)
        self.abort(name)

    def _note_repeat(self, call: str, body: bytes) -> None:
        """A workflow's calls all differ, but for those that it repeats."""
        identity = hash((call, body))
        with self._lock:
            if identity in self._seen:
                self.repeats[call] += 1
            self._seen.add(identity)


def call_of(method: str, path: str, headers: Mapping[str, str] | Message, body: bytes) -> str:
    """Who calls what, as the table of faults names it."""
    caller = "function" if "AWS_Lambda" in headers.get("User-Agent", "") else "workflow"
    return f"{caller}: {_operation(method, path, headers, body)}"


def _operation(method: str, path: str, headers: Mapping[str, str] | Message, body: bytes) -> str:
    if target := headers.get("X-Amz-Target"):
        return f"{'DynamoDB' if target.startswith('DynamoDB') else 'States'} {target.rsplit('.', 1)[-1]}"
    if path.startswith("/endpoints/"):
        return f"SageMaker InvokeEndpoint {path.split('/')[2]}"
    if path.endswith("/invocations"):
        return f"Lambda Invoke {next(step for step in STEPS if step in path)}"
    if b"Action=Publish" in body:
        return "SNS Publish"
    tagging = "Tagging" if "tagging" in urllib.parse.urlsplit(path).query else ""
    return f"S3 {method.title()}Object{tagging}"


def execution_of(body: bytes) -> str:
    """The name of the execution that makes a call of the workflow."""
    given = json.loads(body)
    if "ExpressionAttributeValues" in given:
        return str(given["ExpressionAttributeValues"][":me"]["S"]).rsplit(":", 1)[-1]
    if "execution" in given:
        return str(given["execution"]).rsplit(":", 1)[-1]
    return str(given["prefix"]).rstrip("/").rsplit("/", 1)[-1]


def kill_caller(port: int) -> None:
    """Kill the process that holds the other end of a connection from this local port."""
    for process in psutil.Process().children(recursive=True):
        try:
            if any(link.laddr.port == port for link in process.net_connections("tcp")):
                process.kill()
                return
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # ended meanwhile


def _pool(url: str) -> urllib3.HTTPConnectionPool:
    return urllib3.connectionpool.connection_from_url(url, maxsize=100, retries=False, timeout=_PATIENCE_S)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """A caller that was killed or has given up."""


Answer = tuple[int, list[tuple[str, str]], bytes]  # status, headers, body


def _handler_for(proxy: FaultProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._serve()

        def do_PUT(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, *_: Any) -> None:
            """Silent."""

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fault = proxy.fate(call_of(self.command, self.path, self.headers, body), self.path, body)
            if fault:
                self._fail(fault, body)
            else:
                self._send(self._forward(body))

        def _fail(self, fault: Fault, body: bytes) -> None:
            match fault.how:
                case How.ANSWER:
                    self._send(_as_answer(fault))
                case How.RESET:
                    # without lingering the kernel sends a reset instead of a polite end
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
                case How.LOST:
                    self._forward(body)
                    self.close_connection = True
                case How.TRUNCATED:
                    self._send(self._forward(body), cut=True)
                case How.GARBLED:
                    self._forward(body)
                    self._send(_as_answer(fault))
                case How.SLOW:
                    time.sleep(SLOW_S)
                    self._send(self._forward(body))
                case How.SILENT:
                    select.select([self.connection], [], [], SILENT_S)  # readable: the caller has hung up
                    self.close_connection = True
                case How.KILLED_BEFORE:
                    kill_caller(self.client_address[1])
                    self.close_connection = True
                case How.KILLED_AFTER:
                    self._forward(body)
                    kill_caller(self.client_address[1])
                    self.close_connection = True
                case How.ABORTED:
                    proxy.stop_execution(body)
                    self._send(self._forward(body))

        def _forward(self, body: bytes) -> Answer:
            try:
                # as it came: the emulator reads the region, the service and the caller from the signature
                answer = proxy.cloud.urlopen(self.command, self.path, body, {**self.headers}, decode_content=False)
            except urllib3.exceptions.HTTPError as fault:
                proxy.broken.append(f"{self.command} {self.path}: {fault!r}")
                raise
            headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in _HOP]
            return answer.status, headers, answer.data

        def _send(self, answer: Answer, cut: bool = False) -> None:
            status, headers, body = answer
            if cut and len(body) < 2:  # there is nothing to cut: the answer is lost
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = self.close_connection or cut

    return Handler


def _as_answer(fault: Fault) -> Answer:
    if fault.reply is None:
        raise ValueError(f"The fault {fault.kind!r} needs a reply.")
    headers = [("Content-Type", fault.reply.content_type), ("x-amzn-RequestId", "injected")]
    if fault.reply.error_type:
        headers.append(("x-amzn-ErrorType", fault.reply.error_type))
    return fault.reply.status, headers, fault.reply.body
