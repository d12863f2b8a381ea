"""Requests that are answered, and the errors that the others get."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from blip2_serving.request import BadRequest, parse_request

from moderation.domain.prompt import question_prompt

PACKS = Path(__file__).parents[2] / "lambdas/moderation/packs"
IMAGE = base64.b64encode(b"an image").decode()


def _parse(**fields: Any) -> Any:
    return parse_request(json.dumps({"image": IMAGE, **fields}).encode())


def test_an_image_alone_asks_for_a_caption_in_plain_text() -> None:
    request = _parse()
    assert (request.image, request.prompts, request.caption, request.plain) == (b"an image", (), True, True)


def test_a_prompt_asks_for_plain_text() -> None:
    request = _parse(prompt="Question: why? Answer:", parameters={"max_new_tokens": 20})
    assert (request.prompts, request.caption, request.plain) == (("Question: why? Answer:",), False, True)
    assert request.parameters == {"max_new_tokens": 20}


def test_a_null_prompt_and_null_parameters_count_as_absent() -> None:
    request = _parse(prompt=None, parameters=None)
    assert request.caption
    assert request.parameters == {}


def test_prompts_ask_for_json() -> None:
    request = _parse(prompts=["a", "b"], caption=True)
    assert (request.prompts, request.caption, request.plain) == (("a", "b"), True, False)


def test_prompts_come_without_a_caption_unless_asked() -> None:
    assert not _parse(prompts=["a"]).caption


def test_a_caption_alone_can_come_as_json() -> None:
    request = _parse(caption=True)
    assert (request.prompts, request.caption, request.plain) == ((), True, False)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "JSON object"),
        (b"\xff\xfe", "JSON object"),
        (b"[" * 100_000, "JSON object"),
        (b"[1]", "JSON object"),
        (b"{}", '"image"'),
        (b'{"image": 7}', '"image"'),
        (b'{"image": "..."}', "base64"),
        (b'{"image": "YQ==\\n"}', "base64"),
        (json.dumps({"image": "A" * (28 * 1024 * 1024)}).encode(), "20 MB"),
    ],
    ids=["empty", "not text", "deep", "a list", "no image", "a number", "dots", "a line break", "too big"],
)
def test_a_malformed_body_is_refused_in_words(body: bytes, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        parse_request(body)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"promt": "why?"}, 'Unknown fields: "promt"'),
        ({"prompt": "a", "prompts": ["b"]}, "not both"),
        ({"prompts": "a"}, "must be a list"),
        ({"prompts": ["a", 1]}, r'"prompts\[1\]" must be a text'),
        ({"prompts": [" "]}, r'"prompts\[0\]" must be a text'),
        ({"prompts": ["a"] * 65}, "65 texts; at most 64"),
        ({"prompts": []}, "Nothing is asked"),
        ({"prompt": "a" * 2001}, "2001 characters; at most 2000"),
        ({"prompts": ["a"], "caption": "yes"}, '"caption" must be true or false'),
        ({"parameters": [1]}, '"parameters" must be a JSON object'),
        ({"parameters": {"max_length": 7}}, 'Unknown parameters: "max_length". Accepted: "max_new_tokens"'),
        ({"parameters": {"max_new_tokens": 257}}, "max_new_tokens must be int, from 1 to 256"),
        ({"parameters": {"max_new_tokens": 2.5}}, "max_new_tokens must be int"),
        ({"parameters": {"num_beams": True}}, "num_beams must be int"),
        ({"parameters": {"do_sample": 1}}, "do_sample must be bool, true or false"),
        ({"parameters": {"temperature": float("nan")}}, "temperature must be float"),
        ({"parameters": {"num_beam_groups": 2}}, "num_beam_groups"),
        ({"parameters": {"min_new_tokens": 9, "max_new_tokens": 8}}, "greater than"),
        ({"prompt": "half a pair: \ud83d"}, '"prompt" is not valid text'),
        ({"prompts": ["a", "\udc00"]}, r'"prompts\[1\]" is not valid text'),
    ],
)
def test_a_wrong_field_is_refused_in_words(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        _parse(**fields)


@pytest.mark.parametrize(
    ("fields", "tokens"),
    [
        ({"prompts": ["a"] * 64, "parameters": {"num_beams": 8, "max_new_tokens": 256}}, 131_072),
        ({"prompts": ["a"] * 64, "parameters": {"max_new_tokens": 65}}, 4160),
        ({"prompts": ["a"] * 63, "caption": True, "parameters": {"max_new_tokens": 65}}, 4160),
        ({"prompts": ["a"] * 64, "parameters": {"min_new_tokens": 65}}, 4160),
        ({"prompts": ["a"] * 26, "parameters": {"num_beams": 8}}, 4160),
        ({"prompts": ["a"] * 3, "parameters": {"num_beams": 8, "max_new_tokens": 256}}, 6144),
    ],
)
def test_a_request_that_would_decode_for_long_is_refused_in_words(fields: dict[str, Any], tokens: int) -> None:
    with pytest.raises(BadRequest, match=rf"up to {tokens} tokens .* at most 4096 fit into one request\. Send fewer"):
        _parse(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"prompts": ["a"] * 64, "parameters": {"max_new_tokens": 64}},
        {"prompts": ["a"] * 2, "parameters": {"num_beams": 8, "max_new_tokens": 256}},
        {"prompt": "a", "parameters": {"num_beams": 8, "max_new_tokens": 256}},
        {"prompts": ["q" * 300] * 64, "caption": True},  # the largest query of a pack
    ],
)
def test_a_request_within_the_limit_is_read(fields: dict[str, Any]) -> None:
    assert _parse(**fields).prompts


def test_prompts_are_bounded_together() -> None:
    with pytest.raises(BadRequest, match="26000 characters together; at most 24000"):
        _parse(prompts=["q" * 2000] * 13)


def test_a_prompt_is_measured_as_the_tokenizer_reads_it() -> None:
    """T5's normalises by NFKC, which makes 18 characters of this one."""
    with pytest.raises(BadRequest, match='"prompt" has 2016 characters; at most 2000'):
        _parse(prompt="\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 112)
    with pytest.raises(BadRequest, match="25200 characters together; at most 24000"):
        _parse(prompts=["\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 100] * 14)


def test_the_queries_of_a_pack_stay_within_the_limits() -> None:
    schema = json.loads((PACKS.parent / "schemas/pack.schema.json").read_text())
    questions = schema["properties"]["questions_per_query"]["maximum"]
    longest = "q" * schema["$defs"]["question"]["properties"]["text"]["maxLength"]

    request = _parse(prompts=[question_prompt(longest)] * questions, caption=True)

    assert len(request.prompts) == questions


def test_a_whole_number_is_a_float_too() -> None:
    """Transformers refuses a penalty of 10, in the midst of a batch, but takes 10.0."""
    parameters = _parse(prompt="a", parameters={"repetition_penalty": 10, "temperature": 1}).parameters

    assert {name: type(value) for name, value in parameters.items()} == {
        "repetition_penalty": float,
        "temperature": float,
    }


def test_a_refusal_is_text_that_can_be_sent() -> None:
    with pytest.raises(BadRequest) as refusal:
        _parse(**{"\ud800": 1})
    assert str(refusal.value).encode()


def test_a_refusal_quotes_little_of_the_request() -> None:
    with pytest.raises(BadRequest) as refusal:
        _parse(**{"x" * 10_000 + str(index): 1 for index in range(100)})
    assert len(str(refusal.value)) < 1000
