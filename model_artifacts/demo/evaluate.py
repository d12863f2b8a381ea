"""Evaluate the demo checkpoint on held-out drawings, and check that it meets its goal.

    python -m model_artifacts.demo.evaluate

Prints one row a question, writes `evaluation.json` into the checkpoint, and exits with status 1 if
the goal isn't met. The drawings have seeds and layouts that training never used (`drawings`).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from transformers import Blip2ForConditionalGeneration, Blip2Processor
from transformers.utils import logging

from .architecture import BEGIN_ID, NO, PAD_ID, PROMPT, YES, encode_images
from .drawings import QUESTIONS, Drawing, draw, draw_view
from .export import ANSWER_TOKENS, CHECKPOINT

EVALUATION_SEED = 6_000_000_000
VIEWS_SEED = 7_000_000_000
DRAWINGS = 1000
VIEWS = 300
BATCH = 20

GOAL_ACCURACY = 0.95
GOAL_RECALL = 0.90
GOAL_MILLISECONDS = 100.0
TIMED_DRAWINGS = 25
TIMED_RUNS = 8
TIMED_THREADS = 2


THRESHOLD = 0.5

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Score:
    """Confusion counts of one question. Ratios with a denominator of 0 are 0."""

    accuracy: float
    precision: float
    recall: float
    positives: int

    @property
    def meets_goal(self) -> bool:
        """True if accuracy and recall reach the goal."""
        return self.accuracy >= GOAL_ACCURACY and self.recall >= GOAL_RECALL


@dataclass(frozen=True)
class Answers:
    """Answers of the checkpoint about one drawing, in the order of `QUESTIONS`."""

    probabilities: tuple[float, ...]
    texts: tuple[str, ...]
    caption: str


class Reader:
    """Checkpoint, asked as it is served: one encoding, all prompts as one batch."""

    def __init__(self, checkpoint: Path) -> None:
        self._model = Blip2ForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32).eval()
        self._processor = Blip2Processor.from_pretrained(checkpoint)
        tokenizer = self._processor.tokenizer
        self._yes, self._no = (tokenizer(word, add_special_tokens=False)["input_ids"][0] for word in (YES, NO))
        prompts = [tokenizer(PROMPT.format(question=text))["input_ids"] for text in QUESTIONS]
        prompts.append([BEGIN_ID])  # no prompt: the caption
        width = max(map(len, prompts))
        self._ids = torch.tensor([[*ids, *[PAD_ID] * (width - len(ids))] for ids in prompts])

    @torch.inference_mode()
    def read(self, drawings: Sequence[Drawing]) -> list[Answers]:
        """Answer the eight questions and caption each drawing."""
        images = [drawing.image for drawing in drawings]
        pixels = self._processor.image_processor(images, return_tensors="pt")["pixel_values"]
        _, _, visual = encode_images(self._model, pixels)
        prompts = len(self._ids)
        ids = self._ids.repeat(len(images), 1)
        embedded = self._model.get_input_embeddings()(ids)
        inputs = torch.cat([visual.repeat_interleave(prompts, 0), embedded], 1)
        seen = torch.ones(inputs.shape[0], visual.shape[1], dtype=torch.long)
        output = self._model.language_model.generate(
            inputs_embeds=inputs,
            attention_mask=torch.cat([seen, (ids != PAD_ID).long()], 1),
            max_new_tokens=ANSWER_TOKENS,
            do_sample=False,
            output_scores=True,
            return_dict_in_generate=True,
        )
        chosen = output.scores[0][:, [self._yes, self._no]].softmax(1)[:, 0].tolist()
        texts = self._processor.batch_decode(output.sequences, skip_special_tokens=True)
        texts = [text.strip() for text in texts]
        return [
            Answers(
                tuple(chosen[start : start + prompts - 1]),
                tuple(texts[start : start + prompts - 1]),
                texts[start + prompts - 1],
            )
            for start in range(0, len(texts), prompts)
        ]


def read_all(reader: Reader, drawings: Sequence[Drawing]) -> list[Answers]:
    """Return the answers for any number of drawings, in small batches."""
    batches = (drawings[start : start + BATCH] for start in range(0, len(drawings), BATCH))
    return [answers for batch in batches for answers in reader.read(batch)]


def score(said: Flags, true: Flags) -> dict[str, Score]:
    """Return a score per question, from two boolean arrays (drawings, questions)."""
    return {question: _score(said[:, column], true[:, column]) for column, question in enumerate(QUESTIONS)}


def _score(said: Flags, true: Flags) -> Score:
    hits = int((said & true).sum())
    return Score(
        accuracy=float((said == true).mean()),
        precision=hits / max(1, int(said.sum())),
        recall=hits / max(1, int(true.sum())),
        positives=int(true.sum()),
    )


def word_f1(said: str, true: str) -> float:
    """Return the harmonic mean of precision and recall over words, with repetitions."""
    said_words, true_words = Counter(said.split()), Counter(true.split())
    shared = (said_words & true_words).total()
    return 2 * shared / max(1, said_words.total() + true_words.total())


def milliseconds(reader: Reader, drawings: Sequence[Drawing]) -> float:
    """Return the median time of the nine answers about a drawing, on two threads, over some drawings.

    Each is timed several times and the minimum counts, since other load only adds time.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(TIMED_THREADS)
    best = [min(_timed(reader, drawing) for _ in range(TIMED_RUNS)) for drawing in drawings]
    torch.set_num_threads(threads)
    return statistics.median(best)


def _timed(reader: Reader, drawing: Drawing) -> float:
    started = time.perf_counter()
    reader.read([drawing])
    return 1000 * (time.perf_counter() - started)


Scores = dict[str, Score]


@dataclass(frozen=True)
class Evaluation:
    """Figures of an evaluation, as in `evaluation.json`. Scores are by question."""

    drawings: int
    seed: int
    meets_goal: bool
    neither_yes_nor_no: int
    all_eight_right: float
    caption_exact: float
    caption_word_f1: float
    nine_answers_ms: float
    by_probability: Scores
    by_greedy_text: Scores
    framed_views: Scores

    def as_json(self) -> str:
        """Return the figures as indented JSON, rounded to four places."""
        rounded = json.loads(json.dumps(dataclasses.asdict(self)), parse_float=_rounded)
        return json.dumps(rounded, indent=2) + "\n"

    def as_table(self) -> str:
        """Return the figures as a table for people."""
        lines = [f"{'question':48} {'accuracy':>9} {'precision':>9} {'recall':>7} {'yes':>5}"]
        for heading, scores in (
            ("threshold 0.5 on P(yes)", self.by_probability),
            ("greedy text", self.by_greedy_text),
            ("framed views, P(yes)", self.framed_views),
        ):
            lines.append(f"-- {heading}")
            lines += [
                f"{question:48} {one.accuracy:9.3f} {one.precision:9.3f} {one.recall:7.3f} {one.positives:5}"
                for question, one in scores.items()
            ]
        return "\n".join(
            [
                *lines,
                f"all eight right {self.all_eight_right:.3f}, neither yes nor no {self.neither_yes_nor_no}",
                f"caption exact {self.caption_exact:.3f}, word F1 {self.caption_word_f1:.3f}",
                f"nine answers {self.nine_answers_ms:.0f} ms on {TIMED_THREADS} threads",
                f"goal {'met' if self.meets_goal else 'not met'}",
            ]
        )


def _rounded(text: str) -> float:
    return round(float(text), 4)


def evaluate(checkpoint: Path, count: int) -> Evaluation:
    """Evaluate the checkpoint on `count` held-out drawings and some framed views."""
    reader = Reader(checkpoint)
    drawings = [draw(random.Random(EVALUATION_SEED + n), split="heldout") for n in range(count)]
    answers = read_all(reader, drawings)
    true = _true(drawings)
    said = by_probability(answers)
    scores = score(said, true)
    pairs = [(a.caption, d.caption) for a, d in zip(answers, drawings, strict=True)]
    duration = milliseconds(reader, drawings[:TIMED_DRAWINGS])
    return Evaluation(
        drawings=count,
        seed=EVALUATION_SEED,
        meets_goal=all(s.meets_goal for s in scores.values()) and duration <= GOAL_MILLISECONDS,
        neither_yes_nor_no=sum(text not in (YES, NO) for a in answers for text in a.texts),
        all_eight_right=float((said == true).all(1).mean()),
        caption_exact=statistics.mean(given == right for given, right in pairs),
        caption_word_f1=statistics.mean(word_f1(given, right) for given, right in pairs),
        nine_answers_ms=duration,
        by_probability=scores,
        by_greedy_text=score(_by_text(answers), true),
        framed_views=_views(reader),
    )


def _views(reader: Reader) -> Scores:
    """Ask the same questions about tiles of larger pictures; the result is reported, but not part of the goal."""
    views = [draw_view(random.Random(VIEWS_SEED + n), split="heldout") for n in range(VIEWS)]
    return score(by_probability(read_all(reader, views)), _true(views))


def _true(drawings: Sequence[Drawing]) -> Flags:
    return np.array([drawing.labels for drawing in drawings], bool)


def by_probability(answers: Sequence[Answers]) -> Flags:
    """Return the answers by P(yes) at a threshold of one half, (drawings, questions)."""
    return np.array([answer.probabilities for answer in answers]) > THRESHOLD


def _by_text(answers: Sequence[Answers]) -> Flags:
    return np.array([[text == YES for text in answer.texts] for answer in answers])


def main() -> int:
    """Run the evaluation and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT)
    parser.add_argument("--count", type=int, default=DRAWINGS, help="held-out drawings")
    options = parser.parse_args()
    logging.set_verbosity_error()
    evaluation = evaluate(options.checkpoint, options.count)
    print(evaluation.as_table())
    (options.checkpoint / "evaluation.json").write_text(evaluation.as_json(), encoding="utf-8")
    return 0 if evaluation.meets_goal else 1


if __name__ == "__main__":
    sys.exit(main())
