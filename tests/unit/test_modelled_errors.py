"""Every error that botocore's service models give a call of ours is retried, caught or known to be permanent.

Of the workflow's own calls the names are those of Step Functions' optimised integrations, `Lambda.` and `DynamoDB.`
(`DynamoDb.` is the SDK integration's); of the functions' calls it is our own error that counts.
"""

import ast
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from moderation.adapters import faults
from moderation.errors import ModerationError, PermanentError, TransientError
from statemachine.definition import load

ADAPTERS = Path(faults.__file__).parent

# What no retry fixes, and why. Whatever isn't here must be retried or caught by name.
NO_VPC = "of functions in a VPC, which ours aren't"
NO_FILES = "of functions with a file system, which ours haven't"
NO_SNAPSHOT = "of SnapStart, which ours don't use"
OUR_KEY = "the key of the function's environment: a person must fix it"
OURS = "of what the workflow itself sends: a fault of ours"
QUEUE = {
    "InvalidAddress": "a fault of ours",
    "InvalidSecurity": "a fault of the signature",
    "QueueDoesNotExist": "the queue was deleted",
    "UnsupportedOperation": "a fault of ours",
}
PERMANENT: dict[str, dict[str, str]] = {
    "lambda Invoke": {
        "CodeArtifactUserDeletedException": "the function must be deployed again",
        "CodeArtifactUserFailedException": "the function must be deployed again",
        "DurableExecutionAlreadyStartedException": "of durable functions, which ours aren't",
        "EC2AccessDeniedException": NO_VPC,
        "EFSMountFailureException": NO_FILES,
        "InvalidParameterValueException": OURS,
        "InvalidRequestContentException": OURS,
        "InvalidRuntimeException": "the function must be deployed again",
        "InvalidSecurityGroupIDException": NO_VPC,
        "InvalidSubnetIDException": NO_VPC,
        "InvalidZipFileException": "the function must be deployed again",
        "KMSAccessDeniedException": OUR_KEY,
        "KMSDisabledException": OUR_KEY,
        "KMSInvalidStateException": OUR_KEY,
        "KMSNotFoundException": OUR_KEY,
        "ModeNotSupportedException": OURS,
        "NoPublishedVersionException": "of versions, which ours are invoked without",
        "RecursiveInvocationException": "a loop that Lambda broke: a person must look",
        "RequestTooLargeException": OURS,
        "ResourceNotFoundException": "the function was deleted: deploy again",
        "RuntimeAliasDeletedException": "the runtime was withdrawn: deploy with a newer one",
        "RuntimeVersionDeletedException": "the runtime was withdrawn: deploy with a newer one",
        "S3FilesMountFailureException": NO_FILES,
        "SerializedRequestEntityTooLargeException": OURS,
        "ServiceQuotaExceededException": "of durable functions, which ours aren't",
        "SnapStartException": NO_SNAPSHOT,
        "SnapStartRegenerationFailureException": NO_SNAPSHOT,
        "UnsupportedMediaTypeException": OURS,
    },
    "ssm GetParameter": {
        "InvalidKeyId": "of encrypted parameters, which ours isn't",
        "ParameterNotFound": "the console's stack was destroyed: deploy it again",
        "ParameterVersionNotFound": "of versions, which ours is read without",
    },
    "s3 CopyObject": {"ObjectNotInActiveTierError": "the original is in an archive: restore it first"},
    "dynamodb PutItem": {
        "ItemCollectionSizeLimitExceededException": "of tables with a local index, which ours hasn't",
        "ResourceNotFoundException": "the table was deleted",
    },
    "dynamodb UpdateItem": {
        "ItemCollectionSizeLimitExceededException": "of tables with a local index, which ours hasn't",
        "ResourceNotFoundException": "the table was deleted",
    },
    "dynamodb DeleteItem": {
        "ItemCollectionSizeLimitExceededException": "of tables with a local index, which ours hasn't",
        "ResourceNotFoundException": "the table was deleted",
    },
    "dynamodb TransactWriteItems": {
        "IdempotentParameterMismatchException": "of tokens that are used again, which boto3 never does",
        "ResourceNotFoundException": "the table was deleted",
    },
    "dynamodb GetItem": {"ResourceNotFoundException": "the table was deleted"},
    "dynamodb Query": {"ResourceNotFoundException": "the table was deleted"},
    "dynamodb Scan": {"ResourceNotFoundException": "the table was deleted"},
    "dynamodb BatchGetItem": {"ResourceNotFoundException": "the table was deleted"},
    "s3 GetObject": {
        "InvalidObjectState": "the object lies in an archive: a person restores it",
        "NoSuchKey": "the object was deleted",
    },
    "s3 HeadObject": {"NoSuchKey": "the object was deleted"},
    "s3 ListObjectsV2": {"NoSuchBucket": "the bucket was deleted"},
    "s3 PutObject": {
        "EncryptionTypeMismatch": "of appends, which are ours never",
        "InvalidRequest": "a fault of ours",
        "InvalidWriteOffset": "of appends, which are ours never",
        "TooManyParts": "of appends, which are ours never",
    },
    "bedrock-runtime Converse": {
        "AccessDeniedException": "the role lacks the right, or the account the model's subscription",
        "ResourceNotFoundException": "the model isn't there, or no longer",
        "ValidationException": "the request is too long, or in a form that the model doesn't know",
    },
    "sagemaker-runtime InvokeEndpoint": {
        "ValidationError": "what says neither that the endpoint is coming nor that it is starting",
    },
    "sns Publish": {
        "AuthorizationError": "the role lacks the right",
        "EndpointDisabled": "of mobile devices, which ours never publish to",
        "InvalidParameter": "a fault of ours",
        "InvalidSecurity": "a fault of the signature",
        "KMSAccessDenied": "the topic's key: a person must fix it",
        "KMSDisabled": "the topic's key: a person must fix it",
        "KMSInvalidState": "the topic's key: a person must fix it",
        "KMSNotFound": "the topic's key: a person must fix it",
        "KMSOptInRequired": "the account has no KMS",
        "NotFound": "the topic was deleted",
        "ParameterValueInvalid": "a fault of ours",
        "PlatformApplicationDisabled": "of mobile devices, which ours never publish to",
        "ValidationException": "a fault of ours",
    },
    "sqs ChangeMessageVisibility": QUEUE
    | {
        "MessageNotInflight": "it took so long that others see it already",
        "ReceiptHandleIsInvalid": "a fault of ours",
    },
    "sqs DeleteMessage": QUEUE | {"InvalidIdFormat": "a fault of ours", "ReceiptHandleIsInvalid": "a fault of ours"},
    "sqs GetQueueAttributes": QUEUE | {"InvalidAttributeName": "a fault of ours"},
    "sqs ReceiveMessage": QUEUE
    | {
        "KmsAccessDenied": "the queue's key: a person must fix it",
        "KmsDisabled": "the queue's key: a person must fix it",
        "KmsInvalidKeyUsage": "the queue's key: a person must fix it",
        "KmsInvalidState": "the queue's key: a person must fix it",
        "KmsNotFound": "the queue's key: a person must fix it",
        "KmsOptInRequired": "the account has no KMS",
    },
    "stepfunctions StartExecution": {
        "ExecutionAlreadyExists": "it was started before under this name",
        "InvalidArn": OURS,
        "InvalidExecutionInput": OURS,
        "InvalidName": OURS,
        "KmsAccessDeniedException": "the machine's key, which ours hasn't",
        "KmsInvalidStateException": "the machine's key, which ours hasn't",
        "StateMachineDeleting": "the workflow is being deleted",
        "StateMachineDoesNotExist": "the workflow was deleted: deploy again",
        "ValidationException": OURS,
    },
    "stepfunctions ListExecutions": {
        "InvalidArn": OURS,
        "InvalidToken": OURS,
        "ResourceNotFound": "the workflow was deleted: deploy again",
        "StateMachineDoesNotExist": "the workflow was deleted: deploy again",
        "StateMachineTypeNotSupported": "of Express workflows, which aren't asked for their executions",
        "ValidationException": OURS,
    },
    "stepfunctions DescribeExecution": {
        "ExecutionDoesNotExist": "the execution is over: the sweeper takes it for vanished",
        "InvalidArn": "a record with another owner: the sweeper's fault",
        "KmsAccessDeniedException": "the machine's key, which ours hasn't",
        "KmsInvalidStateException": "the machine's key, which ours hasn't",
    },
}


def modelled(call: str) -> dict[str, ClientError]:
    """Each error of a call by its shape's name, as botocore raises it."""
    service, operation = call.split()
    model = botocore.session.get_session().get_service_model(service).operation_model(operation)
    found = {}
    for shape in model.error_shapes:
        about = shape.metadata.get("error", {})
        code = about.get("code", shape.name)
        status = about.get("httpStatusCode", 500 if shape.metadata.get("fault") else 400)
        response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
        found[code] = ClientError(response, operation)
    return found


def tasks() -> Iterator[tuple[str, dict[str, Any]]]:
    machine = json.loads(load())["States"]
    states = machine | machine["ForEachQuery"]["ItemProcessor"]["States"]
    yield from ((name, state) for name, state in states.items() if state["Type"] == "Task")


TASKS = dict(tasks())
# The workflow's calls, and how Step Functions names their errors.
INTEGRATIONS = {
    "arn:aws:states:::lambda:invoke": ("lambda Invoke", "Lambda."),
    "arn:aws:states:::dynamodb:updateItem": ("dynamodb UpdateItem", "DynamoDB."),
}


@pytest.mark.parametrize("name", TASKS)
def test_each_error_of_the_workflows_own_calls_is_retried_or_caught_or_permanent(name):
    state = TASKS[name]
    call, prefix = INTEGRATIONS[state["Resource"]]
    handled = {error for rule in [*state["Retry"], *state.get("Catch", [])] for error in rule["ErrorEquals"]}

    left = {code for code in modelled(call) if f"{prefix}{code}" not in handled}

    assert left == set(PERMANENT[call])


# The functions' calls by the adapter's method, with what stands around them.
AROUND: dict[str, Callable[[str], AbstractContextManager[None]]] = {
    "bedrock-runtime": faults.bedrock_faults,
    "dynamodb": faults.store_faults,
    "lambda": faults.store_faults,
    "s3": faults.store_faults,
    "sagemaker": faults.store_faults,
    "sagemaker-runtime": faults.endpoint_faults,
    "sns": faults.topic_faults,
    "sqs": faults.store_faults,
    "ssm": faults.store_faults,
    "stepfunctions": faults.store_faults,
}
CLIENTS = {
    "bedrock_judge.py": "bedrock-runtime",
    "cognito_tokens.py": "ssm",
    "dynamodb_decisions.py": "dynamodb",
    "dynamodb_lanes.py": "dynamodb",
    "dynamodb_review.py": "dynamodb",
    "dynamodb_verdicts.py": "dynamodb",
    "dynamodb_vouches.py": "dynamodb",
    "dynamodb_reveals.py": "dynamodb",
    "endpoint_status.py": "sagemaker",
    "executions.py": "stepfunctions",
    "policies.py": "s3",
    "record_batches.py": "dynamodb",
    "review_functions.py": "lambda",
    "s3_audit.py": "s3",
    "s3_canary.py": "s3",
    "s3_images.py": "s3",
    "s3_people.py": "s3",
    "s3_policy_log.py": "s3",
    "s3_pictures.py": "s3",
    "s3_quarantine.py": "s3",
    "s3_work.py": "s3",
    "sagemaker_endpoint.py": "sagemaker-runtime",
    "sns_publisher.py": "sns",
    "sqs_dead_letters.py": "sqs",
    "table_export.py": "s3",
    "verdict_index.py": "dynamodb",
}


CALLED_ON = ("self._client", "client")
NO_CALLS = {"generate_presigned_url"}  # signs a link, and asks nobody


def called() -> set[str]:
    """`<service> <operation>` for each method of a client, and each paginator, that an adapter uses."""
    found = set()
    for file, service in CLIENTS.items():
        operations = botocore.session.get_session().get_service_model(service).operation_names
        by_method = {xform_name(operation): operation for operation in operations}
        for node in ast.walk(ast.parse((ADAPTERS / file).read_text())):
            match node:
                case ast.Call(func=ast.Attribute(attr="get_paginator"), args=[ast.Constant(value=str(method))]):
                    found.add(f"{service} {by_method[method]}")
                case ast.Call(func=ast.Attribute(attr=method)) if method in NO_CALLS:
                    pass
                case ast.Call(func=ast.Attribute(value=value, attr=method)) if ast.unparse(value) in CALLED_ON:
                    found.add(f"{service} {by_method[method]}")
    return found


def test_no_adapter_has_a_client_that_is_not_looked_at():
    clients = {path.name for path in ADAPTERS.glob("*.py") if "self._client" in path.read_text()}

    assert clients == set(CLIENTS)
    assert {call.split()[0] for call in called()} == set(CLIENTS.values())


@pytest.mark.parametrize("call", sorted(called()))
def test_each_error_of_the_functions_calls_gets_a_name_that_the_workflow_knows(call):
    around = AROUND[call.split()[0]]
    permanent, in_vain = set(), set()
    for code, error in modelled(call).items():
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:  # so Lambda answers for a broken function, too
            in_vain.add(code)
        with pytest.raises(ModerationError) as raised, around("it"):
            raise error
        assert isinstance(raised.value, TransientError | PermanentError)
        if isinstance(raised.value, PermanentError):
            permanent.add(code)

    assert permanent - {"ConditionalCheckFailedException"} == PERMANENT.get(call, {}).keys() - in_vain


def test_a_condition_that_fails_is_an_answer():
    """Every conditional write takes it for one: the adapters' own suites have the cases."""
    assert "ConditionalCheckFailedException" in modelled("dynamodb UpdateItem")
    caught = {name for state in TASKS.values() for rule in state.get("Catch", []) for name in rule["ErrorEquals"]}
    assert "DynamoDB.ConditionalCheckFailedException" in caught


def test_what_is_permanent_has_a_reason_and_still_exists():
    for call, reasons in PERMANENT.items():
        assert set(reasons) <= set(modelled(call)), call
        assert all(reasons.values())
