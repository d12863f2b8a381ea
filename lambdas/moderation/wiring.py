"""Builds what each function needs, once, when it is first invoked. Tests replace this place and no other."""

import os
from dataclasses import dataclass
from functools import cache

from moderation.ports import (
    Executions,
    ImageStore,
    JudgeModel,
    PolicyStore,
    Publisher,
    VerdictStore,
    VisionModel,
    WorkStore,
)
from moderation.settings import (
    FailureSettings,
    JudgeImageSettings,
    NotifySettings,
    PrepareImageSettings,
    QueryImageSettings,
    RecordVerdictSettings,
)

# Adapters are imported where they are built: a function loads only those it uses, and starts the faster.


@dataclass(frozen=True)
class PrepareImage:
    images: ImageStore
    work: WorkStore
    policies: PolicyStore
    verdicts: VerdictStore
    model_input_size: int
    models: str


@dataclass(frozen=True)
class QueryImage:
    work: WorkStore
    model: VisionModel


@dataclass(frozen=True)
class JudgeImage:
    work: WorkStore
    judge: JudgeModel


@dataclass(frozen=True)
class RecordVerdict:
    images: ImageStore
    work: WorkStore
    verdicts: VerdictStore
    notify_safe: bool


@dataclass(frozen=True)
class Notify:
    verdicts: VerdictStore
    publisher: Publisher


@dataclass(frozen=True)
class RecordFailure:
    verdicts: VerdictStore
    publisher: Publisher


@dataclass(frozen=True)
class SweepClaims:
    verdicts: VerdictStore
    publisher: Publisher
    executions: Executions


@cache
def prepare_image() -> PrepareImage:
    from moderation.adapters import clients
    from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
    from moderation.adapters.policies import S3PolicyStore
    from moderation.adapters.s3_images import S3ImageStore
    from moderation.adapters.s3_work import S3WorkStore

    settings, s3 = PrepareImageSettings.from_env(os.environ), clients.s3()
    return PrepareImage(
        S3ImageStore(s3),
        S3WorkStore(s3, settings.work_bucket),
        S3PolicyStore(s3, settings.policy_bucket),
        DynamoVerdictStore(clients.dynamodb(), settings.verdict_table),
        settings.model_input_size,
        settings.models,
    )


@cache
def query_image() -> QueryImage:
    from moderation.adapters import clients
    from moderation.adapters.s3_work import S3WorkStore
    from moderation.adapters.sagemaker_blip2 import SampleBlip2, ScoredBlip2
    from moderation.adapters.sagemaker_endpoint import SageMakerEndpoint

    settings, runtime = QueryImageSettings.from_env(os.environ), clients.sagemaker_runtime()
    endpoint = SageMakerEndpoint(runtime, settings.blip2_endpoint, settings.blip2_component)
    speaker = ScoredBlip2 if settings.blip2_dialect == "scored" else SampleBlip2
    return QueryImage(S3WorkStore(clients.s3(), settings.work_bucket), speaker(endpoint))


@cache
def judge_image() -> JudgeImage:
    from moderation.adapters import clients
    from moderation.adapters.s3_work import S3WorkStore
    from moderation.adapters.sagemaker_endpoint import SageMakerEndpoint
    from moderation.adapters.sagemaker_llama import SageMakerJudge

    settings, runtime = JudgeImageSettings.from_env(os.environ), clients.sagemaker_runtime()
    endpoint = SageMakerEndpoint(runtime, settings.llama_endpoint, settings.llama_component)
    judge = SageMakerJudge(endpoint, settings.llama_dialect, settings.llama_grammar)
    return JudgeImage(S3WorkStore(clients.s3(), settings.work_bucket), judge)


@cache
def record_verdict() -> RecordVerdict:
    from moderation.adapters import clients
    from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
    from moderation.adapters.s3_images import S3ImageStore
    from moderation.adapters.s3_work import S3WorkStore

    settings, s3 = RecordVerdictSettings.from_env(os.environ), clients.s3()
    return RecordVerdict(
        S3ImageStore(s3),
        S3WorkStore(s3, settings.work_bucket),
        DynamoVerdictStore(clients.dynamodb(), settings.verdict_table, settings.record_retention_days),
        settings.notify_safe,
    )


@cache
def notify() -> Notify:
    from moderation.adapters import clients
    from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
    from moderation.adapters.sns_publisher import SnsPublisher

    settings = NotifySettings.from_env(os.environ)
    return Notify(
        DynamoVerdictStore(clients.dynamodb(), settings.verdict_table), SnsPublisher(clients.sns(), settings.topics)
    )


@cache
def record_failure() -> RecordFailure:
    from moderation.adapters import clients
    from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
    from moderation.adapters.sns_publisher import SnsPublisher

    settings = FailureSettings.from_env(os.environ)
    return RecordFailure(
        DynamoVerdictStore(clients.dynamodb(), settings.verdict_table, settings.record_retention_days),
        SnsPublisher(clients.sns(), settings.topics),
    )


@cache
def sweep_claims() -> SweepClaims:
    from moderation.adapters import clients
    from moderation.adapters.executions import SfnExecutions

    failures = record_failure()
    return SweepClaims(failures.verdicts, failures.publisher, SfnExecutions(clients.stepfunctions()))
