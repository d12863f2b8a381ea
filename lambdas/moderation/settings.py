"""Typed settings of each function, read from its environment; whatever is missing is named all at once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from moderation.contract import DIALECTS
from moderation.errors import Misconfigured


@dataclass(frozen=True)
class PrepareImageSettings:
    """Where to find policies and earlier verdicts and leave the work, what the model sees, and what is deployed."""

    work_bucket: str
    policy_bucket: str
    verdict_table: str
    models: str
    model_input_size: int

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "PrepareImageSettings":
        work, policies, table, models, size = _required(
            env, "WORK_BUCKET", "POLICY_BUCKET", "VERDICT_TABLE", "MODELS", "MODEL_INPUT_SIZE"
        )
        return cls(work, policies, table, models, _positive(size, "MODEL_INPUT_SIZE"))


@dataclass(frozen=True)
class QueryImageSettings:
    """Where the work lies, which endpoint looks at it, and in which dialect it is asked."""

    work_bucket: str
    blip2_endpoint: str
    blip2_dialect: str
    blip2_component: str | None

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "QueryImageSettings":
        bucket, endpoint, dialect = _required(env, "WORK_BUCKET", "BLIP2_ENDPOINT", "BLIP2_DIALECT")
        dialect = _one_of(dialect, DIALECTS["blip2"], "BLIP2_DIALECT")
        # Only an endpoint that scales to zero hosts its model as an inference component.
        return cls(bucket, endpoint, dialect, env.get("BLIP2_COMPONENT"))


@dataclass(frozen=True)
class JudgeImageSettings:
    """Where the work lies, which endpoint judges it and in which dialect it is asked."""

    work_bucket: str
    llama_endpoint: str
    llama_dialect: str
    llama_grammar: bool
    llama_component: str | None

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "JudgeImageSettings":
        bucket, endpoint, dialect, grammar = _required(
            env, "WORK_BUCKET", "LLAMA_ENDPOINT", "LLAMA_DIALECT", "LLAMA_GRAMMAR"
        )
        dialect = _one_of(dialect, DIALECTS["llama"], "LLAMA_DIALECT")
        return cls(bucket, endpoint, dialect, _flag(grammar, "LLAMA_GRAMMAR"), env.get("LLAMA_COMPONENT"))


@dataclass(frozen=True)
class RecordVerdictSettings:
    """Where the work lies, where verdicts are kept and how long, and whether safe ones are announced too."""

    work_bucket: str
    verdict_table: str
    record_retention_days: int
    notify_safe: bool

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "RecordVerdictSettings":
        bucket, table, days, notify = _required(
            env, "WORK_BUCKET", "VERDICT_TABLE", "RECORD_RETENTION_DAYS", "NOTIFY_SAFE"
        )
        return cls(bucket, table, _days(days, "RECORD_RETENTION_DAYS"), _flag(notify, "NOTIFY_SAFE"))


@dataclass(frozen=True)
class NotifySettings:
    """Where verdicts are kept and which topic announces which."""

    verdict_table: str
    topics: Mapping[str, str]

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "NotifySettings":
        table, *_ = _required(env, "VERDICT_TABLE", "UNSAFE_TOPIC_ARN", "REVIEW_TOPIC_ARN")
        return cls(table, _topics(env))


@dataclass(frozen=True)
class FailureSettings:
    """Where verdicts are kept and how long, and which topic announces which: for failures found outside a workflow."""

    verdict_table: str
    record_retention_days: int
    topics: Mapping[str, str]

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "FailureSettings":
        table, days, *_ = _required(
            env, "VERDICT_TABLE", "RECORD_RETENTION_DAYS", "UNSAFE_TOPIC_ARN", "REVIEW_TOPIC_ARN"
        )
        return cls(table, _days(days, "RECORD_RETENTION_DAYS"), _topics(env))


def _topics(env: Mapping[str, str]) -> dict[str, str]:
    """The topic of each verdict that is announced: safe ones only where a deployment asks for it."""
    named = {verdict: env.get(f"{verdict.upper()}_TOPIC_ARN") for verdict in ("unsafe", "review", "safe")}
    return {verdict: topic for verdict, topic in named.items() if topic}


def _required(env: Mapping[str, str], *names: str) -> list[str]:
    missing = [name for name in names if not env.get(name)]
    if missing:
        raise Misconfigured(f"The function's environment lacks {', '.join(missing)}: deploy the stack again.")
    return [env[name] for name in names]


def _positive(value: str, name: str) -> int:
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise Misconfigured(f"{name} is {value!r}: it must be a whole number of pixels above 0.")
    return int(value)


def _days(value: str, name: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise Misconfigured(f"{name} is {value!r}: it must be a whole number of days, 0 to keep records for good.")
    return int(value)


def _one_of(value: str, allowed: Collection[str], name: str) -> str:
    if value not in allowed:
        raise Misconfigured(f"{name} is {value!r}: it must be one of {', '.join(allowed)}.")
    return value


def _flag(value: str, name: str) -> bool:
    if value not in ("true", "false"):
        raise Misconfigured(f"{name} is {value!r}: it must be `true` or `false`.")
    return value == "true"
