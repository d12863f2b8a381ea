"""The judge on Amazon Bedrock, by its Converse API."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from moderation.adapters import clients
from moderation.adapters.faults import bedrock_faults, refuses_temperature
from moderation.contract import BEDROCK_REGIONS
from moderation.domain.judgement import no_answer
from moderation.domain.limits import ANSWER_TOKENS
from moderation.errors import MalformedResponse
from moderation.ports import Turn

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

Form = Literal["schema", "tool", "text"]

# Beginnings of the ids of models that hold to a JSON schema ("Get validated JSON results from models"), and of those
# that can be made to call a tool (API reference of ToolChoice). The text of any other is parsed strictly.
_FORMS: Mapping[Form, tuple[str, ...]] = {
    "schema": (
        "anthropic.claude-haiku-4-5",
        "anthropic.claude-opus-4-5",
        "anthropic.claude-opus-4-6",
        "anthropic.claude-sonnet-4-5",
        "mistral.ministral-3",
    ),
    "tool": ("amazon.nova", "anthropic.claude-3"),
}
_TOOL = "judgement"
# All that Nova takes at the top level of a tool's schema ("Defining a tool"): it refuses requests with anything else.
_TOOL_FIELDS = ("type", "properties", "required")
# Nova writes its thoughts into a text before it calls a tool (Nova's user guide, "Invoking the tool").
_THOUGHT = re.compile(r"<thinking>.*?</thinking>", re.DOTALL)
_COMPLETE = ("end_turn", "stop_sequence", "tool_use")


class BedrockJudge:
    """Implements `ports.JudgeModel` with a foundation model or an inference profile.

    Decoding is greedy by its temperature alone, which some models accept only without `topP`. A model that refuses a
    temperature is asked without, from then on. `hurried` returns a client with that read time-out in seconds.
    """

    def __init__(
        self,
        client: "BedrockRuntimeClient",
        model: str,
        hurried: Callable[[float], "BedrockRuntimeClient"] = clients.bedrock_runtime,
    ) -> None:
        self._client, self._model, self._hurried = client, model, hurried
        self._takes_temperature = True

    @property
    def name(self) -> str:
        return f"{self._model} (bedrock)"

    def complete(self, turns: Sequence[Turn], schema: Mapping[str, Any], within_s: float | None = None) -> str:
        hurry = min(within_s or clients.ENDPOINT_READ_S, clients.ENDPOINT_READ_S)
        client = self._client if hurry == clients.ENDPOINT_READ_S else self._hurried(hurry)
        with bedrock_faults(self._model):
            answer = self._converse(client, request_of(self._model, turns, schema))
        try:
            return read_answer(answer)
        except (KeyError, TypeError, IndexError) as error:
            raise MalformedResponse(f"{self._model} on Bedrock answered without a message.") from error

    def _converse(self, client: "BedrockRuntimeClient", request: dict[str, Any]) -> Mapping[str, Any]:
        if self._takes_temperature:
            try:
                return client.converse(**request)
            except ClientError as error:
                if not refuses_temperature(error):
                    raise
                self._takes_temperature = False
        return client.converse(**request | {"inferenceConfig": {"maxTokens": ANSWER_TOKENS}})


def foundation_model(model: str) -> str:
    """Return the foundation model of an inference profile's id, or of its own."""
    geography, _, rest = model.partition(".")
    return rest if geography in (*BEDROCK_REGIONS, "global") else model


def form_of(model: str) -> Form:
    """Return how a model is made to answer in JSON."""
    asked = foundation_model(model)
    return next((form for form, beginnings in _FORMS.items() if asked.startswith(beginnings)), "text")


def request_of(model: str, turns: Sequence[Turn], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `converse` for the next turn after `turns` (user and assistant in alternation)."""
    request: dict[str, Any] = {
        "modelId": model,
        "messages": [{"role": turn.role, "content": [{"text": turn.content}]} for turn in turns],
        "inferenceConfig": {"maxTokens": ANSWER_TOKENS, "temperature": 0.0},
    }
    match form_of(model):
        case "schema":
            json_schema = {"name": _TOOL, "schema": json.dumps(schema)}
            request["outputConfig"] = {
                "textFormat": {"type": "json_schema", "structure": {"jsonSchema": json_schema}},
            }
        case "tool":
            fields = {name: value for name, value in schema.items() if name in _TOOL_FIELDS}
            tool = {"name": _TOOL, "description": "Record the judgement.", "inputSchema": {"json": fields}}
            request["toolConfig"] = {"tools": [{"toolSpec": tool}], "toolChoice": {"tool": {"name": _TOOL}}}
    return request


def read_answer(answer: Mapping[str, Any]) -> str:
    """Return all that the model said, its texts and what it called tools with: if they disagree there is no judgement.

    What it thought isn't said. An answer that was cut off or blocked is replaced by words that
    aren't a judgement, so that none is read into a part of it. Raises KeyError, TypeError or IndexError.
    """
    reason = answer["stopReason"]
    if reason not in _COMPLETE:
        return no_answer(reason)
    content = answer["output"]["message"]["content"]
    said = [block["text"] for block in content if "text" in block]
    called = [json.dumps(block["toolUse"]["input"]) for block in content if "toolUse" in block]
    if called:
        said = [_THOUGHT.sub("", text) for text in said]
    return "\n".join([*said, *called]).strip() or no_answer("empty")
