"""Requests that no SDK of this app sends: the gate takes each for what the emulator then does."""

import http.client
import json
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import pytest

from local.deploy import ACCOUNT
from local.harness.laptop import Laptop
from tests.local.iam.persons import MakeSession, allow, document

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
UPLOAD = (
    b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nkept/a\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n--b--\r\n'
)


def signed(key: str, service: str, date: str = "20261123") -> str:
    return f"AWS4-HMAC-SHA256 Credential={key}/{date}/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"


@dataclass(frozen=True)
class Sent:
    """`<bucket>` stands for a guarded bucket, in path and headers."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"x"


@pytest.fixture(scope="module")
def guarded(laptop: Laptop) -> str:
    """A bucket under whose `kept/` nobody writes and under whose `secret/` nobody reads, the deployer neither."""
    bucket, s3 = f"guarded-{uuid.uuid4().hex}", laptop.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="secret/a", Body=b"secret")
    s3.put_object(Bucket=bucket, Key="tagged", Body=b"x", Tagging="moderation=safe")
    places = {
        "kept/*": ["s3:PutObject", "s3:PutObjectTagging"],
        "secret/*": "s3:GetObject",
        "in/*": "s3:PutObjectTagging",
    }
    denials = [
        {"Effect": "Deny", "Principal": "*", "Action": actions, "Resource": f"arn:aws:s3:::{bucket}/{keys}"}
        for keys, actions in places.items()
    ]
    s3.put_bucket_policy(Bucket=bucket, Policy=document(*denials))
    return bucket


def status(laptop: Laptop, request: Sent, bucket: str = "", *, chunked: bool = False) -> int:
    at = urlsplit(laptop.url)
    connection = http.client.HTTPConnection(str(at.hostname), at.port)
    headers = {name: value.replace("<bucket>", bucket) for name, value in request.headers.items()}
    body = iter([request.body]) if chunked else request.body
    connection.request(request.method, request.path.replace("<bucket>", bucket), body, headers, encode_chunked=chunked)
    return connection.getresponse().status


LOCAL = {"Authorization": signed("local", "s3")}
ANOTHER_SERVICES = "Action=GetCallerIdentity&X-Amz-Credential=local/20261123/us-east-1/sts/aws4_request"


@pytest.mark.parametrize(
    "request_",
    [
        Sent("PUT", "/<bucket>/kept/a", LOCAL),
        Sent("PUT", "//<bucket>/kept/a", LOCAL),
        Sent("PUT", "/<bucket>/%6bept%2Fa", LOCAL),
        Sent("PUT", "/kept/a", LOCAL | {"Host": "<bucket>.s3.amazonaws.com"}),
        Sent("PUT", "/kept/a", LOCAL | {"Host": "<bucket>.localhost"}),
        Sent("PUT", "/<bucket>/kept/a?X-Amz-Credential=local/20261123/us-east-1/s3/aws4_request"),
        Sent("PUT", f"/<bucket>/kept/a?{ANOTHER_SERVICES}"),
        Sent("PUT", f"/<bucket>/kept/a?{ANOTHER_SERVICES}", {"Authorization": "AWS local:signature"}),
        Sent(
            "PUT",
            "/<bucket>/kept/a?Action=GetCallerIdentity",
            {"Authorization": f"{signed('local', 's3', '2026')}, {signed('local', 'sts')}"},
        ),
        Sent("POST", "/<bucket>", LOCAL | {"Content-Type": "multipart/form-data; boundary=b"}, UPLOAD),
    ],
    ids=str,
)
def test_no_request_writes_what_a_bucket_refuses(laptop: Laptop, guarded: str, request_: Sent) -> None:
    assert status(laptop, request_, guarded) in (403, 404)
    assert not laptop.client("s3").list_objects_v2(Bucket=guarded, Prefix="kept/")["KeyCount"]


@pytest.mark.parametrize("query", ["", "?attributes", "?select&select-type=2", "?response-content-type=a", "?restore"])
def test_no_request_reads_what_a_bucket_refuses(laptop: Laptop, guarded: str, query: str) -> None:
    method = "POST" if query[1:7] in ("select", "restor") else "GET"

    assert status(laptop, Sent(method, f"/<bucket>/secret/a{query}", LOCAL), guarded) == 403


def test_a_part_cannot_be_copied_from_what_a_bucket_refuses(laptop: Laptop, guarded: str) -> None:
    s3 = laptop.client("s3")
    upload = s3.create_multipart_upload(Bucket=guarded, Key="copy")["UploadId"]
    part = f"/<bucket>/copy?partNumber=1&uploadId={upload}"

    assert status(laptop, Sent("PUT", part, LOCAL | {"x-amz-copy-source": "<bucket>/tagged"}, b""), guarded) == 200
    assert status(laptop, Sent("PUT", part, LOCAL | {"x-amz-copy-source": "<bucket>/secret/a"}, b""), guarded) == 403


def test_a_copy_brings_no_tags_where_nobody_tags(laptop: Laptop, guarded: str) -> None:
    copy = LOCAL | {"x-amz-copy-source": "<bucket>/tagged"}

    assert status(laptop, Sent("PUT", "/<bucket>/in/a", copy, b""), guarded) == 403
    bare = Sent("PUT", "/<bucket>/in/a", copy | {"x-amz-tagging-directive": "REPLACE"}, b"")
    assert status(laptop, bare, guarded) == 200


def test_a_chunked_body_is_read(laptop: Laptop, guarded: str) -> None:
    tags = b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"

    assert status(laptop, Sent("PUT", "/<bucket>/in/b?tagging", LOCAL, tags), guarded, chunked=True) == 403
    assert status(laptop, Sent("PUT", "/<bucket>/in/b", LOCAL), guarded, chunked=True) == 200
    assert laptop.client("s3").get_object(Bucket=guarded, Key="in/b")["Body"].read() == b"x"


@pytest.fixture(scope="module")
def nobody(person: MakeSession) -> str:
    """The access key of a role that may do nothing."""
    credentials = person("nobody-at-all", allow("s3:ListAllMyBuckets")).get_credentials()
    assert credentials
    return str(credentials.access_key)


@pytest.mark.parametrize(
    "query, body, more, chunked",
    [
        ("", "<assume>", {}, False),
        ("", "<assume>&Action=GetCallerIdentity", {}, False),
        ("?Action=GetCallerIdentity", "<assume>", {}, False),
        ("?Action=GetCallerIdentity", "<assume>", {}, True),
        ("", "<assume>", {"X-Amz-Target": "x.GetCallerIdentity"}, False),
    ],
)
def test_no_request_assumes_a_role_as_something_else(
    laptop: Laptop, nobody: str, query: str, body: str, more: dict[str, str], chunked: bool
) -> None:
    mighty = f"arn:aws:iam::{ACCOUNT}:role/mighty"
    assume = {"Action": "AssumeRole", "Version": "2011-06-15", "RoleSessionName": "x", "RoleArn": mighty}
    text = body.replace("<assume>", urlencode(assume)).encode()
    request = Sent("POST", f"/{query}", {"Authorization": signed(nobody, "sts")} | FORM | more, text)

    assert status(laptop, request, chunked=chunked) in (400, 403)


@pytest.mark.parametrize("service", ["sts", "s3", "sagemaker"])
def test_an_endpoint_is_asked_under_its_own_right_whatever_was_signed(
    laptop: Laptop, nobody: str, service: str
) -> None:
    path = "/endpoints/llama/invocations?Action=GetCallerIdentity"
    body = json.dumps({"inputs": "Is it safe?", "parameters": {}}).encode()

    assert status(laptop, Sent("POST", path, {"Authorization": signed(nobody, service)}, body)) == 403


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("more, answer", [({}, 200), ({"Policy": "{}"}, 403)])
def test_nobody_gets_a_session_whose_bounds_would_not_hold(laptop: Laptop, more: dict[str, str], answer: int) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/nobody-at-all"
    form = {"Action": "AssumeRole", "Version": "2011-06-15", "RoleSessionName": "x", "RoleArn": role} | more
    headers = {"Authorization": signed("local", "sts")} | FORM

    assert status(laptop, Sent("POST", "/", headers, urlencode(form).encode())) == answer


@pytest.mark.parametrize("key", ["a&Action=DeleteTable&b", "a&Action=b.png"])
def test_what_a_key_is_called_is_no_action(laptop: Laptop, key: str) -> None:
    """Keys are their uploaders' to choose, and travel in requests of roles with rights of their own."""
    item = {"pk": {"S": f"bucket#{key}"}, "sk": {"S": "v"}}
    table, queue = laptop.outputs["VerdictTableName"], laptop.outputs["InboxUrl"]

    laptop.client("dynamodb").put_item(TableName=table, Item=item)
    laptop.client("sqs").send_message(QueueUrl=queue, MessageBody=key)
    laptop.client("stepfunctions").start_execution(
        stateMachineArn=laptop.outputs["WorkflowArn"], input=json.dumps({"key": key})
    )
    answer = laptop.client("lambda").invoke(FunctionName=laptop.outputs["Echo"], Payload=json.dumps({"key": key}))

    assert laptop.client("dynamodb").get_item(TableName=table, Key=item)["Item"] == item
    assert json.loads(answer["Payload"].read())["event"] == {"key": key}
