"""Rights that the SDK's calls need, as botocore really sends them: "Service Authorization Reference"."""

from collections.abc import Callable
from typing import Any, cast

import boto3
import pytest

from local.cloud.iam.evaluate import AccessRequest
from local.cloud.iam.keys import KNOWN
from local.cloud.iam.request import AwsRequest
from local.cloud.iam.resources import Resources
from local.cloud.iam.rights import UnknownCall, rights_of
from local.cloud.iam.rights_s3 import listing_of
from local.sdk_request import wsgi_request

HERE = "us-east-1:123456789012"
TABLE = f"arn:aws:dynamodb:{HERE}:table/verdicts"
TOPIC = f"arn:aws:sns:{HERE}:unsafe"
KEY = f"arn:aws:kms:{HERE}:key/1"
OBJECT = "arn:aws:s3:::bucket/a key/ü+.png"
AT = {"Bucket": "bucket", "Key": "a key/ü+.png"}
ROLE = "arn:aws:iam::123456789012:role/Reviewer"


class Known:
    """Resources as the services know them."""

    def object_tags(self, bucket: str, key: str, version: str | None) -> dict[str, str]:
        return {"moderation": "safe"}

    def object_key(self, bucket: str, key: str, version: str | None) -> str | None:
        return KEY if bucket == "under-a-key" else None

    def bucket_key(self, bucket: str) -> str | None:
        return KEY if bucket == "under-a-key" else None

    def topic_key(self, topic: str) -> str | None:
        return KEY

    def hash_key(self, table: str, index: str | None) -> str:
        return "sha256" if index else "pk"

    def function_arn(self, name: str) -> str:
        return f"arn:aws:lambda:{HERE}:function:{name.split(':function:')[-1].split(':')[0]}"

    def stack_arn(self, name: str) -> str:
        return f"arn:aws:cloudformation:{HERE}:stack/{name}/id"


def sent(service: str, operation: str, **parameters: Any) -> AwsRequest:
    """The request that botocore sends for an operation, as the emulator reads it."""
    client: Any = boto3.client(  # type: ignore[call-overload]
        service,
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="AKIATEST",
        aws_secret_access_key="secret",
    )
    return AwsRequest.read(wsgi_request(client, operation, **parameters).get_environ())


def asked(service: str, operation: str, **parameters: Any) -> tuple[AccessRequest, ...]:
    found = rights_of(sent(service, operation, **parameters), cast(Resources, Known()))
    assert {key.partition("/")[0] for right in found for key in right.context} <= KNOWN
    return found


def rights(service: str, operation: str, **parameters: Any) -> list[tuple[str, str]]:
    return [(right.action, right.resource) for right in asked(service, operation, **parameters)]


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        ("get_object", AT, ["GetObject"]),
        ("head_object", AT, ["GetObject"]),
        ("get_object", AT | {"VersionId": "v"}, ["GetObjectVersion"]),
        ("put_object", AT | {"Body": b"x"}, ["PutObject"]),
        ("put_object", AT | {"Body": b"x", "Tagging": "a=b"}, ["PutObject", "PutObjectTagging"]),
        ("delete_object", AT, ["DeleteObject"]),
        ("delete_object", AT | {"VersionId": "v"}, ["DeleteObjectVersion"]),
        ("get_object_tagging", AT, ["GetObjectTagging"]),
        ("get_object_tagging", AT | {"VersionId": "v"}, ["GetObjectTagging", "GetObjectVersionTagging"]),
        (
            "put_object_tagging",
            AT | {"VersionId": "v", "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}},
            ["PutObjectTagging", "PutObjectVersionTagging"],
        ),
        ("delete_object_tagging", AT, ["DeleteObjectTagging"]),
        ("get_object_torrent", AT, ["GetObjectTorrent"]),
        ("get_object_attributes", AT | {"ObjectAttributes": ["ETag"]}, ["GetObject", "GetObjectAttributes"]),
        ("put_object_acl", AT | {"ACL": "private", "VersionId": "v"}, ["PutObjectVersionAcl"]),
        ("create_multipart_upload", AT, ["PutObject"]),
        ("create_multipart_upload", AT | {"Tagging": "a=b"}, ["PutObject", "PutObjectTagging"]),
        ("upload_part", AT | {"UploadId": "u", "PartNumber": 1, "Body": b"x"}, ["PutObject"]),
        ("complete_multipart_upload", AT | {"UploadId": "u"}, ["PutObject"]),
        ("abort_multipart_upload", AT | {"UploadId": "u"}, ["AbortMultipartUpload"]),
    ],
)
def test_calls_on_objects(operation: str, parameters: dict[str, Any], expected: list[str]) -> None:
    assert rights("s3", operation, **parameters) == [(f"s3:{action}", OBJECT) for action in expected]


@pytest.mark.parametrize(
    ("operation", "parameters", "action"),
    [
        ("list_objects_v2", {}, "ListBucket"),
        ("head_bucket", {}, "ListBucket"),
        ("list_object_versions", {"Prefix": "in/"}, "ListBucketVersions"),
        ("get_bucket_versioning", {}, "GetBucketVersioning"),
        ("get_bucket_notification_configuration", {}, "GetBucketNotification"),
        ("get_bucket_policy", {}, "GetBucketPolicy"),
        ("get_bucket_encryption", {}, "GetEncryptionConfiguration"),
        ("delete_bucket_policy", {}, "DeleteBucketPolicy"),
        ("delete_bucket_lifecycle", {}, "PutLifecycleConfiguration"),
        ("get_public_access_block", {}, "GetBucketPublicAccessBlock"),
    ],
)
def test_calls_on_buckets(operation: str, parameters: dict[str, Any], action: str) -> None:
    assert rights("s3", operation, Bucket="bucket", **parameters) == [(f"s3:{action}", "arn:aws:s3:::bucket")]


def test_a_copy_reads_its_source_with_the_tags_that_come_along() -> None:
    copied = rights("s3", "copy_object", **AT, CopySource={"Bucket": "theirs", "Key": "x", "VersionId": "v"})

    assert copied == [
        ("s3:PutObject", OBJECT),
        ("s3:GetObjectVersion", "arn:aws:s3:::theirs/x"),
        ("s3:GetObjectVersionTagging", "arn:aws:s3:::theirs/x"),
        ("s3:PutObjectTagging", OBJECT),
    ]


def test_a_copy_with_tags_of_its_own_brings_none_along() -> None:
    bare = rights("s3", "copy_object", **AT, CopySource="theirs/x", TaggingDirective="REPLACE")

    assert ("s3:PutObjectTagging", OBJECT) not in bare
    assert ("s3:PutObjectTagging", OBJECT) in rights(
        "s3", "copy_object", **AT, CopySource="theirs/x", TaggingDirective="REPLACE", Tagging="a=b"
    )


def test_a_part_that_is_copied_reads_its_source() -> None:
    part = {"UploadId": "u", "PartNumber": 1, "CopySource": {"Bucket": "theirs", "Key": "x", "VersionId": "v"}}

    assert rights("s3", "upload_part_copy", **AT, **part) == [
        ("s3:PutObject", OBJECT),
        ("s3:GetObjectVersion", "arn:aws:s3:::theirs/x"),
    ]


def test_the_key_of_a_copys_source_may_look_like_a_version() -> None:
    (_, source, *_) = rights("s3", "copy_object", **AT, CopySource={"Bucket": "theirs", "Key": "x?versionId=v"})

    assert source == ("s3:GetObject", "arn:aws:s3:::theirs/x?versionId=v")


def test_a_deletion_of_several_objects_needs_a_right_on_each() -> None:
    several = {"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "v"}]}

    assert rights("s3", "delete_objects", Bucket="bucket", Delete=several) == [
        ("s3:DeleteObject", "arn:aws:s3:::bucket/a"),
        ("s3:DeleteObjectVersion", "arn:aws:s3:::bucket/b"),
    ]


@pytest.mark.parametrize(
    ("operation", "parameters", "verb"),
    [("get_object", {}, "Decrypt"), ("put_object", {"Body": b""}, "GenerateDataKey")],
)
def test_a_customers_key_is_used_by_the_caller(operation: str, parameters: dict[str, Any], verb: str) -> None:
    assert rights("s3", operation, Bucket="under-a-key", Key="a", **parameters)[1:] == [(f"kms:{verb}", KEY)]


@pytest.mark.parametrize(
    ("operation", "parameters", "creates"),
    [
        ("put_object", {"Body": b"x", "IfNoneMatch": "*"}, "true"),
        ("complete_multipart_upload", {"UploadId": "u", "IfNoneMatch": "*"}, "true"),
        ("create_multipart_upload", {}, "false"),
        ("upload_part", {"UploadId": "u", "PartNumber": 1, "Body": b"x"}, "false"),
    ],
)
def test_conditional_writes_are_seen(operation: str, parameters: dict[str, Any], creates: str) -> None:
    (right, *_) = asked("s3", operation, **AT, **parameters)

    assert right.context["s3:objectcreationoperation"] == (creates,)
    assert ("s3:if-none-match" in right.context) == ("IfNoneMatch" in parameters)


def test_tags_are_seen_that_are_there_and_that_are_asked_for() -> None:
    tagging = {"TagSet": [{"Key": "Moderation", "Value": "safe"}, {"Key": "a", "Value": "b"}]}
    read, write = (
        asked("s3", operation, **AT, **more)[0].context
        for operation, more in (("get_object", {}), ("put_object_tagging", {"Tagging": tagging}))
    )

    assert read["s3:existingobjecttag/moderation"] == ("safe",)
    assert write["s3:requestobjecttagkeys"] == ("Moderation", "a")
    assert write["s3:requestobjecttag/moderation"] == ("safe",)


def test_a_missing_object_is_told_to_those_who_may_list() -> None:
    assert [a.action for a in listing_of(sent("s3", "head_object", **AT))] == ["s3:ListBucket"]
    versioned = listing_of(sent("s3", "get_object", **AT, VersionId="v"))
    assert [a.action for a in versioned] == ["s3:ListBucket", "s3:ListBucketVersions"]
    assert not listing_of(sent("s3", "get_bucket_policy", Bucket="bucket"))


ITEM = {"TableName": "verdicts", "Key": {"pk": {"S": "b#k"}, "sk": {"S": "v"}}}


def test_an_items_key_and_attributes_are_seen() -> None:
    (right,) = asked(
        "dynamodb",
        "update_item",
        **ITEM,
        UpdateExpression="SET #v = :v, history = list_append(if_not_exists(history, :none), :one) REMOVE claim.x",
        ConditionExpression="attribute_not_exists(verdict) AND #o = :me",
        ExpressionAttributeNames={"#v": "verdict", "#o": "owner"},
        ExpressionAttributeValues={name: {"S": "x"} for name in (":v", ":none", ":one", ":me")},
    )

    assert (right.action, right.resource) == ("dynamodb:UpdateItem", TABLE)
    assert right.context["dynamodb:leadingkeys"] == ("b#k",)
    assert right.context["dynamodb:attributes"] == ("claim", "history", "owner", "pk", "sk", "verdict")


@pytest.mark.parametrize("index", [None, "by-sha256"])
def test_a_querys_leading_key_is_the_tables_or_the_indexs(index: str | None) -> None:
    key = "#hash = :h AND created_at > :t" if index else "pk = :h"
    (right,) = asked(
        "dynamodb",
        "query",
        TableName="verdicts",
        KeyConditionExpression=key,
        ExpressionAttributeValues={":h": {"S": "abc"}, **({":t": {"S": "2026"}} if index else {})},
        **({"IndexName": index, "ExpressionAttributeNames": {"#hash": "sha256"}} if index else {}),
    )

    assert right.resource == TABLE + (f"/index/{index}" if index else "")
    assert right.context["dynamodb:leadingkeys"] == ("abc",)


@pytest.mark.parametrize("index", [None, "by-verdict"])
def test_a_scan_reads_the_table_or_an_index(index: str | None) -> None:
    (right,) = asked("dynamodb", "scan", TableName="verdicts", **({"IndexName": index} if index else {}))

    assert (right.action, right.resource) == ("dynamodb:Scan", TABLE + (f"/index/{index}" if index else ""))


def test_a_batch_has_all_its_leading_keys() -> None:
    keys = [{"pk": {"S": f"b#{n}"}, "sk": {"S": "v"}} for n in range(2)]
    (right,) = asked("dynamodb", "batch_get_item", RequestItems={"verdicts": {"Keys": keys}})

    assert right.context["dynamodb:leadingkeys"] == ("b#0", "b#1")


def test_each_part_of_a_transaction_takes_the_right_of_its_own_write() -> None:
    keys = [{"pk": {"S": f"b#{n}"}, "sk": {"S": "v"}} for n in range(4)]
    update = {"UpdateExpression": "SET verdict = :v", "ExpressionAttributeValues": {":v": {"S": "safe"}}}
    check = {"ConditionExpression": "attribute_exists(decided_at)"}
    parts = [
        {"Update": {"TableName": "verdicts", "Key": keys[0], **update}},
        {"Put": {"TableName": "verdicts", "Item": keys[1] | {"reason": {"S": "n"}}}},
        {"Delete": {"TableName": "verdicts", "Key": keys[2]}},
        {"ConditionCheck": {"TableName": "verdicts", "Key": keys[3], **check}},
    ]

    rights = asked("dynamodb", "transact_write_items", TransactItems=parts)

    assert [(right.action, right.context["dynamodb:leadingkeys"]) for right in rights] == [
        ("dynamodb:UpdateItem", ("b#0",)),
        ("dynamodb:PutItem", ("b#1",)),
        ("dynamodb:DeleteItem", ("b#2",)),
        ("dynamodb:ConditionCheckItem", ("b#3",)),
    ]
    named = [right.context["dynamodb:attributes"] for right in rights]
    assert named == [("pk", "sk", "verdict"), ("pk", "reason", "sk"), ("pk", "sk"), ("decided_at", "pk", "sk")]


QUEUE = f"arn:aws:sqs:{HERE}:letters"
MACHINE = f"arn:aws:states:{HERE}:stateMachine:m"
EXECUTION = f"arn:aws:states:{HERE}:execution:m:e"


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        (
            "sns",
            "publish",
            {"TopicArn": TOPIC, "Message": "m"},
            [("sns:Publish", TOPIC), ("kms:GenerateDataKey", KEY), ("kms:Decrypt", KEY)],
        ),
        (
            "sns",
            "publish",
            {"TargetArn": TOPIC, "Message": "m"},
            [("sns:Publish", TOPIC), ("kms:GenerateDataKey", KEY), ("kms:Decrypt", KEY)],
        ),
        (
            "sns",
            "publish_batch",
            {"TopicArn": TOPIC, "PublishBatchRequestEntries": [{"Id": "1", "Message": "m"}]},
            [("sns:Publish", TOPIC), ("kms:GenerateDataKey", KEY), ("kms:Decrypt", KEY)],
        ),
        ("sns", "list_subscriptions_by_topic", {"TopicArn": TOPIC}, [("sns:ListSubscriptionsByTopic", TOPIC)]),
        (
            "sqs",
            "receive_message",
            {"QueueUrl": "http://127.0.0.1:1/123456789012/letters"},
            [("sqs:ReceiveMessage", QUEUE)],
        ),
        (
            "sqs",
            "delete_message_batch",
            {"QueueUrl": "http://127.0.0.1:1/1/letters", "Entries": [{"Id": "1", "ReceiptHandle": "r"}]},
            [("sqs:DeleteMessage", QUEUE)],
        ),
        ("stepfunctions", "start_execution", {"stateMachineArn": MACHINE}, [("states:StartExecution", MACHINE)]),
        ("stepfunctions", "describe_execution", {"executionArn": EXECUTION}, [("states:DescribeExecution", EXECUTION)]),
        ("lambda", "invoke", {"FunctionName": "f"}, [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:f")]),
        (
            "lambda",
            "invoke",
            {"FunctionName": "f", "Qualifier": "live"},
            [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:f:live")],
        ),
        (
            "lambda",
            "invoke",
            {"FunctionName": f"arn:aws:lambda:{HERE}:function:f:1"},
            [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:f:1")],
        ),
        (
            "lambda",
            "get_function_configuration",
            {"FunctionName": "f"},
            [("lambda:GetFunctionConfiguration", f"arn:aws:lambda:{HERE}:function:f")],
        ),
        ("lambda", "get_account_settings", {}, [("lambda:GetAccountSettings", "*")]),
        (
            "sagemaker-runtime",
            "invoke_endpoint",
            {"EndpointName": "Their-BLIP2", "InferenceComponentName": "Copies", "Body": b"{}"},
            [
                ("sagemaker:InvokeEndpoint", f"arn:aws:sagemaker:{HERE}:endpoint/their-blip2"),
                ("sagemaker:InvokeEndpoint", f"arn:aws:sagemaker:{HERE}:inference-component/copies"),
            ],
        ),
        (
            "bedrock-runtime",
            "converse",
            {"modelId": "amazon.nova-micro-v1:0", "messages": [{"role": "user", "content": [{"text": "a"}]}]},
            [("bedrock:InvokeModel", "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0")],
        ),
        (
            "bedrock-runtime",
            "converse",
            {"modelId": "jp.amazon.nova-2-lite-v1:0", "messages": [{"role": "user", "content": [{"text": "a"}]}]},
            [
                ("bedrock:InvokeModel", f"arn:aws:bedrock:{HERE}:inference-profile/jp.amazon.nova-2-lite-v1:0"),
                *(
                    ("bedrock:InvokeModel", f"arn:aws:bedrock:{region}::foundation-model/amazon.nova-2-lite-v1:0")
                    for region in ("us-east-1", "ap-northeast-1", "ap-northeast-3")
                ),
            ],
        ),
        (
            "sagemaker",
            "describe_endpoint",
            {"EndpointName": "BLIP2"},
            [("sagemaker:DescribeEndpoint", f"arn:aws:sagemaker:{HERE}:endpoint/blip2")],
        ),
        (
            "cloudformation",
            "describe_stacks",
            {"StackName": "Moderation"},
            [("cloudformation:DescribeStacks", f"arn:aws:cloudformation:{HERE}:stack/Moderation/id")],
        ),
        ("sts", "get_caller_identity", {}, []),
        ("sts", "assume_role", {"RoleArn": ROLE, "RoleSessionName": "alice"}, [("sts:AssumeRole", ROLE)]),
        (
            "ssm",
            "get_parameter",
            {"Name": "/cdk-bootstrap/hnb659fds/version"},
            [("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/cdk-bootstrap/hnb659fds/version")],
        ),
    ],
)
def test_calls_of_the_other_services(
    service: str, operation: str, parameters: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert rights(service, operation, **parameters) == expected


def test_a_session_s_name_is_seen_by_the_role_s_trust() -> None:
    (right,) = asked("sts", "assume_role", RoleArn=ROLE, RoleSessionName="alice")

    assert right.context == {"sts:rolesessionname": ("alice",)}


def test_a_source_identity_is_a_right_of_its_own() -> None:
    session = {"RoleArn": ROLE, "RoleSessionName": "alice", "SourceIdentity": "alice"}

    assert rights("sts", "assume_role", **session) == [("sts:AssumeRole", ROLE), ("sts:SetSourceIdentity", ROLE)]


@pytest.mark.parametrize(
    "call",
    [
        lambda: sent("s3", "restore_object", **AT),
        lambda: sent("sts", "assume_role", RoleArn=ROLE, RoleSessionName="alice", Policy="{}"),
        lambda: sent("sts", "assume_role", RoleArn=ROLE, RoleSessionName="alice", PolicyArns=[{"arn": ROLE}]),
        lambda: sent("sts", "assume_role", RoleArn=ROLE, RoleSessionName="alice", Tags=[{"Key": "a", "Value": "b"}]),
        lambda: sent("dynamodb", "query", TableName="verdicts", KeyConditions={}),
        lambda: sent("dynamodb", "execute_statement", Statement="SELECT * FROM verdicts"),
        lambda: sent("lambda", "delete_function", FunctionName="f"),
        lambda: sent("iam", "list_roles"),
    ],
)
def test_a_call_that_is_not_written_down_is_an_error(call: Callable[[], AwsRequest]) -> None:
    with pytest.raises(UnknownCall, match="add it"):
        rights_of(call(), cast(Resources, Known()))
