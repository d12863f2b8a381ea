"""A vision model behind a SageMaker endpoint that speaks OpenAI's chat completions, such as vLLM's."""

import base64
import json
import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moderation.adapters import clients
from moderation.adapters.chat_ends import CUT, OWN
from moderation.adapters.sagemaker_endpoint import SageMakerEndpoint
from moderation.domain.blank_picture import blank_png
from moderation.domain.yes_no import TOO_MANY_CHARACTERS, yes_or_no
from moderation.errors import EndpointRejected, EndpointTimeout, MalformedResponse
from moderation.ports import ScoredText, VisionReply

_ASK = "Answer in a few words. If the question can be answered with yes or no, answer with that word alone.\n"
_DESCRIBE = "Describe this picture in one sentence."
_ANSWER_TOKENS, _CAPTION_TOKENS = 20, 40
_TOP = 20  # as many as vLLM and OpenAI give
_MOST = 1.05  # of all first tokens' P together, as 16 bits round them
_BLANK = blank_png(224)
# With less P(yes) an answer is a no whatever the model says about a blank picture.
_CLEARLY_NO = 0.05
# With less on yes and no together the blank picture was answered with something else, which is no tendency to yes.
_ANSWERED = 0.5
_MODEL_CHARACTERS = 200  # of a model's name, which goes to the record
# Tokens of a chat's format that servers leave at the end of a text.
_END_TOKENS = re.compile(r"(?:\s*(?:</s>|<\|?(?:im_end|eot_id|endoftext|end|end_of_(?:text|turn|utterance))\|?>))+\s*$")
_TAIL = 200  # characters in which they are looked for
# What tokenizers put before a word.
_BEFORE_WORDS = " \n\t\u2581\u0120"


@dataclass(frozen=True)
class _Completion:
    """A generated text; P of the likeliest first tokens, None if the server gives none, empty if the text is."""

    text: str
    first_tokens: tuple[tuple[str, float], ...] | None

    def p_of(self, word: str) -> float:
        """Return the probability that the text starts with the word, in letters of either case."""
        return sum(p for token, p in self.first_tokens or () if token.strip(_BEFORE_WORDS).lower() == word)

    @property
    def p_unlisted(self) -> float:
        """The most that a first token which isn't listed can have."""
        listed = [p for _, p in self.first_tokens or ()]
        return min(max(0.0, 1 - sum(listed)), *listed, 1.0)


class OpenAiVision:
    """Implements `ports.VisionModel`: one chat completion per prompt, with P(yes) from its first token's `logprobs`.

    A server without `logprobs` gives no P(yes), and the model's name says so. A prompt whose answer isn't clearly no is
    put about a blank picture too, once for the life of the object.
    """

    def __init__(self, endpoint: SageMakerEndpoint) -> None:
        self._endpoint = endpoint
        self._p_blank: dict[str, float] = {}

    def ask(self, png: bytes, prompts: Sequence[str], caption: bool, within_s: float | None = None) -> VisionReply:
        chat = _Chat(self._endpoint, within_s)
        said = [chat.complete(png, _ASK + prompt, _ANSWER_TOKENS) for prompt in prompts]
        described = chat.complete(png, _DESCRIBE, _CAPTION_TOKENS) if caption else None
        answers = tuple(self._scored(chat, prompt, answer) for prompt, answer in zip(prompts, said, strict=True))
        unscored = any(each.first_tokens is None for each in (*said, described) if each)
        name = chat.model + (" (openai, without logprobs)" if unscored else " (openai)")
        return VisionReply(name, answers, described.text if described else None)

    def _scored(self, chat: "_Chat", prompt: str, said: "_Completion") -> ScoredText:
        p_yes, p_yes_no = _probabilities(said)
        if (_yes(prompt, said) if p_yes is None else p_yes) < _CLEARLY_NO:
            return ScoredText(said.text, p_yes, None, p_yes_no)
        if prompt not in self._p_blank:
            about_blank = chat.complete(_BLANK, _ASK + prompt, _ANSWER_TOKENS)
            self._p_blank[prompt] = _tendency_to_yes(prompt, about_blank)
        return ScoredText(said.text, p_yes, self._p_blank[prompt], p_yes_no)


class _Chat:
    """Requests of one query, none of which starts after `within_s` seconds, nor later than a function can wait for."""

    def __init__(self, endpoint: SageMakerEndpoint, within_s: float | None) -> None:
        self._endpoint, self._within_s = endpoint, within_s
        self._until = time.monotonic() + (within_s or clients.ENDPOINT_READ_S)
        self.model = endpoint.name

    def complete(self, png: bytes, text: str, tokens: int) -> "_Completion":
        """Return the completion. Raises EndpointTimeout, MalformedResponse and the errors of the endpoint."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise EndpointTimeout(
                f"Endpoint {self._endpoint.name} didn't answer all questions in time. If it never does, lower "
                "questions_per_query in the policy pack."
            )
        answer = self._endpoint.invoke(request_body(png, text, tokens), left if self._within_s else None)
        try:
            read = json.loads(answer)
            self.model = str(read.get("model") or self.model)[:_MODEL_CHARACTERS]
            choice = read["choices"][0]
            if choice["message"].get("content") is None:
                raise EndpointRejected(
                    f"The model behind {self._endpoint.name} answers without a text: it thinks first, refuses or calls "
                    "a tool. Turn its thinking off, or serve another model."
                )
            return _completion(choice)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise MalformedResponse(
                f"Endpoint {self._endpoint.name} didn't answer with a chat completion. If it doesn't speak OpenAI's "
                "format, deploy with another -c blip2Dialect."
            ) from error


def request_body(png: bytes, text: str, tokens: int) -> dict[str, Any]:
    """Return the request; the image comes first, so that a server can reuse what it read of it."""
    image = {"url": f"data:image/png;base64,{base64.b64encode(png).decode()}"}
    content = [{"type": "image_url", "image_url": image}, {"type": "text", "text": text}]
    return {
        "messages": [{"role": "user", "content": content}],
        "max_tokens": tokens,
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": _TOP,
    }


def _completion(choice: Mapping[str, Any]) -> "_Completion":
    text = choice["message"]["content"]
    if not isinstance(text, str):
        raise TypeError("the text isn't a string")
    whole_or_cut = choice.get("finish_reason") in (*OWN, *CUT)
    answer = _without_end_tokens(text.strip())[:TOO_MANY_CHARACTERS] if whole_or_cut else ""
    return _Completion(answer, _first_tokens((choice.get("logprobs") or {}).get("content") or ()))


def _without_end_tokens(text: str) -> str:
    return text[:-_TAIL] + _END_TOKENS.sub("", text[-_TAIL:])


def _first_tokens(entries: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, float], ...] | None:
    """Return what the first word may be; a sign or space before it has the share of what follows it."""
    first = next((place for place, entry in enumerate(entries) if _has_word(entry)), 0)
    tokens, share = list[tuple[str, float]](), 1.0
    for entry in entries[: first + 1]:
        listed = _listed(entry)
        if not listed:
            return None
        is_passed = entry is not entries[first]
        tokens += [(token, share * p) for token, p in listed if not (is_passed and token == entry["token"])]
        share *= dict(listed).get(entry["token"], 1.0)
    return tuple(tokens) or None


def _has_word(entry: Mapping[str, Any]) -> bool:
    return any(map(str.isalnum, entry["token"].strip(_BEFORE_WORDS)))


def _listed(entry: Mapping[str, Any]) -> list[tuple[str, float]]:
    listed = [(each["token"], _probability(each["logprob"])) for each in entry.get("top_logprobs") or ()]
    if sum(p for _, p in listed) > _MOST:
        raise ValueError("probabilities of more than 1 together")
    return listed


def _probability(logprob: object) -> float:
    if isinstance(logprob, bool) or not isinstance(logprob, int | float) or not logprob < 0.01:
        raise ValueError("not the logarithm of a probability")
    return min(1.0, math.exp(logprob))


def _probabilities(said: _Completion) -> tuple[float | None, float | None]:
    """Return P(yes) among yes and no, and P of both together; None without them.

    A yes that a short list of tokens leaves out counts with the most that it can have.
    """
    if said.first_tokens is None:
        return None, None
    yes, no = said.p_of("yes"), said.p_of("no")
    at_most = yes or said.p_unlisted
    return (at_most / (at_most + no) if yes + no else 0.5), min(1.0, yes + no)


def _tendency_to_yes(prompt: str, about_blank: _Completion) -> float:
    """Return P(yes) about a blank picture."""
    p_yes, p_yes_no = _probabilities(about_blank)
    if p_yes is None or p_yes_no is None:
        return _yes(prompt, about_blank)
    return p_yes if p_yes_no >= _ANSWERED else 0.0


def _yes(prompt: str, said: _Completion) -> float:
    return 1.0 if yes_or_no(said.text, prompt) == "yes" else 0.0
