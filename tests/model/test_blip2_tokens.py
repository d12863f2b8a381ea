"""Batched answers are transformers' own, token for token, under greedy fp32 decoding."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from blip2_serving import blip2
from blip2_serving.blip2 import Blip2, Row
from blip2_serving.t5 import T5Decoder, T5Encoder
from PIL import Image

from local.models import random_checkpoint
from local.models.random_checkpoint import NetworkSize
from tests.model.blip2_reference import Reference
from tests.model.blip2_tokens import GREEDY, TokenSpeller, bare, decoded_of, rows_of, tokens_of

PROMPTS = (
    None,
    "Question: Does this photo contain a weapon? Answer:",
    "Question: Are there persons fighting in this photo? Answer:",
    "Question: why? Answer:",
    "Question: what happened in this photo? Answer: a car accident. Question: which parts are damaged? Answer:",
)
# the dimensions of the hub's blip2-flan-t5-xl that shape its inputs
LIKE_THE_HUB = NetworkSize(image=224, patch=14, queries=32)


def _both(size: NetworkSize) -> tuple[Blip2, Reference]:
    model, processor = random_checkpoint.build(size)
    ours = Blip2(model, processor.image_processor, TokenSpeller(processor.tokenizer))
    return ours, Reference(model, processor)


@pytest.mark.parametrize("size", [NetworkSize(), LIKE_THE_HUB], ids=["small", "like the hub"])
def test_a_padded_batch_over_several_images(size: NetworkSize, picture: Callable[..., Image.Image]) -> None:
    ours, reference = _both(size)
    images = [picture(seed) for seed in range(3)]
    pairs = [(index, prompt) for prompt in PROMPTS for index in range(3)]

    batched = tokens_of(ours, rows_of(ours, images, pairs))

    alone = [bare(reference.tokens(images[index], prompt, **GREEDY)) for index, prompt in pairs]
    assert batched == alone
    # the equality would be hollow if the images, or the prompts, made no difference
    assert len({tuple(tokens) for tokens in alone}) > len(pairs) // 2


def test_pixels_are_the_same_where_transformers_5_uses_torchvision(picture: Callable[..., Image.Image]) -> None:
    """Seen with transformers 5.17 and torchvision 0.26: a picture's axes are turned before their order is applied."""
    model, processor = random_checkpoint.build(NetworkSize())
    ours = processor.image_processor

    def with_torchvision(image: Any, *, input_data_format: str, **options: Any) -> Any:
        is_turned = isinstance(image, Image.Image) and input_data_format == "channels_last"
        array = np.asarray(image)
        return ours(array.T if is_turned else array, input_data_format=input_data_format, **options)

    theirs = Blip2(model, with_torchvision, TokenSpeller(processor.tokenizer))

    expected = ours(picture(), return_tensors="pt")["pixel_values"][0]
    assert torch.equal(theirs.pixels(picture()), expected)


def test_a_batch_without_padding(picture: Callable[..., Image.Image]) -> None:
    ours, reference = _both(NetworkSize())
    images = [picture(seed) for seed in range(4)]

    batched = tokens_of(ours, rows_of(ours, images, [(index, PROMPTS[1]) for index in range(4)]))

    assert batched == [bare(reference.tokens(image, PROMPTS[1], **GREEDY)) for image in images]


def test_beam_search_with_a_minimum_length(picture: Callable[..., Image.Image]) -> None:
    ours, reference = _both(NetworkSize())
    parameters = {"max_new_tokens": 20, "min_new_tokens": 5, "num_beams": 2, "early_stopping": True}

    rows = rows_of(ours, [picture()], [(0, prompt) for prompt in PROMPTS])
    batched = [json.loads(text or "") for text in ours.generate(rows, parameters)]

    assert batched == [bare(reference.tokens(picture(), prompt, **parameters)) for prompt in PROMPTS]


def test_rows_leave_the_batch_at_their_own_limits(picture: Callable[..., Image.Image]) -> None:
    ours, reference = _both(NetworkSize())
    visual = ours.encode([ours.pixels(picture())])[0]
    limits = [7, 1, 20, 3, 12]

    rows = [Row(visual, ours.tokens(prompt), limit) for prompt, limit in zip(PROMPTS, limits, strict=True)]

    assert tokens_of(ours, rows) == [
        bare(reference.tokens(picture(), prompt, max_new_tokens=limit, do_sample=False))
        for prompt, limit in zip(PROMPTS, limits, strict=True)
    ]


def test_rows_leave_the_batch_when_they_are_done(picture: Callable[..., Image.Image]) -> None:
    ours, reference = _both(NetworkSize())
    pairs = [(index, prompt) for prompt in PROMPTS for index in range(3)]
    images = [picture(seed) for seed in range(3)]
    # the third token that any row chooses becomes the end of every text
    third = tokens_of(ours, rows_of(ours, images, pairs))[0][2]
    reference.model.config.text_config.eos_token_id = third
    reference.model.language_model.generation_config.eos_token_id = third

    batched = tokens_of(ours, rows_of(ours, images, pairs))

    assert batched == [bare(reference.tokens(images[index], prompt, **GREEDY)) for index, prompt in pairs]
    assert len({len(tokens) for tokens in batched}) > 1


@pytest.mark.parametrize("scaled", [False, True], ids=["like flan-t5", "like the first T5"])
@torch.inference_mode()
def test_the_logits_of_every_step_are_transformers_own(scaled: bool) -> None:
    language_model = random_checkpoint.build(NetworkSize())[0].language_model
    config = language_model.config
    config.tie_word_embeddings = config.scale_decoder_outputs = scaled  # as transformers 4 and 5 call it
    torch.manual_seed(1)
    embeds, tokens = torch.randn(3, 9, config.d_model), torch.randint(4, config.vocab_size, (3, 150))
    mask = torch.ones(3, 9, dtype=torch.long)
    mask[0, 6:] = mask[1, 8:] = 0  # padding

    decoder = T5Decoder(language_model)
    decoding = decoder.begin(T5Encoder(language_model, lambda: None).read(embeds, mask), mask)
    ours = [decoder.step(column, decoding) for column in tokens.T]
    decoding.keep(torch.tensor([2]))
    last = decoder.step(tokens[2:, 0], decoding)

    tokens = torch.cat([tokens, tokens[:, :1]], dim=1)
    theirs = language_model(inputs_embeds=embeds, attention_mask=mask, decoder_input_ids=tokens).logits
    torch.testing.assert_close(torch.stack(ours, dim=1), theirs[:, :-1], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(last, theirs[2:, -1], atol=1e-4, rtol=1e-4)


def test_a_batch_over_the_memory_bound_is_split_unnoticed(
    picture: Callable[..., Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, _ = _both(NetworkSize())
    rows = rows_of(ours, [picture()], [(0, prompt) for prompt in PROMPTS])
    whole = tokens_of(ours, rows)

    monkeypatch.setattr(blip2, "MAX_PADDED_TOKENS", 60)

    assert tokens_of(ours, rows) == whole


def test_what_a_pass_of_the_encoder_attends_to_is_bounded() -> None:
    """flan-t5-xl's 32 heads take 12 bytes a pair of tokens: a batch's passes may not outgrow the GPU beside it."""
    visual = torch.zeros(32, 8)

    for length in (10, 100, 500, 1000, 2000):
        batches = list(blip2._batches([Row(visual, (1,) * length, 20)] * 300, beams=1))

        assert sorted(index for batch in batches for index in batch) == list(range(300))
        scores = max(len(batch) for batch in batches) * (32 + length) ** 2
        assert scores * 32 * 12 < 4 * 2**30, length


def test_p_yes_is_the_softmax_of_the_first_decoder_step(picture: Callable[..., Image.Image]) -> None:
    ours, reference = _both(NetworkSize())

    answers = decoded_of(ours, rows_of(ours, [picture()], [(0, prompt) for prompt in PROMPTS[1:]]))

    by_hand = [_p_yes(reference, picture(), prompt) for prompt in PROMPTS[1:]]
    assert [answer.p_yes for answer in answers] == pytest.approx(by_hand, abs=1e-5)
    assert max(by_hand) - min(by_hand) > 0.01


CAPITALISED = {"Yes": 300, "No": 301}


@dataclass(frozen=True)
class _WithCapitals:
    """A tokenizer in which the capitalised answers are single tokens, as in T5's vocabulary."""

    tokenizer: Any

    def __call__(self, text: str, **options: Any) -> Any:
        return {"input_ids": [CAPITALISED[text]]} if text in CAPITALISED else self.tokenizer(text, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tokenizer, name)


def test_p_yes_and_the_probability_of_an_answer_count_either_case(picture: Callable[..., Image.Image]) -> None:
    model, processor = random_checkpoint.build(NetworkSize())
    ours = Blip2(model, processor.image_processor, _WithCapitals(processor.tokenizer))

    (answer,) = decoded_of(ours, rows_of(ours, [picture()], [(0, PROMPTS[1])]))

    probability = torch.softmax(_logits(Reference(model, processor), picture(), PROMPTS[1]), dim=0)
    lower = [processor.tokenizer(word, add_special_tokens=False)["input_ids"][0] for word in ("yes", "no")]
    yes, no = (float(probability[[a, b]].sum()) for a, b in zip(lower, CAPITALISED.values(), strict=True))
    assert answer.p_yes_no == pytest.approx(yes + no, abs=1e-5)
    assert answer.p_yes == pytest.approx(yes / (yes + no), abs=1e-5)
    assert answer.p_yes_no < 0.5  # random weights say anything


@pytest.mark.parametrize("capitalised", [[300, 301], [3], [7]], ids=["in pieces", "unknown", "the same token"])
def test_a_capitalised_answer_counts_only_as_a_token_of_its_own(capitalised: list[int]) -> None:
    spoken = {"yes": [7], "no": [8], "Yes": capitalised, "No": [9]}

    class Tokenizer:
        unk_token_id = 3

        def __call__(self, text: str, add_special_tokens: bool) -> dict[str, list[int]]:
            return {"input_ids": spoken[text]}

    assert blip2._first_tokens(Tokenizer(), "yes") == [7]
    assert blip2._first_tokens(Tokenizer(), "no") == [8, 9]


def test_the_blank_image_is_the_mean_colour() -> None:
    ours, reference = _both(NetworkSize())

    answers = decoded_of(ours, [Row(ours.blank, ours.tokens(prompt), limit=1) for prompt in PROMPTS[1:]])

    blank = torch.zeros(1, 3, 64, 64)
    any_image = Image.new("RGB", (8, 8))
    by_hand = [_p_yes(reference, any_image, prompt, pixel_values=blank) for prompt in PROMPTS[1:]]
    assert [answer.p_yes for answer in answers] == pytest.approx(by_hand, abs=1e-5)


def test_bf16_answers_as_on_a_gpu(picture: Callable[..., Image.Image]) -> None:
    model, processor = random_checkpoint.build(NetworkSize())
    ours = Blip2(model.to(torch.bfloat16), processor.image_processor, processor.tokenizer)

    rows = rows_of(ours, [picture()], [(0, PROMPTS[1])])
    (answer,) = decoded_of(ours, rows)

    assert rows[0].visual.dtype == torch.bfloat16
    assert 0 <= answer.p_yes <= 1


def test_a_checkpoint_that_cant_be_served_is_refused_in_words() -> None:
    model, processor = random_checkpoint.build(NetworkSize())
    model.config.text_config.bos_token_id = None
    with pytest.raises(blip2.UnusableCheckpoint, match="bos_token_id"):
        Blip2(model, processor.image_processor, processor.tokenizer)


def test_a_t5_of_another_kind_is_refused_in_words() -> None:
    model, processor = random_checkpoint.build(NetworkSize())
    model.config.text_config.feed_forward_proj = "relu"
    with pytest.raises(blip2.UnusableCheckpoint, match="gated-gelu"):
        Blip2(model, processor.image_processor, processor.tokenizer)


def _p_yes(reference: Reference, image: Image.Image, prompt: str, **replaced: torch.Tensor) -> float:
    tokenizer = reference.processor.tokenizer
    yes, no = (tokenizer(word, add_special_tokens=False)["input_ids"][0] for word in ("yes", "no"))
    return float(torch.softmax(_logits(reference, image, prompt, **replaced)[[yes, no]], dim=0)[0])


def _logits(reference: Reference, image: Image.Image, prompt: str, **replaced: torch.Tensor) -> torch.Tensor:
    inputs = {**reference.processor(images=image, text=prompt, return_tensors="pt"), **replaced}
    with torch.no_grad():
        logits: torch.Tensor = reference.model(**inputs, decoder_input_ids=torch.zeros(1, 1, dtype=torch.long)).logits[
            0, -1
        ]
    return logits
