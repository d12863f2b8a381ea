"""A real Llama by transformers, and any OpenAI-compatible server, behind the same dialects."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import torch
from rich.console import Console
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM
from werkzeug import Request, Response
from werkzeug.serving import make_server

from local.models import llama_weights
from local.models.app import ModelSettings, model_server
from local.models.chat import Chat, JudgeFailed, Message
from local.models.errors import UnusableModel
from local.models.llama import LlamaEndpoint
from local.models.llama_url import LlamaUrl
from local.models.llama_weights import LlamaWeights
from local.models.random_checkpoint import small_tokenizer
from local.models.server import SageMakerRuntime

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

QUESTION = Chat((Message("system", "Be brief."), Message("user", "Is a dog safe?")), max_new_tokens=9)
PROMPT = "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nIs a dog safe? [/INST]"


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of random weights."""
    folder = tmp_path_factory.mktemp("llama")
    tokenizer = small_tokenizer()
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=256,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _by_hand(folder: Path, prompt: str, tokens: int) -> str:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    inputs = tokenizer(prompt, return_tensors="pt", add_special_tokens=False)["input_ids"]
    generated = model.generate(inputs, max_new_tokens=tokens, do_sample=False)[0, inputs.shape[1] :]
    text: str = tokenizer.decode(generated, skip_special_tokens=True)
    return text


def test_weights_answer_greedily_in_llama_2_format(llama: Path) -> None:
    completion = LlamaWeights(llama, "tiny").complete(QUESTION)

    assert completion.text == _by_hand(llama, PROMPT, 9)
    assert (completion.tokens, completion.cut) == (9, True)


def test_weights_use_their_own_chat_template(llama: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(llama)
    tokenizer.chat_template = "{% for m in messages %}|{{ m.role }}|{{ m.content }}{% endfor %}|assistant|"
    tokenizer.save_pretrained(tmp_path)
    AutoModelForCausalLM.from_pretrained(llama).save_pretrained(tmp_path)

    completion = LlamaWeights(tmp_path, "tiny").complete(QUESTION)

    assert completion.text == _by_hand(llama, "|system|Be brief.|user|Is a dog safe?|assistant|", 9)


def test_too_long_a_prompt_is_refused_as_by_the_container(llama: Path) -> None:
    chat = Chat((Message("user", "word " * 400),), max_new_tokens=9)

    with pytest.raises(JudgeFailed, match="must be <= 256") as failure:
        LlamaWeights(llama, "tiny").complete(chat)

    assert failure.value.status == 422


def test_weights_that_are_too_slow_give_up_in_time(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama_weights, "LIMIT_S", 0.0)

    with pytest.raises(JudgeFailed, match="timed out") as failure:
        LlamaWeights(llama, "tiny").complete(QUESTION)

    assert failure.value.status == 504


def test_weights_serve_the_endpoint(llama: Path, checkpoint: Path) -> None:
    settings = ModelSettings(blip2_model=str(checkpoint), llama_model=str(llama))
    with model_server(settings, Console(quiet=True)) as server:
        body = json.dumps({"inputs": PROMPT, "parameters": {"max_new_tokens": 9}})
        answer = _runtime(server.url).invoke_endpoint(EndpointName="llama", Body=body)

        assert json.load(answer["Body"]) == [{"generated_text": _by_hand(llama, PROMPT, 9)}]
        assert "STAND-IN" not in server.banner


@dataclass
class _OpenAiServer:
    """Lists models, remembers requests, answers what it is told to."""

    status: int = 200
    answer: Any = field(
        default_factory=lambda: {
            "choices": [{"message": {"content": "It is safe."}, "finish_reason": "stop"}],
            "usage": {"completion_tokens": 4},
        }
    )
    models: list[str] = field(default_factory=lambda: ["llama2:13b"])
    requests: list[Any] = field(default_factory=list)
    url: str = ""

    def answered(self, request: Request) -> Response:
        if request.path == "/v1/models":
            return Response(json.dumps({"data": [{"id": name} for name in self.models]}))
        assert request.path == "/v1/chat/completions"
        self.requests.append(request.get_json())
        return Response(json.dumps(self.answer), status=self.status)


@pytest.fixture
def openai_server() -> Iterator[_OpenAiServer]:
    fake = _OpenAiServer()
    with _served(Request.application(fake.answered)) as fake.url:
        yield fake


@contextmanager
def _served(application: "WSGIApplication") -> Iterator[str]:
    """The URL of an application."""
    http = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.port}"
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
def test_a_url_is_asked_in_its_own_dialect(openai_server: _OpenAiServer, suffix: str) -> None:
    judge = LlamaUrl(openai_server.url + suffix)

    completion = judge.complete(QUESTION)

    assert (completion.text, completion.tokens, completion.cut) == ("It is safe.", 4, False)
    assert "llama2:13b" in judge.name
    assert openai_server.requests == [
        {
            "model": "llama2:13b",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Is a dog safe?"},
            ],
            "max_tokens": 9,
            "temperature": 0,
        }
    ]


def test_a_grammar_becomes_a_response_format(openai_server: _OpenAiServer) -> None:
    schema = {"type": "object"}
    body = json.dumps({"inputs": PROMPT, "parameters": {"grammar": {"type": "json", "value": schema}}})
    with _served(SageMakerRuntime({"llama": LlamaEndpoint(LlamaUrl(openai_server.url))}, {})) as url:
        answer = _runtime(url).invoke_endpoint(EndpointName="llama", Body=body)

    assert json.load(answer["Body"]) == [{"generated_text": "It is safe."}]
    sent = openai_server.requests[0]["response_format"]
    assert (sent["type"], sent["json_schema"]["schema"]) == ("json_schema", schema)


@pytest.mark.parametrize(
    ("status", "answer", "seen"), [(429, {}, 429), (500, {}, 500), (200, {}, 502), (200, "text", 502)]
)
def test_a_failing_url_is_a_failing_container(
    openai_server: _OpenAiServer, status: int, answer: object, seen: int
) -> None:
    judge = LlamaUrl(openai_server.url)
    openai_server.status, openai_server.answer = status, answer

    with pytest.raises(JudgeFailed) as failure:
        judge.complete(QUESTION)

    assert failure.value.status == seen


@pytest.mark.parametrize(
    "choice",
    [
        {"message": {"content": None}},
        {"message": {"refusal": "I can't."}},
        {"message": {"content": "It is safe."}, "finish_reason": "content_filter"},
    ],
)
def test_a_url_that_gives_no_text_gives_an_empty_one(openai_server: _OpenAiServer, choice: dict[str, Any]) -> None:
    openai_server.answer = {"choices": [choice]}

    assert LlamaUrl(openai_server.url).complete(QUESTION).text == ""


def test_a_server_without_a_model_is_named_so(openai_server: _OpenAiServer) -> None:
    openai_server.models = []

    with pytest.raises(UnusableModel, match="has no model: pull or load one"):
        LlamaUrl(openai_server.url)


def test_a_model_is_chosen_on_a_server_with_several(openai_server: _OpenAiServer) -> None:
    openai_server.models = ["nomic-embed", "llama2:13b"]
    judge = LlamaUrl(openai_server.url, "llama2:13b")

    judge.complete(QUESTION)

    assert openai_server.requests[0]["model"] == "llama2:13b"
    with pytest.raises(UnusableModel, match=r"LLAMA_URL_MODEL=llama3: .* has nomic-embed, llama2:13b"):
        LlamaUrl(openai_server.url, "llama3")


def test_a_chosen_model_needs_a_server() -> None:
    with pytest.raises(UnusableModel, match="set LLAMA_URL"):
        ModelSettings.from_env({"LLAMA_URL_MODEL": "llama2:13b"})


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "localhost:11434", "file:///etc/passwd"])
def test_an_unusable_url_is_refused_in_words(url: str) -> None:
    with pytest.raises(UnusableModel, match="LLAMA_URL="):
        LlamaUrl(url)


def _runtime(url: str) -> Any:
    return boto3.client(
        "sagemaker-runtime",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
