"""SageMaker runtime API and Bedrock's Converse over HTTP, for botocore's clients of them.

Errors have the shapes of botocore's service models (sagemaker-runtime 2017-05-13, bedrock-runtime 2023-09-30); the
texts are those that AWS sends, as users quote them in public issues.
"""

import json
import threading
import uuid
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from local.hang_up import connection_of, has_hung_up
from local.models import converse
from local.models.batching import ContainerGone, ContainerTimeout
from local.models.chat import Judge, JudgeFailed
from local.models.container import Reply
from local.models.turns import Busy, CallerGone, Turns

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# "max" of BodyBlob in botocore's service model. AWS may accept larger bodies.
MAX_BODY_BYTES = 6_291_456

ACCOUNT = "123456789012"
REGION = "us-east-1"


class Endpoint(Protocol):
    """Model behind an endpoint's name."""

    def invoke(self, body: bytes, attributes: str) -> Reply:
        """Answer a request; `attributes` is its CustomAttributes header. May raise ContainerTimeout, ContainerGone."""

    def close(self) -> None:
        """Release the endpoint's resources."""


class SageMakerRuntime:
    """WSGI application that serves endpoints, `GET /health` and `GET /about`.

    An endpoint named in `turns` answers one caller at a time. Every model id on Bedrock is answered by `judge`.
    """

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        about: Mapping[str, object],
        turns: Mapping[str, Turns] | None = None,
        judge: Judge | None = None,
    ) -> None:
        self._endpoints = endpoints
        self._about = about
        self._turns = turns or {}
        self._judge = judge
        self._answering = 0
        self._answered = threading.Condition()
        self._urls = Map(
            [
                Rule("/endpoints/<name>/invocations", endpoint=self._invoke, methods=["POST"]),
                Rule("/model/<model>/converse", endpoint=self._converse, methods=["POST"]),
                Rule("/health", endpoint=self._health, methods=["GET"]),
                Rule("/about", endpoint=self._describe, methods=["GET"]),
            ]
        )

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        self._count(1)
        response = self._respond(Request(environ))
        response.headers["x-amzn-RequestId"] = str(uuid.uuid4())
        response.call_on_close(lambda: self._count(-1))
        return response(environ, start_response)

    def drain(self, timeout_s: float) -> None:
        """Wait until every request is answered, up to a time limit."""
        with self._answered:
            self._answered.wait_for(lambda: self._answering == 0, timeout_s)

    def _count(self, more: int) -> None:
        with self._answered:
            self._answering += more
            self._answered.notify_all()

    def _respond(self, request: Request) -> Response:
        try:
            view, arguments = self._urls.bind_to_environ(request.environ).match()
        except HTTPException as error:
            return Response(error.get_body(), error.code)
        response: Response = view(request, **arguments)
        return response

    def _invoke(self, request: Request, name: str) -> Response:
        if name not in self._endpoints:
            return _error(400, "ValidationError", f"Endpoint {name} of account {ACCOUNT} not found.")
        if (request.content_length or 0) > MAX_BODY_BYTES:
            _drain(request)
            return _error(413, "413", f"HTTP content length exceeded {MAX_BODY_BYTES} bytes.")
        attributes = request.headers.get("X-Amzn-SageMaker-Custom-Attributes", "")
        try:
            with self._turn(request, name):
                reply = self._endpoints[name].invoke(request.get_data(), attributes)
        except CallerGone:
            return Response(status=503)  # nobody reads it
        except Busy:
            return _model_error(name, 503, "Model is overloaded: other requests are before this one.")
        except ContainerTimeout:
            return _model_error(name, 0, _TIMED_OUT)
        except ContainerGone:
            # not observed on AWS: from its API reference, for a temporary failure
            return _error(503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
        if reply.status >= 400:
            return _model_error(name, reply.status, reply.body.decode(errors="replace"))
        return Response(
            reply.body,
            content_type=reply.content_type,
            headers={"x-Amzn-Invoked-Production-Variant": "AllTraffic"},
        )

    def _converse(self, request: Request, model: str) -> Response:
        if self._judge is None:
            return _error(404, "ResourceNotFoundException", "The provided model identifier is not found.")
        try:
            data = json.loads(request.get_data())
            with self._turn(request, "llama"):
                answer = converse.write(data, self._judge.complete(converse.read(data)))
        except CallerGone:
            return Response(status=503)  # nobody reads it
        except Busy:
            return _error(429, "ThrottlingException", "Too many requests, please wait before trying again.")
        except JudgeFailed as problem:
            return _error(*converse.error_of(problem), str(problem))
        return Response(json.dumps(answer), content_type="application/json")

    def _turn(self, request: Request, name: str) -> AbstractContextManager[None]:
        """Return the request's turn. Entering it may raise Busy or CallerGone."""
        if name not in self._turns:
            return nullcontext()
        request.get_data()  # a body that is still to be read would look like a caller that is there
        caller = connection_of(request.environ)
        return self._turns[name].turn(lambda: has_hung_up(caller))

    def _health(self, request: Request) -> Response:
        return Response(status=200)

    def _describe(self, request: Request) -> Response:
        return Response(json.dumps(self._about), content_type="application/json")


_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. "
    "Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)


def _drain(request: Request) -> None:
    """Read the body to its end: a client that is still sending wouldn't read the answer."""
    while request.stream.read(1 << 20):
        pass


def _model_error(name: str, status: int, original: str) -> Response:
    """Return SageMaker's 424 for an error of its container."""
    group = f"/aws/sagemaker/Endpoints/{name}"
    kind = "client" if 400 <= status < 500 else "server"
    return _error(
        424,
        "ModelError",
        f'Received {kind} error ({status}) from primary with message "{original}". See the log group {group}.',
        OriginalStatusCode=status,
        OriginalMessage=original,
        LogStreamArn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}",
    )


def _error(status: int, error_type: str, message: str, **details: object) -> Response:
    return Response(
        json.dumps({"Message": message, **details}),
        status=status,
        content_type="application/json",
        headers={"x-amzn-ErrorType": error_type},
    )
