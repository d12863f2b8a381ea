"""A vision model that speaks OpenAI's chat completions: the requests, P(yes), and what isn't an answer."""

import base64
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from moderation.adapters.openai_vision import OpenAiVision
from moderation.adapters.sagemaker_endpoint import SageMakerEndpoint
from moderation.adapters.vision_dialects import SPEAKERS
from moderation.contract import DIALECTS
from moderation.domain.injection import MAX_CHARACTERS
from moderation.domain.prompt import question_prompt
from moderation.domain.yes_no import yes_or_no
from moderation.errors import EndpointRejected, EndpointTimeout, MalformedResponse

GUN = question_prompt("Is a gun visible in this photo?")
# What two servers answered to this question about one picture, both with the same tiny LLaVA.
ANSWERS = Path(__file__).parent / "openai_answers"


class Runtime:
    """A SageMaker runtime client that notes each request and gives the answers prepared for it."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.bodies: list[dict[str, Any]] = []

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        self.bodies.append(json.loads(request["Body"]))
        return {"Body": io.BytesIO(json.dumps(self.answers.pop(0)).encode())}


def eyes(*answers: object) -> tuple[OpenAiVision, Runtime]:
    runtime: Any = Runtime(*answers)
    return OpenAiVision(SageMakerEndpoint(runtime, "eyes")), runtime


def said(text: str, **first_token: float) -> dict[str, Any]:
    """A chat completion as vLLM 0.11 gives it; `first_token` are P of the likeliest first tokens."""
    entry = {
        "token": text.split(" ")[0],
        "logprob": -0.1,
        "bytes": [89],
        "top_logprobs": [{"token": t, "logprob": math.log(p), "bytes": [89]} for t, p in first_token.items()],
    }
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "Qwen/Qwen3-VL-2B-Instruct",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "logprobs": {"content": [entry]} if first_token else None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 300, "completion_tokens": 2, "total_tokens": 302},
    }


def picture_of(body: dict[str, Any]) -> bytes:
    address = body["messages"][0]["content"][0]["image_url"]["url"]
    return base64.b64decode(address.removeprefix("data:image/png;base64,"))


def text_of(body: dict[str, Any]) -> str:
    text: str = body["messages"][0]["content"][1]["text"]
    return text


def test_each_prompt_is_a_chat_with_the_picture_first():
    model, runtime = eyes(said("No", No=0.99, Yes=0.01), said("A dog on a beach.", A=1.0))

    reply = model.ask(b"png", [GUN], True)

    question, caption = runtime.bodies
    assert [part["type"] for part in question["messages"][0]["content"]] == ["image_url", "text"]
    assert picture_of(question) == picture_of(caption) == b"png"
    assert text_of(question).endswith(GUN)
    assert (question["temperature"], question["logprobs"], question["top_logprobs"]) == (0, True, 20)
    assert reply.caption == "A dog on a beach."
    assert reply.model == "Qwen/Qwen3-VL-2B-Instruct (openai)"


@pytest.mark.parametrize(
    ("tokens", "p_yes", "p_yes_no"),
    [
        ({"No": 0.96, "Yes": 0.02, "Maybe": 0.01}, 0.02 / 0.98, 0.98),
        ({"\u2581no": 0.5, "\u2581No": 0.46, "\u2581yes": 0.01, "\u2581Yes": 0.01}, 0.02 / 0.98, 0.98),
        ({" no": 0.97, "Nobody": 0.02, "\u0120yes": 0.01}, 0.01 / 0.98, 0.98),
        ({"No": 1.0}, 0.0, 1.0),
    ],
)
def test_p_yes_counts_either_case_and_leaves_other_words_out(tokens, p_yes, p_yes_no):
    model, _ = eyes(said("No", **tokens))

    (answer,) = model.ask(b"png", [GUN], False).answers

    assert (answer.text, answer.p_blank) == ("No", None)
    assert answer.p_yes == pytest.approx(p_yes)
    assert answer.p_yes_no == pytest.approx(p_yes_no)


def test_space_before_the_answer_is_no_answer():
    answer = said("No", No=0.98, Yes=0.02)
    content = answer["choices"][0]["logprobs"]["content"]
    content.insert(0, {"token": "\n", "logprob": 0, "top_logprobs": [{"token": "\n", "logprob": 0}]})
    model, _ = eyes(answer)

    assert model.ask(b"png", [GUN], False).answers[0].p_yes == pytest.approx(0.02)


@pytest.mark.parametrize("sign", ["**", '"', "(", "- "])
def test_signs_before_the_answer_are_no_answer(sign):
    answer = said(f"{sign}No{sign}", No=0.9, Yes=0.1)
    first = {"token": sign, "logprob": -0.1, "top_logprobs": [{"token": sign, "logprob": -0.1}]}
    answer["choices"][0]["logprobs"]["content"][0]["token"] = "No"
    answer["choices"][0]["logprobs"]["content"].insert(0, first)
    model, _ = eyes(answer, said("No", No=1.0))

    scored = model.ask(b"png", [GUN], False).answers[0]

    assert scored.p_yes == pytest.approx(0.1)
    assert scored.p_yes_no == pytest.approx(0.905, abs=1e-3)  # the sign's own


def test_a_yes_that_a_sign_was_written_instead_of_counts():
    answer = said("**No**", No=1.0)
    listed = [{"token": "**", "logprob": math.log(0.5)}, {"token": "Yes", "logprob": math.log(0.45)}]
    answer["choices"][0]["logprobs"]["content"].insert(0, {"token": "**", "logprob": -0.7, "top_logprobs": listed})
    model, _ = eyes(answer, said("No", No=1.0))

    assert model.ask(b"png", [GUN], False).answers[0].p_yes == pytest.approx(0.45 / 0.95)


def test_what_is_not_clearly_no_is_asked_about_a_blank_picture_once():
    yes = said("Yes", Yes=0.9, No=0.1)
    model, runtime = eyes(yes, said("No", No=0.7, Yes=0.3), yes)

    replies = [model.ask(b"png", [GUN], False), model.ask(b"png", [GUN], False)]

    assert [picture_of(body) == b"png" for body in runtime.bodies] == [True, False, True]
    assert Image.open(io.BytesIO(picture_of(runtime.bodies[1]))).getcolors() == [(224 * 224, (123, 117, 104))]
    assert [round(reply.answers[0].p_blank or 0, 3) for reply in replies] == [0.3, 0.3]


@pytest.mark.parametrize(("text", "p_blank"), [("No.", None), ("Yes, there is a gun.", 0.0)])
def test_without_logprobs_there_is_no_p_and_the_models_name_says_so(text, p_blank):
    model, _ = eyes(said(text), said("No"))

    reply = model.ask(b"png", [GUN], False)

    assert (reply.answers[0].text, reply.answers[0].p_yes, reply.answers[0].p_yes_no) == (text, None, None)
    assert reply.answers[0].p_blank == p_blank
    assert reply.model == "Qwen/Qwen3-VL-2B-Instruct (openai, without logprobs)"


@pytest.mark.parametrize("server", ["vllm_0.32.0", "xllamacpp_2026.10.11549"])
def test_p_yes_of_a_real_server_is_the_networks_own(server):
    model, _ = eyes(_recorded(server), _recorded(server))

    reply = model.ask(b"png", [GUN], False)

    (answer,) = reply.answers
    assert (reply.model, answer.text) == ("bright-eyes (openai)", "Yes")
    # by transformers, over ten spellings in either case, with a space before them or not
    assert answer.p_yes == pytest.approx(0.5695, abs=0.01)
    assert answer.p_yes_no == pytest.approx(0.9950, abs=0.001)


def test_an_answer_that_ends_at_once_has_no_yes_or_no_though_the_server_gives_logprobs():
    answer = _recorded("xllamacpp_2026.10.11549")
    answer["choices"][0]["message"]["content"] = ""
    del answer["choices"][0]["logprobs"]["content"][0]  # what remains is the end of the text, an empty token
    model, _ = eyes(answer, answer)

    reply = model.ask(b"png", [GUN], False)

    assert reply.model == "bright-eyes (openai)"
    assert reply.answers[0].text == ""
    assert reply.answers[0].p_yes_no == pytest.approx(0, abs=0.001)


def _recorded(server: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((ANSWERS / f"{server}.json").read_text())
    return answer


def test_a_server_that_names_no_model_is_named_by_its_endpoint():
    model, _ = eyes({**said("A dog.", A=1.0), "model": None})

    assert model.ask(b"png", [], True).model == "eyes (openai)"


def test_other_first_words_leave_little_to_yes_and_no():
    model, _ = eyes(said("I can't tell.", I=0.9, The=0.1), said("No", No=1.0))

    (answer,) = model.ask(b"png", [GUN], False).answers

    assert answer.p_yes_no == 0


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {},
        {"choices": []},
        {"choices": [{"message": {"content": 7}}]},
        {"choices": [{"message": {"content": "No"}, "logprobs": {"content": [{"token": 7}]}}]},
        said("No", No=7.5),
        said("No", No=0.9, Yes=0.9),
        {"answers": [{"text": "no", "p_yes": 0.1}]},
    ],
)
def test_a_garbled_answer_is_named_so(answer):
    model, _ = eyes(answer)

    with pytest.raises(MalformedResponse, match="didn't answer with a chat completion"):
        model.ask(b"png", [GUN], False)


@pytest.mark.parametrize(
    "message",
    [
        {"content": None, "reasoning_content": "Let me look at the picture first."},
        {"content": None, "refusal": "I can't assist with that."},
        {"content": None, "tool_calls": [{"type": "function", "function": {"name": "look", "arguments": "{}"}}]},
        {"role": "assistant"},
    ],
)
def test_a_model_that_gives_no_text_is_named_so_and_not_asked_again(message):
    model, _ = eyes({"model": "thinker", "choices": [{"message": message, "finish_reason": "length"}]})

    with pytest.raises(EndpointRejected, match="Turn its thinking off"):
        model.ask(b"png", [GUN], False)


@pytest.mark.parametrize("end", ["abort", "content_filter", "error", "tool_calls", "timeout", "safety", ["stop"]])
def test_a_text_that_was_taken_from_the_model_is_no_answer(end):
    answer = said("No", No=0.99, Yes=0.01)
    answer["choices"][0]["finish_reason"] = end
    model, _ = eyes(answer, answer)

    reply = model.ask(b"png", [GUN], True)

    assert (reply.answers[0].text, reply.caption) == ("", "")


@pytest.mark.parametrize(
    "token", ["</s>", "<|im_end|>", " <end_of_utterance>\n", "<|eot_id|><|end_of_text|>", "<end_of_turn>"]
)
def test_the_tokens_that_end_a_text_are_no_part_of_it(token):
    model, _ = eyes(said(f"No{token}", No=0.99, Yes=0.01), said(f"A dog <b>.{token}"))

    reply = model.ask(b"png", [GUN], True)

    assert (reply.answers[0].text, reply.caption) == ("No", "A dog <b>.")


@pytest.mark.parametrize("end", ["stop", "eos_token", "stop_sequence", "length", None])
def test_a_text_that_the_model_ended_itself_is_its_answer(end):
    answer = said("No", No=0.99, Yes=0.01)
    answer["choices"][0]["finish_reason"] = end
    model, _ = eyes(answer)

    assert model.ask(b"png", [GUN], False).answers[0].text == "No"


@pytest.mark.parametrize(
    ("first", "p_yes"), [({"No": 0.55}, 0.45), ({"No": 0.6, "The": 0.1}, 0.1 / 0.7), ({"Yes": 0.55}, 1.0)]
)
def test_yes_counts_with_the_most_that_a_short_list_leaves_it(first, p_yes):
    model, _ = eyes(said(next(iter(first)), **first), said("No", No=1.0))

    answer = model.ask(b"png", [GUN], False).answers[0]

    assert answer.p_yes == pytest.approx(p_yes)
    assert answer.p_yes_no == pytest.approx(first.get("No", 0) + first.get("Yes", 0))


def test_a_blank_picture_that_is_answered_with_other_words_shows_no_tendency_to_yes():
    model, _ = eyes(said("Yes", Yes=0.9, No=0.1), said("The picture is blank.", The=0.8, Yes=0.17, No=0.03))

    assert model.ask(b"png", [GUN], False).answers[0].p_blank == 0


def test_a_text_of_any_length_fits_into_a_record_and_is_still_too_long_to_count():
    model, _ = eyes(said("No. " * 100_000), said("a dog and " * 100_000))

    reply = model.ask(b"png", [GUN], True)

    assert yes_or_no(reply.answers[0].text) is None
    assert MAX_CHARACTERS < len(reply.caption or "") < 2 * MAX_CHARACTERS


def test_a_models_name_of_any_length_fits_into_a_record():
    model, _ = eyes({**said("A dog.", A=1.0), "model": "m" * 1_000_000})

    assert len(model.ask(b"png", [], True).model) < 300


def test_json_nested_beyond_reading_is_a_garbled_answer(monkeypatch):
    model, runtime = eyes()
    monkeypatch.setattr(runtime, "invoke_endpoint", lambda **_: {"Body": io.BytesIO(b"[" * 200_000)})

    with pytest.raises(MalformedResponse, match="nested too deeply"):
        model.ask(b"png", [GUN], False)


def test_questions_that_take_too_long_end_in_time(monkeypatch):
    clock = iter([0.0, 1.0, 80.0])
    monkeypatch.setattr("moderation.adapters.openai_vision.time.monotonic", lambda: next(clock))
    model, runtime = eyes(said("No", No=1.0))

    with pytest.raises(EndpointTimeout, match="lower questions_per_query"):
        model.ask(b"png", [GUN, GUN], False)

    assert len(runtime.bodies) == 1


def test_every_dialect_of_the_settings_has_a_speaker():
    assert list(SPEAKERS) == DIALECTS["blip2"]
