"""A server that speaks OpenAI's API (Ollama, vLLM, llama.cpp), and one of its models."""

import json
import logging
import time
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from local.models.errors import UnusableModel

TIMEOUT_S = 55  # so that the answer comes within SageMaker's 60 s
MAX_ANSWER_BYTES = 6_291_456  # of SageMaker's own answers
_CHUNK_BYTES = 65_536

logger = logging.getLogger(__name__)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Handler that follows no redirect: a redirected chat would be sent again as a GET, without its picture."""

    def redirect_request(self, *_: Any) -> None:
        """Return no request."""


_OPENER = urllib.request.build_opener(_NoRedirects)


class OpenAiServer:
    """Server at `base` with `model`, or the first that it lists. `variable` named it in the environment."""

    def __init__(self, variable: str, base: str, model: str | None = None) -> None:
        """Query the server's models. Raises UnusableModel if that fails, or if `model` isn't one of them."""
        if urlsplit(base).scheme not in ("http", "https"):
            raise UnusableModel(f"{variable}={base}: give the address of a server, such as http://localhost:11434.")
        self._variable = variable
        self.base = base.rstrip("/").removesuffix("/v1")
        try:
            listed = [str(each["id"]) for each in self._call("/v1/models")["data"] or ()]
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise UnusableModel(
                f"{variable}={base}: {self.base}/v1/models can't be read ({error}). Is the server up, and does it "
                "speak the OpenAI API?"
            ) from None
        if not listed:
            raise UnusableModel(f"{variable}={base}: {self.base} has no model: pull or load one there first.")
        self.model = model or listed[0]
        if self.model not in listed:
            raise UnusableModel(f"{variable}_MODEL={model}: {self.base} has {', '.join(listed)}.")
        self.name = f"{self.model} at {self.base}"

    def complete(self, request: dict[str, Any]) -> Any:
        """Send a chat to the model and return the answer's data.

        Raises HTTPError for a status of 400 or more, TimeoutError, another OSError, or ValueError.
        """
        return self._call("/v1/chat/completions", {"model": self.model, **request})

    def told(self, what: str) -> str:
        """Return a sentence about the server, after telling it in the terminal: functions hear of a status only."""
        sentence = f"{self.base} {what}."
        logger.warning("%s: %s", self._variable, sentence)
        return sentence

    def _call(self, path: str, data: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310  the scheme is checked above
            self.base + path,
            data=None if data is None else json.dumps(data).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with _OPENER.open(request, timeout=TIMEOUT_S) as response:
                return json.loads(_body(response))
        except urllib.error.HTTPError as error:
            if error.code >= 400:
                raise
            raise OSError(f"it redirects to {error.headers['Location']}: name that address") from None
        except HTTPException as error:
            raise OSError(f"its answer isn't HTTP: {type(error).__name__}") from None
        except RecursionError:
            raise ValueError("its JSON is nested too deeply") from None


def _body(response: HTTPResponse) -> bytes:
    """Read an answer of limited size in limited time, however slowly it comes. Raises TimeoutError or ValueError."""
    until, body = time.monotonic() + TIMEOUT_S, bytearray()
    while chunk := response.read1(_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise ValueError(f"more than {MAX_ANSWER_BYTES:,} bytes")
        if time.monotonic() > until:
            raise TimeoutError
    return bytes(body)
