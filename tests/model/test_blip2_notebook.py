"""The payloads of the sample's notebooks, sent as they send them, answered as they expect."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image

from tests.model.blip2_reference import Reference

CHECK_LIST = [
    "Does this photo contain complete naked person?",
    "Does this photo contain topless person?",
    "Does this photo contain weapon?",
    "Does this photo contain contact information?",
    "Does this photo contain a smoker?",
    "Does this photo contain blood?",
    "Are there persons fighting in this photo?",
    "Does this photo contain harassment words?",
]

RunInference = Callable[[dict[str, Any]], str]


@pytest.fixture
def run_inference(runtime: Any) -> Iterator[RunInference]:
    """`run_inference` of blip2-sagemaker.ipynb: a real client, a JSON body without a content type, text back."""

    def run(inputs: dict[str, Any]) -> str:
        response = runtime.invoke_endpoint(EndpointName="blip2", Body=json.dumps(inputs))
        text: str = response["Body"].read().decode("utf-8")
        return text

    yield run


@pytest.fixture
def photo(picture: Callable[..., Image.Image]) -> Image.Image:
    return picture(11, width=512, height=512)


def test_image_captioning(
    run_inference: RunInference, reference: Reference, photo: Image.Image, encoded: Callable[..., str]
) -> None:
    assert run_inference({"image": encoded(photo)}) == reference.text(photo, None, max_new_tokens=32)


def test_zero_shot_question(
    run_inference: RunInference, reference: Reference, photo: Image.Image, encoded: Callable[..., str]
) -> None:
    prompt = "Question: what happened in this photo? Answer:"

    answer = run_inference({"prompt": prompt, "image": encoded(photo)})

    assert answer == reference.text(photo, prompt, max_new_tokens=20)


def test_multi_round_question_with_generation_parameters(
    run_inference: RunInference, reference: Reference, photo: Image.Image, encoded: Callable[..., str]
) -> None:
    prompt = (
        "Question: what happened in this photo? Answer: a car accident."
        " Question: which parts are damaged in this car? Answer:"
    )
    parameters = {
        "do_sample": False,
        "num_beams": 2,
        "num_beam_groups": 1,
        "use_cache": True,
        "max_new_tokens": 20,
        "min_new_tokens": 5,
        "early_stopping": True,
    }

    answer = run_inference({"prompt": prompt, "image": encoded(photo), "parameters": parameters})

    accepted = {name: value for name, value in parameters.items() if name != "num_beam_groups"}
    assert answer == reference.text(photo, prompt, **accepted)


def test_the_check_list(
    run_inference: RunInference, reference: Reference, photo: Image.Image, encoded: Callable[..., str]
) -> None:
    # content_moderation.ipynb doubles the question mark, and asks for its caption with a prompt
    prompts = [f"Question: {question}? Answer:" for question in CHECK_LIST]
    prompts.append("Question: describe the content in 200 words. Answer:")

    answers = [run_inference({"prompt": prompt, "image": encoded(photo)}) for prompt in prompts]

    assert answers == [reference.text(photo, prompt, max_new_tokens=20) for prompt in prompts]
