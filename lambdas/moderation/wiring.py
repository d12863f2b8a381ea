"""Builds the adapters of each function from its environment, once, when it is first invoked.

Tests replace only these builders. Adapters are imported where they are built, so that a function loads only those that
it uses and starts faster.
"""

import os
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from moderation.contract import DIALECTS
from moderation.environment import Environment
from moderation.ports import (
    AuditReader,
    CanaryStore,
    Executions,
    ImageStore,
    JudgeModel,
    PolicyStore,
    Publisher,
    Reader,
    Tokens,
    Traffic,
    VerdictStore,
    VisionModel,
    WorkStore,
)
from moderation.usecases.select_item import SelectPorts

if TYPE_CHECKING:
    from moderation.adapters.policies import S3PolicyStore
    from moderation.api.api_ports import ApiPorts
    from moderation.api.log_actions import LogPorts
    from moderation.usecases.decide import DecidePorts
    from moderation.usecases.prepare_image import PreparePorts  # which imports Pillow
    from moderation.usecases.review.escalate import EscalatePorts
    from moderation.usecases.review.ports_of import ReviewPorts
    from moderation.usecases.review.render_original import OriginalPorts  # which imports Pillow
    from moderation.usecases.review.vouch import VouchPorts

_VERDICTS = ("unsafe", "review", "safe")
_TOPICS = ("UNSAFE_TOPIC_ARN", "REVIEW_TOPIC_ARN")
# Settings of each function that works on the review queue.
_REVIEW = (
    *("VERDICT_TABLE", "POLICY_APPROVAL"),
    *("INTAKE_BUCKET", "WORK_BUCKET", "POLICY_BUCKET", "AUDIT_BUCKET"),
)


@dataclass(frozen=True)
class QueryPorts:
    work: WorkStore
    model: VisionModel


@dataclass(frozen=True)
class ReadPorts:
    images: ImageStore
    work: WorkStore
    reader: Reader


@dataclass(frozen=True)
class JudgePorts:
    work: WorkStore
    judge: JudgeModel


@dataclass(frozen=True)
class RecordPorts:
    images: ImageStore
    work: WorkStore
    verdicts: VerdictStore
    notify_safe: bool


@dataclass(frozen=True)
class NotifyPorts:
    verdicts: VerdictStore
    publisher: Publisher


@dataclass(frozen=True)
class SweepPorts:
    verdicts: VerdictStore
    publisher: Publisher
    executions: Executions


@dataclass(frozen=True)
class FinalisePorts:
    review: "ReviewPorts"
    deciding: "DecidePorts"


@dataclass(frozen=True)
class PersonVouchPorts:
    tokens: Tokens
    vouching: "VouchPorts"


@dataclass(frozen=True)
class DriftPorts:
    bucket: str
    verdicts: VerdictStore


@dataclass(frozen=True)
class CanaryPorts:
    traffic: Traffic
    canaries: CanaryStore
    model: VisionModel


@cache
def prepare_image() -> "PreparePorts":
    from moderation.adapters import clients
    from moderation.adapters.dynamodb_decisions import DynamoDecisionStore
    from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
    from moderation.adapters.policies import S3PolicyStore
    from moderation.adapters.s3_images import S3ImageStore
    from moderation.adapters.s3_work import S3WorkStore
    from moderation.usecases.prepare_image import PreparePorts

    env = Environment(
        os.environ, "WORK_BUCKET", "POLICY_BUCKET", "VERDICT_TABLE", "MODELS", "MODEL_INPUT_SIZE", "POLICY_APPROVAL"
    )
    s3, dynamodb = clients.s3(), clients.dynamodb()
    return PreparePorts(
        images=S3ImageStore(s3),
        work=S3WorkStore(s3, env["WORK_BUCKET"]),
        policies=S3PolicyStore(s3, env["POLICY_BUCKET"], approval=env.flag("POLICY_APPROVAL")),
        verdicts=DynamoVerdictStore(dynamodb, env["VERDICT_TABLE"]),
        decisions=DynamoDecisionStore(dynamodb, env["VERDICT_TABLE"]),
        model_input_size=env.whole_number("MODEL_INPUT_SIZE", least=1),
        models=env["MODELS"],
    )


@cache
def select_item() -> SelectPorts:
    from moderation.adapters import clients
    from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
    from moderation.adapters.s3_images import S3ImageStore

    env = Environment(os.environ, "VERDICT_TABLE", "INTAKE_BUCKET", "WORKFLOW_TYPE")
    return SelectPorts(
        images=S3ImageStore(clients.s3()),
        verdicts=DynamoVerdictStore(clients.dynamodb(), env["VERDICT_TABLE"]),
        bucket=env["INTAKE_BUCKET"],
        prefix=env.get("INTAKE_PREFIX") or "",
        express=env.one_of("WORKFLOW_TYPE", "STANDARD", "EXPRESS") == "EXPRESS",
    )


@cache
def query_image() -> QueryPorts:
    from moderation.adapters import clients
    from moderation.adapters.s3_work import S3WorkStore

    env = Environment(os.environ, "WORK_BUCKET", "BLIP2_ENDPOINT", "BLIP2_DIALECT")
    return QueryPorts(S3WorkStore(clients.s3(), env["WORK_BUCKET"]), _vision(env))


@cache
def read_image() -> ReadPorts:
    from pathlib import Path

    from moderation.adapters import clients
    from moderation.adapters.reader.ocr import OcrReader
    from moderation.adapters.s3_images import S3ImageStore
    from moderation.adapters.s3_work import S3WorkStore

    env = Environment(os.environ, "WORK_BUCKET", "READER_MODELS")
    s3 = clients.s3()
    return ReadPorts(S3ImageStore(s3), S3WorkStore(s3, env["WORK_BUCKET"]), OcrReader(Path(env["READER_MODELS"])))


@cache
def ask_canary() -> CanaryPorts:
    from moderation.adapters import clients
    from moderation.adapters.endpoint_traffic import EndpointTraffic
    from moderation.adapters.s3_canary import S3CanaryStore

    env = Environment(os.environ, "POLICY_BUCKET", "QUERY_LOG", "BLIP2_ENDPOINT", "BLIP2_DIALECT")
    traffic = EndpointTraffic(clients.logs(), clients.sagemaker(), env["QUERY_LOG"], env.get("BLIP2_COMPONENT"))
    return CanaryPorts(traffic, S3CanaryStore(clients.s3(), env["POLICY_BUCKET"]), _vision(env))


@cache
def judge_image() -> JudgePorts:
    from moderation.adapters import clients
    from moderation.adapters.s3_work import S3WorkStore

    on_bedrock = bool(os.environ.get("BEDROCK_MODEL"))
    judge = ("BEDROCK_MODEL",) if on_bedrock else ("LLAMA_ENDPOINT", "LLAMA_DIALECT", "LLAMA_GRAMMAR")
    env = Environment(os.environ, "WORK_BUCKET", *judge)
    return JudgePorts(S3WorkStore(clients.s3(), env["WORK_BUCKET"]), _bedrock(env) if on_bedrock else _llama(env))


@cache
def record_verdict() -> RecordPorts:
    from moderation.adapters import clients
    from moderation.adapters.s3_images import S3ImageStore
    from moderation.adapters.s3_work import S3WorkStore

    env = Environment(os.environ, "WORK_BUCKET", "VERDICT_TABLE", "RECORD_RETENTION_DAYS", "NOTIFY_SAFE")
    s3 = clients.s3()
    return RecordPorts(
        S3ImageStore(s3), S3WorkStore(s3, env["WORK_BUCKET"]), _expiring_verdicts(env), env.flag("NOTIFY_SAFE")
    )


@cache
def notify() -> NotifyPorts:
    from moderation.adapters import clients
    from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore

    env = Environment(os.environ, "VERDICT_TABLE", *_TOPICS)
    return NotifyPorts(DynamoVerdictStore(clients.dynamodb(), env["VERDICT_TABLE"]), _publisher(env))


@cache
def digest_backfill() -> NotifyPorts:
    return notify()


@cache
def record_failure() -> NotifyPorts:
    env = Environment(os.environ, "VERDICT_TABLE", "RECORD_RETENTION_DAYS", *_TOPICS)
    return NotifyPorts(_expiring_verdicts(env), _publisher(env))


@cache
def sweep_claims() -> SweepPorts:
    from moderation.adapters import clients
    from moderation.adapters.executions import SfnExecutions

    failures = record_failure()
    return SweepPorts(failures.verdicts, failures.publisher, SfnExecutions(clients.stepfunctions()))


@cache
def finalise() -> FinalisePorts:
    from moderation.adapters import clients
    from moderation.adapters.dynamodb_decisions import DynamoDecisionStore
    from moderation.usecases.decide import DecidePorts

    env = Environment(os.environ, "RECORD_RETENTION_DAYS", *_REVIEW, *_TOPICS)
    s3, dynamodb, publisher = clients.s3(), clients.dynamodb(), _publisher(env)
    review = _review(env, s3, dynamodb, _expiring_verdicts(env), _policies(env, s3))
    deciding = DecidePorts(
        images=review.images,
        work=review.work,
        policies=review.policies,
        verdicts=review.verdicts,
        decisions=DynamoDecisionStore(dynamodb, env["VERDICT_TABLE"]),
        publisher=publisher,
        notified_verdicts=frozenset(verdict for verdict in _VERDICTS if publisher.has_topic(verdict)),
    )
    return FinalisePorts(review, deciding)


@cache
def api() -> "ApiPorts":
    from moderation.adapters import clients
    from moderation.adapters.dynamodb_reveals import DynamoRevealCounts
    from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
    from moderation.adapters.review_functions import OriginalFunction, ReviewFunctions, VouchFunction
    from moderation.adapters.s3_pictures import S3Pictures
    from moderation.api.api_ports import ApiPorts
    from moderation.usecases.review.reveal import RevealPorts

    functions = ("FINALISE_FUNCTION", "ESCALATE_FUNCTION")
    env = Environment(os.environ, "RENDER_ORIGINAL_FUNCTION", "VOUCH_FUNCTION", *functions, *_REVIEW)
    s3, dynamodb, lambda_ = clients.s3(), clients.dynamodb(), clients.lambda_()
    policies = _policies(env, s3)
    review = _review(env, s3, dynamodb, DynamoVerdictStore(dynamodb, env["VERDICT_TABLE"]), policies)
    reveal = RevealPorts(
        review.verdicts,
        review.queue,
        S3Pictures(clients.s3_links(), env["WORK_BUCKET"]),
        DynamoRevealCounts(dynamodb, env["VERDICT_TABLE"]),
        review.audit,
    )
    others = ReviewFunctions(lambda_, *(env[name] for name in functions))
    originals = OriginalFunction(lambda_, env["RENDER_ORIGINAL_FUNCTION"])
    voucher = partial(VouchFunction, lambda_, env["VOUCH_FUNCTION"])
    return ApiPorts(review, reveal, policies, others.finish, others.escalate, originals.render, voucher)


@cache
def vouch() -> PersonVouchPorts:
    from moderation.adapters import clients
    from moderation.adapters.cognito_tokens import CognitoTokens
    from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
    from moderation.adapters.dynamodb_vouches import DynamoVouches
    from moderation.adapters.s3_people import S3PeopleStore
    from moderation.usecases.review.vouch import VouchPorts

    env = Environment(os.environ, "INTAKE_BUCKET", "VERDICT_TABLE", "POLICY_BUCKET", "TOKENS_PARAMETER")
    s3, dynamodb, table = clients.s3(), clients.dynamodb(), env["VERDICT_TABLE"]
    return PersonVouchPorts(
        CognitoTokens(clients.ssm(), env["TOKENS_PARAMETER"]),
        VouchPorts(
            env["INTAKE_BUCKET"],
            DynamoVerdictStore(dynamodb, table),
            DynamoVouches(dynamodb, table),
            S3PeopleStore(s3, env["POLICY_BUCKET"]),
        ),
    )


@cache
def render_original() -> "OriginalPorts":
    from moderation.adapters import clients
    from moderation.adapters.dynamodb_reveals import DynamoRevealCounts
    from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
    from moderation.adapters.s3_audit import S3AuditLog
    from moderation.adapters.s3_images import S3ImageStore
    from moderation.adapters.s3_people import S3PeopleStore
    from moderation.usecases.review.render_original import OriginalPorts

    env = Environment(os.environ, "VERDICT_TABLE", "POLICY_BUCKET", "AUDIT_BUCKET")
    s3, dynamodb = clients.s3(), clients.dynamodb()
    return OriginalPorts(
        DynamoVerdictStore(dynamodb, env["VERDICT_TABLE"]),
        S3PeopleStore(s3, env["POLICY_BUCKET"]),
        S3ImageStore(s3),
        DynamoRevealCounts(dynamodb, env["VERDICT_TABLE"]),
        S3AuditLog(s3, env["AUDIT_BUCKET"]),
    )


@cache
def escalate() -> "EscalatePorts":
    from moderation.adapters import clients
    from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
    from moderation.adapters.s3_audit import S3AuditLog
    from moderation.adapters.s3_quarantine import S3Quarantine
    from moderation.adapters.s3_work import S3WorkStore
    from moderation.usecases.review.escalate import EscalatePorts

    names = ("QUARANTINE_ROLE", "VERDICT_TABLE", "WORK_BUCKET", "QUARANTINE_BUCKET", "AUDIT_BUCKET")
    env = Environment(os.environ, "AWS_LAMBDA_FUNCTION_NAME", *names)
    acting = clients.session_as(env["QUARANTINE_ROLE"], env["AWS_LAMBDA_FUNCTION_NAME"])
    s3 = clients.s3(acting)
    return EscalatePorts(
        DynamoVerdictStore(clients.dynamodb(acting), env["VERDICT_TABLE"]),
        S3WorkStore(s3, env["WORK_BUCKET"]),
        S3Quarantine(s3, env["QUARANTINE_BUCKET"], env["WORK_BUCKET"]),
        S3AuditLog(s3, env["AUDIT_BUCKET"]),
    )


@cache
def app_api() -> "ReviewPorts":
    from moderation.adapters import clients
    from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore

    env, s3, dynamodb = Environment(os.environ, *_REVIEW), clients.s3(), clients.dynamodb()
    verdicts = DynamoVerdictStore(dynamodb, env["VERDICT_TABLE"])
    return _review(env, s3, dynamodb, verdicts, _policies(env, s3))


@cache
def log_api() -> "LogPorts":
    from moderation.adapters import clients
    from moderation.adapters.s3_audit import AT_ONCE, S3AuditReader
    from moderation.adapters.s3_people import S3PeopleStore
    from moderation.adapters.s3_policy_log import S3PolicyLog
    from moderation.api.log_actions import LogPorts

    env, s3 = Environment(os.environ, "AUDIT_BUCKET", "POLICY_BUCKET"), clients.s3(connections=AT_ONCE)
    audit, bucket = S3AuditReader(s3, env["AUDIT_BUCKET"]), env["POLICY_BUCKET"]
    return LogPorts(S3PeopleStore(s3, bucket), lambda: audit, S3PolicyLog(s3, bucket))


@cache
def measure_drift() -> DriftPorts:
    from moderation.adapters import clients
    from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore

    env = Environment(os.environ, "VERDICT_TABLE", "INTAKE_BUCKET")
    return DriftPorts(env["INTAKE_BUCKET"], DynamoVerdictStore(clients.dynamodb(), env["VERDICT_TABLE"]))


@cache
def check_audit() -> AuditReader:
    from moderation.adapters import clients
    from moderation.adapters.s3_audit import AT_ONCE, S3AuditReader

    bucket = Environment(os.environ, "AUDIT_BUCKET")["AUDIT_BUCKET"]
    return S3AuditReader(clients.s3(connections=AT_ONCE), bucket)


def _policies(env: Environment, s3: Any) -> "S3PolicyStore":
    from moderation.adapters.policies import S3PolicyStore

    return S3PolicyStore(s3, env["POLICY_BUCKET"], approval=env.flag("POLICY_APPROVAL"))


def _review(env: Environment, s3: Any, dynamodb: Any, verdicts: VerdictStore, policies: PolicyStore) -> "ReviewPorts":
    from moderation.adapters.dynamodb_review import DynamoReviewQueue
    from moderation.adapters.s3_audit import S3AuditLog
    from moderation.adapters.s3_images import S3ImageStore
    from moderation.adapters.s3_people import S3PeopleStore
    from moderation.adapters.s3_work import S3WorkStore
    from moderation.usecases.review.ports_of import ReviewPorts

    return ReviewPorts(
        bucket=env["INTAKE_BUCKET"],
        verdicts=verdicts,
        queue=DynamoReviewQueue(dynamodb, env["VERDICT_TABLE"], env["INTAKE_BUCKET"]),
        people=S3PeopleStore(s3, env["POLICY_BUCKET"]),
        audit=S3AuditLog(s3, env["AUDIT_BUCKET"]),
        images=S3ImageStore(s3),
        work=S3WorkStore(s3, env["WORK_BUCKET"]),
        policies=policies,
    )


def _vision(env: Environment) -> VisionModel:
    from moderation.adapters import clients
    from moderation.adapters.sagemaker_endpoint import SageMakerEndpoint
    from moderation.adapters.vision_dialects import SPEAKERS

    speaker = SPEAKERS[env.one_of("BLIP2_DIALECT", *DIALECTS["blip2"])]
    # Only an endpoint that scales to zero hosts its model as an inference component.
    return speaker(SageMakerEndpoint(clients.sagemaker_runtime(), env["BLIP2_ENDPOINT"], env.get("BLIP2_COMPONENT")))


def _bedrock(env: Environment) -> JudgeModel:
    from moderation.adapters import clients
    from moderation.adapters.bedrock_judge import BedrockJudge

    return BedrockJudge(clients.bedrock_runtime(), env["BEDROCK_MODEL"])


def _llama(env: Environment) -> JudgeModel:
    from moderation.adapters import clients
    from moderation.adapters.sagemaker_endpoint import SageMakerEndpoint
    from moderation.adapters.sagemaker_llama import SageMakerJudge

    dialect, grammar = env.one_of("LLAMA_DIALECT", *DIALECTS["llama"]), env.flag("LLAMA_GRAMMAR")
    endpoint = SageMakerEndpoint(clients.sagemaker_runtime(), env["LLAMA_ENDPOINT"], env.get("LLAMA_COMPONENT"))
    return SageMakerJudge(endpoint, dialect, grammar)


def _expiring_verdicts(env: Environment) -> VerdictStore:
    from moderation.adapters import clients
    from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore

    days = env.whole_number("RECORD_RETENTION_DAYS")  # 0 keeps records permanently
    return DynamoVerdictStore(clients.dynamodb(), env["VERDICT_TABLE"], days)


def _publisher(env: Environment) -> Publisher:
    """Build the publisher; safe verdicts have a topic only with `notifySafe`."""
    from moderation.adapters import clients
    from moderation.adapters.sns_publisher import SnsPublisher

    named = {verdict: env.get(f"{verdict.upper()}_TOPIC_ARN") for verdict in _VERDICTS}
    return SnsPublisher(clients.sns(), {verdict: topic for verdict, topic in named.items() if topic})
