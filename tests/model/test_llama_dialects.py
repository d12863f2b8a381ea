"""The `llama` endpoint's three dialects, and Llama 2's prompt format between them."""

import json
from typing import Any

import pytest

from local.models import llama2_format
from local.models.chat import Chat, Completion, Message
from local.models.container import Reply
from local.models.llama import LlamaEndpoint

EULA = "accept_eula=true"
CONVERSATION = (
    Message("system", "You judge.\nStrictly."),
    Message("user", "What is this?"),
    Message("assistant", "A dog."),
    Message("user", "Sure?"),
)
PROMPT = (
    "<s>[INST] <<SYS>>\nYou judge.\nStrictly.\n<</SYS>>\n\nWhat is this? [/INST] A dog. </s><s>[INST] Sure? [/INST]"
)


class _Parrot:
    """Remembers what it was asked and always answers the same."""

    name = "a parrot"
    stand_in = True
    one_at_a_time = False

    def __init__(self) -> None:
        self.asked: Chat | None = None

    def complete(self, chat: Chat) -> Completion:
        self.asked = chat
        return Completion("Polly", 2, cut=chat.max_new_tokens == 2)


@pytest.fixture
def parrot() -> _Parrot:
    return _Parrot()


def _invoke(parrot: _Parrot, data: Any, attributes: str = "") -> Reply:
    return LlamaEndpoint(parrot).invoke(json.dumps(data).encode(), attributes)


def _dicts(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]


def test_dialog(parrot: _Parrot) -> None:
    data = {"inputs": [_dicts(CONVERSATION)], "parameters": {"max_new_tokens": 99, "temperature": 0.1}}

    reply = _invoke(parrot, data, EULA)

    assert json.loads(reply.body) == [{"generation": {"role": "assistant", "content": "Polly"}}]
    assert parrot.asked == Chat(CONVERSATION, 99)


def test_dialog_without_an_accepted_licence_is_refused_as_by_jumpstart(parrot: _Parrot) -> None:
    reply = _invoke(parrot, {"inputs": [_dicts(CONVERSATION)]}, "accept_eula=false")

    assert reply.status == 424
    assert "accept_eula=true" in json.loads(reply.body)["error"]
    assert parrot.asked is None


def test_text_generation_inference(parrot: _Parrot) -> None:
    reply = _invoke(parrot, {"inputs": PROMPT, "parameters": {"max_new_tokens": 99, "do_sample": False}})

    assert json.loads(reply.body) == [{"generated_text": "Polly"}]
    assert parrot.asked == Chat(CONVERSATION, 99)


def test_text_generation_inference_tells_details_when_asked(parrot: _Parrot) -> None:
    reply = _invoke(parrot, {"inputs": PROMPT, "parameters": {"max_new_tokens": 2, "details": True}})

    assert json.loads(reply.body)[0]["details"] == {"finish_reason": "length", "generated_tokens": 2}


def test_text_generation_inference_takes_a_grammar(parrot: _Parrot) -> None:
    schema = {"type": "object"}

    _invoke(parrot, {"inputs": PROMPT, "parameters": {"grammar": {"type": "json", "value": schema}}})

    assert parrot.asked is not None
    assert parrot.asked.schema == schema


def test_openai(parrot: _Parrot) -> None:
    schema = {"type": "object"}
    data = {
        "messages": _dicts(CONVERSATION),
        "max_tokens": 99,
        "temperature": 0,
        "response_format": {"type": "json_schema", "json_schema": {"name": "verdict", "schema": schema}},
    }

    choice = json.loads(_invoke(parrot, data).body)["choices"][0]

    assert choice["message"] == {"role": "assistant", "content": "Polly"}
    assert choice["finish_reason"] == "stop"
    assert parrot.asked == Chat(CONVERSATION, 99, schema)


@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        {"inputs": []},
        {"inputs": [[{"role": "user"}]]},
        {"inputs": [["hello"]]},
        {"inputs": [[{"role": "assistant", "content": "me first"}]]},
        {"inputs": [[{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]]},
        {"inputs": PROMPT, "parameters": [1]},
        {"inputs": PROMPT, "parameters": {"max_new_tokens": 0}},
        {"messages": [{"role": "user", "content": "a"}], "max_tokens": "many"},
    ],
)
def test_a_malformed_request_is_a_400(parrot: _Parrot, data: object) -> None:
    assert _invoke(parrot, data, EULA).status == 400


def test_a_body_that_is_no_json_is_a_400(parrot: _Parrot) -> None:
    assert LlamaEndpoint(parrot).invoke(b"\xff", "").status == 400


def test_rendering_and_parsing_a_prompt() -> None:
    assert llama2_format.render(CONVERSATION) == PROMPT
    assert llama2_format.parse(PROMPT) == CONVERSATION
    assert llama2_format.parse(PROMPT.removeprefix("<s>")) == CONVERSATION


def test_a_prompt_without_roles_is_one_user_message() -> None:
    assert llama2_format.parse("Tell me a joke") == (Message("user", "Tell me a joke"),)
