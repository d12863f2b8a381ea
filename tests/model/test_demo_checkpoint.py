"""The checkpoint that ships: small, loadable by transformers itself, and right about held-out drawings."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
import torch
from transformers import Blip2ForConditionalGeneration, Blip2Processor

from model_artifacts.demo.architecture import NO, PROMPT, YES
from model_artifacts.demo.drawings import QUESTIONS, Drawing, draw
from model_artifacts.demo.evaluate import (
    DRAWINGS,
    EVALUATION_SEED,
    GOAL_MILLISECONDS,
    Answers,
    Reader,
    by_probability,
    read_all,
    word_f1,
)
from model_artifacts.demo.export import CHECKPOINT

MEGABYTE = 1_000_000
SIZE_LIMIT = 20 * MEGABYTE
COUNT = 100
# Below the goal on a thousand drawings, since a hundred scatter more.
ACCURACY_FLOOR = 0.90
MEAN_FLOOR = 0.95
CAPTION_FLOOR = 0.85


@pytest.fixture(scope="module")
def heldout() -> list[Drawing]:
    first = EVALUATION_SEED + DRAWINGS  # not those that evaluation.json is about
    return [draw(random.Random(first + n), split="heldout") for n in range(COUNT)]


@pytest.fixture(scope="module")
def answers(heldout: list[Drawing]) -> list[Answers]:
    return read_all(Reader(CHECKPOINT), heldout)


def test_it_is_small_and_stored_in_half_precision() -> None:
    files = {file.name: file.stat().st_size for file in CHECKPOINT.iterdir()}
    assert sum(files.values()) <= SIZE_LIMIT
    assert {"model.safetensors", "config.json", "generation_config.json", "tokenizer.json"} <= set(files)
    assert json.loads((CHECKPOINT / "config.json").read_text())["dtype"] == "float16"


def test_each_question_is_answered_well(heldout: list[Drawing], answers: list[Answers]) -> None:
    right = by_probability(answers) == np.array([drawing.labels for drawing in heldout])
    accuracies = dict(zip(QUESTIONS, right.mean(0), strict=True))
    assert min(accuracies.values()) >= ACCURACY_FLOOR, accuracies
    assert right.mean() >= MEAN_FLOOR


def test_greedy_text_is_yes_or_no_and_agrees_with_the_probability(answers: list[Answers]) -> None:
    for answer in answers:
        assert [text == YES for text in answer.texts] == [p > 0.5 for p in answer.probabilities]
        assert set(answer.texts) <= {YES, NO}


def test_captions_say_what_is_there(heldout: list[Drawing], answers: list[Answers]) -> None:
    scores = [word_f1(a.caption, d.caption) for a, d in zip(answers, heldout, strict=True)]
    assert sum(scores) / COUNT >= CAPTION_FLOOR


def test_transformers_alone_gives_the_same_answers(heldout: list[Drawing], answers: list[Answers]) -> None:
    model = Blip2ForConditionalGeneration.from_pretrained(CHECKPOINT, dtype=torch.float32).eval()
    processor = Blip2Processor.from_pretrained(CHECKPOINT)
    prompts = [*(PROMPT.format(question=question) for question in QUESTIONS), None]
    for drawing, answer in zip(heldout[:3], answers, strict=False):
        for prompt, expected in zip(prompts, [*answer.texts, answer.caption], strict=True):
            inputs = processor(images=drawing.image, text=prompt, return_tensors="pt")
            output = model.generate(**inputs)
            assert processor.batch_decode(output, skip_special_tokens=True)[0].strip() == expected


def test_the_tokenizer_takes_any_text() -> None:
    tokenizer = Blip2Processor.from_pretrained(CHECKPOINT).tokenizer
    for text in ("Ist das ein Messer?", "お酒は写っていますか", "🙂 \x00 tab\t", "Question: a? Answer: b."):
        ids = tokenizer(text)["input_ids"]
        assert tokenizer.unk_token_id not in ids
        assert tokenizer.decode(ids, skip_special_tokens=True).strip() == text.strip()


def test_the_published_evaluation_meets_the_goal() -> None:
    evaluation = json.loads((CHECKPOINT / "evaluation.json").read_text())
    assert evaluation["meets_goal"]
    assert evaluation["drawings"] == DRAWINGS
    assert evaluation["seed"] == EVALUATION_SEED
    assert evaluation["nine_answers_ms"] <= GOAL_MILLISECONDS
    assert set(evaluation["by_probability"]) == set(QUESTIONS)
