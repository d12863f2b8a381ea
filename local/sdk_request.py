"""HTTP request that boto3 makes for a call, without sending it."""

from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import EnvironBuilder


class _Kept(Exception):
    """Raised to end a call as soon as its request is built."""

    def __init__(self, request: Any) -> None:
        super().__init__("not sent")
        self.request = request


def wsgi_request(client: Any, operation: str, **parameters: Any) -> EnvironBuilder:
    """Return the request of a client's operation; `get_environ()` returns it as a WSGI environment."""

    def keep(request: Any, **_: Any) -> None:
        raise _Kept(request)

    client.meta.events.register("before-send", keep)
    try:
        getattr(client, operation)(**parameters)
    except _Kept as kept:
        request = kept.request
    finally:
        client.meta.events.unregister("before-send", keep)
    url, body = urlsplit(request.url), request.body or b""
    return EnvironBuilder(
        path=url.path,
        query_string=url.query,
        method=request.method,
        headers={name: _text(value) for name, value in request.headers.items() if name.lower() != "transfer-encoding"},
        data=body.read() if hasattr(body, "read") else body,
    )


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
