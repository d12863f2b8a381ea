"""The judge on Bedrock: requests and answers by botocore's own model of Converse, each form and each stop."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ParamValidationError, ReadTimeoutError
from botocore.stub import Stubber

from moderation.adapters.bedrock_judge import BedrockJudge, form_of, request_of
from moderation.domain.judge_output import parse_judgement
from moderation.domain.judgement import UnusableJudgement
from moderation.domain.policy import Category, Pack, Question
from moderation.domain.prompt import answer_schema
from moderation.errors import (
    EndpointRejected,
    EndpointThrottled,
    EndpointTimeout,
    EndpointUnavailable,
    MalformedResponse,
    Misconfigured,
)
from moderation.ports import Turn

PACK = Pack(
    name="p",
    description="d",
    categories=(Category("Weapons", "Guns and knives"),),
    questions=(Question("weapon", "Does this photo contain a weapon?", ("Weapons",)),),
)
SCHEMA = answer_schema(PACK)
TURNS = [Turn("user", "Judge this."), Turn("assistant", "Well."), Turn("user", "In JSON, please.")]
SAFE = {"flag": "safe", "category": "none", "reason": "Nothing."}
JUDGEMENT = {"flag": "unsafe", "category": "Weapons", "reason": "A gun."}

NOVA, PROFILE = "amazon.nova-micro-v1:0", "us.amazon.nova-micro-v1:0"
MINISTRAL, LLAMA = "mistral.ministral-3-8b-instruct", "us.meta.llama3-1-8b-instruct-v1:0"


def client() -> Any:
    return boto3.client(
        "bedrock-runtime", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def answered(*content: dict[str, Any], reason: str = "end_turn") -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": reason,
        "usage": {"inputTokens": 400, "outputTokens": 40, "totalTokens": 440},
        "metrics": {"latencyMs": 300},
    }


def complete(model: str, answer: dict[str, Any]) -> str:
    """The judge's text for an answer; both request and answer are checked against botocore's model of the service."""
    runtime = client()
    with Stubber(runtime) as stubbed:
        stubbed.add_response("converse", answer, request_of(model, TURNS, SCHEMA))
        return BedrockJudge(runtime, model).complete(TURNS, SCHEMA)


@pytest.mark.parametrize(
    ("model", "form"),
    [
        (NOVA, "tool"),
        (PROFILE, "tool"),
        ("global.amazon.nova-2-lite-v1:0", "tool"),
        ("anthropic.claude-3-haiku-20240307-v1:0", "tool"),
        ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", "schema"),
        (MINISTRAL, "schema"),
        (LLAMA, "text"),
        ("openai.gpt-oss-20b-1:0", "text"),
    ],
)
def test_the_form_of_a_model_is_that_of_its_profile(model: str, form: str) -> None:
    assert form_of(model) == form


def test_decoding_is_greedy_by_the_temperature_alone() -> None:
    for model in (NOVA, MINISTRAL, LLAMA):
        assert request_of(model, TURNS, SCHEMA)["inferenceConfig"] == {"maxTokens": 256, "temperature": 0.0}


def test_a_tool_is_forced_and_its_input_is_the_judgement() -> None:
    tool = {"toolUse": {"toolUseId": "t", "name": "judgement", "input": JUDGEMENT}}
    text = complete(NOVA, answered({"text": "Let me record it."}, tool, reason="tool_use"))

    assert parse_judgement(text, PACK).category == "Weapons"


@pytest.mark.parametrize(
    "content",
    [
        [{"text": json.dumps(JUDGEMENT)}],
        [{"text": "The image is unsafe: it shows a gun."}],
        [{"toolUse": {"toolUseId": "2", "name": "judgement", "input": JUDGEMENT}}],
    ],
)
def test_what_a_model_says_beside_its_call_counts(content: list[dict[str, Any]]) -> None:
    safe = {"toolUse": {"toolUseId": "1", "name": "judgement", "input": SAFE}}

    for said in ([safe, *content], [*content, safe]):
        text = complete(NOVA, answered(*said, reason="tool_use"))
        with pytest.raises(UnusableJudgement):
            parse_judgement(text, PACK)


def test_what_nova_thinks_before_its_call_isnt_its_answer() -> None:
    thought = {"text": "<thinking> Is it unsafe? All answers are no. </thinking>\n"}
    call = {"toolUse": {"toolUseId": "1", "name": "judgement", "input": SAFE}}

    text = complete(NOVA, answered(thought, call, reason="tool_use"))

    assert parse_judgement(text, PACK).flag == "safe"


def test_a_tools_schema_has_nothing_that_nova_refuses() -> None:
    asked = request_of(NOVA, TURNS, SCHEMA)["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"]

    # at the top level Nova takes these alone, and answers others with a ValidationException
    assert asked == {key: SCHEMA[key] for key in ("type", "properties", "required")}
    assert {each["type"] for each in asked["properties"].values()} == {"string"}


def test_a_schema_is_sent_along_where_the_model_holds_to_it() -> None:
    text = complete(MINISTRAL, answered({"text": json.dumps(JUDGEMENT)}))

    assert parse_judgement(text, PACK).flag == "unsafe"
    written = request_of(MINISTRAL, TURNS, SCHEMA)["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert json.loads(written["schema"]) == SCHEMA


def test_any_other_model_is_asked_for_text_which_is_parsed_strictly() -> None:
    request = request_of(LLAMA, TURNS, SCHEMA)
    text = complete(LLAMA, answered({"text": f"Here it is: {json.dumps(JUDGEMENT)}"}))

    assert not {"toolConfig", "outputConfig"} & set(request)
    assert [message["role"] for message in request["messages"]] == ["user", "assistant", "user"]
    assert parse_judgement(text, PACK).flag == "unsafe"


def test_what_a_model_thinks_isnt_its_answer() -> None:
    thought = {"reasoningContent": {"reasoningText": {"text": '{"flag": "safe", "category": "none", "reason": "r"}'}}}
    text = complete("openai.gpt-oss-20b-1:0", answered(thought, {"text": json.dumps(JUDGEMENT)}))

    assert parse_judgement(text, PACK).flag == "unsafe"


@pytest.mark.parametrize(
    "reason",
    [
        "max_tokens",
        "guardrail_intervened",
        "content_filtered",
        "malformed_model_output",
        "malformed_tool_use",
        "model_context_window_exceeded",
    ],
)
def test_an_answer_that_was_cut_off_or_blocked_is_no_judgement(reason: str) -> None:
    safe = {"text": '{"flag": "safe", "category": "none", "reason": "Nothing."}'}
    text = complete(LLAMA, answered(safe, reason=reason))

    with pytest.raises(UnusableJudgement, match=f"gave none .{reason}"):
        parse_judgement(text, PACK)


@pytest.mark.parametrize("content", [[], [{"text": " \n"}]])
def test_an_answer_without_text_is_no_judgement_and_can_be_quoted_in_a_repair(content: list[dict[str, Any]]) -> None:
    text = complete(LLAMA, answered(*content))

    assert text.strip()
    with pytest.raises(UnusableJudgement):
        parse_judgement(text, PACK)


def test_an_answer_without_a_message_is_malformed() -> None:
    runtime: Any = _Answering({"stopReason": "end_turn", "output": {}})

    with pytest.raises(MalformedResponse):
        BedrockJudge(runtime, LLAMA).complete(TURNS, SCHEMA)


@pytest.mark.parametrize(
    ("code", "status", "fault"),
    [
        ("ThrottlingException", 429, EndpointThrottled),
        ("ModelNotReadyException", 429, EndpointThrottled),
        ("ServiceQuotaExceededException", 400, EndpointThrottled),
        ("MPAgreementBeingCreated", 403, EndpointUnavailable),
        ("ModelTimeoutException", 408, EndpointTimeout),
        ("ServiceUnavailableException", 503, EndpointUnavailable),
        ("InternalServerException", 500, EndpointUnavailable),
        ("ModelErrorException", 424, EndpointUnavailable),
        ("ValidationException", 400, EndpointRejected),
        ("AccessDeniedException", 403, Misconfigured),
        ("ResourceNotFoundException", 404, Misconfigured),
    ],
)
def test_each_error_has_our_name(code: str, status: int, fault: type[Exception]) -> None:
    runtime = client()
    with Stubber(runtime) as stubbed:
        stubbed.add_client_error("converse", code, "Input is too long: a caption", status)
        with pytest.raises(fault) as raised:
            BedrockJudge(runtime, PROFILE).complete(TURNS, SCHEMA)

    assert PROFILE in str(raised.value)
    assert "caption" not in str(raised.value)


def test_a_model_that_needs_a_profile_says_so() -> None:
    said = "Invocation of model ID x with on-demand throughput isn't supported. Retry with an inference profile."
    runtime = client()
    with Stubber(runtime) as stubbed:
        stubbed.add_client_error("converse", "ValidationException", said, 400)
        with pytest.raises(Misconfigured, match="inference profile"):
            BedrockJudge(runtime, NOVA).complete(TURNS, SCHEMA)


def test_a_model_that_takes_no_temperature_is_asked_without_from_then_on() -> None:
    request = request_of(MINISTRAL, TURNS, SCHEMA)
    without = request | {"inferenceConfig": {"maxTokens": 256}}
    answer = answered({"text": json.dumps(JUDGEMENT)})
    runtime = client()
    with Stubber(runtime) as stubbed:
        said = "The model returned the following errors: `temperature` is deprecated for this model."
        stubbed.add_client_error("converse", "ValidationException", said, 400, expected_params=request)
        stubbed.add_response("converse", answer, without)
        stubbed.add_response("converse", answer, without)
        judge = BedrockJudge(runtime, MINISTRAL)

        texts = [judge.complete(TURNS, SCHEMA) for _ in range(2)]
        stubbed.assert_no_pending_responses()

    assert [parse_judgement(text, PACK).flag for text in texts] == ["unsafe", "unsafe"]


def test_a_model_that_refuses_also_without_a_temperature_is_asked_no_more() -> None:
    runtime = client()
    with Stubber(runtime) as stubbed:
        for said in ("temperature is deprecated", "temperature again"):
            stubbed.add_client_error("converse", "ValidationException", said, 400)
        with pytest.raises(EndpointRejected):
            BedrockJudge(runtime, MINISTRAL).complete(TURNS, SCHEMA)
        stubbed.assert_no_pending_responses()


def test_a_field_that_the_functions_boto3_doesnt_know_is_named_so() -> None:
    unknown: Any = _Answering(ParamValidationError(report='Unknown parameter in input: "outputConfig"'))

    with pytest.raises(Misconfigured, match="too old"):
        BedrockJudge(unknown, MINISTRAL).complete(TURNS, SCHEMA)


def test_no_answer_is_a_timeout_and_a_hurry_is_handed_on() -> None:
    hurried: list[float] = []

    def client_within(seconds: float) -> Any:
        hurried.append(seconds)
        return _Answering(ReadTimeoutError(endpoint_url="https://bedrock"))

    patient: Any = _Answering(AssertionError())
    with pytest.raises(EndpointTimeout):
        BedrockJudge(patient, NOVA, client_within).complete(TURNS, SCHEMA, within_s=12)

    assert hurried == [12]


class _Answering:
    """A client that gives one answer, or fails."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def converse(self, **_: object) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer
