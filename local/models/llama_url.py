"""Judge on any OpenAI-compatible server (Ollama, vLLM, llama.cpp)."""

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from local.models.chat import Chat, Completion, JudgeFailed
from local.models.errors import UnusableModel

TIMEOUT_S = 55  # so that the answer comes within SageMaker's 60 s


class LlamaUrl:
    """Forwards chats to `{base}/v1/chat/completions`, with `model` or the first that the server lists."""

    stand_in = False
    one_at_a_time = False

    def __init__(self, base: str, model: str | None = None) -> None:
        """Query the server's models. Raises UnusableModel if that fails, or if `model` isn't one of them."""
        if urlsplit(base).scheme not in ("http", "https"):
            raise UnusableModel(f"LLAMA_URL={base}: give the address of a server, such as http://localhost:11434.")
        self._base = base.rstrip("/").removesuffix("/v1")
        try:
            listed = [str(each["id"]) for each in self._call("/v1/models")["data"]]
            self._model = model or listed[0]
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise UnusableModel(
                f"LLAMA_URL={base}: {self._base}/v1/models can't be read ({error}). Is the server up, and does it "
                "speak the OpenAI API?"
            ) from None
        if self._model not in listed:
            raise UnusableModel(f"LLAMA_URL_MODEL={model}: {self._base} has {', '.join(listed)}.")
        self.name = f"{self._model} at {self._base}"

    def complete(self, chat: Chat) -> Completion:
        """Complete the chat. Raises JudgeFailed with the server's status, or 502 without a usable answer."""
        try:
            answer = self._call("/v1/chat/completions", self._request(chat))
            choice = answer["choices"][0]
            tokens = (answer.get("usage") or {}).get("completion_tokens", 0)
            return Completion(str(choice["message"]["content"]), tokens, choice.get("finish_reason") == "length")
        except urllib.error.HTTPError as error:
            raise JudgeFailed(error.code, f"{self._base} answered {error.code}.") from None
        except TimeoutError:
            raise JudgeFailed(504, f"{self._base} timed out: no answer within {TIMEOUT_S} s.") from None
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise JudgeFailed(502, f"{self._base} gave no usable answer: {error}") from None

    def _request(self, chat: Chat) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": message.role, "content": message.content} for message in chat.messages],
            "max_tokens": chat.max_new_tokens,
            "temperature": 0,
        }
        if chat.schema:
            schema = {"name": "answer", "schema": chat.schema}
            request["response_format"] = {"type": "json_schema", "json_schema": schema}
        return request

    def _call(self, path: str, data: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310  the scheme is checked above
            self._base + path,
            data=None if data is None else json.dumps(data).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
            return json.load(response)
