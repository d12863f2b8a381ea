"""Request formats of containers that serve Llama: JumpStart's dialogs, text-generation-inference, OpenAI."""

from typing import Any, Protocol

from local.models import llama2_format
from local.models.chat import Chat, Completion, JudgeFailed, Message

DEFAULT_NEW_TOKENS = 256

# The exact answer of the early JumpStart containers.
EULA_MISSING = (
    "Need to pass custom_attributes='accept_eula=true' as part of header. This means you have read and accept the "
    "end-user license agreement (EULA) of the model."
)


class Dialect(Protocol):
    """Format of requests and answers."""

    def matches(self, data: dict[str, Any]) -> bool:
        """Return True if a request is in this dialect."""

    def read(self, data: dict[str, Any], attributes: str) -> Chat:
        """Return the chat in the request. Raises JudgeFailed if it is malformed."""

    def write(self, data: dict[str, Any], completion: Completion) -> object:
        """Return the answer to the request, as JSON data."""


class Dialog:
    """JumpStart's Llama 2, versions 1 and 2: `{"inputs": [[{"role", "content"}, ...]], "parameters": {...}}`."""

    def matches(self, data: dict[str, Any]) -> bool:
        return isinstance(data.get("inputs"), list)

    def read(self, data: dict[str, Any], attributes: str) -> Chat:
        if "accept_eula=true" not in attributes.replace(" ", ""):
            raise JudgeFailed(424, EULA_MISSING)
        if len(data["inputs"]) != 1:
            raise JudgeFailed(400, '"inputs" must hold one dialog.')
        return Chat(_messages(data["inputs"][0]), _new_tokens(_parameters(data), "max_new_tokens"))

    def write(self, data: dict[str, Any], completion: Completion) -> object:
        return [{"generation": {"role": "assistant", "content": completion.text}}]


class TextGenerationInference:
    """JumpStart's Llama 2 from version 3 on: `{"inputs": "[INST] ... [/INST]", "parameters": {...}}`."""

    def matches(self, data: dict[str, Any]) -> bool:
        return isinstance(data.get("inputs"), str)

    def read(self, data: dict[str, Any], attributes: str) -> Chat:
        parameters = _parameters(data)
        messages = llama2_format.parse(data["inputs"])
        grammar = parameters.get("grammar") or {}
        return Chat(messages, _new_tokens(parameters, "max_new_tokens"), grammar.get("value"))

    def write(self, data: dict[str, Any], completion: Completion) -> object:
        answer: dict[str, Any] = {"generated_text": completion.text}
        if _parameters(data).get("details"):
            reason = "length" if completion.cut else "eos_token"
            answer["details"] = {"finish_reason": reason, "generated_tokens": completion.tokens}
        return [answer]


class OpenAi:
    """`{"messages": [...], "max_tokens": n}`, as vLLM's and DJL's newer containers take it."""

    def matches(self, data: dict[str, Any]) -> bool:
        return isinstance(data.get("messages"), list)

    def read(self, data: dict[str, Any], attributes: str) -> Chat:
        response_format = data.get("response_format") or {}
        schema = (response_format.get("json_schema") or {}).get("schema")
        return Chat(_messages(data["messages"]), _new_tokens(data, "max_tokens"), schema)

    def write(self, data: dict[str, Any], completion: Completion) -> object:
        message = {"role": "assistant", "content": completion.text}
        reason = "length" if completion.cut else "stop"
        return {
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": reason}],
            "usage": {"completion_tokens": completion.tokens},
        }


DIALECTS: tuple[Dialect, ...] = (Dialog(), TextGenerationInference(), OpenAi())


def dialect_of(data: dict[str, Any]) -> Dialect:
    """Return the dialect of a request. Raises JudgeFailed if it is in none."""
    for dialect in DIALECTS:
        if dialect.matches(data):
            return dialect
    raise JudgeFailed(400, 'A request has "inputs" (a dialog or a prompt) or "messages".')


def _parameters(data: dict[str, Any]) -> dict[str, Any]:
    parameters = data.get("parameters", {})
    if not isinstance(parameters, dict):
        raise JudgeFailed(400, '"parameters" must be a JSON object.')
    return parameters


def _messages(data: object) -> tuple[Message, ...]:
    """Return the messages. Llama 2 requires an optional `system`, then `user` and `assistant` in turn, `user` last."""
    try:
        messages = tuple(Message(str(item["role"]), str(item["content"])) for item in data)  # type: ignore[attr-defined]
    except (TypeError, KeyError):
        raise JudgeFailed(400, 'A dialog is a list of {"role", "content"}.') from None
    turns = [message.role for message in messages if message.role != "system"]
    expected = ["user" if index % 2 == 0 else "assistant" for index in range(len(turns))]
    if turns != expected or not turns or turns[-1] != "user":
        raise JudgeFailed(400, "The roles must be user and assistant in turn, after at most one system message.")
    return messages


def _new_tokens(parameters: dict[str, Any], name: str) -> int:
    value = parameters.get(name, DEFAULT_NEW_TOKENS)
    if not isinstance(value, int) or value < 1:
        raise JudgeFailed(400, f'"{name}" must be a positive integer.')
    return value
