"""Model endpoints that answer at once as a test configures them, or fail as SageMaker does."""

import base64
import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from local.models import converse
from local.models.chat import Completion

SAFE = 'Sure! {"flag": "no", "category": "", "reason": "Nothing in the evidence breaks a rule."}'


@dataclass(frozen=True)
class Scored:
    """Answer of BLIP-2: P(yes) on the image and on a blank one, and P(yes) + P(no) on the image."""

    text: str
    p_yes: float
    p_blank: float = 0.02
    p_yes_no: float = 0.99


NO = Scored("no", 0.02)
YES = Scored("yes", 0.98)
SURE = Scored("yes", 1.0)  # over every threshold of a calibrated pack


@dataclass(frozen=True)
class EndpointFault:
    """Failure of an invocation: an error as SageMaker sends it, arbitrary bytes, a delay or a broken connection."""

    status: int = 200
    error_type: str = ""
    message: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    body: bytes | None = None  # instead of an error: any bytes
    delay_s: float = 0.0  # answered, but late
    reset: bool = False  # the connection ends without an answer


THROTTLED = EndpointFault(429, "ThrottlingException", "Rate exceeded")
UNAVAILABLE = EndpointFault(
    503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."
)
INTERNAL = EndpointFault(500, "InternalFailure", "The request processing has failed because of an unknown error.")
NOT_FOUND = EndpointFault(400, "ValidationError", "Endpoint blip2 of account 123456789012 not found.")
NO_CAPACITY = EndpointFault(400, "ValidationError", "Inference component has no capacity to process this request.")
RESET = EndpointFault(reset=True)
GARBAGE = EndpointFault(body=b"\xff\xfe not what was agreed")


def model_error(original_status: int, words: str = "the container says no") -> EndpointFault:
    """Return SageMaker's error for an error of its container."""
    details = {"OriginalStatusCode": original_status, "OriginalMessage": words}
    return EndpointFault(424, "ModelError", f"Received client error ({original_status}) from primary", details)


def slow(seconds: float) -> EndpointFault:
    """Return a fault that delays the correct answer by `seconds`."""
    return EndpointFault(delay_s=seconds)


class InstantModels:
    """Endpoints `blip2` and `llama`, and any model on Bedrock, on a loopback port, for the duration of a `with` block.

    `url` is their address.

    `answer(png, prompt)` returns BLIP-2's answer to a prompt, `caption(png)` its caption, `judge(prompt)` Llama's text.
    Replace them to control the workflow; `fail("llama", THROTTLED, THROTTLED)` makes the next two calls fail.
    """

    def __init__(self) -> None:
        self.answer: Callable[[bytes, str], Scored] = lambda png, prompt: NO
        self.caption: Callable[[bytes], str] = lambda png: "a drawing of a tree"
        self.judge: Callable[[str], str] = lambda prompt: SAFE
        self.requests: deque[tuple[str, dict[str, Any]]] = deque(maxlen=1000)  # the newest only; a soak makes thousands
        self._faults: dict[str, deque[EndpointFault]] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "InstantModels":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reset(self) -> None:
        """Reset faults, requests and answers to their defaults."""
        with self._lock:
            self._faults.clear()
            self.requests.clear()
        self.answer = lambda png, prompt: NO
        self.caption = lambda png: "a drawing of a tree"
        self.judge = lambda prompt: SAFE

    def fail(self, endpoint: str, *faults: EndpointFault) -> None:
        """Make the next calls of `endpoint` fail, one with each fault."""
        with self._lock:
            self._faults.setdefault(endpoint, deque()).extend(faults)

    def asked(self, endpoint: str) -> list[dict[str, Any]]:
        """Return the bodies of all requests to `endpoint`, including failed ones, in order of arrival."""
        with self._lock:
            return [body for name, body in self.requests if name == endpoint]

    def next_fault(self, endpoint: str, body: dict[str, Any]) -> EndpointFault | None:
        with self._lock:
            self.requests.append((endpoint, body))
            waiting = self._faults.get(endpoint)
            return waiting.popleft() if waiting else None

    def reply(self, endpoint: str, body: dict[str, Any]) -> tuple[str, str]:
        """Return content type and text of the answer, in the dialect of the request."""
        if endpoint == "blip2":
            return self._see(body)
        if "inferenceConfig" in body:
            return "application/json", json.dumps(self._converse(body))
        return "application/json", json.dumps(self._judge(body))

    def _see(self, body: dict[str, Any]) -> tuple[str, str]:
        png = base64.b64decode(body["image"])
        if "prompts" not in body:  # a request in the sample's format
            text = self.answer(png, body["prompt"]).text if "prompt" in body else self.caption(png)
            return "text/plain", text
        answers = [self.answer(png, prompt) for prompt in body["prompts"]]
        scored = {
            "model": "instant",
            "caption": self.caption(png) if body["caption"] else None,
            "answers": [asdict(answer) for answer in answers],
        }
        return "application/json", json.dumps(scored)

    def _converse(self, body: dict[str, Any]) -> dict[str, Any]:
        """Answer Bedrock's Converse in the form that the request demands."""
        words = "\n".join(block["text"] for message in body["messages"] for block in message["content"])
        return converse.write(body, Completion(self.judge(words), tokens=1))

    def _judge(self, body: dict[str, Any]) -> Any:
        if "messages" in body:
            text = self.judge("\n".join(message["content"] for message in body["messages"]))
            return {"choices": [{"message": {"role": "assistant", "content": text}}]}
        if isinstance(body["inputs"], str):
            return [{"generated_text": self.judge(body["inputs"])}]
        text = self.judge("\n".join(message["content"] for message in body["inputs"][0]))
        return [{"generation": {"role": "assistant", "content": text}}]


def _handler_for(models: InstantModels) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            """Serve `/health` and `/about` as the laptop's model server does."""
            about = {
                "blip2": {"model": "instant", "input_size": 96, "demo": True},
                "llama": {"model": "instant", "stand_in": True},
            }
            self._send(200, "application/json", json.dumps(about).encode())

        def do_POST(self) -> None:
            endpoint = unquote(self.path.split("/")[2])
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            fault = models.next_fault(endpoint, body) or EndpointFault()
            time.sleep(fault.delay_s)
            if fault.reset:
                self.close_connection = True
            elif fault.body is not None:
                self._send(200, "application/json", fault.body)
            elif fault.status != 200:
                error = {"Message": fault.message, **fault.details}
                self._send(fault.status, "application/json", json.dumps(error).encode(), fault.error_type)
            else:
                content_type, text = models.reply(endpoint, body)
                self._send(200, content_type, text.encode())

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

        def _send(self, status: int, content_type: str, body: bytes, error_type: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
            if error_type:
                self.send_header("x-amzn-ErrorType", error_type)
            self.end_headers()
            self.wfile.write(body)

    return Handler
