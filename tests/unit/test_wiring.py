"""A function that is deployed wrongly says so in one sentence that names everything it lacks."""

import pytest

from moderation import wiring
from moderation.errors import Misconfigured

TOPICS = {"UNSAFE_TOPIC_ARN": "u", "REVIEW_TOPIC_ARN": "r"}
COMPLETE = {
    "prepare_image": {
        "WORK_BUCKET": "w",
        "POLICY_BUCKET": "p",
        "VERDICT_TABLE": "t",
        "MODELS": "m",
        "MODEL_INPUT_SIZE": "224",
        "POLICY_APPROVAL": "false",
    },
    "query_image": {"WORK_BUCKET": "w", "BLIP2_ENDPOINT": "b", "BLIP2_DIALECT": "scored"},
    "judge_image": {"WORK_BUCKET": "w", "LLAMA_ENDPOINT": "l", "LLAMA_DIALECT": "tgi", "LLAMA_GRAMMAR": "false"},
    "record_verdict": {"WORK_BUCKET": "w", "VERDICT_TABLE": "t", "RECORD_RETENTION_DAYS": "0", "NOTIFY_SAFE": "false"},
    "notify": {"VERDICT_TABLE": "t", **TOPICS},
    "measure_drift": {"VERDICT_TABLE": "t", "INTAKE_BUCKET": "i"},
    "record_failure": {"VERDICT_TABLE": "t", "RECORD_RETENTION_DAYS": "365", **TOPICS},
}


@pytest.fixture
def build(monkeypatch):
    """Builds a function's ports from nothing but the given environment."""
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "us-east-1")

    def build(function: str, env: dict[str, str]) -> object:
        for name in {name for known in COMPLETE.values() for name in known} | {"SAFE_TOPIC_ARN", "BEDROCK_MODEL"}:
            monkeypatch.delenv(name, raising=False)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        return getattr(wiring, function).__wrapped__()

    return build


@pytest.mark.parametrize("function", COMPLETE)
def test_complete_environments_are_read_and_empty_ones_name_every_variable(build, function):
    build(function, COMPLETE[function])

    with pytest.raises(Misconfigured) as fault:
        build(function, {})
    assert all(name in str(fault.value) for name in COMPLETE[function])


@pytest.mark.parametrize(
    ("function", "change"),
    [
        ("prepare_image", {"MODEL_INPUT_SIZE": "0"}),
        ("prepare_image", {"MODEL_INPUT_SIZE": "large"}),
        ("query_image", {"BLIP2_DIALECT": "french"}),
        ("judge_image", {"LLAMA_DIALECT": "llama"}),
        ("judge_image", {"LLAMA_GRAMMAR": "maybe"}),
        ("record_verdict", {"NOTIFY_SAFE": "True"}),
        ("record_verdict", {"RECORD_RETENTION_DAYS": "-1"}),
        ("record_failure", {"RECORD_RETENTION_DAYS": "a year"}),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(build, function, change):
    with pytest.raises(Misconfigured, match=next(iter(change))):
        build(function, COMPLETE[function] | change)


@pytest.mark.parametrize("function", ["notify", "record_failure"])
def test_safe_verdicts_have_a_topic_only_where_there_is_one(build, function):
    without, given = (build(function, COMPLETE[function] | safe) for safe in ({}, {"SAFE_TOPIC_ARN": "s"}))

    assert without.publisher._topics == {"unsafe": "u", "review": "r"}
    assert given.publisher._topics == {"unsafe": "u", "review": "r", "safe": "s"}


def test_a_model_on_bedrock_judges_where_one_is_named(build):
    ports = build("judge_image", {"WORK_BUCKET": "w", "BEDROCK_MODEL": "eu.amazon.nova-micro-v1:0"})

    assert ports.judge.name == "eu.amazon.nova-micro-v1:0 (bedrock)"
    with pytest.raises(Misconfigured, match="WORK_BUCKET"):
        build("judge_image", {"BEDROCK_MODEL": "eu.amazon.nova-micro-v1:0"})


@pytest.mark.parametrize(("function", "model"), [("query_image", "blip2"), ("judge_image", "llama")])
def test_a_component_is_asked_only_where_there_is_one(build, function, model, monkeypatch):
    named = {f"{model.upper()}_COMPONENT": "c"}
    made = [build(function, COMPLETE[function] | more) for more in ({}, named)]
    endpoints = [(ports.model if model == "blip2" else ports.judge)._endpoint for ports in made]

    assert [endpoint._component for endpoint in endpoints] == [{}, {"InferenceComponentName": "c"}]
