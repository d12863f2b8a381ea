"""Answers to dynamic batches: each distinct image is encoded once, and all prompts are decoded together."""

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch

from blip2_serving.blip2 import Blip2, Decoded, Row
from blip2_serving.cache import LruCache
from blip2_serving.deadline import TimeIsUp
from blip2_serving.hub_token import read_hub_token
from blip2_serving.image import open_image
from blip2_serving.request import ANSWER_TOKENS, CAPTION_TOKENS, Refusal, Request, parse_request

# Parameters with which decoding stays greedy and rows stay independent.
GREEDY: Mapping[str, Any] = {"do_sample": False, "num_beams": 1, "num_beam_groups": 1}

# flan-t5-xl's visual tokens take 128 KB an image in bf16: 32 MB in all.
CACHED_IMAGES = 256
# More than the prompts of any dynamic batch.
CACHED_PROMPTS = 4096

# Requests are decoded together if their work differs by at most this factor, so that none waits long for another.
SPREAD = 4

# Further digits of P depend on the batch size and are meaningless.
P_DIGITS = 4

# Bytes of a weights file that distinguish two trainings of one architecture, without reading gigabytes.
FINGERPRINTED_BYTES = 1 << 20

Answer = str | dict[str, Any]
Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class NetworkFailed(Refusal):
    """The network raised an error while decoding the request; `code` is DJL's status for such a handler."""

    def __init__(self, problem: Exception) -> None:
        memory = type(problem).__name__ in ("OutOfMemoryError", "MemoryError")
        self.code = 507 if memory else 424
        super().__init__("The model ran out of memory." if memory else f"The model failed: {type(problem).__name__}.")


@dataclass(frozen=True)
class _Job:
    """Request with a valid image: its visual tokens are cached, or its pixels are to be encoded."""

    request: Request
    digest: str
    visual: torch.Tensor | None
    pixels: torch.Tensor | None


@dataclass(frozen=True)
class _Question:
    """Prompt about an image, answered in at most `limit` tokens.

    `parameters` are for transformers' `generate`; without any the answer is decoded greedily.
    """

    row: Row
    limit: int
    parameters: Mapping[str, Any]

    @property
    def work(self) -> int:
        """Number of tokens that the language model reads and writes for it."""
        beams: int = self.parameters.get("num_beams", 1)
        return len(self.row.visual) + len(self.row.tokens) + beams * self.limit


class Service:
    """Model with its caches and its name. Call `initialize` first."""

    def __init__(self, answer_tokens: int = ANSWER_TOKENS, caption_tokens: int = CAPTION_TOKENS) -> None:
        """Set the limits of requests without `max_new_tokens`."""
        self._answer_tokens, self._caption_tokens = answer_tokens, caption_tokens
        self.initialized = False
        self._visuals: LruCache[str, torch.Tensor] = LruCache(CACHED_IMAGES)
        self._p_blank: LruCache[str, float] = LruCache(CACHED_PROMPTS)

    def initialize(self, properties: Mapping[str, str]) -> None:
        """Load the checkpoint `model_id` (a folder or a hub id), else the one in the model's own folder.

        For a hub id, `revision` is the commit, and `hub_token_secret_arn` the secret with a token for it.
        `served_model_name` names a folder's checkpoint in answers, by default the folder's name.
        Raises UnusableCheckpoint, HubTokenUnavailable, or errors of transformers.
        """
        checkpoint = properties.get("model_id") or properties["model_dir"]
        secret_arn = properties.get("hub_token_secret_arn")
        token = read_hub_token(secret_arn) if secret_arn else None
        blip2 = Blip2.load(checkpoint, properties.get("revision"), token)
        self.serve(blip2, _model_id(checkpoint, properties.get("served_model_name"), blip2.revision))

    def serve(self, blip2: Blip2, model_id: str) -> None:
        """Use a network that is loaded already."""
        self._blip2, self.model_id = blip2, model_id
        self.initialized = True

    def stop(self) -> None:
        """Prepare for the end of the process: see `Deadline.stop`."""
        self._blip2.deadline.stop()

    def answer(self, bodies: Sequence[bytes | None]) -> list[Answer | Refusal]:
        """Return one answer per body, in order, a Refusal for a request that can't be answered."""
        with self._blip2.deadline.batch():
            looked = [_attempt(self._look, body) for body in bodies]
            answers = iter(self._answers([job for job in looked if isinstance(job, _Job)]))
            return [next(answers) if isinstance(job, _Job) else job for job in looked]

    def _look(self, body: bytes | None) -> _Job:
        self._blip2.deadline.check()
        request = parse_request(body)
        digest = hashlib.sha256(request.image).hexdigest()
        visual = self._visuals.get(digest)
        pixels = self._blip2.pixels(open_image(request.image)) if visual is None else None
        return _Job(request, digest, visual, pixels)

    def _answers(self, jobs: Sequence[_Job]) -> list[Answer | Refusal]:
        try:
            visuals = self._encode(jobs)
        except TimeIsUp as late:
            return [late] * len(jobs)
        asked = [self._questions(job.request, visuals[job.digest]) for job in jobs]
        answers: dict[int, Answer | Refusal] = {}
        for indexes in _groups([sum(question.work for question in questions) for questions in asked]):
            requests = [jobs[index].request for index in indexes]
            company = self._answer_together(requests, [asked[index] for index in indexes])
            answers.update(zip(indexes, company, strict=True))
        return [answers[index] for index in range(len(jobs))]

    def _answer_together(
        self, requests: Sequence[Request], asked: Sequence[Sequence[_Question]]
    ) -> list[Answer | Refusal]:
        try:
            blank = self._blank_questions(requests)
        except TimeIsUp as late:
            return [late] * len(requests)
        decoded = iter(self._decode([*(question for questions in asked for question in questions), *blank.values()]))
        answers = [[next(decoded) for _ in questions] for questions in asked]
        for prompt, answer in zip(blank, decoded, strict=True):
            if isinstance(answer, Decoded):
                self._p_blank.put(prompt, answer.p_yes)
        return [self._reply(request, own) for request, own in zip(requests, answers, strict=True)]

    def _encode(self, jobs: Sequence[_Job]) -> dict[str, torch.Tensor]:
        """Return visual tokens by image digest; uncached images are encoded in one pass. Raises TimeIsUp."""
        new = {job.digest: job.pixels for job in jobs if job.pixels is not None}
        encoded = dict(zip(new, self._blip2.encode(list(new.values())), strict=True)) if new else {}
        for digest, visual in encoded.items():
            self._visuals.put(digest, visual)
        return encoded | {job.digest: job.visual for job in jobs if job.visual is not None}

    def _questions(self, request: Request, visual: torch.Tensor) -> list[_Question]:
        """Return the prompts in order, then the caption."""
        limit, parameters = request.limit(self._answer_tokens), request.parameters
        questions = [self._question(visual, prompt, limit, parameters) for prompt in request.prompts]
        if request.caption:
            questions.append(self._question(visual, None, request.limit(self._caption_tokens), parameters))
        return questions

    def _question(self, visual: torch.Tensor, prompt: str | None, limit: int, asked: Mapping[str, Any]) -> _Question:
        changed = {
            name: value
            for name, value in asked.items()
            # without its cache decoding gives the same text, slower with each token
            if GREEDY.get(name) != value and name not in ("max_new_tokens", "use_cache")
        }
        parameters = {"do_sample": False, **changed, "max_new_tokens": limit} if changed else {}
        return _Question(Row(visual, self._blip2.tokens(prompt), 1 if parameters else limit), limit, parameters)

    def _blank_questions(self, requests: Sequence[Request]) -> dict[str, _Question]:
        """Return the scored prompts whose P(yes) on a blank image isn't cached. Raises TimeIsUp."""
        prompts = {prompt for request in requests if not request.plain for prompt in request.prompts}
        new = sorted(prompt for prompt in prompts if self._p_blank.get(prompt) is None)
        return {prompt: self._question(self._blip2.blank, prompt, 1, {}) for prompt in new}

    def _decode(self, questions: Sequence[_Question]) -> list[Decoded | Refusal]:
        rows = [question.row for question in questions]
        decoded = self._each(self._blip2.decode, rows)
        groups: dict[str, list[int]] = defaultdict(list)
        for index, question in enumerate(questions):
            if question.parameters:
                groups[json.dumps(question.parameters, sort_keys=True)].append(index)
        for indexes in sorted(groups.values(), key=lambda group: sum(questions[index].work for index in group)):
            generate = partial(self._blip2.generate, parameters=questions[indexes[0]].parameters)
            texts = self._each(generate, [rows[index] for index in indexes])
            for index, text in zip(indexes, texts, strict=True):
                scored = decoded[index]
                if isinstance(scored, Decoded):
                    decoded[index] = replace(scored, text=text) if isinstance(text, str) else text
        return decoded

    def _each(
        self, decode: Callable[[Sequence[Row]], Sequence[Result | None]], rows: Sequence[Row]
    ) -> list[Result | Refusal]:
        """Decode each row. Rows that time out, or that the network fails on, fail alone."""
        try:
            results = decode(rows)
        except Exception as problem:
            logger.exception("The network failed")
            return [NetworkFailed(problem)] * len(rows)
        return [self._blip2.deadline.late() if result is None else result for result in results]

    def _reply(self, request: Request, decoded: Sequence[Decoded | Refusal]) -> Answer | Refusal:
        done: list[Decoded] = []
        for answer in decoded:
            if isinstance(answer, Refusal):
                return answer
            done.append(answer)
        if request.plain:
            return done[0].text
        blank = [p for prompt in request.prompts if (p := self._p_blank.get(prompt)) is not None]
        if len(blank) < len(request.prompts):
            return self._blip2.deadline.late()
        answers = [
            {
                "text": answer.text,
                "p_yes": round(answer.p_yes, P_DIGITS),
                "p_yes_no": round(answer.p_yes_no, P_DIGITS),
                "p_blank": round(p_blank, P_DIGITS),
            }
            for p_blank, answer in zip(blank, done, strict=False)  # the caption comes after them
        ]
        caption = done[-1].text if request.caption else None
        return {"model": self.model_id, "caption": caption, "answers": answers}


def _groups(work: Sequence[int]) -> list[list[int]]:
    """Return the indexes of requests to decode together, by the work of each, the lightest first."""
    companies: list[list[int]] = []
    for index in sorted(range(len(work)), key=lambda index: work[index]):
        if companies and work[index] <= SPREAD * work[companies[-1][0]]:
            companies[-1].append(index)
        else:
            companies.append([index])
    return companies


def _attempt(function: Callable[[bytes | None], Result], body: bytes | None) -> Result | Refusal:
    try:
        return function(body)
    except Refusal as problem:
        return problem


def _model_id(checkpoint: str, served_name: str | None, revision: str | None) -> str:
    """Return name and version of the weights: a verdict's provenance must change with them."""
    folder = Path(checkpoint)
    if not folder.is_dir():
        return f"{checkpoint}@{revision}" if revision else checkpoint
    return f"{served_name or folder.resolve().name}@{_fingerprint(folder)}"


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256((folder / "config.json").read_bytes())
    for weights in sorted([*folder.glob("*.safetensors"), *folder.glob("*.bin")]):
        size = weights.stat().st_size
        digest.update(f"{weights.name} {size}".encode())
        with weights.open("rb") as file:
            file.seek(max(0, size - FINGERPRINTED_BYTES))
            digest.update(file.read())
    return digest.hexdigest()[:12]
