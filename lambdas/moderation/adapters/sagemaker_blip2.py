"""BLIP-2 behind a SageMaker endpoint, in our own dialect or in the sample's."""

import base64
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from moderation.adapters.sagemaker_endpoint import SageMakerEndpoint
from moderation.domain.blank_picture import blank_png
from moderation.domain.yes_no import TOO_MANY_CHARACTERS, yes_or_no
from moderation.errors import EndpointTimeout, MalformedResponse
from moderation.ports import ScoredText, VisionReply

_BLANK = base64.b64encode(blank_png(224)).decode()  # BLIP-2's own input size


class ScoredBlip2:
    """Implements `ports.VisionModel` on our endpoint: all prompts in one request, answered with P(yes)."""

    def __init__(self, endpoint: SageMakerEndpoint) -> None:
        self._endpoint = endpoint

    def ask(self, png: bytes, prompts: Sequence[str], caption: bool, within_s: float | None = None) -> VisionReply:
        body = {"image": base64.b64encode(png).decode(), "prompts": list(prompts), "caption": caption}
        text = self._endpoint.invoke(body, within_s)
        try:
            return _read_reply(json.loads(text), len(prompts), caption)
        except (ValueError, KeyError, TypeError) as error:
            raise MalformedResponse(
                f"Endpoint {self._endpoint.name} didn't answer {len(prompts)} prompts in the format of "
                "docs/contracts.md. If it runs the AWS sample's handler, deploy with -c blip2Dialect=sample."
            ) from error


class SampleBlip2:
    """Implements `ports.VisionModel` on an endpoint of the AWS sample: one request per prompt, plain text back.

    A prompt that is answered yes is put about a blank picture too, once for the life of the object.
    """

    def __init__(self, endpoint: SageMakerEndpoint) -> None:
        self._endpoint = endpoint
        self._p_blank: dict[str, float] = {}

    def ask(self, png: bytes, prompts: Sequence[str], caption: bool, within_s: float | None = None) -> VisionReply:
        image, until = base64.b64encode(png).decode(), None if within_s is None else time.monotonic() + within_s
        answers = tuple(self._answer(image, prompt, until) for prompt in prompts)
        return VisionReply(self._endpoint.name, answers, self._text({"image": image}, until) if caption else None)

    def _answer(self, image: str, prompt: str, until: float | None) -> ScoredText:
        text = self._text({"image": image, "prompt": prompt}, until)
        if yes_or_no(text, prompt) != "yes":
            return ScoredText(text)
        if prompt not in self._p_blank:
            about_blank = self._text({"image": _BLANK, "prompt": prompt}, until)
            self._p_blank[prompt] = 1.0 if yes_or_no(about_blank, prompt) == "yes" else 0.0
        return ScoredText(text, p_blank=self._p_blank[prompt])

    def _text(self, body: Mapping[str, Any], until: float | None) -> str:
        left = None if until is None else until - time.monotonic()
        if left is not None and left <= 0:
            raise EndpointTimeout(f"Endpoint {self._endpoint.name} didn't answer all questions in time.")
        return self._endpoint.invoke(body, left).strip()[:TOO_MANY_CHARACTERS]


def _read_reply(reply: Mapping[str, Any], expected: int, caption: bool) -> VisionReply:
    answers = tuple(
        ScoredText(
            _string(answer["text"]),
            _probability(answer["p_yes"]),
            _probability(answer["p_blank"]),
            _probability(answer.get("p_yes_no")),
        )
        for answer in reply["answers"]
    )
    if len(answers) != expected:
        raise ValueError(f"{len(answers)} answers to {expected} prompts")
    return VisionReply(_string(reply["model"]), answers, _string(reply["caption"]) if caption else None)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value


def _probability(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("not a probability")
    return float(value)
