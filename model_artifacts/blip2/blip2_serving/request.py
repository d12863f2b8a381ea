"""Requests to the endpoint, and the errors for invalid ones.

The sample's requests, answered in plain text:
    {"image": base64}                                        a caption
    {"image": base64, "prompt": text, "parameters": {...}}   the answer to the prompt

Ours, answered in JSON:
    {"image": base64, "prompts": [text, ...], "caption": bool, "parameters": {...}}
        {"model": id, "caption": text or null, "answers": [{"text", "p_yes", "p_yes_no", "p_blank"}, ...]}

`parameters` may hold the generation parameters of `PARAMETERS`, each as transformers documents it.
"""

import base64
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_IMAGE_BYTES = 20 * 1024 * 1024
MAX_PROMPTS = 64
MAX_PROMPT_CHARACTERS = 2000
MAX_NEW_TOKENS = 256
# Limits of requests without their own: a caption is a sentence, an answer a few words.
ANSWER_TOKENS = 20
CAPTION_TOKENS = 32

# What one request may cost; DJL puts up to eight of them into a batch, and SageMaker waits 60 s. The largest query of
# a policy pack, 64 questions and a caption, decodes 1,312 tokens and has 20,500 characters; the sample's has 40 tokens.
# Decoding costs about 25 ms a step on an A10G (1,600 operations to dispatch): 4,096 tokens are 256 steps at most for
# two prompts with eight beams, 6 to 13 s. Its encoder costs 2.4 GFLOP a token: 24,000 of them are about 2 s.
MAX_DECODED_TOKENS = 4096
MAX_CHARACTERS = 24_000

FIELDS = ("image", "prompt", "prompts", "caption", "parameters")


class Refusal(Exception):
    """The request is rejected. The message is for the client, and `code` is the HTTP status."""

    code: int


class BadRequest(Refusal):
    """The request is invalid; a retry won't help."""

    code = 400


@dataclass(frozen=True)
class Range:
    """Valid values of a generation parameter, both ends included."""

    type: type
    low: float = 0
    high: float = 1

    def read(self, name: str, value: Any) -> Any:
        """Return the value in its type. Raises BadRequest unless it is of the type and in the range."""
        types = (int, float) if self.type is float else (self.type,)
        # `type`, not `isinstance`: a bool is an int in Python, but `"num_beams": true` is a mistake
        if type(value) not in types or not self.low <= value <= self.high:
            wanted = "true or false" if self.type is bool else f"from {self.low} to {self.high}"
            raise BadRequest(f"parameters.{name} must be {self.type.__name__}, {wanted}.")
        return self.type(value)  # transformers refuses a penalty of 2, but takes 2.0


PARAMETERS: Mapping[str, Range] = {
    "max_new_tokens": Range(int, 1, MAX_NEW_TOKENS),
    "min_new_tokens": Range(int, 0, MAX_NEW_TOKENS),
    "num_beams": Range(int, 1, 8),
    "num_beam_groups": Range(int, 1, 1),  # the sample sends 1; transformers dropped group beam search
    "early_stopping": Range(bool),
    "use_cache": Range(bool),
    "do_sample": Range(bool),
    "temperature": Range(float, 0.01, 10),
    "top_k": Range(int, 1, 1000),
    "top_p": Range(float, 0.01, 1),
    "repetition_penalty": Range(float, 0.1, 10),
    "length_penalty": Range(float, -10, 10),
}


@dataclass(frozen=True)
class Request:
    """Well-formed request whose image hasn't been decoded yet."""

    image: bytes
    prompts: tuple[str, ...]
    caption: bool
    parameters: Mapping[str, Any]
    plain: bool  # the sample's shape: one answer, as plain text

    def limit(self, own: int) -> int:
        """Return the maximum number of tokens of an answer: the request's, or else `own`."""
        # a minimum above our limit asks for more than our limit
        limit: int = self.parameters.get("max_new_tokens", max(own, self.parameters.get("min_new_tokens", 0)))
        return limit


def parse_request(body: bytes | None) -> Request:
    """Parse a request's body; None is that of a request without content, such as an empty form.

    Raises BadRequest, whose message names the problem and the remedy.
    """
    if body is None:
        raise BadRequest("The request has no content. Send a JSON object.")
    data = _json_object(body)
    unknown = sorted(set(data) - set(FIELDS))
    if unknown:
        raise BadRequest(f"Unknown fields: {_listed(unknown)}. A request may have {_listed(FIELDS)}.")
    plain = "prompts" not in data and "caption" not in data
    if "prompt" in data and not plain:
        raise BadRequest('Send either "prompt" or "prompts" and "caption", not both.')
    prompts = _plain_prompt(data) if plain else _prompts(data)
    caption = not prompts if plain else _caption(data)
    if not prompts and not caption:
        raise BadRequest('Nothing is asked: send "prompts" or "caption": true.')
    request = Request(_image(data), prompts, caption, _parameters(data), plain)
    _refuse_excess(request)
    return request


def _refuse_excess(request: Request) -> None:
    """Raise BadRequest if the request costs too much, by its prompts, their beams and their tokens."""
    beams = request.parameters.get("num_beams", 1)
    answers, captions = len(request.prompts), int(request.caption)
    tokens = beams * (answers * request.limit(ANSWER_TOKENS) + captions * request.limit(CAPTION_TOKENS))
    if tokens > MAX_DECODED_TOKENS:
        raise BadRequest(
            f"The request asks for up to {tokens} tokens ({answers + captions} texts with {beams} beams each); at most "
            f"{MAX_DECODED_TOKENS} fit into one request. Send fewer prompts, or lower num_beams or max_new_tokens."
        )
    characters = sum(_characters(prompt) for prompt in request.prompts)
    if characters > MAX_CHARACTERS:
        raise BadRequest(
            f"The prompts have {characters} characters together; at most {MAX_CHARACTERS} are read. Send fewer prompts."
        )


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("The body must be a JSON object in UTF-8.") from None
    if not isinstance(data, dict):
        raise BadRequest("The body must be a JSON object.")
    return data


def _image(data: dict[str, Any]) -> bytes:
    encoded = data.get("image")
    if not isinstance(encoded, str) or not encoded:
        raise BadRequest('"image" must be an image file in base64.')
    if len(encoded) > 4 * (MAX_IMAGE_BYTES // 3 + 1):
        raise BadRequest(f'"image" is over {MAX_IMAGE_BYTES >> 20} MB; send a smaller file.')
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        raise BadRequest('"image" is not valid base64 (standard alphabet, no line breaks).') from None


def _plain_prompt(data: dict[str, Any]) -> tuple[str, ...]:
    prompt = data.get("prompt")
    return () if prompt is None else (_prompt("prompt", prompt),)


def _prompts(data: dict[str, Any]) -> tuple[str, ...]:
    prompts = data.get("prompts", [])
    if not isinstance(prompts, list):
        raise BadRequest('"prompts" must be a list of texts.')
    if len(prompts) > MAX_PROMPTS:
        raise BadRequest(f'"prompts" holds {len(prompts)} texts; at most {MAX_PROMPTS} fit into one request.')
    return tuple(_prompt(f"prompts[{index}]", prompt) for index, prompt in enumerate(prompts))


def _prompt(name: str, prompt: object) -> str:
    if not isinstance(prompt, str) or not prompt.strip():
        raise BadRequest(f'"{name}" must be a text; leave it out for a caption.')
    characters = _characters(prompt)
    if characters > MAX_PROMPT_CHARACTERS:
        raise BadRequest(f'"{name}" has {characters} characters; at most {MAX_PROMPT_CHARACTERS} are read.')
    if prompt != _encodable(prompt):
        raise BadRequest(f'"{name}" is not valid text: it contains half of a surrogate pair.')
    return prompt


def _characters(prompt: str) -> int:
    """Count characters after NFKC, as T5's tokenizer reads them, which bounds the number of tokens."""
    return max(len(prompt), len(unicodedata.normalize("NFKC", prompt[: MAX_PROMPT_CHARACTERS + 1])))


def _caption(data: dict[str, Any]) -> bool:
    caption = data.get("caption", False)
    if not isinstance(caption, bool):
        raise BadRequest('"caption" must be true or false.')
    return caption


def _parameters(data: dict[str, Any]) -> dict[str, Any]:
    parameters = data.get("parameters")
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        raise BadRequest('"parameters" must be a JSON object.')
    unknown = sorted(set(parameters) - set(PARAMETERS))
    if unknown:
        raise BadRequest(f"Unknown parameters: {_listed(unknown)}. Accepted: {_listed(PARAMETERS)}.")
    parameters = {name: PARAMETERS[name].read(name, value) for name, value in parameters.items()}
    if parameters.get("min_new_tokens", 0) > parameters.get("max_new_tokens", MAX_NEW_TOKENS):
        raise BadRequest("parameters.min_new_tokens is greater than parameters.max_new_tokens.")
    return parameters


def _listed(names: Any) -> str:
    """List at most twelve truncated names, so that a message can't echo a whole request."""
    return ", ".join(f'"{_encodable(name[:40])}"' for name in list(names)[:12])


def _encodable(text: str) -> str:
    """Return False for half a surrogate pair, which JSON can contain, but neither tokenizer nor DJL accepts."""
    return text.encode(errors="replace").decode()
