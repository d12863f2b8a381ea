"""Train the demo checkpoint from scratch on drawings that are generated on the fly.

    python -m model_artifacts.demo.train --steps 3500 --workers 2

Two stages. *Seeing*: the vision tower learns, patch by patch, which shapes are where, and auxiliary
heads answer the questions from its states; the language model is trained now and then only, since
it has nothing to read yet. *Telling*: questions (in several wordings) and captions are trained on
every drawing, with the auxiliary losses kept on at a lower weight. The auxiliary heads are thrown
away at the end.

Drawing number n of a run is always the same one, so a run stopped and resumed sees what an
uninterrupted one would have seen, and ends with the same weights. It only goes on with the same
options. Workers are single-threaded processes that average their gradients; each takes its own
share of every step's drawings.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import pickle
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as distributed
from PIL import Image
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn
from torch.nn import functional
from transformers import Blip2ForConditionalGeneration, Blip2Processor
from transformers.utils import logging

from .architecture import (
    BEGIN_ID,
    NO,
    PAD_ID,
    YES,
    Size,
    build_config,
    build_model,
    build_processor,
    encode_images,
    positions_for,
)
from .drawings import (
    BOX_KINDS,
    INSULTS,
    NEUTRAL_WORDS,
    QUESTIONS,
    SUBJECTS,
    Drawing,
    Subject,
    draw,
    draw_view,
)
from .optimiser import Muon
from .phrases import caption_prompts, question_prompts
from .pictograms import HARMLESS, WEAPONS

# Seeds of the drawings: ranges that never meet. Evaluation's is in evaluate.py.
TRAINING_SEED = 1_000_000_000
VALIDATION_SEED = 2_000_000_000
VALIDATION_DRAWINGS = 240
CORPUS_SEED = 3_000_000_000
CORPUS_DRAWINGS = 1500
# How often prompts and answers count in the tokenizer's corpus, so that their words are tokens.
CORPUS_REPEATS = 60

IGNORED = -100
STATE = "training.pt"  # of a run, in its output folder
POSITIONS = "vision_model.embeddings.position_embedding"
QUESTIONS_PER_DRAWING = 4
SERVED_WORDING_SHARE = 0.6
UNPROMPTED_CAPTION_SHARE = 0.5

# Of the training drawings, how many are shown as tiles of larger pictures, and how many hold one subject
# only. Among these are more harmless ones, which random contents seldom are, and more words, which take
# the longest to learn.
VIEW_SHARE = 0.55
SINGLE_SUBJECT_SHARE = 0.25
MORE: tuple[Subject, ...] = ("safe", "safe", "safe", "safe", "insult", "insult", "insult", "insult", "contact")

WEIGHT_DECAY = 0.03
MUON_WEIGHT_DECAY = 0.09
CLIP = 1.0
WARM_UP_STEPS = 60
FINAL_RATE_SHARE = 0.01
PLATEAU = 0.15
AVERAGE_DECAY = 0.99
AVERAGE_WARM_UP_STEPS = 10
# The language model is trained at every step once this share of the run is over, until then rarely.
SEEING_SHARE = 0.35
TELLING_EVERY = 4
# Patches with a shape on them are few.
PATCH_POSITIVE_WEIGHT = 3.0
# Small shapes cover few patches and are what the answers hang on; words are hard to read.
HARD_KINDS = {"cigarette", "fight", "weapon", "contact", "insult", *WEAPONS, *HARMLESS, *INSULTS, *NEUTRAL_WORDS}
KIND_WEIGHTS = torch.tensor([3.0 if kind in HARD_KINDS else 1.0 for kind in BOX_KINDS])


@dataclass(frozen=True)
class LossWeights:
    """Weights of the auxiliary losses relative to the language model's captions."""

    patches: float
    facts: float
    answers: float


SEEING = LossWeights(patches=30, facts=8, answers=1.5)
TELLING = LossWeights(patches=12, facts=4, answers=1.5)
YES_NO_WEIGHT = 2.0


@dataclass(frozen=True)
class Options:
    """Options of the command line. The run ends at `steps` or after `minutes`, whichever is given."""

    output: Path
    minutes: float | None
    steps: int | None
    workers: int
    batch: int
    rate: float
    seed: int
    resume: bool
    start_from: Path | None
    seeing_share: float
    report_seconds: float
    save_seconds: float

    @property
    def recipe(self) -> dict[str, object]:
        """Return the options that decide the weights: a run only goes on with the same."""
        start_from = str(self.start_from) if self.start_from else None
        names = ("minutes", "steps", "workers", "batch", "rate", "seed", "seeing_share")
        return {**{name: getattr(self, name) for name in names}, "start_from": start_from}


class AuxiliaryHeads(nn.Module):
    """Heads used in training only, on the vision tower's patches and on the Q-Former's queries.

    They start at zero: until they have learnt something themselves, they don't disturb weights that have.
    """

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.patches = nn.Linear(size.vision_width, len(BOX_KINDS))
        self.patches.bias.data.fill_(-3.0)  # most patches show none of the shapes
        self.vision = nn.Linear(size.vision_width, len(QUESTIONS) + len(BOX_KINDS))
        self.queries = nn.Linear(size.qformer_width * size.queries, len(QUESTIONS) + len(BOX_KINDS))
        for head in (self.patches, self.vision, self.queries):
            nn.init.zeros_(head.weight)


@dataclass
class Tally:
    """Losses since the last report."""

    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, loss: Tensor) -> None:
        """Add a value of a loss."""
        self.sums[name] = self.sums.get(name, 0.0) + loss.item()
        self.counts[name] = self.counts.get(name, 0) + 1

    def take(self) -> str:
        """Return the means as text, and reset them."""
        text = " ".join(f"{name} {self.sums[name] / self.counts[name]:.3f}" for name in self.sums)
        self.sums, self.counts = {}, {}
        return text


@dataclass(frozen=True)
class Batch:
    """Drawings as tensors: pixels (N, 3, S, S), labels (N, 8), patch labels (N, patches, kinds)."""

    drawings: Sequence[Drawing]
    pixels: Tensor
    labels: Tensor
    patches: Tensor

    @property
    def facts(self) -> Tensor:
        """Content of the whole picture (N, 8 + kinds): the answers, then each kind of shape."""
        return torch.cat([self.labels, self.patches.amax(1)], 1)


class BatchBuilder:
    """Converts drawings to batches, with the processor's own resizing and normalisation."""

    def __init__(self, processor: Blip2Processor, size: Size) -> None:
        self._size = size
        images = processor.image_processor
        self._mean = np.array(images.image_mean, np.float32)
        self._deviation = np.array(images.image_std, np.float32)
        self._resample = Image.Resampling(images.resample)

    def batch(self, drawings: Sequence[Drawing]) -> Batch:
        """Return the tensors of some drawings."""
        return Batch(
            drawings,
            torch.from_numpy(np.stack([self._pixels(drawing.image) for drawing in drawings])),
            torch.tensor([drawing.labels for drawing in drawings], dtype=torch.float32),
            torch.from_numpy(np.stack([self._patches(drawing) for drawing in drawings])),
        )

    def _pixels(self, image: Image.Image) -> np.ndarray:
        small = image.resize((self._size.image, self._size.image), self._resample)
        levels = np.asarray(small, np.float32) / 255
        return ((levels - self._mean) / self._deviation).transpose(2, 0, 1)

    def _patches(self, drawing: Drawing) -> np.ndarray:
        """Return the kinds of shape in each patch, (patches, kinds), from the drawing's boxes."""
        grid = self._size.grid
        pixels = drawing.image.width / grid
        shown = np.zeros((grid, grid, len(BOX_KINDS)), np.float32)
        for box in drawing.boxes:
            first_column, last_column = _cells(box.left, box.right, pixels, grid)
            first_row, last_row = _cells(box.top, box.bottom, pixels, grid)
            kind = _KIND_INDEX[box.kind]
            shown[first_row : last_row + 1, first_column : last_column + 1, kind] = 1
        return shown.reshape(grid * grid, -1)


_KIND_INDEX = {kind: index for index, kind in enumerate(BOX_KINDS)}


def _cells(low: float, high: float, pixels: float, grid: int) -> tuple[int, int]:
    return max(0, int(low // pixels)), min(grid - 1, int(high // pixels))


class Lessons:
    """Prompts and answers as token ids, in the wordings of `phrases`."""

    def __init__(self, processor: Blip2Processor) -> None:
        self._tokenizer = processor.tokenizer
        self._questions = [[self._ids(text) for text in texts] for texts in question_prompts()]
        self._captions = [self._ids(text) for text in caption_prompts()]
        self.answers = {True: self._ids(YES), False: self._ids(NO)}

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text)["input_ids"])

    def served(self, question: int) -> list[int]:
        """Return the prompt of a question as it is served."""
        return self._questions[question][0]

    def yes_no(self, rng: random.Random, batch: Batch) -> tuple[list[int], list[list[int]], list[list[int]]]:
        """Return some questions about each drawing: drawing's index, prompt, answer."""
        rows, prompts, answers = [], [], []
        for row, drawing in enumerate(batch.drawings):
            for question in rng.sample(range(len(QUESTIONS)), QUESTIONS_PER_DRAWING):
                served = rng.random() < SERVED_WORDING_SHARE
                rows.append(row)
                prompts.append(self.served(question) if served else rng.choice(self._questions[question]))
                answers.append(self.answers[drawing.labels[question]])
        return rows, prompts, answers

    def captions(self, rng: random.Random, batch: Batch) -> tuple[list[int], list[list[int]], list[list[int]]]:
        """Return a caption of each drawing, half of them without a prompt."""
        prompts = [
            [BEGIN_ID] if rng.random() < UNPROMPTED_CAPTION_SHARE else rng.choice(self._captions)
            for _ in batch.drawings
        ]
        answers = [self._ids(drawing.caption) for drawing in batch.drawings]
        return list(range(len(prompts))), prompts, answers


def padded(rows: Sequence[Sequence[int]], value: int) -> Tensor:
    """Return rows of ids as one tensor, padded on the right with `value`."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[value] * (width - len(row))] for row in rows])


def language_inputs(
    model: Blip2ForConditionalGeneration,
    visual: Tensor,
    rows: Sequence[int],
    prompts: Sequence[Sequence[int]],
) -> dict[str, Tensor]:
    """Return the visual tokens of the given rows followed by the embedded prompts, with their mask."""
    ids = padded(prompts, PAD_ID)
    embedded = model.get_input_embeddings()(ids)
    mask = torch.cat([torch.ones(len(ids), visual.shape[1], dtype=torch.long), (ids != PAD_ID).long()], 1)
    return {"inputs_embeds": torch.cat([visual[list(rows)], embedded], 1), "attention_mask": mask}


class Trainer:
    """A worker's copy of the model, its optimisers and its share of the drawings."""

    def __init__(self, options: Options, rank: int) -> None:
        self.options, self.rank = options, rank
        self.size = Size()
        earlier = options.output if options.resume else options.start_from
        self.processor = _processor(earlier, self.size)
        self.model = build_model(build_config(self.processor, self.size), options.seed)
        self.heads = AuxiliaryHeads(self.size)
        self.lessons = Lessons(self.processor)
        self.batcher = BatchBuilder(self.processor, self.size)
        self.parameters = [*self.model.parameters(), *self.heads.parameters()]
        self.optimisers = _optimisers(self.model, self.heads, options.rate)
        self._average = [parameter.detach().clone() for parameter in self.model.parameters()]
        self.step = 0
        self.seconds = 0.0  # of training, over all resumptions
        self.tally = Tally()

    @property
    def progress(self) -> float:
        """Share of the run that is over."""
        shares = [0.0]
        if self.options.steps:
            shares.append(self.step / self.options.steps)
        if self.options.minutes:
            shares.append(self.seconds / 60 / self.options.minutes)
        return max(shares)

    def train_step(self) -> None:
        """Train one step on this worker's share of the next drawings."""
        rate = self.options.rate * rate_share(self.step, self.progress)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
        number = self.step * self.options.workers + self.rank
        first = TRAINING_SEED + number * self.options.batch
        batch = self.batcher.batch([training_drawing(first + index) for index in range(self.options.batch)])
        rng = random.Random(f"questions {first}")  # apart from the drawings' own
        telling = self.progress >= self.options.seeing_share
        loss = self._loss(rng, batch, telling, telling or self.step % TELLING_EVERY == 0)
        for parameter in self.parameters:
            parameter.grad = None
        torch.autograd.backward(loss)
        self._average_gradients()
        nn.utils.clip_grad_norm_(self.parameters, CLIP)
        for optimiser in self.optimisers:
            optimiser.step()
        self.step += 1
        self._update_average()

    def _loss(self, rng: random.Random, batch: Batch, telling: bool, language: bool) -> Tensor:
        vision, queries, visual = encode_images(self.model, batch.pixels)
        seen = functional.binary_cross_entropy_with_logits(
            self.heads.patches(vision[:, 1:]),
            batch.patches,
            weight=KIND_WEIGHTS,
            pos_weight=torch.tensor(PATCH_POSITIVE_WEIGHT),
        )
        from_queries = self.heads.queries(queries.flatten(1))
        facts = functional.binary_cross_entropy_with_logits(
            self.heads.vision(vision.mean(1)), batch.facts
        ) + functional.binary_cross_entropy_with_logits(from_queries, batch.facts)
        answers = functional.binary_cross_entropy_with_logits(from_queries[:, : len(QUESTIONS)], batch.labels)
        self.tally.add("patches", seen)
        self.tally.add("facts", facts)
        self.tally.add("answers", answers)
        weights = TELLING if telling else SEEING
        loss = weights.patches * seen + weights.facts * facts + weights.answers * answers
        if language:
            loss = loss + self._language_loss(rng, batch, visual)
        return loss

    def _language_loss(self, rng: random.Random, batch: Batch, visual: Tensor) -> Tensor:
        losses: dict[str, Tensor] = {}
        for name, lesson in (("yes/no", self.lessons.yes_no), ("caption", self.lessons.captions)):
            rows, prompts, answers = lesson(rng, batch)
            inputs = language_inputs(self.model, visual, rows, prompts)
            labels = padded(answers, IGNORED)
            losses[name] = self.model.language_model(**inputs, labels=labels).loss
            self.tally.add(name, losses[name])
        return YES_NO_WEIGHT * losses["yes/no"] + losses["caption"]

    def _average_gradients(self) -> None:
        """Average the gradients over the workers, in one message."""
        if self.options.workers == 1:
            return
        gradients = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        message = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(message)
        message /= self.options.workers
        parts = torch.split(message, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def save(self) -> None:
        """Save the state for `--resume`, and the averaged model."""
        folder = self.options.output
        with self.averaged():
            self.model.save_pretrained(folder)
        state = {
            "recipe": self.options.recipe,
            "model": self.model.state_dict(),
            "average": self._average,
            "heads": self.heads.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "step": self.step,
            "seconds": self.seconds,
        }
        partial = folder / "training.partial"
        torch.save(state, partial)
        partial.replace(folder / STATE)

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Use weights averaged over the last steps for the duration of the block.

        The average approximates the result of a lower learning rate; it is saved and evaluated.
        """
        latest = [parameter.data for parameter in self.model.parameters()]
        for parameter, average in zip(self.model.parameters(), self._average, strict=True):
            parameter.data = average
        try:
            yield
        finally:
            for parameter, data in zip(self.model.parameters(), latest, strict=True):
                parameter.data = data

    @torch.no_grad()
    def _update_average(self) -> None:
        keep = min(AVERAGE_DECAY, self.step / (self.step + AVERAGE_WARM_UP_STEPS))
        for average, parameter in zip(self._average, self.model.parameters(), strict=True):
            average.lerp_(parameter, 1 - keep)

    def resume(self) -> None:
        """Resume the run that was saved in the output folder."""
        state = _saved(self.options)
        self.model.load_state_dict(state["model"])
        self.heads.load_state_dict(state["heads"])
        self._average = state["average"]
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.step, self.seconds = state["step"], state["seconds"]

    def start_from(self, checkpoint: Path) -> None:
        """Start from the weights of a checkpoint, with its position embeddings resized for another image size."""
        state = Blip2ForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32).state_dict()
        state[POSITIONS] = positions_for(state[POSITIONS], self.size.grid)
        self.model.load_state_dict(state)


def _optimisers(
    model: Blip2ForConditionalGeneration, heads: AuxiliaryHeads, rate: float
) -> list[torch.optim.Optimizer]:
    """Muon for the weight matrices inside the layers, AdamW for everything else."""
    inner = [
        parameter
        for name, parameter in model.named_parameters()
        if parameter.ndim == 2
        and any(part in name for part in ("layers.", "layer.", "block."))
        and "relative" not in name
    ]
    chosen = set(map(id, inner))
    outer = [p for p in [*model.parameters(), *heads.parameters()] if id(p) not in chosen]
    return [
        Muon(inner, rate, MUON_WEIGHT_DECAY),
        torch.optim.AdamW(outer, lr=rate, weight_decay=WEIGHT_DECAY, betas=(0.9, 0.98)),
    ]


def training_drawing(seed: int) -> Drawing:
    """Return the drawing of a seed: most have random contents, some one unsafe subject or none, some are tiles."""
    rng = random.Random(seed)
    manner = rng.random()
    if manner < VIEW_SHARE:
        return draw_view(rng)
    if manner < VIEW_SHARE + SINGLE_SUBJECT_SHARE:
        return draw(rng, only=rng.choice((*SUBJECTS, *MORE)))
    return draw(rng)


def rate_share(step: int, progress: float) -> float:
    """Return the learning rate as a share of its peak: a warm-up, a plateau, then a cosine."""
    warm = min(1.0, (step + 1) / WARM_UP_STEPS)
    if progress < PLATEAU:
        return warm
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - PLATEAU) / (1 - PLATEAU))))
    return warm * max(FINAL_RATE_SHARE, cosine)


def _processor(earlier: Path | None, size: Size) -> Blip2Processor:
    """Return the processor of an earlier run or checkpoint for images of `size`, or a new one."""
    if earlier is None:
        return build_processor(_corpus(), size)
    processor = Blip2Processor.from_pretrained(earlier)
    processor.image_processor.size = {"height": size.image, "width": size.image}
    return processor


def _corpus() -> Iterable[str]:
    rng = random.Random(CORPUS_SEED)
    prompts = [text for texts in question_prompts() for text in texts]
    yield from (draw(rng).caption for _ in range(CORPUS_DRAWINGS))
    yield from [*prompts, *caption_prompts(), YES, NO] * CORPUS_REPEATS


class Validation:
    """Small set of held-out drawings, evaluated during training."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        drawings = [draw(random.Random(VALIDATION_SEED + n), split="heldout") for n in range(VALIDATION_DRAWINGS)]
        self._batch = trainer.batcher.batch(drawings)

    @torch.inference_mode()
    def accuracies(self) -> list[float]:
        """Return the accuracy of each question's first token, in the served wording."""
        with self._trainer.averaged():
            return self._accuracies()

    def _accuracies(self) -> list[float]:
        model, lessons = self._trainer.model, self._trainer.lessons
        _, _, visual = encode_images(model, self._batch.pixels)
        yes, no = lessons.answers[True][0], lessons.answers[False][0]
        rows = range(len(visual))
        start = torch.full((len(visual), 1), PAD_ID)
        result = []
        for question in range(len(QUESTIONS)):
            inputs = language_inputs(model, visual, rows, [lessons.served(question)] * len(visual))
            logits = model.language_model(**inputs, decoder_input_ids=start).logits[:, 0]
            said = logits[:, yes] > logits[:, no]
            result.append((said == self._batch.labels[:, question].bool()).float().mean().item())
        return result


def work(rank: int, options: Options) -> None:
    """Run one worker from the first step to the last."""
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    if options.workers > 1:
        store = f"file://{(options.output / 'workers').resolve()}"
        distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=options.workers)
    trainer = Trainer(options, rank)
    if options.resume:
        trainer.resume()
    else:
        if options.start_from:
            trainer.start_from(options.start_from)
        if rank == 0:
            trainer.processor.save_pretrained(options.output)  # once: a kill meanwhile would leave a torn file
    _run(trainer)
    if options.workers > 1:
        distributed.destroy_process_group()


def _run(trainer: Trainer) -> None:
    options, leads = trainer.options, trainer.rank == 0
    validation = Validation(trainer) if leads else None
    reported = saved = trainer.seconds
    started = time.monotonic() - trainer.seconds
    while trainer.progress < 1:
        trainer.train_step()
        trainer.seconds = _agreed(time.monotonic() - started, options.workers)
        if validation and trainer.seconds - reported >= options.report_seconds:
            reported = trainer.seconds
            _report(trainer, validation)
        if leads and trainer.seconds - saved >= options.save_seconds:
            saved = trainer.seconds
            trainer.save()
    if validation:
        _report(trainer, validation)
        trainer.save()


def _agreed(seconds: float, workers: int) -> float:
    """Share the first worker's clock, so that all workers end at the same step."""
    clock = torch.tensor([seconds], dtype=torch.float64)
    if workers > 1:
        distributed.broadcast(clock, 0)
    return clock.item()


def _report(trainer: Trainer, validation: Validation) -> None:
    accuracies = validation.accuracies()
    drawings = trainer.step * trainer.options.batch * trainer.options.workers
    print(
        f"{trainer.progress:4.0%} {trainer.seconds / 60:5.1f} min  {drawings:,} drawings"
        f" ({drawings / max(1, trainer.seconds):.0f}/s)  {trainer.tally.take()}  held-out "
        + " ".join(f"{accuracy:.2f}" for accuracy in accuracies)
        + f" mean {sum(accuracies) / len(accuracies):.3f}",
        flush=True,
    )


def _above_zero(number: type[float]) -> Callable[[str], float]:
    """Return the reader of an option that must be more than 0: a run to 0 would never end."""

    def read(text: str) -> float:
        value = number(text)
        if not 0 < value < math.inf:
            raise argparse.ArgumentTypeError(f"{text} isn't more than 0")
        return value

    return read


def _saved(options: Options) -> dict[str, Any]:
    """Return the state of the run in the output folder. Raises RuntimeError, EOFError or UnpicklingError."""
    state: dict[str, Any] = torch.load(options.output / STATE, weights_only=True)
    return state


def _options() -> Options:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("build/demo-training"))
    parser.add_argument("--minutes", type=_above_zero(float), help="train for this long")
    parser.add_argument("--steps", type=_above_zero(int), help="train for this many steps")
    parser.add_argument("--workers", type=_above_zero(int), default=2, help="single-threaded processes")
    parser.add_argument("--batch", type=_above_zero(int), default=16, help="drawings a step for each worker")
    parser.add_argument("--rate", type=float, default=1e-3, help="peak learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="go on with the run in --output, if there is one")
    parser.add_argument("--start-from", type=Path, help="a checkpoint whose weights to start from")
    parser.add_argument("--seeing-share", type=float, default=SEEING_SHARE, help="of the run, for the first stage")
    parser.add_argument("--report-seconds", type=float, default=60, help="between lines of progress")
    parser.add_argument("--save-seconds", type=float, default=300, help="between saves for --resume")
    arguments = parser.parse_args()
    arguments.resume = arguments.resume and (arguments.output / STATE).exists()
    options = Options(**vars(arguments))
    if options.minutes is None and options.steps is None:
        parser.error("say how long: --minutes or --steps")
    try:
        earlier = _saved(options).get("recipe") if options.resume else options.recipe
    except (RuntimeError, EOFError, pickle.UnpicklingError):
        parser.error(
            f"{options.output / STATE} is damaged, so that the run can't go on: delete {options.output} to start anew, "
            "or choose another --output"
        )
    if earlier != options.recipe:
        parser.error(
            f"{options.output} holds a run with {earlier}, not {options.recipe}, and would end like neither: "
            "go on with its options, delete it, or choose another --output"
        )
    return options


def main() -> None:
    """Start the workers and wait for them."""
    options = _options()
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "workers").unlink(missing_ok=True)
    if options.workers == 1:
        work(0, options)
    else:
        spawn(work, args=(options,), nprocs=options.workers)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
