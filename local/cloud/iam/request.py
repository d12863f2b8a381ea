"""An HTTP request to a service of AWS, as far as its rights depend on it."""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

# "Signature Version 4": Credential=<key>/<date>/<region>/<service>/aws4_request, in the header or the query.
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/[^/]+/([^/]+)/aws4_request")
_PRESIGNED = re.compile(r"([^/]+)/\d{8}/[^/]+/([^/]+)/aws4_request")


@dataclass(frozen=True)
class Request:
    """`service` is the name that the request was signed for; `access_key` is None where nobody signed."""

    service: str
    access_key: str | None
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def operation(self) -> str:
        """The operation's name in JSON and query protocols, "" elsewhere."""
        target = self.headers.get("x-amz-target", "")
        return target.rpartition(".")[2] or str(self.form.get("Action", ""))

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body of a JSON protocol."""
        return dict(json.loads(self.body or b"{}"))

    @cached_property
    def form(self) -> dict[str, str]:
        """The body and query of the query protocol."""
        text = self.body.decode() if "form-urlencoded" in self.headers.get("content-type", "") else ""
        return {**self.query, **dict(parse_qsl(text, keep_blank_values=True))}

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The operation's parameters, whichever of the two protocols carries them."""
        return self.json if "x-amz-target" in self.headers else self.form

    @classmethod
    def read(cls, environ: dict[str, Any]) -> "Request":
        """Read a WSGI request; its body stays readable for whoever comes next."""
        given = ((name[5:], value) for name, value in environ.items() if name.startswith("HTTP_"))
        headers = {name.replace("_", "-").lower(): str(value) for name, value in given}
        headers["content-type"] = environ.get("CONTENT_TYPE", "")
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        signed = _CREDENTIAL.search(headers.get("authorization", "")) or _PRESIGNED.match(
            query.get("X-Amz-Credential", "")
        )
        return cls(
            service=signed[2].lower() if signed else "s3",
            access_key=signed[1] if signed else None,
            method=environ["REQUEST_METHOD"],
            path=environ.get("PATH_INFO", "/").encode("latin-1").decode(errors="surrogateescape"),
            query=query,
            headers=headers,
            body=_body(environ),
        )


def _body(environ: dict[str, Any]) -> bytes:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not length:  # a chunked body is an object's, which no right depends on
        return b""
    body: bytes = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    return body
