"""Translation of AWS's errors into our own: the only module that knows the services' error codes."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ParamValidationError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from moderation.adapters.container_words import container_fault
from moderation.errors import (
    EndpointNotFound,
    EndpointRejected,
    EndpointThrottled,
    EndpointTimeout,
    EndpointUnavailable,
    Misconfigured,
    ModerationError,
    NoCapacity,
    NotificationUnavailable,
    StoreUnavailable,
    TransientError,
)

# Throttling under another name; codes such as "KMS.ThrottlingException" and "KMSThrottling" contain the word.
_THROTTLED = {"ModelNotReadyException", "RequestLimitExceeded", "SlowDown", "TooManyRequestsException"}
_TRANSIENT_CODES = _THROTTLED | {
    "ConditionalRequestConflict",  # S3: two conditional writes at once
    "ExecutionLimitExceeded",  # Step Functions: as many executions as may be open
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalErrorException",
    "KMS.DependencyTimeoutException",  # S3 passes KMS's errors on under its own prefix
    "KMS.KMSInternalException",
    "KMS.KeyUnavailableException",
    "LimitExceededException",
    "OperationAborted",
    "OverLimit",  # SQS: as many messages as may be in flight
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "TransactionConflictException",
    "TransactionInProgressException",
}
# Bedrock's that ask for a later request: a quota that is used up, and a subscription that is still being made.
_QUOTA_OF_MODEL, _SUBSCRIBING = "ServiceQuotaExceededException", "MPAgreementBeingCreated"
# Lambda's, which has not begun to run the function.
_NOT_STARTED = {
    "CodeArtifactUserPendingException",
    "EFSIOException",
    "EFSMountConnectivityException",
    "EFSMountTimeoutException",
    "ResourceConflictException",
    "S3FilesMountConnectivityException",
    "S3FilesMountTimeoutException",
    "SnapStartNotReadyException",
    "SnapStartTimeoutException",
}
# No answer, or a damaged one, for which botocore's parsers raise an exception outside its own hierarchy.
_UNANSWERED = (BotoCoreError, ResponseParserError)


def code_of(error: ClientError) -> str:
    """The service's error code, such as `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def unmet_conditions(error: ClientError) -> set[int]:
    """Places of the writes of a DynamoDB transaction whose conditions weren't met."""
    reasons: Any = error.response.get("CancellationReasons", [])
    return {place for place, reason in enumerate(reasons) if reason.get("Code") == "ConditionalCheckFailed"}


def is_transient(error: ClientError) -> bool:
    """Tell if a retry may succeed.

    A cancelled transaction none of whose conditions was unmet met another one, or was throttled.
    """
    if code_of(error) == "TransactionCanceledException":
        return True
    return (
        _is_throttled(error)
        or code_of(error) in _TRANSIENT_CODES | _NOT_STARTED
        or _status(error) in (429, 500, 502, 503, 504)
    )


@contextmanager
def endpoint_faults(endpoint: str) -> Iterator[None]:
    """Translate the errors of a SageMaker `InvokeEndpoint` call; codes are those of its API reference."""
    try:
        yield
    except ClientError as error:
        raise _endpoint_fault(endpoint, error) from error
    except (ReadTimeoutError, ConnectTimeoutError) as error:
        raise EndpointTimeout(f"Endpoint {endpoint} didn't answer in time.") from error
    except _UNANSWERED as error:
        raise EndpointUnavailable(f"Endpoint {endpoint} can't be reached ({type(error).__name__}).") from error


def _endpoint_fault(endpoint: str, error: ClientError) -> ModerationError:
    code, status = code_of(error), _status(error)
    if code == "ModelError":
        return _model_fault(endpoint, error)
    if _is_throttled(error) or status == 429:
        return EndpointThrottled(f"Endpoint {endpoint} is busy ({code}).")
    if status == 408:
        return EndpointTimeout(f"Endpoint {endpoint} didn't answer in time ({code}).")
    if code in ("ValidationError", "ValidationException"):
        return _invocation_fault(endpoint, code, str(error))
    if status >= 500:
        return EndpointUnavailable(f"Endpoint {endpoint} failed on its side ({code}).")
    if status == 413:
        return EndpointRejected(f"The request is larger than endpoint {endpoint} takes ({code}).")
    return Misconfigured(f"Endpoint {endpoint} rejected the call ({code}): check the function's role and the endpoint.")


def _invocation_fault(endpoint: str, code: str, message: str) -> ModerationError:
    """Return the fault of a request that SageMaker can't route; only the message distinguishes the causes."""
    if re.search(r"no capacity", message, re.IGNORECASE):
        return NoCapacity(f"Endpoint {endpoint} is scaled to zero and starting.")
    # "Endpoint … of account … not found.", until it is in service; the other words are a precaution.
    if re.search(r"not found|not exist|not in ?service|\bcreating\b", message, re.IGNORECASE):
        return EndpointNotFound(
            f"Endpoint {endpoint} isn't there, or not in service: deploy ModerationModels, or name an existing "
            "endpoint with -c blip2Endpoint and -c llamaEndpoint. Then `moderate redrive --cause EndpointNotFound`."
        )
    return Misconfigured(f"Endpoint {endpoint} can't be invoked ({code}): does it accept this kind of request?")


@contextmanager
def bedrock_faults(model: str) -> Iterator[None]:
    """Translate the errors of a Bedrock `Converse` call; codes are those of its API reference."""
    try:
        yield
    except ClientError as error:
        raise _bedrock_fault(model, error) from error
    except (ReadTimeoutError, ConnectTimeoutError) as error:
        raise EndpointTimeout(f"{model} on Bedrock didn't answer in time.") from error
    except ParamValidationError as error:  # names a field that this version of boto3 doesn't know
        raise Misconfigured(f"{model} can't be asked: the function's boto3 is too old for this model.") from error
    except _UNANSWERED as error:
        raise EndpointUnavailable(f"Bedrock can't be reached for {model} ({type(error).__name__}).") from error


def refuses_temperature(error: ClientError) -> bool:
    """Tell if a model on Bedrock takes no temperature, as Claude's newer ones."""
    return code_of(error) == "ValidationException" and "temperature" in str(error).lower()


def _bedrock_fault(model: str, error: ClientError) -> ModerationError:
    code, status = code_of(error), _status(error)
    if _is_throttled(error) or status == 429 or code == _QUOTA_OF_MODEL:
        return EndpointThrottled(f"{model} on Bedrock is busy, or its quota is used up ({code}).")
    if status == 408:
        return EndpointTimeout(f"{model} on Bedrock didn't answer in time ({code}).")
    if status >= 500 or status == 424 or code == _SUBSCRIBING:
        return EndpointUnavailable(f"{model} failed on Bedrock's side ({code}).")
    if code == "ValidationException" and "on-demand throughput" in str(error):
        return Misconfigured(
            f"{model} is only served through an inference profile: deploy with one, -c judge=bedrock:…."
        )
    if code == "ValidationException":
        return EndpointRejected(
            f"{model} on Bedrock rejects the request ({code}): `moderate doctor` asks it a short one."
        )
    return Misconfigured(
        f"{model} can't be asked ({code}): see `moderate doctor` for the model's life cycle, its subscription and the "
        "role's rights."
    )


def _model_fault(endpoint: str, error: ClientError) -> ModerationError:
    response: Mapping[str, Any] = error.response
    words = response.get("OriginalMessage") or response["Error"].get("Message", "")
    return container_fault(endpoint, int(response.get("OriginalStatusCode") or 0), str(words))


@contextmanager
def store_faults(what: str) -> Iterator[None]:
    """Translate the errors of an S3, DynamoDB or Step Functions call; `what` names the resource in the message."""
    with _transient_or_misconfigured(what, StoreUnavailable):
        yield


@contextmanager
def topic_faults(what: str) -> Iterator[None]:
    """Translate the errors of an SNS call; `what` names the topic in the message."""
    with _transient_or_misconfigured(what, NotificationUnavailable):
        yield


@contextmanager
def _transient_or_misconfigured(what: str, transient: type[TransientError]) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        if is_transient(error):
            raise transient(f"{what} is unavailable ({code}).") from error
        raise Misconfigured(
            f"{what} refused the call ({code}): check that it exists and the function's role."
        ) from error
    except _UNANSWERED as error:
        raise transient(f"{what} can't be reached ({type(error).__name__}).") from error


def _is_throttled(error: ClientError) -> bool:
    code = code_of(error)
    return "throttl" in code.lower() or code in _THROTTLED


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
