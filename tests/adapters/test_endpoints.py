"""The model endpoints: each dialect word for word, each fault under the name that the workflow retries by."""

import base64
import io
import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from PIL import Image

from moderation.adapters import clients
from moderation.adapters.sagemaker_blip2 import SampleBlip2, ScoredBlip2
from moderation.adapters.sagemaker_endpoint import SageMakerEndpoint
from moderation.adapters.sagemaker_llama import SageMakerJudge, instruction_text
from moderation.domain.prompt import question_prompt
from moderation.errors import (
    EndpointNotFound,
    EndpointRejected,
    EndpointThrottled,
    EndpointTimeout,
    EndpointUnavailable,
    MalformedResponse,
    Misconfigured,
    NoCapacity,
)
from moderation.ports import ScoredText, Turn


class Runtime:
    """A SageMaker runtime client that notes each request and gives the answers prepared for it."""

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []

    def invoke_endpoint(self, **request):
        self.requests.append(request | {"Body": json.loads(request["Body"])})
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"Body": io.BytesIO(answer if isinstance(answer, bytes) else json.dumps(answer).encode())}


def endpoint(runtime: Any, name: str, *arguments: Any, **named: Any) -> SageMakerEndpoint:
    """An endpoint that is reached by a client, or by what stands for one."""
    return SageMakerEndpoint(runtime, name, *arguments, **named)


SCORED = {"model": "blip2-x", "caption": "a dog", "answers": [{"text": "no", "p_yes": 0.1, "p_blank": 0.2}]}


def test_scored_blip2_asks_once_for_everything():
    runtime = Runtime(SCORED)

    reply = ScoredBlip2(endpoint(runtime, "eyes")).ask(b"png", ["Question: is it? Answer:"], True)

    assert [request["Body"] for request in runtime.requests] == [
        {"image": "cG5n", "prompts": ["Question: is it? Answer:"], "caption": True}
    ]
    assert (reply.model, reply.caption, reply.answers) == ("blip2-x", "a dog", (ScoredText("no", 0.1, 0.2),))


@pytest.mark.parametrize("p_yes_no", [0.0, 0.97, 1, None])
def test_scored_blip2_gives_the_probability_of_yes_and_no_where_the_endpoint_does(p_yes_no):
    answer = {"text": "no", "p_yes": 0.1, "p_blank": 0.2, "p_yes_no": p_yes_no}

    reply = ScoredBlip2(endpoint(Runtime(SCORED | {"answers": [answer]}), "eyes")).ask(b"png", ["A"], True)

    assert reply.answers == (ScoredText("no", 0.1, 0.2, p_yes_no),)


def test_sample_blip2_asks_one_by_one_in_plain_text():
    runtime = Runtime(b"no ", b"No.", b" a man on a beach\n")

    reply = SampleBlip2(endpoint(runtime, "eyes")).ask(b"png", ["A", "B"], True)

    assert [request["Body"] for request in runtime.requests] == [
        {"image": "cG5n", "prompt": "A"},
        {"image": "cG5n", "prompt": "B"},
        {"image": "cG5n"},
    ]
    assert reply.answers == (ScoredText("no"), ScoredText("No."))
    assert reply.caption == "a man on a beach"


@pytest.mark.parametrize(("about_blank", "p_blank"), [(b"yes", 1.0), (b"Yes, there is a gun.", 1.0), (b"no", 0.0)])
def test_what_sample_blip2_answers_yes_it_is_asked_about_a_blank_picture_once(about_blank, p_blank):
    question = question_prompt("Is there a gun in the picture?")
    runtime = Runtime(b"Yes, there is a gun.", about_blank, b"yes")
    model = SampleBlip2(endpoint(runtime, "eyes"))

    answers = [*model.ask(b"png", [question], False).answers, *model.ask(b"png", [question], False).answers]

    pictures = [base64.b64decode(request["Body"]["image"]) for request in runtime.requests]
    assert [picture == b"png" for picture in pictures] == [True, False, True]
    assert Image.open(io.BytesIO(pictures[1])).getcolors() == [(224 * 224, (123, 117, 104))]
    assert [answer.p_blank for answer in answers] == [p_blank, p_blank]


@pytest.mark.parametrize(
    "answer",
    [
        b"yes",
        b'{"model": "m", "answers": [',
        b"\xff\xfe",
        {},
        [],
        SCORED | {"answers": []},
        SCORED | {"answers": [{"text": "no", "p_yes": 1.2, "p_blank": None}]},
        SCORED | {"answers": [{"text": None, "p_yes": 0.2, "p_blank": None}]},
        SCORED | {"answers": [{"text": "no", "p_yes": 0.2, "p_blank": None, "p_yes_no": 1.01}]},
        b'{"model": "m", "caption": "", "answers": [{"text": "no", "p_yes": 0.2, "p_blank": null, "p_yes_no": NaN}]}',
        SCORED | {"caption": None},
    ],
)
def test_a_garbled_vision_answer_is_named_so(answer):
    with pytest.raises(MalformedResponse):
        ScoredBlip2(endpoint(Runtime(answer), "eyes")).ask(b"png", ["A"], True)


def fault(code: str, status: int, message: str = "", **more) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return ClientError(response, "InvokeEndpoint")


# Word for word what SageMaker says of a component without a copy.
NO_CAPACITY = (
    "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress (if "
    "configured) or try to increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API."
)


# aws-samples/amazon-kendra-langchain-extensions#64
HEADER_MISSING = (
    "Inference Component Name header is required for endpoints to which you plan to deploy inference components. "
    "Please include Inference Component Name header or consider using SageMaker models."
)


@pytest.mark.parametrize(
    "error, expected",
    [
        (fault("ThrottlingException", 400), EndpointThrottled),
        (fault("ModelNotReadyException", 429), EndpointThrottled),
        (fault("ServiceUnavailable", 503), EndpointUnavailable),
        (fault("InternalFailure", 500), EndpointUnavailable),
        (fault("InternalDependencyException", 530), EndpointUnavailable),
        (fault("ModelError", 424, OriginalStatusCode=500), EndpointUnavailable),
        (fault("ModelError", 424, OriginalStatusCode=424), EndpointUnavailable),
        (fault("ModelError", 424, OriginalStatusCode=507), EndpointUnavailable),
        (fault("ModelError", 424, OriginalStatusCode=503), EndpointThrottled),
        (fault("ModelError", 424, OriginalStatusCode=429), EndpointThrottled),
        (fault("ModelError", 424, OriginalStatusCode=400), EndpointRejected),
        (fault("ModelError", 424, OriginalStatusCode=400, OriginalMessage="CUDA out of memory."), EndpointUnavailable),
        (fault("ModelError", 424, OriginalStatusCode=424, OriginalMessage="pass accept_eula=true"), Misconfigured),
        (fault("ModelError", 424, 'Received client error (424) with message "accept_eula"'), Misconfigured),
        (fault("ModelError", 424, OriginalStatusCode=0, OriginalMessage="Your invocation timed out"), EndpointTimeout),
        (fault("413", 413, "HTTP content length exceeded 6291456 bytes."), EndpointRejected),
        (fault("ValidationError", 400, "Endpoint eyes of account 123456789012 not found."), EndpointNotFound),
        (
            fault("ValidationError", 400, "Inference component eyes of account 123456789012 not found."),
            EndpointNotFound,
        ),
        (fault("ValidationException", 400, "Could not find endpoint eyes: it does not exist."), EndpointNotFound),
        (fault("ValidationError", 400, "Endpoint eyes is not in service."), EndpointNotFound),
        (fault("ValidationError", 400, "Endpoint eyes is not InService: its status is Creating."), EndpointNotFound),
        (fault("ValidationError", 400, HEADER_MISSING), Misconfigured),
        (fault("ValidationError", 400, NO_CAPACITY), NoCapacity),
        (fault("AccessDeniedException", 403), Misconfigured),
        (fault("RequestTimeout", 408), EndpointTimeout),
        (fault("RequestLimitExceeded", 400), EndpointThrottled),
        (ReadTimeoutError(endpoint_url="x"), EndpointTimeout),
        (ConnectionClosedError(endpoint_url="x"), EndpointUnavailable),
    ],
)
def test_what_sagemaker_raises_gets_our_names(error, expected):
    with pytest.raises(expected):
        ScoredBlip2(endpoint(Runtime(error), "eyes")).ask(b"png", ["A"], True)


@pytest.mark.parametrize("speaker", [ScoredBlip2, SampleBlip2])
@pytest.mark.parametrize(
    "code, expected",
    [
        (400, EndpointRejected),
        (500, EndpointUnavailable),
        (503, EndpointThrottled),
        (504, EndpointTimeout),
        (None, EndpointUnavailable),
    ],
)
def test_a_fault_of_one_item_of_a_batch_is_found_in_its_body(speaker, code, expected):
    with pytest.raises(expected):
        speaker(endpoint(Runtime({"error": "too large", "code": code}), "eyes")).ask(b"png", ["A"], False)


@pytest.mark.parametrize("dialect", ["dialog", "tgi", "openai"])
@pytest.mark.parametrize(
    "body, expected",
    [
        # djl_python's output_formatter.py, where the status went out before the fault was there
        ({"generated_text": None, "error": "CUDA out of memory", "code": 400}, EndpointUnavailable),
        ({"error": "Input validation error: grammar is not supported", "code": 422}, EndpointRejected),
        ({"error": {"message": "This model's maximum context length is 4096 tokens.", "code": 400}}, EndpointRejected),
        ({"error": "something"}, EndpointUnavailable),
        ([{"error": "accept_eula", "code": 424}], Misconfigured),
    ],
)
def test_a_judges_fault_under_http_200_is_found_in_its_body(dialect, body, expected):
    with pytest.raises(expected):
        SageMakerJudge(endpoint(Runtime(body), "judge"), dialect, False).complete(TURNS, SCHEMA)


def test_an_answer_that_says_it_has_no_error_is_one():
    body = {"error": None, "choices": [{"message": {"content": "Fine."}}]}

    assert SageMakerJudge(endpoint(Runtime(body), "judge"), "openai", False).complete(TURNS, SCHEMA) == "Fine."


TURNS = [Turn("user", "Judge."), Turn("assistant", "Hm."), Turn("user", "Again.")]
SCHEMA = {"type": "object"}


def test_dialog_is_jumpstart_v1_and_accepts_the_licence_per_request():
    runtime = Runtime([{"generation": {"role": "assistant", "content": "fine"}}])

    assert SageMakerJudge(endpoint(runtime, "judge"), "dialog", False).complete(TURNS, SCHEMA) == "fine"

    [request] = runtime.requests
    assert request["CustomAttributes"] == "accept_eula=true"
    assert request["Body"]["inputs"] == [[{"role": t.role, "content": t.content} for t in TURNS]]


@pytest.mark.parametrize("answer", [{"generated_text": "fine"}, [{"generated_text": "fine"}]])
def test_tgi_is_greedy_and_sends_a_grammar_only_when_told(answer):
    runtime = Runtime(answer, answer)

    assert SageMakerJudge(endpoint(runtime, "judge"), "tgi", False).complete(TURNS, SCHEMA) == "fine"
    assert SageMakerJudge(endpoint(runtime, "judge"), "tgi", True).complete(TURNS, SCHEMA) == "fine"

    plain, constrained = (request["Body"] for request in runtime.requests)
    assert plain["inputs"] == "[INST] Judge. [/INST] Hm. </s><s>[INST] Again. [/INST]"
    assert plain["parameters"]["do_sample"] is False
    assert "grammar" not in plain["parameters"]
    assert constrained["parameters"]["grammar"] == {"type": "json", "value": SCHEMA}


def test_openai_is_greedy_and_asks_for_the_schema():
    runtime = Runtime({"choices": [{"message": {"content": "fine"}}]})

    assert SageMakerJudge(endpoint(runtime, "judge"), "openai", True).complete(TURNS, SCHEMA) == "fine"

    body = runtime.requests[0]["Body"]
    assert body["temperature"] == 0
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA


@pytest.mark.parametrize("end", ["length", "content_filter", "tool_calls"])
def test_a_chat_completion_that_was_cut_off_or_blocked_is_no_judgement(end):
    safe = '{"flag": "safe", "category": "none", "reason": "Nothing."}'
    answer = {"choices": [{"message": {"content": safe}, "finish_reason": end}]}

    text = SageMakerJudge(endpoint(Runtime(answer), "judge"), "openai", True).complete(TURNS, SCHEMA)

    assert text == f"[no answer: {end}]"


@pytest.mark.parametrize(("end", "said"), [("timeout", "timeout"), ("blocked: SAFETY", "cut"), (["stop"], "cut")])
def test_a_chat_completion_with_an_end_of_another_kind_is_no_judgement(end, said):
    safe = '{"flag": "safe", "category": "none", "reason": "Nothing."}'
    answer = {"choices": [{"message": {"content": safe}, "finish_reason": end}]}

    text = SageMakerJudge(endpoint(Runtime(answer), "judge"), "openai", True).complete(TURNS, SCHEMA)

    assert text == f"[no answer: {said}]"


@pytest.mark.parametrize("message", [{"content": None, "refusal": "I can't."}, {"reasoning_content": "Well."}])
def test_a_chat_completion_without_a_text_is_no_judgement(message):
    answer = {"choices": [{"message": message, "finish_reason": "stop"}]}

    text = SageMakerJudge(endpoint(Runtime(answer), "judge"), "openai", True).complete(TURNS, SCHEMA)

    assert text == "[no answer: empty]"


@pytest.mark.parametrize(
    "answer", [b"", b"[]", {}, {"generated_text": 3}, {"choices": []}, [{"generation": {}}], b"\xff"]
)
def test_a_garbled_judge_is_named_so(answer):
    with pytest.raises(MalformedResponse):
        SageMakerJudge(endpoint(Runtime(answer), "judge"), "tgi", False).complete(TURNS, SCHEMA)


@pytest.mark.parametrize(("within_s", "waited"), [(None, None), (79.0, None), (70.0, None), (34.5, 34.5)])
def test_an_answer_is_waited_for_as_long_as_there_is_time(within_s, waited):
    """A function that is stopped in the midst of a request is no EndpointTimeout."""
    hurries = []

    def hurried(seconds):
        hurries.append(seconds)
        return Runtime(ReadTimeoutError(endpoint_url="x"))

    judge = SageMakerJudge(endpoint(Runtime({"generated_text": "fine"}), "judge", hurried=hurried), "tgi", False)

    if waited is None:
        assert judge.complete(TURNS, SCHEMA, within_s) == "fine"
    else:
        with pytest.raises(EndpointTimeout):
            judge.complete(TURNS, SCHEMA, within_s)
    assert hurries == ([] if waited is None else [waited])


def test_a_hurried_client_waits_no_longer():
    hurried: Any = clients.sagemaker_runtime(34.5).meta.config
    patient: Any = clients.sagemaker_runtime().meta.config
    assert (hurried.read_timeout, patient.read_timeout) == (34.5, 70)


def test_one_turn_is_the_template_of_llama_2_but_for_the_first_token_which_the_server_adds():
    assert instruction_text(TURNS[:1]) == "[INST] Judge. [/INST]"


def test_the_requests_are_ones_that_the_real_client_accepts():
    client = boto3.client("sagemaker-runtime")
    sent = []
    client.meta.events.register("before-send.sagemaker-runtime", lambda request, **_: sent.append(request))
    client.meta.events.register(
        "before-send.sagemaker-runtime.InvokeEndpoint", lambda request, **_: _http(json.dumps(SCORED).encode())
    )

    assert ScoredBlip2(endpoint(client, "eyes")).ask(b"png", ["A"], True).caption == "a dog"
    assert sent[0].url.endswith("/endpoints/eyes/invocations")
    assert sent[0].headers["Content-Type"] == b"application/json"


@pytest.mark.parametrize("component", [None, "eyes-component"])
def test_an_inference_component_is_named_in_a_header_of_its_own(component):
    client = boto3.client("sagemaker-runtime")
    sent = []
    client.meta.events.register("before-send.sagemaker-runtime", lambda request, **_: sent.append(request))
    client.meta.events.register(
        "before-send.sagemaker-runtime.InvokeEndpoint", lambda request, **_: _http(json.dumps(SCORED).encode())
    )

    ScoredBlip2(endpoint(client, "eyes", component)).ask(b"png", ["A"], True)

    assert sent[0].url.endswith("/endpoints/eyes/invocations")
    named = sent[0].headers.get("X-Amzn-SageMaker-Inference-Component")
    assert named == (component.encode() if component else None)


def _http(body: bytes):
    from botocore.awsrequest import AWSResponse

    class Raw(io.BytesIO):
        def stream(self, **_):
            yield self.read()

    headers: Any = {"Content-Type": "application/json"}
    return AWSResponse("http://x", 200, headers, Raw(body))
