"""SageMaker runtime: allowed invocations are forwarded to the model server."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import urllib3

from local.cloud.iam.request import INVOCATION

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_TIMEOUT_S = 120  # the model server enforces SageMaker's own 60 s
_OF_THE_CONNECTION = {"connection", "transfer-encoding", "content-length", "date", "server"}


class EndpointForwarder:
    """WSGI middleware that forwards invocations to the model server and passes other requests on."""

    def __init__(self, application: "WSGIApplication", models_url: str) -> None:
        self._application = application
        self._models_url = models_url
        self._pool = urllib3.PoolManager(maxsize=64, retries=False, timeout=_TIMEOUT_S)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not INVOCATION.fullmatch(path):
            return self._application(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            answer = self._pool.request("POST", self._models_url + path, body=body, headers=_headers(environ))
        except urllib3.exceptions.HTTPError as fault:
            raise ConnectionResetError(str(fault)) from fault  # ends the connection, as the caller must see
        headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in _OF_THE_CONNECTION]
        start_response(f"{answer.status} {answer.reason or ''}", [*headers, ("Content-Length", str(len(answer.data)))])
        return [answer.data]


def _headers(environ: "WSGIEnvironment") -> dict[str, str]:
    given = {
        name[5:].replace("_", "-"): str(value) for name, value in environ.items() if name.startswith("HTTP_X_AMZN")
    }
    return {**given, "Content-Type": environ.get("CONTENT_TYPE", ""), "Accept": environ.get("HTTP_ACCEPT", "*/*")}
