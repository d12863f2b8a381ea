"""Vision model on any OpenAI-compatible server (Ollama, vLLM, llama.cpp)."""

import json
import urllib.error

from local.models.container import Reply
from local.models.openai_server import MAX_ANSWER_BYTES, TIMEOUT_S, OpenAiServer

# Open models of this kind look at 384 to 512 pixels a side, or cut a larger picture into such tiles.
INPUT_SIZE = 448


class VisionUrl:
    """Endpoint that passes chat completions on to the server at `base`, as a container that speaks OpenAI would."""

    is_small = True  # the server queues requests itself

    def __init__(self, base: str, model: str | None = None) -> None:
        """Query the server's models. Raises UnusableModel if that fails, or if `model` isn't one of them."""
        self._server = OpenAiServer("VISION_URL", base, model)
        self.name = self._server.name

    def invoke(self, body: bytes, attributes: str) -> Reply:
        """Answer a request with the server's answer, or its status; custom attributes are ignored."""
        try:
            return Reply(200, json.dumps(self._server.complete(json.loads(body))).encode())
        except urllib.error.HTTPError as error:
            self._server.told(f"answered {error.code}: see its log")
            return Reply(error.code, error.read(MAX_ANSWER_BYTES))
        except TimeoutError:
            return self._failed(504, f"timed out: no answer within {TIMEOUT_S} s")
        except (OSError, ValueError, TypeError) as error:
            return self._failed(502, f"gave no usable answer: {error}")

    def _failed(self, status: int, what: str) -> Reply:
        return Reply(status, json.dumps({"error": self._server.told(what)}).encode())

    def terminate(self) -> None:
        """Do nothing: the server isn't ours to stop."""

    def close(self) -> None:
        """Do nothing: the server isn't ours to stop."""
