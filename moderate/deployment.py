"""Find a deployment by its stack's outputs, with the standard AWS environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

import boto3
import typer
from botocore.exceptions import ClientError

from moderate.backfills.runs import BackfillRuns
from moderate.failures import CommandFailed
from moderation.adapters import clients
from moderation.adapters.bedrock_judge import BedrockJudge
from moderation.adapters.dynamodb_decisions import DynamoDecisionStore
from moderation.adapters.dynamodb_reveals import DynamoRevealCounts
from moderation.adapters.dynamodb_review import DynamoReviewQueue
from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
from moderation.adapters.dynamodb_vouches import DynamoVouches
from moderation.adapters.executions import SfnExecutions
from moderation.adapters.faults import code_of
from moderation.adapters.policies import S3PolicyStore
from moderation.adapters.review_functions import OriginalFunction
from moderation.adapters.s3_audit import AT_ONCE, S3AuditLog, S3AuditReader
from moderation.adapters.s3_canary import S3CanaryStore
from moderation.adapters.s3_images import S3ImageStore
from moderation.adapters.s3_people import S3PeopleStore
from moderation.adapters.s3_pictures import S3Pictures
from moderation.adapters.s3_policy_log import S3PolicyLog
from moderation.adapters.s3_quarantine import S3Quarantine
from moderation.adapters.s3_work import S3WorkStore
from moderation.adapters.sagemaker_endpoint import SageMakerEndpoint
from moderation.adapters.sagemaker_llama import SageMakerJudge
from moderation.adapters.sns_publisher import SnsPublisher
from moderation.adapters.sqs_dead_letters import SqsDeadLetters
from moderation.adapters.vision_dialects import SPEAKERS
from moderation.contract import STACKS, TOPIC_OUTPUTS
from moderation.ports import JudgeModel, VisionModel

if TYPE_CHECKING:
    from boto3 import Session
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

StackOption = Annotated[
    str, typer.Option("--stack", envvar="MODERATION_STACK", help="Name of the deployment's CloudFormation stack.")
]
DEFAULT_STACK = STACKS["moderation"]


@dataclass(frozen=True)
class Deployment:
    """A stack's outputs and the adapters over them, by default with the environment's credentials."""

    stack: str
    outputs: Mapping[str, str]
    session: "Session | None" = None

    def output(self, name: str) -> str:
        """Return an output that every deployment has. Raises CommandFailed if it is missing."""
        if name not in self.outputs:
            raise CommandFailed(
                f"Stack {self.stack} has no output {name}: it isn't a moderation deployment, or an older one. "
                "Name another with --stack, or deploy it again."
            )
        return self.outputs[name]

    @property
    def intake_bucket(self) -> str:
        return self.output("IntakeBucketName")

    @property
    def intake_prefix(self) -> str:
        return self.outputs.get("IntakePrefix", "")

    @property
    def policy_bucket(self) -> str:
        return self.output("PolicyBucketName")

    @property
    def needs_approval(self) -> bool:
        """True if a second editor must approve changes of packs and routes."""
        return self.outputs.get("PolicyApproval") == "true"

    @property
    def workflow(self) -> str:
        return self.output("WorkflowArn")

    @property
    def topics(self) -> dict[str, str]:
        """ARN of the topic for each verdict that is published."""
        safe = self.outputs.get(TOPIC_OUTPUTS["safe"])
        topics = {verdict: self.output(TOPIC_OUTPUTS[verdict]) for verdict in ("unsafe", "review")}
        return topics | ({"safe": safe} if safe else {})

    @cached_property
    def caller(self) -> str:
        """ARN of the caller."""
        return clients.session_of(self.session).client("sts").get_caller_identity()["Arn"]

    @cached_property
    def caller_id(self) -> str:
        """`aws:userid` of the caller; of a role's session `<role id>:<session name>`."""
        return clients.session_of(self.session).client("sts").get_caller_identity()["UserId"]

    @cached_property
    def s3(self) -> "S3Client":
        return clients.s3(self.session)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return clients.dynamodb(self.session)

    @cached_property
    def executions(self) -> SfnExecutions:
        return SfnExecutions(clients.stepfunctions(self.session), self.workflow)

    @cached_property
    def backfills(self) -> BackfillRuns:
        return BackfillRuns(clients.stepfunctions(self.session), self.output("BackfillArn"))

    def dead_letters(self, output: str) -> SqsDeadLetters:
        """Return the dead-letter queue whose URL is that output."""
        sqs = clients.session_of(self.session).client("sqs")
        return SqsDeadLetters(sqs, self.output(output), f"that {output} names")

    @cached_property
    def verdicts(self) -> DynamoVerdictStore:
        days = int(self.outputs.get("RecordRetentionDays", "0"))
        return DynamoVerdictStore(self.dynamodb, self.output("VerdictTableName"), days)

    @cached_property
    def decisions(self) -> DynamoDecisionStore:
        return DynamoDecisionStore(self.dynamodb, self.output("VerdictTableName"))

    @cached_property
    def review_queue(self) -> DynamoReviewQueue:
        return DynamoReviewQueue(self.dynamodb, self.output("VerdictTableName"), self.intake_bucket)

    @cached_property
    def vouches(self) -> DynamoVouches:
        return DynamoVouches(self.dynamodb, self.output("VerdictTableName"))

    @cached_property
    def reveal_counts(self) -> DynamoRevealCounts:
        return DynamoRevealCounts(self.dynamodb, self.output("VerdictTableName"))

    @cached_property
    def pictures(self) -> S3Pictures:
        return S3Pictures(clients.s3_links(self.session), self.output("WorkBucketName"))

    @cached_property
    def originals(self) -> OriginalFunction:
        return OriginalFunction(clients.lambda_(self.session), self.output("RenderOriginalFunctionName"))

    @cached_property
    def images(self) -> S3ImageStore:
        return S3ImageStore(self.s3)

    @cached_property
    def work(self) -> S3WorkStore:
        return S3WorkStore(self.s3, self.output("WorkBucketName"))

    @cached_property
    def policies(self) -> S3PolicyStore:
        return S3PolicyStore(self.s3, self.policy_bucket, approval=self.needs_approval)

    @cached_property
    def policy_log(self) -> S3PolicyLog:
        return S3PolicyLog(self.s3, self.policy_bucket)

    @cached_property
    def people(self) -> S3PeopleStore:
        return S3PeopleStore(self.s3, self.policy_bucket)

    @cached_property
    def audit(self) -> S3AuditLog:
        return S3AuditLog(self.s3, self.output("AuditBucketName"))

    @cached_property
    def quarantine(self) -> S3Quarantine:
        return S3Quarantine(self.s3, self.output("QuarantineBucketName"), self.output("WorkBucketName"))

    @cached_property
    def audit_reader(self) -> S3AuditReader:
        return S3AuditReader(clients.s3(self.session, AT_ONCE), self.output("AuditBucketName"))

    @cached_property
    def canaries(self) -> S3CanaryStore:
        return S3CanaryStore(self.s3, self.policy_bucket)

    @cached_property
    def vision(self) -> VisionModel:
        speaker = SPEAKERS[self.outputs.get("Blip2Dialect", "scored")]
        name, component = self.output("Blip2EndpointName"), self.outputs.get("Blip2ComponentName")
        return speaker(SageMakerEndpoint(clients.sagemaker_runtime(session=self.session), name, component))

    @cached_property
    def judge(self) -> JudgeModel:
        if model := self.outputs.get("BedrockModel"):
            return BedrockJudge(clients.bedrock_runtime(session=self.session), model)
        name, component = self.output("LlamaEndpointName"), self.outputs.get("LlamaComponentName")
        endpoint = SageMakerEndpoint(clients.sagemaker_runtime(session=self.session), name, component)
        return SageMakerJudge(endpoint, self.output("LlamaDialect"), self.output("LlamaGrammar") == "true")

    @cached_property
    def publisher(self) -> SnsPublisher:
        return SnsPublisher(clients.sns(self.session), self.topics)


def find(stack: str) -> Deployment:
    """Return the deployment of that name. Raises CommandFailed if there is none, and what boto3 raises."""
    described = describe(stack)
    if described is None:
        raise CommandFailed(
            f"There is no stack named {stack} in this account and region: deploy it with `npx cdk deploy --all`, name "
            "another with --stack, or set AWS_ENDPOINT_URL as `make local` prints it."
        )
    return Deployment(stack, outputs_of(described))


def describe(stack: str) -> "StackTypeDef | None":
    """Return CloudFormation's description of a stack, None if there is none. Raises what boto3 raises."""
    try:
        return boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if code_of(error) == "ValidationError":  # CloudFormation has no code of its own for "doesn't exist"
            return None
        raise


def outputs_of(described: "StackTypeDef") -> dict[str, str]:
    """Return the outputs of a stack by name."""
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
