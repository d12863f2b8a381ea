"""boto3 clients with the time-outs that the functions' own limits allow; by default of the default session."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials, create_assume_role_refresher
from botocore.parsers import ResponseParserError

if TYPE_CHECKING:
    from boto3 import Session
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient

# A store answers in milliseconds: three tries fit well into any function's limit.
_STORE = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
# A function that is asked shows an upload within 18 s (`render_original`), after at most 7 s for its start; the asking
# one has 30 s, and so has API Gateway.
FUNCTION_CONNECT_S, FUNCTION_READ_S = 3, 25
# Links by default have an older signature, which most regions refuse, and a host that redirects to the region's.
_LINKS = _STORE.merge(Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))
ENDPOINT_READ_S = 70  # SageMaker cuts a real-time invocation off at 60 s


def session_of(given: "Session | None") -> "Session":
    """Return the given session, or the default one, which is created if necessary."""
    if given is None and boto3.DEFAULT_SESSION is None:
        boto3.setup_default_session()
    session = given or boto3.DEFAULT_SESSION
    assert session  # noqa: S101 - was just made
    return session


def session_as(role_arn: str, name: str) -> "Session":
    """Return a session of a role, under the function's own name, which alone such roles accept.

    The role is taken at the first call, and again before its hour ends.
    """
    own = session_of(None)
    taking = create_assume_role_refresher(
        own.client("sts", config=_STORE), {"RoleArn": role_arn, "RoleSessionName": name}
    )
    core = botocore.session.Session()
    core.register_component("credential_provider", _Taken(DeferredRefreshableCredentials(taking, "assume-role")))
    return boto3.Session(botocore_session=core, region_name=own.region_name)


@dataclass(frozen=True)
class _Taken:
    """Replacement for botocore's chain of credential providers."""

    credentials: DeferredRefreshableCredentials

    def load_credentials(self) -> DeferredRefreshableCredentials:
        return self.credentials


def s3(session: "Session | None" = None, connections: int = 10) -> "S3Client":
    """Return a client that keeps so many connections: requests at once beyond them open one each."""
    return session_of(session).client("s3", config=_STORE.merge(Config(max_pool_connections=connections)))


def s3_links(session: "Session | None" = None) -> "S3Client":
    """Return a client whose presigned links every region accepts."""
    return session_of(session).client("s3", config=_LINKS)


def dynamodb(session: "Session | None" = None) -> "DynamoDBClient":
    client = session_of(session).client("dynamodb", config=_STORE)
    client.meta.events.register("before-parse.dynamodb", _refuse_damaged)
    return client


def sns(session: "Session | None" = None) -> "SNSClient":
    return session_of(session).client("sns", config=_STORE)


def stepfunctions(session: "Session | None" = None) -> "SFNClient":
    client = session_of(session).client("stepfunctions", config=_STORE)
    client.meta.events.register("before-parse.sfn", _refuse_damaged)
    return client


def lambda_(session: "Session | None" = None) -> "LambdaClient":
    # what fails is tried again by who waits for the answer, or on a schedule
    config = Config(connect_timeout=FUNCTION_CONNECT_S, read_timeout=FUNCTION_READ_S, retries={"total_max_attempts": 1})
    return session_of(session).client("lambda", config=config)


def ssm() -> Any:
    return session_of(None).client("ssm", config=_STORE)


def logs() -> "CloudWatchLogsClient":
    return session_of(None).client("logs", config=_STORE)


def sagemaker(session: "Session | None" = None) -> "SageMakerClient":
    return session_of(session).client("sagemaker", config=_STORE)


def sagemaker_runtime(
    read_timeout_s: float = ENDPOINT_READ_S, session: "Session | None" = None
) -> "SageMakerRuntimeClient":
    # Only Step Functions retries an invocation.
    config = Config(connect_timeout=5, read_timeout=read_timeout_s, retries={"total_max_attempts": 1})
    return session_of(session).client("sagemaker-runtime", config=config)


def bedrock_runtime(
    read_timeout_s: float = ENDPOINT_READ_S, session: "Session | None" = None
) -> "BedrockRuntimeClient":
    config = Config(connect_timeout=5, read_timeout=read_timeout_s, retries={"total_max_attempts": 1})
    return session_of(session).client("bedrock-runtime", config=config)


def _refuse_damaged(response_dict: dict[str, Any], **_: object) -> None:
    """Raise ResponseParserError of a cut-off answer.

    botocore treats unreadable JSON as an empty answer, so that an existing record would seem to be missing.
    """
    try:
        json.loads(response_dict["body"])
    except ValueError as error:
        raise ResponseParserError("The answer isn't JSON.") from error
