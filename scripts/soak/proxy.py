"""Proxy between the pipeline and the laptop cloud that injects faults as planned and forwards all other calls."""

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

from scripts.soak.faults import BACKFILL_STEPS, STEPS, Fault, FaultMode, FaultPlan

SLOW_S = 1.5
SILENT_S = 12  # the functions' clients for S3, DynamoDB and SNS time out after 10
_TIMEOUT_S = 900  # that of the workflow's own client
_POISONED = b"/poison/"  # in the keys of such pictures: see `SoakImage`
_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
# Decides on permanent faults: a call's name, path and body → its fault, None if it has none.
PermanentFaults = Callable[[str, str, bytes], Fault | None]


class FaultProxy:
    """`with FaultProxy(plan, permanent_fault) as proxy:` listens at `proxy.url`; call `connect` when the cloud is up.

    `abort` stops an execution by its name. `repeats` counts the workflow's retries by call. `begun` has the times at
    which executions of each name were started for a Distributed Map: one, however often the start was asked for.
    """

    def __init__(self, plan: FaultPlan, permanent_fault: PermanentFaults = lambda call, path, body: None) -> None:
        self.plan, self.permanent_fault = plan, permanent_fault
        self.cloud: urllib3.HTTPConnectionPool  # set by `connect`
        self.abort: Callable[[str], None] = lambda name: None
        self.aborted: set[str] = set()
        self.permanent_faults: Counter[str] = Counter()
        self.repeats: Counter[str] = Counter()
        self.begun: dict[str, set[float]] = {}
        self.failures: list[str] = []  # of the proxy itself: must stay empty
        self._seen: set[int] = set()
        self._lock = threading.Lock()
        self._server = _ProxyServer(("127.0.0.1", 0), _handler_for(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "FaultProxy":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def connect(self, cloud: str) -> None:
        """Set the URL of the laptop cloud."""
        self.cloud = _pool(cloud)

    def fault_for(self, call: str, path: str, body: bytes) -> Fault | None:
        """Count a call and return its fault, None if it is to succeed."""
        if call.startswith("workflow:"):
            self._note_repeat(call, body)
        if self.plan.failing and (fault := self.permanent_fault(call, path, body)):
            with self._lock:
                self.permanent_faults[fault.kind] += 1
            return fault
        # An aborted execution would never read the picture that is to kill its reader.
        return self.plan.next(call, may_abort=_POISONED not in body)

    def stop_execution(self, body: bytes) -> None:
        """Abort the execution that makes a call."""
        name = execution_of(body)
        with self._lock:
            self.aborted.add(name)
        self.abort(name)

    def note_start(self, body: bytes, answer: bytes) -> None:
        """Note an execution that was started, also one whose caller won't hear of it."""
        with self._lock:
            self.begun.setdefault(json.loads(body)["name"], set()).add(json.loads(answer)["startDate"])

    def _note_repeat(self, call: str, body: bytes) -> None:
        """Count a retry: apart from retries, all calls of a workflow differ."""
        identity = hash((call, body))
        with self._lock:
            if identity in self._seen:
                self.repeats[call] += 1
            self._seen.add(identity)


def call_of(method: str, path: str, headers: Mapping[str, str] | Message, body: bytes) -> str:
    """Return caller and operation, as `FAULTS` names them."""
    caller = "function" if "AWS_Lambda" in headers.get("User-Agent", "") else "workflow"
    return f"{caller}: {_operation(method, path, headers, body)}"


def _operation(method: str, path: str, headers: Mapping[str, str] | Message, body: bytes) -> str:
    if target := headers.get("X-Amz-Target"):
        return f"{'DynamoDB' if target.startswith('DynamoDB') else 'States'} {target.rsplit('.', 1)[-1]}"
    if path.startswith("/endpoints/"):
        return f"SageMaker InvokeEndpoint {path.split('/')[2]}"
    if path.endswith("/invocations"):
        return f"Lambda Invoke {next(step for step in STEPS + BACKFILL_STEPS if step in path)}"
    if b"Action=Publish" in body:
        return "SNS Publish"
    tagging = "Tagging" if "tagging" in urllib.parse.urlsplit(path).query else ""
    return f"S3 {method.title()}Object{tagging}"


def execution_of(body: bytes) -> str:
    """Return the name of the execution that makes a call of the workflow."""
    given = json.loads(body)
    if "ExpressionAttributeValues" in given:
        return str(given["ExpressionAttributeValues"][":me"]["S"]).rsplit(":", 1)[-1]
    if "execution" in given:
        return str(given["execution"]).rsplit(":", 1)[-1]
    return str(given["prefix"]).rstrip("/").rsplit("/", 1)[-1]


def kill_caller(port: int) -> None:
    """Kill the process whose connection uses this local port."""
    for process in psutil.Process().children(recursive=True):
        try:
            if any(link.laddr.port == port for link in process.net_connections("tcp")):
                process.kill()
                return
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # the process has ended


def _pool(url: str) -> urllib3.HTTPConnectionPool:
    return urllib3.connectionpool.connection_from_url(url, maxsize=100, retries=False, timeout=_TIMEOUT_S)


class _ProxyServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """Ignore the broken connections of callers that were killed or timed out."""


HttpResponse = tuple[int, list[tuple[str, str]], bytes]  # status, headers, body


def _handler_for(proxy: FaultProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._serve()

        def do_HEAD(self) -> None:
            self._serve()

        def do_PUT(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fault = proxy.fault_for(call_of(self.command, self.path, self.headers, body), self.path, body)
            if fault:
                self._fail(fault, body)
            else:
                self._send(self._forward(body))

        def _fail(self, fault: Fault, body: bytes) -> None:
            match fault.mode:
                case FaultMode.ANSWER:
                    self._send(_as_response(fault))
                case FaultMode.RESET:
                    # SO_LINGER 0 makes the kernel send RST instead of FIN
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
                case FaultMode.LOST:
                    self._forward(body)
                    self.close_connection = True
                case FaultMode.TRUNCATED:
                    self._send(self._forward(body), cut=True)
                case FaultMode.GARBLED:
                    self._forward(body)
                    self._send(_as_response(fault))
                case FaultMode.SLOW:
                    time.sleep(SLOW_S)
                    self._send(self._forward(body))
                case FaultMode.SILENT:
                    select.select([self.connection], [], [], SILENT_S)  # readable: the caller closed it
                    self.close_connection = True
                case FaultMode.KILLED_BEFORE:
                    kill_caller(self.client_address[1])
                    self.close_connection = True
                case FaultMode.KILLED_AFTER:
                    self._forward(body)
                    kill_caller(self.client_address[1])
                    self.close_connection = True
                case FaultMode.ABORTED:
                    proxy.stop_execution(body)
                    self._send(self._forward(body))

        def _forward(self, body: bytes) -> HttpResponse:
            try:
                # unchanged: the emulator reads region, service and caller from the signature
                answer = proxy.cloud.urlopen(self.command, self.path, body, {**self.headers}, decode_content=False)
            except urllib3.exceptions.HTTPError as fault:
                proxy.failures.append(f"{self.command} {self.path}: {fault!r}")
                raise
            if answer.status == 200 and self.headers.get("X-Amz-Target", "").endswith(".StartExecution"):
                proxy.note_start(body, answer.data)
            # the length in the answer to HEAD is the object's
            dropped = _HOP - {"content-length"} if self.command == "HEAD" else _HOP
            headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in dropped]
            return answer.status, headers, answer.data

        def _send(self, answer: HttpResponse, cut: bool = False) -> None:
            status, headers, body = answer
            if cut and len(body) < 2:  # nothing to truncate: drop the answer
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            if self.command == "HEAD":
                self.end_headers()
                return
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = self.close_connection or cut

    return Handler


def _as_response(fault: Fault) -> HttpResponse:
    if fault.reply is None:
        raise ValueError(f"The fault {fault.kind!r} needs a reply.")
    headers = [("Content-Type", fault.reply.content_type), ("x-amzn-RequestId", "injected")]
    if fault.reply.error_type:
        headers.append(("x-amzn-ErrorType", fault.reply.error_type))
    return fault.reply.status, headers, fault.reply.body
