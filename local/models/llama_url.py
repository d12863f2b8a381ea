"""Judge on any OpenAI-compatible server (Ollama, vLLM, llama.cpp)."""

import urllib.error
from typing import Any

from local.models.chat import Chat, Completion, JudgeFailed
from local.models.openai_server import TIMEOUT_S, OpenAiServer

# Ends of an answer that is the model's own, whole or cut off at the limit.
_OWN = (None, "", "stop", "stop_sequence", "eos", "eos_token", "end_turn", "length")


class LlamaUrl:
    """Forwards chats to `{base}/v1/chat/completions`, with `model` or the first that the server lists."""

    stand_in = False
    one_at_a_time = False

    def __init__(self, base: str, model: str | None = None) -> None:
        """Query the server's models. Raises UnusableModel if that fails, or if `model` isn't one of them."""
        self._server = OpenAiServer("LLAMA_URL", base, model)
        self.name = self._server.name

    def complete(self, chat: Chat) -> Completion:
        """Complete the chat. Raises JudgeFailed with the server's status, or 502 without a usable answer."""
        try:
            answer = self._server.complete(_request(chat))
            choice = answer["choices"][0]
            tokens = (answer.get("usage") or {}).get("completion_tokens", 0)
            end = choice.get("finish_reason")
            # without a text a model thinks first, refuses or calls a tool
            text = (choice["message"].get("content") or "") if end in _OWN else ""
            return Completion(str(text), tokens, end == "length")
        except urllib.error.HTTPError as error:
            raise JudgeFailed(error.code, self._server.told(f"answered {error.code}: see its log")) from None
        except TimeoutError:
            raise JudgeFailed(504, self._server.told(f"timed out: no answer within {TIMEOUT_S} s")) from None
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise JudgeFailed(502, self._server.told(f"gave no usable answer: {error}")) from None


def _request(chat: Chat) -> dict[str, Any]:
    request: dict[str, Any] = {
        "messages": [{"role": message.role, "content": message.content} for message in chat.messages],
        "max_tokens": chat.max_new_tokens,
        "temperature": 0,
    }
    if chat.schema:
        schema = {"name": "answer", "schema": chat.schema}
        request["response_format"] = {"type": "json_schema", "json_schema": schema}
    return request
