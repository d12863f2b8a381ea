"""BLIP-2 checkpoints with random weights: real architecture, meaningless answers.

They serve tests, speed measurements, and laptops without a trained checkpoint.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from tokenizers import (  # type: ignore[import-untyped, unused-ignore]
    Tokenizer,
    decoders,
    models,
    pre_tokenizers,
    processors,
    trainers,
)
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

from model_artifacts.demo.drawings import QUESTIONS

PAD, END, UNKNOWN, BEGIN = "<pad>", "</s>", "<unk>", "<s>"

# Corpus of the tokenizer; other text is split into pieces, in the worst case bytes.
CORPUS = (
    *(f"Question: {question} Answer: {answer}" for question in QUESTIONS for answer in ("yes", "no")),
    "a man is standing on the beach with a surfboard",
)
VOCABULARY = 500


@dataclass(frozen=True)
class NetworkSize:
    """Dimensions of the three networks; the defaults make a checkpoint of about 0.5 M parameters."""

    image: int = 64
    patch: int = 16
    queries: int = 8
    vision: dict[str, Any] = field(
        default_factory=lambda: {
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
        }
    )
    qformer: dict[str, Any] = field(
        default_factory=lambda: {
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "vocab_size": 8,
        }
    )
    text: dict[str, Any] = field(
        default_factory=lambda: {"d_model": 64, "d_kv": 16, "d_ff": 128, "num_layers": 2, "num_heads": 4}
    )


def build(size: NetworkSize, seed: int = 0, corpus: Sequence[str] = CORPUS) -> tuple[Any, Any]:
    """Return a model on the CPU in fp32 and its processor, the same for the same seed."""
    torch.manual_seed(seed)
    image_processor = BlipImageProcessor(size={"height": size.image, "width": size.image})
    # the processor adds the <image> token to the tokenizer
    processor = Blip2Processor(image_processor, small_tokenizer(corpus), num_query_tokens=size.queries)
    tokenizer = processor.tokenizer
    text = T5Config(
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=tokenizer.bos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
        **{"vocab_size": len(tokenizer), **size.text},
    )
    config = Blip2Config(
        vision_config=Blip2VisionConfig(image_size=size.image, patch_size=size.patch, **size.vision).to_dict(),
        qformer_config=Blip2QFormerConfig(**size.qformer).to_dict(),
        text_config=text.to_dict(),
        num_query_tokens=size.queries,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    model = Blip2ForConditionalGeneration(config).eval()
    _make_images_matter(model)
    return model, processor


def save(folder: Path, size: NetworkSize | None = None, seed: int = 0) -> Path:
    """Write a checkpoint into the folder and return the folder."""
    model, processor = build(size or NetworkSize(), seed)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    processor.image_processor.save_pretrained(folder)  # transformers 5 no longer gives it a file of its own
    return folder


def _make_images_matter(model: Any) -> None:
    """Rescale weights: with transformers' initial ones all images get the same answer, and P(yes) is 0 or 1."""
    with torch.no_grad():
        for network in (model.vision_model, model.qformer):
            for weight in network.parameters():
                if weight.ndim > 1:
                    weight.normal_(std=weight[0].numel() ** -0.5)
        model.query_tokens.normal_()
        model.language_projection.weight.normal_()
        head = model.language_model.lm_head.weight
        head.normal_(std=head.shape[1] ** -0.5)


def small_tokenizer(corpus: Sequence[str] = CORPUS) -> PreTrainedTokenizerFast:
    """Return a tokenizer for any text, which ends it with `</s>` as T5 does. Most words of the corpus are one token."""
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[PAD, END, UNKNOWN, BEGIN],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*corpus] * 20, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, tokenizer.token_to_id(END))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=PAD, eos_token=END, unk_token=UNKNOWN, bos_token=BEGIN
    )
