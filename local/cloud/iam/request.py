"""HTTP request to an AWS service, with the parts that its rights depend on."""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

# "Signature Version 4": Credential=<key>/<date>/<region>/<service>/aws4_request, in the header or the query.
_CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/[^/]+/[^/]+/([^/]+)/aws4_request,")
_PRESIGNED = re.compile(r"([^/]+)/[^/]+/[^/]+/[^/]+/aws4_request")
INVOCATION = re.compile(r"/endpoints/([^/]+)/invocations")
CONVERSATION = re.compile(r"/model/([^/]+)/converse")
# The headers that rights depend on, by their names in a WSGI environment.
_HEADERS = {"CONTENT_TYPE": "content-type"} | {
    f"HTTP_{header.upper().replace('-', '_')}": header
    for header in (
        "authorization",
        "if-none-match",
        "x-amz-copy-source",
        "x-amz-tagging",
        "x-amz-tagging-directive",
        "x-amz-target",
        "x-amzn-sagemaker-inference-component",
    )
}


@dataclass(frozen=True)
class AwsRequest:
    """Request to the service that the emulator routes it to; `access_key` is None if it isn't signed."""

    service: str
    access_key: str | None
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # those of _HEADERS, in lower case
    body: bytes

    @property
    def operation(self) -> str:
        """Name of the operation in JSON and query protocols, "" in others."""
        target, action = self.headers.get("x-amz-target", ""), self.form.get("Action", "")
        return "" if target and action else target.rpartition(".")[2] or action  # two actions would be ambiguous

    @cached_property
    def json(self) -> dict[str, Any]:
        """Body of a JSON protocol."""
        return dict(json.loads(self.body or b"{}"))

    @cached_property
    def form(self) -> dict[str, str]:
        """Parameters of the query protocol: those of the body, or else of the query."""
        text = self.body.decode() if "form-urlencoded" in self.headers.get("content-type", "") else ""
        return _first(text) or dict(self.query)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Parameters of the operation in either protocol."""
        return self.json if "x-amz-target" in self.headers else self.form

    @classmethod
    def read(cls, environ: dict[str, Any]) -> "AwsRequest":
        """Parse a WSGI request; its body stays readable for the next application."""
        headers = {header: str(environ[name]) for name, header in _HEADERS.items() if name in environ}
        query = _first(environ.get("QUERY_STRING", ""))
        path = environ.get("PATH_INFO", "/").encode("latin-1").decode(errors="surrogateescape")
        signed = _CREDENTIAL.match(headers.get("authorization", ""))
        presigned = None if "authorization" in headers else _PRESIGNED.fullmatch(query.get("X-Amz-Credential", ""))
        # moto routes everything to S3 that isn't signed in a header
        service = signed[2].lower() if signed else "s3"
        key = signed or presigned
        return cls(
            service=_runtime_of(path) or service,
            access_key=key[1] if key else None,
            method=environ["REQUEST_METHOD"],
            path=path,
            query=query,
            headers=headers,
            body=_body(environ),
        )


def _runtime_of(path: str) -> str | None:
    """Return the service whose models a path is for, which the model server answers for."""
    if INVOCATION.fullmatch(path):
        return "sagemaker"
    return "bedrock" if CONVERSATION.fullmatch(path) else None


def _first(text: str) -> dict[str, str]:
    """Parse parameters; the first of several with one name counts, as in moto."""
    return dict(reversed(parse_qsl(text, keep_blank_values=True)))


def _body(environ: dict[str, Any]) -> bytes:
    chunked = environ.get("wsgi.input_terminated", False)
    body: bytes = environ["wsgi.input"].read(-1 if chunked else int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body
