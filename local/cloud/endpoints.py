"""SageMaker runtime and Bedrock's Converse: allowed requests are forwarded to the model server."""

from collections.abc import Iterable
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from multiprocessing.connection import wait
from socket import socket
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from local.cloud.iam.request import CONVERSATION, INVOCATION
from local.hang_up import connection_of, has_hung_up

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_TIMEOUT_S = 120  # the model server enforces SageMaker's own 60 s
_OF_THE_CONNECTION = {"connection", "transfer-encoding", "content-length", "date", "server"}


class EndpointForwarder:
    """WSGI middleware that forwards invocations to the model server and passes other requests on."""

    def __init__(self, application: "WSGIApplication", models_url: str) -> None:
        self._application = application
        self._models = urlsplit(models_url).netloc

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not (INVOCATION.fullmatch(path) or CONVERSATION.fullmatch(path)):
            return self._application(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        with closing(HTTPConnection(self._models, timeout=_TIMEOUT_S)) as models:
            try:
                models.request("POST", quote(path), body, _headers(environ))
                _await_answer(models, connection_of(environ))
                answer = models.getresponse()
                data = answer.read()
            except (OSError, HTTPException) as fault:
                raise ConnectionResetError(str(fault)) from fault  # ends the connection, as the caller must see
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OF_THE_CONNECTION]
        start_response(f"{answer.status} {answer.reason or ''}", [*headers, ("Content-Length", str(len(data)))])
        return [data]


def _await_answer(models: HTTPConnection, caller: socket) -> None:
    """Wait until the model server answers. Raises ConnectionAbortedError if the caller hangs up before."""
    if models.sock not in wait([models.sock, caller], _TIMEOUT_S) and has_hung_up(caller):
        raise ConnectionAbortedError("The caller has hung up.")


def _headers(environ: "WSGIEnvironment") -> dict[str, str]:
    given = {
        name[5:].replace("_", "-"): str(value) for name, value in environ.items() if name.startswith("HTTP_X_AMZN")
    }
    return {**given, "Content-Type": environ.get("CONTENT_TYPE", ""), "Accept": environ.get("HTTP_ACCEPT", "*/*")}
