"""The shipped checkpoint through batched decoding: transformers' own tokens on drawings it wasn't trained on."""

import random

from blip2_serving.blip2 import Blip2

from model_artifacts.demo.architecture import PROMPT
from model_artifacts.demo.drawings import QUESTIONS, draw
from model_artifacts.demo.export import CHECKPOINT
from tests.model.blip2_reference import Reference
from tests.model.blip2_tokens import GREEDY, TokenSpeller, bare, rows_of, tokens_of


def test_answers_and_captions_of_twenty_drawings_are_transformers_own() -> None:
    reference = Reference.load(CHECKPOINT)
    processor = reference.processor
    ours = Blip2(reference.model, processor.image_processor, TokenSpeller(processor.tokenizer))
    images = [draw(random.Random(9000 + number), split="heldout").image for number in range(20)]
    prompts = [None, *(PROMPT.format(question=question) for question in QUESTIONS)]
    pairs = [(index, prompt) for index in range(len(images)) for prompt in prompts]

    batched = tokens_of(ours, rows_of(ours, images, pairs))

    one_by_one = [bare(reference.tokens(images[index], prompt, **GREEDY)) for index, prompt in pairs]
    assert batched == one_by_one
