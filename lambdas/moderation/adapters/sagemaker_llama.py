"""Llama 2 behind a SageMaker endpoint, in the three dialects of such endpoints."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from moderation.adapters.chat_ends import OWN
from moderation.adapters.sagemaker_endpoint import SageMakerEndpoint
from moderation.domain.judgement import no_answer
from moderation.domain.limits import ANSWER_TOKENS
from moderation.errors import MalformedResponse
from moderation.ports import Turn

_WORD = re.compile(r"\w{1,40}")


class SageMakerJudge:
    """Implements `ports.JudgeModel`. Decoding is greedy in every dialect, so that verdicts are reproducible.

    `dialog` is JumpStart's Llama 2 v1 and v2, `tgi` the text-generation-inference container of v3 and later,
    `openai` any server with `/v1/chat/completions` semantics. With `grammar` the answer's JSON schema is sent along
    (`tgi` and `openai`).
    """

    def __init__(self, endpoint: SageMakerEndpoint, dialect: str, grammar: bool) -> None:
        self._endpoint, self._dialect, self._grammar = endpoint, dialect, grammar

    @property
    def name(self) -> str:
        return f"{self._endpoint.name} ({self._dialect})"

    def complete(self, turns: Sequence[Turn], schema: Mapping[str, Any], within_s: float | None = None) -> str:
        body = request_body(self._dialect, turns, schema if self._grammar else None)
        more = {"CustomAttributes": "accept_eula=true"} if self._dialect == "dialog" else {}
        text = self._endpoint.invoke(body, within_s, **more)
        try:
            return read_generation(json.loads(text))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise MalformedResponse(f"Endpoint {self._endpoint.name} didn't answer in a format of Llama 2.") from error


def request_body(dialect: str, turns: Sequence[Turn], schema: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the request for the next turn after `turns` (user and assistant in alternation, user last)."""
    messages = [{"role": turn.role, "content": turn.content} for turn in turns]
    if dialect == "dialog":
        # v1 and v2 always sample: a top_p that leaves only the likeliest token makes it greedy.
        return {
            "inputs": [messages],
            "parameters": {"max_new_tokens": ANSWER_TOKENS, "top_p": 0.01, "temperature": 0.01},
        }
    if dialect == "tgi":
        parameters: dict[str, Any] = {"max_new_tokens": ANSWER_TOKENS, "do_sample": False, "return_full_text": False}
        if schema:
            parameters["grammar"] = {"type": "json", "value": schema}
        return {"inputs": instruction_text(turns), "parameters": parameters}
    body: dict[str, Any] = {"messages": messages, "max_tokens": ANSWER_TOKENS, "temperature": 0}
    if schema:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "judgement", "schema": schema}}
    return body


def instruction_text(turns: Sequence[Turn]) -> str:
    """Render alternating turns in Llama 2's chat template, but for the first `<s>`, which the server adds."""
    rendered = [
        f"<s>[INST] {turn.content} [/INST]" if turn.role == "user" else f" {turn.content} </s>" for turn in turns
    ]
    return "".join(rendered).removeprefix("<s>")


def read_generation(answer: Any) -> str:
    """Return the generated text from any of the three formats.

    Raises LookupError, TypeError, AttributeError or ValueError. A chat completion that was cut off or blocked, or
    that has no text, is replaced by words that aren't a judgement.
    """
    first = answer[0] if isinstance(answer, list) else answer
    if "generation" in first:
        generation = first["generation"]
        text = generation["content"] if isinstance(generation, dict) else generation
    elif "generated_text" in first:
        text = first["generated_text"]
    else:
        choice = first["choices"][0]
        text, end = choice["message"].get("content"), choice.get("finish_reason")
        if end not in OWN:
            return no_answer(end if _WORD.fullmatch(str(end)) else "cut")
        if text is None:
            return no_answer("empty")
    if not isinstance(text, str):
        raise TypeError("the generation isn't text")
    return text
