"""The handler as DJL calls it: batches, neighbours, caches, logs."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from blip2_serving.cache import LruCache
from PIL import Image

from local.models import random_checkpoint
from local.models.blip2 import HANDLER
from local.models.container import Container, Reply
from tests.model.blip2_reference import Reference

WEAPON = "Question: Does this photo contain a weapon? Answer:"
FIGHT = "Question: Are there persons fighting in this photo? Answer:"

Ask = Callable[..., list[Reply]]


def test_a_request_with_prompts_and_caption(
    ask: Ask, reference: Reference, picture: Callable[..., Image.Image], encoded: Callable[..., str]
) -> None:
    (reply,) = ask({"image": encoded(picture()), "prompts": [WEAPON, FIGHT], "caption": True})

    answer = json.loads(reply.body)
    assert (reply.status, reply.content_type) == (200, "application/json")
    assert answer["model"].startswith("tiny@")
    assert answer["caption"] == reference.text(picture(), None, max_new_tokens=32)
    assert [item["text"] for item in answer["answers"]] == [
        reference.text(picture(), prompt, max_new_tokens=20) for prompt in (WEAPON, FIGHT)
    ]
    assert all(0 <= item[name] <= 1 for item in answer["answers"] for name in ("p_yes", "p_yes_no", "p_blank"))


def test_without_a_caption_it_is_null(
    ask: Ask, picture: Callable[..., Image.Image], encoded: Callable[..., str]
) -> None:
    (reply,) = ask({"image": encoded(picture()), "prompts": [WEAPON]})
    assert json.loads(reply.body)["caption"] is None


def test_neighbours_change_nothing(ask: Ask, picture: Callable[..., Image.Image], encoded: Callable[..., str]) -> None:
    request = {"image": encoded(picture()), "prompts": [WEAPON, FIGHT], "caption": True}
    neighbours = [
        {"image": encoded(picture(seed)), "prompts": [FIGHT, "a much longer prompt than the others, so that all pad"]}
        for seed in range(1, 7)
    ]

    (alone,) = ask(request)
    among_others = ask(*neighbours, request)[-1]

    assert _texts(among_others) == _texts(alone)
    assert _scores(among_others) == pytest.approx(_scores(alone), abs=1e-4)


def test_bad_neighbours_harm_nobody(ask: Ask, picture: Callable[..., Image.Image], encoded: Callable[..., str]) -> None:
    good = {"image": encoded(picture()), "prompt": WEAPON}
    (alone,) = ask(good)

    broken, first, damaged, second, unknown = ask(
        b"no json", good, {"image": "AAAA"}, good, {"image": encoded(picture()), "questions": []}
    )

    assert first.body == second.body == alone.body
    for reply, sentence in ((broken, "JSON object"), (damaged, "can't be decoded"), (unknown, "Unknown fields")):
        error = json.loads(reply.body)
        assert (reply.status, error["code"]) == (200, 400)  # the status is the batch's
        assert sentence in error["error"]


def test_a_lone_bad_request_is_a_400(ask: Ask) -> None:
    (reply,) = ask({"image": "AAAA"})

    assert reply.status == 400
    assert "can't be decoded" in json.loads(reply.body)["error"]


def test_a_batch_of_bad_requests_is_answered(ask: Ask) -> None:
    assert [json.loads(reply.body)["code"] for reply in ask(b"", b"")] == [400, 400]


def test_an_item_without_content_harms_nobody(
    ask: Ask, picture: Callable[..., Image.Image], encoded: Callable[..., str]
) -> None:
    good = {"image": encoded(picture()), "prompt": WEAPON}
    (alone,) = ask(good)

    empty, first, second = ask(None, good, good)

    assert first.body == second.body == alone.body
    assert json.loads(empty.body) == {"error": "The request has no content. Send a JSON object.", "code": 400}


@pytest.mark.parametrize("requests", [[None], [None, None]], ids=["alone", "a batch of them"])
def test_nothing_but_requests_without_content(ask: Ask, requests: list[None]) -> None:
    """DJL's initialisation call is empty, too."""
    assert [json.loads(reply.body)["code"] for reply in ask(*requests)] == [400] * len(requests)


def test_one_question_a_request_encodes_the_image_once(
    ask: Ask, encodings: list[int], picture: Callable[..., Image.Image], encoded: Callable[..., str]
) -> None:
    image = encoded(picture())
    for prompt in (WEAPON, FIGHT, WEAPON):
        ask({"image": image, "prompt": prompt})
    ask({"image": image})

    assert encodings == [1]


def test_a_batch_encodes_each_distinct_image_once_and_all_in_one_pass(
    ask: Ask, encodings: list[int], picture: Callable[..., Image.Image], encoded: Callable[..., str]
) -> None:
    one, two = encoded(picture(1)), encoded(picture(2))
    ask(*[{"image": image, "prompt": WEAPON} for image in (one, two, one, one, two)])

    assert encodings == [2]


def test_p_yes_comes_with_any_parameters(
    ask: Ask, picture: Callable[..., Image.Image], encoded: Callable[..., str]
) -> None:
    request = {"image": encoded(picture()), "prompts": [WEAPON, FIGHT]}

    greedy, beams = ask(request, {**request, "parameters": {"num_beams": 3, "min_new_tokens": 25}})

    assert _scores(beams) == _scores(greedy)
    assert _texts(beams) != _texts(greedy)


def test_prompts_of_a_batch_decode_together(
    ask: Ask, container: Container, picture: Callable[..., Image.Image], encoded: Callable[..., str]
) -> None:
    decoded = _rows_read(container)
    requests = [{"image": encoded(picture(seed)), "prompt": WEAPON} for seed in range(3)]
    beams = {"image": encoded(picture(3)), "prompt": FIGHT, "parameters": {"num_beams": 2}}

    ask(*requests, beams)

    assert decoded == [4, 1]  # greedy rows and first tokens together, then the beam search


def test_decoding_without_a_cache_costs_no_more(
    ask: Ask, container: Container, picture: Callable[..., Image.Image], encoded: Callable[..., str]
) -> None:
    request = {"image": encoded(picture()), "prompt": WEAPON}
    (alone,) = ask(request)
    decoded = _rows_read(container)

    (uncached,) = ask({**request, "parameters": {"use_cache": False}})

    assert uncached.body == alone.body
    assert decoded == [1]  # greedy as ever, not by transformers' generate


def test_the_blank_image_is_asked_once_a_prompt(
    ask: Ask, container: Container, encodings: list[int], picture: Callable[..., Image.Image], encoded: Any
) -> None:
    image = encoded(picture())
    (first,) = ask({"image": image, "prompts": [WEAPON]})
    decoded = _rows_read(container)

    (second,) = ask({"image": image, "prompts": [WEAPON]})

    assert _scores(first) == _scores(second)
    assert encodings == [1, 1]  # the image and the blank
    assert decoded == [1]  # the second time nothing but the prompt itself


def test_a_batch_of_both_shapes_answers_each_in_its_own(
    ask: Ask, picture: Callable[..., Image.Image], encoded: Callable[..., str]
) -> None:
    image = encoded(picture())
    plain, ours = ask({"image": image, "prompt": WEAPON}, {"image": image, "prompts": [WEAPON]})

    assert json.loads(ours.body)["answers"][0]["text"] == plain.body.decode()


def test_a_one_pixel_high_image_is_answered(ask: Ask, encoded: Callable[..., str]) -> None:
    (reply,) = ask({"image": encoded(Image.new("RGB", (30, 1), "red"))})
    assert reply.status == 200


def test_nothing_of_a_request_is_logged(
    ask: Ask, picture: Callable[..., Image.Image], encoded: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    image = encoded(picture(), "TIFF")

    ask({"image": image, "prompts": ["Question: zebra? Answer:"]}, {"image": image[:400]}, b'{"zebra": 1}')

    assert "zebra" not in caplog.text
    assert image[:40] not in caplog.text


def test_the_model_id_changes_with_the_weights(tmp_path: Path) -> None:
    ids = []
    for number, seed in enumerate((0, 0, 1)):
        folder = random_checkpoint.save(tmp_path / str(number) / "same-name", seed=seed)
        container = Container(HANDLER, {"model_dir": str(folder)})  # isolated mode: weights beside the code
        ids.append(container._handler._service.model_id)
        container.close()

    assert all(name.startswith("same-name@") for name in ids)
    assert ids[0] == ids[1] != ids[2]


def test_the_cache_forgets_what_was_used_least_recently() -> None:
    cache: LruCache[str, int] = LruCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.get("a")
    cache.put("c", 3)

    assert [cache.get(key) for key in "abc"] == [1, None, 3]


@pytest.fixture
def encodings(container: Container) -> list[int]:
    """The number of images in each pass through the vision tower."""
    sizes: list[int] = []
    vision = _blip2(container)._model.vision_model
    vision.register_forward_hook(lambda _module, _arguments, output: sizes.append(len(output[0])))
    return sizes


def _rows_read(container: Container) -> list[int]:
    """The number of rows in each pass through the language model's encoder: in ours, and in transformers' own."""
    sizes: list[int] = []
    blip2 = _blip2(container)
    read = blip2._encoder.read

    def recorded(embeds: Any, mask: Any) -> Any:
        sizes.append(len(embeds))
        return read(embeds, mask)

    blip2._encoder.read = recorded
    encoder = blip2._model.language_model.encoder
    encoder.register_forward_hook(lambda _module, _arguments, output: sizes.append(len(output[0])))
    return sizes


def _blip2(container: Container) -> Any:
    return container._handler._service._blip2


def _texts(reply: Reply) -> list[str]:
    answer = json.loads(reply.body)
    return [answer["caption"], *(item["text"] for item in answer["answers"])]


def _scores(reply: Reply) -> list[float]:
    return [item[name] for item in json.loads(reply.body)["answers"] for name in ("p_yes", "p_yes_no", "p_blank")]
