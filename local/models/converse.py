"""Requests and answers of Bedrock's Converse API."""

import json
from typing import Any

from local.models.chat import Chat, Completion, JudgeFailed, Message

DEFAULT_NEW_TOKENS = 256


def read(data: dict[str, Any]) -> Chat:
    """Return the chat in a request, with the schema of its output format or of the tool that it demands.

    Raises JudgeFailed if it is malformed.
    """
    try:
        messages = tuple(
            Message(str(message["role"]), "\n".join(block["text"] for block in message["content"]))
            for message in data["messages"]
        )
        schema = _schema(data)
    except (KeyError, TypeError, ValueError) as fault:
        raise JudgeFailed(400, f"The request isn't one of Converse: {fault!r}.") from None
    if any(not message.content.strip() for message in messages):
        raise JudgeFailed(400, "The text field in the ContentBlock object is blank.")
    limit = data.get("inferenceConfig", {}).get("maxTokens", DEFAULT_NEW_TOKENS)
    return Chat(messages, limit, schema)


def write(data: dict[str, Any], completion: Completion) -> dict[str, Any]:
    """Return the answer to a request: text, or the call of the tool that it demands if the text is in JSON."""
    block: dict[str, Any] = {"text": completion.text}
    reason = "end_turn"
    if (tool := _demanded(data)) and (called := _called_with(completion.text)) is not None:
        block = {"toolUse": {"toolUseId": "tooluse_1", "name": tool, "input": called}}
        reason = "tool_use"
    asked = sum(len(str(message)) for message in data["messages"]) // 4
    return {
        "output": {"message": {"role": "assistant", "content": [block]}},
        "stopReason": "max_tokens" if completion.cut else reason,
        "usage": {
            "inputTokens": asked,
            "outputTokens": completion.tokens,
            "totalTokens": asked + completion.tokens,
        },
        "metrics": {"latencyMs": 1},
    }


def error_of(problem: JudgeFailed) -> tuple[int, str]:
    """Return the HTTP status and the code of Bedrock's error for a judge's."""
    if problem.status in (408, 504):
        return 408, "ModelTimeoutException"
    if problem.status in (429, 503):
        return 429, "ThrottlingException"
    if problem.status < 500:
        return 400, "ValidationException"
    return 424, "ModelErrorException"


def _called_with(text: str) -> Any:
    """Return the data in a text; None if a judge ignored the schema, as weights without constraints do."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _schema(data: dict[str, Any]) -> dict[str, Any] | None:
    if written := data.get("outputConfig", {}).get("textFormat"):
        schema: dict[str, Any] = json.loads(written["structure"]["jsonSchema"]["schema"])
        return schema
    tools = {each["toolSpec"]["name"]: each["toolSpec"] for each in data.get("toolConfig", {}).get("tools", [])}
    demanded = _demanded(data)
    return tools[demanded]["inputSchema"]["json"] if demanded else None


def _demanded(data: dict[str, Any]) -> str | None:
    """Return the name of the tool that must be called, None if there is none."""
    name: str | None = data.get("toolConfig", {}).get("toolChoice", {}).get("tool", {}).get("name")
    return name
