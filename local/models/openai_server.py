"""A server that speaks OpenAI's API (Ollama, vLLM, llama.cpp), and one of its models."""

import json
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from local.models.errors import UnusableModel

TIMEOUT_S = 55  # so that the answer comes within SageMaker's 60 s


class OpenAiServer:
    """Server at `base` with `model`, or the first that it lists. `variable` named it in the environment."""

    def __init__(self, variable: str, base: str, model: str | None = None) -> None:
        """Query the server's models. Raises UnusableModel if that fails, or if `model` isn't one of them."""
        if urlsplit(base).scheme not in ("http", "https"):
            raise UnusableModel(f"{variable}={base}: give the address of a server, such as http://localhost:11434.")
        self.base = base.rstrip("/").removesuffix("/v1")
        try:
            listed = [str(each["id"]) for each in self._call("/v1/models")["data"]]
            self.model = model or listed[0]
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise UnusableModel(
                f"{variable}={base}: {self.base}/v1/models can't be read ({error}). Is the server up, and does it "
                "speak the OpenAI API?"
            ) from None
        if self.model not in listed:
            raise UnusableModel(f"{variable}_MODEL={model}: {self.base} has {', '.join(listed)}.")
        self.name = f"{self.model} at {self.base}"

    def complete(self, request: dict[str, Any]) -> Any:
        """Send a chat to the model and return the answer's data. Raises OSError (HTTPError too) or ValueError."""
        return self._call("/v1/chat/completions", {"model": self.model, **request})

    def _call(self, path: str, data: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310  the scheme is checked above
            self.base + path,
            data=None if data is None else json.dumps(data).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
            return json.load(response)
