"""A function that is deployed wrongly says so in one sentence that names everything it lacks."""

import pytest

from moderation.errors import Misconfigured
from moderation.settings import (
    FailureSettings,
    JudgeImageSettings,
    NotifySettings,
    PrepareImageSettings,
    QueryImageSettings,
    RecordVerdictSettings,
)

COMPLETE = {
    PrepareImageSettings: {
        "WORK_BUCKET": "w",
        "POLICY_BUCKET": "p",
        "VERDICT_TABLE": "t",
        "MODELS": "m",
        "MODEL_INPUT_SIZE": "224",
    },
    QueryImageSettings: {"WORK_BUCKET": "w", "BLIP2_ENDPOINT": "b", "BLIP2_DIALECT": "scored"},
    JudgeImageSettings: {"WORK_BUCKET": "w", "LLAMA_ENDPOINT": "l", "LLAMA_DIALECT": "tgi", "LLAMA_GRAMMAR": "false"},
    RecordVerdictSettings: {
        "WORK_BUCKET": "w",
        "VERDICT_TABLE": "t",
        "RECORD_RETENTION_DAYS": "0",
        "NOTIFY_SAFE": "false",
    },
    NotifySettings: {"VERDICT_TABLE": "t", "UNSAFE_TOPIC_ARN": "u", "REVIEW_TOPIC_ARN": "r"},
    FailureSettings: {
        "VERDICT_TABLE": "t",
        "RECORD_RETENTION_DAYS": "365",
        "UNSAFE_TOPIC_ARN": "u",
        "REVIEW_TOPIC_ARN": "r",
    },
}


@pytest.mark.parametrize("settings, env", COMPLETE.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_complete_environments_are_read_and_empty_ones_name_every_variable(settings, env):
    settings.from_env(env)

    with pytest.raises(Misconfigured) as fault:
        settings.from_env({})
    assert all(name in str(fault.value) for name in env)


@pytest.mark.parametrize(
    "settings, change",
    [
        (PrepareImageSettings, {"MODEL_INPUT_SIZE": "0"}),
        (PrepareImageSettings, {"MODEL_INPUT_SIZE": "large"}),
        (QueryImageSettings, {"BLIP2_DIALECT": "french"}),
        (JudgeImageSettings, {"LLAMA_DIALECT": "llama"}),
        (JudgeImageSettings, {"LLAMA_GRAMMAR": "maybe"}),
        (RecordVerdictSettings, {"NOTIFY_SAFE": "True"}),
        (RecordVerdictSettings, {"RECORD_RETENTION_DAYS": "-1"}),
        (FailureSettings, {"RECORD_RETENTION_DAYS": "a year"}),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(settings, change):
    with pytest.raises(Misconfigured, match=next(iter(change))):
        settings.from_env(COMPLETE[settings] | change)


@pytest.mark.parametrize("settings", [NotifySettings, FailureSettings])
def test_a_safe_topic_is_announced_only_where_there_is_one(settings):
    env = COMPLETE[settings]

    assert settings.from_env(env).topics == {"unsafe": "u", "review": "r"}
    assert settings.from_env(env | {"SAFE_TOPIC_ARN": "s"}).topics == {"unsafe": "u", "review": "r", "safe": "s"}


@pytest.mark.parametrize("settings, model", [(QueryImageSettings, "blip2"), (JudgeImageSettings, "llama")])
def test_a_component_is_asked_only_where_there_is_one(settings, model):
    named = COMPLETE[settings] | {f"{model.upper()}_COMPONENT": "c"}

    assert getattr(settings.from_env(COMPLETE[settings]), f"{model}_component") is None
    assert getattr(settings.from_env(named), f"{model}_component") == "c"
