"""A BLIP-2 small enough to train from scratch on a laptop: model, tokenizer, processor.

It is the real `Blip2ForConditionalGeneration` of transformers 4.57.1 (vision tower, Q-Former, T5)
with small numbers, so whatever serves the large checkpoints serves this one. As in the large ones,
the Q-Former doesn't see the question: one encoding of an image answers every question.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    pre_tokenizers,
    processors,
    trainers,
)
from torch.nn import functional
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2Processor,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    BlipImageProcessor,
    PreTrainedTokenizerFast,
    T5Config,
)

PROMPT = "Question: {question} Answer:"
YES, NO = "yes", "no"

PAD, END, UNKNOWN, BEGIN = "<pad>", "</s>", "<unk>", "<s>"
SPECIAL_TOKENS = (PAD, END, UNKNOWN, BEGIN)
PAD_ID, END_ID, UNKNOWN_ID, BEGIN_ID = range(len(SPECIAL_TOKENS))


@dataclass(frozen=True)
class Size:
    """Dimensions of the model. Widths are in features, `image` in pixels."""

    image: int = 128
    patch: int = 8
    head: int = 32
    vision_width: int = 160
    vision_feed_forward: int = 480
    vision_layers: int = 4
    qformer_width: int = 160
    qformer_feed_forward: int = 480
    qformer_layers: int = 3
    queries: int = 12
    text_width: int = 160
    text_feed_forward: int = 384
    text_layers: int = 2
    vocabulary: int = 560

    @property
    def grid(self) -> int:
        """Number of patches per side of the image."""
        return self.image // self.patch


def build_tokenizer(corpus: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer trained on `corpus`, which can encode any text.

    "yes" and "no" must be frequent in the corpus. Raises ValueError if they don't become single
    tokens, since P(yes) is read from the first decoder step.
    """
    core = Tokenizer(models.BPE(unk_token=UNKNOWN))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(corpus, trainer)
    core.post_processor = processors.TemplateProcessing(single=f"$A {END}", special_tokens=[(END, END_ID)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token=PAD,
        eos_token=END,
        unk_token=UNKNOWN,
        bos_token=BEGIN,
        add_prefix_space=True,  # else transformers takes it out of the pre-tokenizer again
        model_input_names=["input_ids", "attention_mask"],
    )
    for word in (YES, NO):
        if len(tokenizer(word, add_special_tokens=False)["input_ids"]) != 1:
            raise ValueError(f"{word!r} is not a single token: the corpus has too few of it")
    return tokenizer


def build_processor(corpus: Iterable[str], size: Size) -> Blip2Processor:
    """Return the image processor (resizes to a square, normalises) with a tokenizer for `corpus`."""
    images = BlipImageProcessor(size={"height": size.image, "width": size.image})
    tokenizer = build_tokenizer(corpus, size.vocabulary)
    return Blip2Processor(images, tokenizer, num_query_tokens=size.queries)


def build_config(processor: Blip2Processor, size: Size) -> Blip2Config:
    """Return the model's configuration for a processor made by `build_processor`."""
    tokenizer = processor.tokenizer
    vision = Blip2VisionConfig(
        image_size=size.image,
        patch_size=size.patch,
        hidden_size=size.vision_width,
        intermediate_size=size.vision_feed_forward,
        num_hidden_layers=size.vision_layers,
        num_attention_heads=size.vision_width // size.head,
        initializer_range=0.02,
    )
    qformer = Blip2QFormerConfig(
        vocab_size=len(SPECIAL_TOKENS),
        hidden_size=size.qformer_width,
        intermediate_size=size.qformer_feed_forward,
        num_hidden_layers=size.qformer_layers,
        num_attention_heads=size.qformer_width // size.head,
        cross_attention_frequency=1,
        encoder_hidden_size=size.vision_width,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    text = T5Config(
        vocab_size=len(tokenizer),
        d_model=size.text_width,
        d_kv=size.head,
        d_ff=size.text_feed_forward,
        num_layers=size.text_layers,
        num_decoder_layers=size.text_layers,
        num_heads=size.text_width // size.head,
        dropout_rate=0.0,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        pad_token_id=PAD_ID,
        eos_token_id=END_ID,
        decoder_start_token_id=PAD_ID,
    )
    text.bos_token_id = BEGIN_ID  # a caption without a prompt starts from it
    return Blip2Config(
        vision_config=vision.to_dict(),
        qformer_config=qformer.to_dict(),
        text_config=text.to_dict(),
        num_query_tokens=size.queries,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )


def build_model(config: Blip2Config, seed: int) -> Blip2ForConditionalGeneration:
    """Return a model with initial weights; the same seed gives the same weights.

    transformers starts the query tokens at zero and T5's head at unit variance, which suits large
    pretrained parts; from scratch, small random queries and a scaled head learn much sooner.
    """
    torch.manual_seed(seed)
    model = Blip2ForConditionalGeneration(config)
    deviation = config.text_config.d_model**-0.5
    with torch.no_grad():
        model.language_model.lm_head.weight.normal_(0, deviation)
        model.language_projection.weight.normal_(0, deviation)
        model.query_tokens.normal_(0, 0.5)
    return model


def positions_for(positions: torch.Tensor, grid: int) -> torch.Tensor:
    """Position embeddings (1, 1 + patches, width) for another `grid` of patches: the first stays, the rest are resized.

    A patch gets what the old grid had at the same place of the picture, so what was learnt of places is kept.
    """
    first, rest = positions[:, :1], positions[:, 1:]
    old = math.isqrt(rest.shape[1])
    plane = rest.reshape(1, old, old, -1).permute(0, 3, 1, 2)
    resized = functional.interpolate(plane, size=(grid, grid), mode="bicubic")
    return torch.cat([first, resized.flatten(2).transpose(1, 2)], 1)


def encode_images(
    model: Blip2ForConditionalGeneration, pixels: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Encode images once for any number of questions.

    `pixels` is (N, 3, image, image). Returns the vision tower's states (N, 1 + patches, width), the
    Q-Former's (N, queries, width) and the visual tokens for the language model (N, queries, text).
    """
    vision = model.vision_model(pixel_values=pixels).last_hidden_state
    queries = model.qformer(
        query_embeds=model.query_tokens.expand(len(pixels), -1, -1), encoder_hidden_states=vision
    ).last_hidden_state
    return vision, queries, model.language_projection(queries)
