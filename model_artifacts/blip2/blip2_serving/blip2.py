"""The network: an image is encoded once, and any number of prompts is decoded against its tokens as one batch.

BLIP-2's Q-Former doesn't see the question, so an image's visual tokens serve every question about it. The language
model is given `[visual tokens ; embedded prompt]` as `inputs_embeds`, which is what transformers' own
`Blip2ForConditionalGeneration.generate` makes of its image placeholder tokens: greedy answers are the same, token for
token. Written for transformers 4.57.1, which is both in the container's image and on the laptop.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import AutoTokenizer, Blip2ForConditionalGeneration, BlipImageProcessor, StoppingCriteria

from blip2_serving.deadline import Deadline, TimeIsUp
from blip2_serving.t5 import T5Decoder, T5Encoder

# Padded tokens (rows x beams x length) decoded at once. The key-value cache of `generate` takes about 0.2 MB a token
# of flan-t5-xl in bf16, so this is about 3 GB; a batch of 8 images with 9 prompts each has some 3,500.
MAX_PADDED_TOKENS = 16_384
# Pairs of tokens (rows x length x length) that a layer of the encoder attends to at once: 12 bytes each for each of
# flan-t5-xl's 32 heads (bias, scores, and both of the softmax in fp32), so 3.2 GB. It binds beyond 512 tokens a row.
MAX_ATTENDED_PAIRS = 512 * MAX_PADDED_TOKENS


class UnusableCheckpoint(ValueError):
    """The checkpoint loads but can't serve; the message names the cause."""


@dataclass(frozen=True)
class Row:
    """Prompt about an image, answered in at most `limit` tokens; 1 is enough for P(yes).

    `visual` has the shape (query tokens, hidden size of the language model).
    """

    visual: torch.Tensor
    tokens: tuple[int, ...]
    limit: int


@dataclass(frozen=True)
class Decoded:
    """Greedy answer, with two probabilities at its first token, in [0, 1] and over either case of the first letter.

    `p_yes` is P(yes) / (P(yes) + P(no)), and `p_yes_no` is P(yes) + P(no).
    """

    text: str
    p_yes: float
    p_yes_no: float


class Blip2:
    """Loaded BLIP-2 checkpoint with a T5 language model. Not thread-safe: DJL calls a worker sequentially.

    Long operations end at `deadline`: encoding between two layers, decoding between two steps.
    """

    def __init__(self, model: Any, image_processor: Any, tokenizer: Any) -> None:
        """Check the model. Raises UnusableCheckpoint if captions or yes/no scores are impossible with it."""
        if model.config.use_decoder_only_language_model:
            raise UnusableCheckpoint("BLIP-2 with a decoder-only language model (OPT) isn't served; use a T5 one.")
        if model.config.text_config.bos_token_id is None:
            raise UnusableCheckpoint("The checkpoint's text_config has no bos_token_id, which captions start from.")
        self._model = model
        self._image_processor = image_processor
        self._tokenizer = tokenizer
        self._yes, self._no = _first_tokens(tokenizer, "yes"), _first_tokens(tokenizer, "no")
        if set(self._yes) & set(self._no):
            raise UnusableCheckpoint('The tokenizer starts "yes" and "no" with the same token: no P(yes).')
        if model.config.text_config.feed_forward_proj != "gated-gelu":
            raise UnusableCheckpoint("The checkpoint's T5 isn't of version 1.1 (gated-gelu), as flan-t5 is.")
        self.deadline = Deadline()
        self._encoder = T5Encoder(model.language_model, before_layer=self.deadline.check)
        self._decoder = T5Decoder(model.language_model)
        for layer in (*model.vision_model.encoder.layers, *model.language_model.encoder.block):
            layer.register_forward_pre_hook(lambda *_: self.deadline.check())

    @classmethod
    def load(cls, checkpoint: str | Path, revision: str | None = None, token: str | None = None) -> "Blip2":
        """Load a folder, or a commit of a hub id: bf16 on a GPU (fp16 overflows in T5), fp32 on a CPU."""
        device, dtype = ("cuda", torch.bfloat16) if torch.cuda.is_available() else ("cpu", torch.float32)
        source = {"revision": revision or "main", "token": token}
        model = Blip2ForConditionalGeneration.from_pretrained(checkpoint, dtype=dtype, **source).eval().to(device)
        processor = BlipImageProcessor.from_pretrained(checkpoint, **source)
        return cls(model, processor, AutoTokenizer.from_pretrained(checkpoint, **source))

    @property
    def revision(self) -> str | None:
        """Commit of a checkpoint from the hub."""
        commit: str | None = getattr(self._model.config, "_commit_hash", None)
        return commit

    def pixels(self, image: Image.Image) -> torch.Tensor:
        """Return an RGB image as input of the vision tower: (3, height, width), resized and normalised."""
        # the order of axes is given: a one-pixel-high image would be mistaken for a channels-first one; and the array,
        # since transformers 5 turns a picture's axes before it applies the order, where torchvision is installed
        batch = self._image_processor(np.array(image), return_tensors="pt", input_data_format="channels_last")
        pixels: torch.Tensor = batch["pixel_values"][0]
        return pixels

    @torch.inference_mode()
    def encode(self, pixels: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Return the visual tokens of each image: vision tower, Q-Former and projection, all images in one pass.

        Raises TimeIsUp.
        """
        model = self._model
        batch = torch.stack(list(pixels)).to(model.device, model.dtype)
        seen = model.vision_model(pixel_values=batch).last_hidden_state
        queried = model.qformer(
            query_embeds=model.query_tokens.expand(len(batch), -1, -1),
            encoder_hidden_states=seen,
            encoder_attention_mask=seen.new_ones(seen.shape[:-1], dtype=torch.long),
        ).last_hidden_state
        # clones, so that a cached image doesn't keep its whole batch alive
        return [visual.clone() for visual in model.language_projection(queried.to(seen.dtype))]

    def tokens(self, prompt: str | None) -> tuple[int, ...]:
        """Return a prompt's token ids; a caption has no prompt and starts from the bos token only."""
        if prompt is None:
            return (self._model.config.text_config.bos_token_id,)
        return tuple(self._tokenizer(prompt)["input_ids"])

    @cached_property
    def blank(self) -> torch.Tensor:
        """Return the visual tokens of a blank image: the mean colour, which the processor turns into zeros."""
        size = self._model.config.vision_config.image_size
        return self.encode([torch.zeros(3, size, size)])[0]

    @torch.inference_mode()
    def decode(self, rows: Sequence[Row]) -> list[Decoded | None]:
        """Decode every row greedily, as one padded batch unless it is over MAX_PADDED_TOKENS.

        None stands for a row that wasn't finished in time.
        """
        decoded: dict[int, Decoded | None] = {}
        with suppress(TimeIsUp):
            for indexes in _batches(rows, beams=1):
                batch = self._decode_greedily([rows[index] for index in indexes])
                decoded.update(zip(indexes, batch, strict=True))
        return [decoded.get(index) for index in range(len(rows))]

    @torch.inference_mode()
    def generate(self, rows: Sequence[Row], parameters: Mapping[str, Any]) -> list[str | None]:
        """Decode with transformers' own `generate`, for anything but plain greedy decoding; `limit` is ignored.

        None stands for a row that wasn't finished in time.
        """
        beams = parameters.get("num_beams", 1)
        texts: dict[int, str | None] = {}
        with suppress(TimeIsUp):
            for indexes in _batches(rows, beams):
                embeds, mask = self._inputs([rows[index] for index in indexes])
                late = _Late(self.deadline)
                generated = self._model.language_model.generate(
                    inputs_embeds=embeds, attention_mask=mask, stopping_criteria=[late], **parameters
                )
                # a hypothesis that a cut-off beam search returns isn't the one that it would have ended with
                done = (generated == self._model.config.text_config.eos_token_id).any(dim=1) & (beams == 1)
                for index, text, whole in zip(indexes, self._texts(generated), done.tolist(), strict=True):
                    texts[index] = text if whole or not late.met else None
        return [texts.get(index) for index in range(len(rows))]

    def _decode_greedily(self, rows: Sequence[Row]) -> list[Decoded | None]:
        """Decode as `generate` does, but remove finished rows from the batch: short answers don't wait for captions."""
        config = self._model.config.text_config
        embeds, mask = self._inputs(rows)
        encoded = self._encoder.read(embeds, mask)
        limits = torch.tensor([row.limit for row in rows], device=encoded.device)
        active = torch.arange(len(rows), device=encoded.device)
        tokens = torch.full((len(rows),), config.decoder_start_token_id, device=encoded.device)
        generated: list[list[int]] = [[] for _ in rows]
        scores: list[tuple[float, float]] = []
        decoding = self._decoder.begin(encoded, mask)
        for step in range(1, max(row.limit for row in rows) + 1):
            if self.deadline.passed:
                break
            logits = self._decoder.step(tokens, decoding)
            scores = scores or self._scores(logits)
            tokens = logits.argmax(dim=-1)
            for index, token in zip(active.tolist(), tokens.tolist(), strict=True):
                generated[index].append(token)
            going_on = ((tokens != config.eos_token_id) & (limits[active] > step)).nonzero()[:, 0]
            if len(going_on) < len(active):
                decoding.keep(going_on)
                active, tokens = active[going_on], tokens[going_on]
            if len(active) == 0:
                break
        unfinished = set(active.tolist())
        return [
            None if index in unfinished else Decoded(text, *scores[index])
            for index, text in enumerate(self._texts(generated))
        ]

    def _texts(self, generated: Any) -> list[str]:
        return [text.strip() for text in self._tokenizer.batch_decode(generated, skip_special_tokens=True)]

    def _inputs(self, rows: Sequence[Row]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return `inputs_embeds` (rows, length, hidden size) and their attention mask; T5 pads on the right."""
        length = max(len(row.tokens) for row in rows)
        tokens = torch.full((len(rows), length), self._tokenizer.pad_token_id)
        mask = torch.zeros((len(rows), length), dtype=torch.long)
        for index, row in enumerate(rows):
            tokens[index, : len(row.tokens)] = torch.tensor(row.tokens)
            mask[index, : len(row.tokens)] = 1
        visual = torch.stack([row.visual for row in rows])
        prompts = self._model.get_input_embeddings()(tokens.to(visual.device))
        mask = mask.to(visual.device)
        embeds = torch.cat([visual.to(prompts.dtype), prompts], dim=1)
        return embeds, torch.cat([mask.new_ones(visual.shape[:2]), mask], dim=1)

    def _scores(self, logits: torch.Tensor) -> list[tuple[float, float]]:
        """Return `p_yes` and `p_yes_no` of each row from logits of shape (rows, vocabulary)."""
        log_p = logits.float().log_softmax(dim=-1)
        yes, no = log_p[:, self._yes].logsumexp(dim=-1), log_p[:, self._no].logsumexp(dim=-1)
        p_yes, p_yes_no = (yes - no).sigmoid(), torch.logaddexp(yes, no).exp().clamp(max=1)
        return list(zip(p_yes.tolist(), p_yes_no.tolist(), strict=True))


class _Late(StoppingCriteria):  # type: ignore[misc]  # transformers isn't typed
    """Stopping criterion that ends `generate` at the deadline and records that it did."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self.met = False

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **_: Any) -> torch.Tensor:
        self.met = self._deadline.passed
        return torch.full((len(input_ids),), self.met, device=input_ids.device)


def _first_tokens(tokenizer: Any, word: str) -> list[int]:
    """Return the tokens that an answer starts with if it is `word`, in either case of the first letter.

    Capitalised, only a whole word counts: a piece such as "Y" starts other words as well.
    """
    lower, capitalised = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in (word, word.capitalize()))
    whole = [token for token in capitalised if len(capitalised) == 1 and token != tokenizer.unk_token_id]
    return [lower[0], *(token for token in whole if token != lower[0])]


def _batches(rows: Sequence[Row], beams: int) -> Iterator[list[int]]:
    """Return the indexes of rows to decode together, grouped by similar length."""
    batch: list[int] = []
    for index in sorted(range(len(rows)), key=lambda index: len(rows[index].tokens)):
        length = len(rows[index].visual) + len(rows[index].tokens)  # the longest so far: all rows are padded to it
        rows_then = len(batch) + 1
        if batch and (rows_then * beams * length > MAX_PADDED_TOKENS or rows_then * length**2 > MAX_ATTENDED_PAIRS):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
