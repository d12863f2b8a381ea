"""The laptop cloud refuses what the deployed policies don't allow, in the words of each service."""

import json
import uuid
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from local.deploy import ACCOUNT, REGION
from local.harness.laptop import Laptop
from local.queues import subscribe_queue
from tests.local.iam.persons import MakeSession, allow, document
from tests.local.small_stack import template, write_assembly
from tests.support.waiting import eventually

EVERYTHING = allow("*")


def client(session: boto3.session.Session, service: str, laptop: Laptop) -> Any:
    return session.client(service, endpoint_url=laptop.url)  # type: ignore[call-overload]


def refused(call: Any, **parameters: Any) -> ClientError:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "status", "code"),
    [
        ("s3", "get_object", {"Bucket": "<IntakeBucketName>", "Key": "a"}, 403, "AccessDenied"),
        ("s3", "head_object", {"Bucket": "<IntakeBucketName>", "Key": "a"}, 403, "403"),
        ("dynamodb", "get_item", {"TableName": "<VerdictTableName>"}, 400, "AccessDeniedException"),
        ("sns", "publish", {"TopicArn": "<TopicArn>", "Message": "m"}, 403, "AuthorizationError"),
        ("sqs", "receive_message", {"QueueUrl": "<InboxUrl>"}, 403, "AccessDenied"),
        ("stepfunctions", "start_execution", {"stateMachineArn": "<WorkflowArn>"}, 400, "AccessDeniedException"),
        ("lambda", "invoke", {"FunctionName": "<Echo>"}, 403, "AccessDeniedException"),
        ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "blip2", "Body": b""}, 403, "AccessDeniedException"),
        ("cloudformation", "describe_stacks", {"StackName": "Small"}, 403, "AccessDenied"),
        ("logs", "describe_log_groups", {}, 400, "AccessDeniedException"),
    ],
)
def test_each_service_refuses_in_its_own_words(
    laptop: Laptop,
    person: MakeSession,
    service: str,
    operation: str,
    parameters: dict[str, Any],
    status: int,
    code: str,
) -> None:
    nobody = person(f"nobody-{uuid.uuid4().hex[:8]}", allow("s3:ListAllMyBuckets"))
    given = {
        name: laptop.outputs[value.strip("<>")] if str(value).startswith("<") else value
        for name, value in parameters.items()
    }
    if operation == "get_item":
        given["Key"] = {"pk": {"S": "a"}, "sk": {"S": "b"}}

    error = refused(getattr(client(nobody, service, laptop), operation), **given)

    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert error.response["Error"]["Code"] == code
    if operation != "head_object":
        assert "assumed-role/nobody" in error.response["Error"]["Message"]
        assert "is not authorized to perform" in error.response["Error"]["Message"]


def test_a_key_that_nobody_has_is_refused(laptop: Laptop) -> None:
    stranger = boto3.session.Session("AKIASOMEBODYELSE0000", "secret", region_name=REGION)

    for service, operation in (("sts", "get_caller_identity"), ("s3", "list_buckets"), ("dynamodb", "list_tables")):
        error = refused(getattr(client(stranger, service, laptop), operation))
        assert "variables that the laptop cloud printed" in error.response["Error"]["Message"]


def test_anybody_reads_the_keys_of_a_user_pool_and_nothing_else_without_a_signature(laptop: Laptop) -> None:
    pool = laptop.client("cognito-idp").create_user_pool(PoolName="people")["UserPool"]["Id"]

    assert requests.get(f"{laptop.url}/{pool}/.well-known/jwks.json", timeout=10).json()["keys"]
    assert requests.get(f"{laptop.url}/bucket/.well-known/jwks.json", timeout=10).status_code == 403


def test_a_missing_object_is_a_404_to_those_who_may_list_and_a_403_to_others(
    laptop: Laptop, person: MakeSession
) -> None:
    bucket = laptop.outputs["IntakeBucketName"]
    reader = person("reader", allow(["s3:GetObject", "s3:GetObjectVersion"], f"arn:aws:s3:::{bucket}/*"))
    lister = person("lister", allow(["s3:GetObject", "s3:ListBucket"]))
    laptop.client("s3").put_object(Bucket=bucket, Key="there", Body=b"x")

    assert client(reader, "s3", laptop).get_object(Bucket=bucket, Key="there")["Body"].read() == b"x"
    assert refused(client(reader, "s3", laptop).get_object, Bucket=bucket, Key="no").response["Error"]["Code"] == (
        "AccessDenied"
    )
    assert refused(client(lister, "s3", laptop).get_object, Bucket=bucket, Key="no").response["Error"]["Code"] == (
        "NoSuchKey"
    )


def test_a_buckets_denial_holds_for_the_deployer_too(laptop: Laptop) -> None:
    bucket = f"guarded-{uuid.uuid4().hex}"
    s3 = laptop.client("s3")
    s3.create_bucket(Bucket=bucket)
    denial = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/kept/*"}
    once = denial | {
        "Condition": {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=document(once))

    error = refused(s3.put_object, Bucket=bucket, Key="kept/a", Body=b"1")
    s3.put_object(Bucket=bucket, Key="kept/a", Body=b"1", IfNoneMatch="*")
    s3.put_object(Bucket=bucket, Key="b", Body=b"1")

    assert error.response["Error"]["Code"] == "AccessDenied"
    assert "explicit deny" in error.response["Error"]["Message"]


def test_a_function_calls_as_its_role(laptop: Laptop) -> None:
    """The role may write to the table and not read from it."""
    answer = laptop.client("lambda").invoke(
        FunctionName=laptop.outputs["Misbehave"],
        Payload=json.dumps({"how": "fail first", "name": uuid.uuid4().hex, "times": 0}),
    )
    assert json.loads(answer["Payload"].read()) == {"how": "fail first"}
    laptop.client("iam").put_role_policy(
        RoleName=role_name(laptop), PolicyName="Less", PolicyDocument=document({**EVERYTHING, "Effect": "Deny"})
    )
    try:
        answer = laptop.client("lambda").invoke(
            FunctionName=laptop.outputs["Misbehave"],
            Payload=json.dumps({"how": "fail first", "name": uuid.uuid4().hex, "times": 0}),
        )
    finally:
        laptop.client("iam").delete_role_policy(RoleName=role_name(laptop), PolicyName="Less")

    failure = json.loads(answer["Payload"].read())
    assert failure["errorType"] == "ClientError"
    assert "AccessDeniedException" in failure["errorMessage"]
    assert "dynamodb:UpdateItem" in failure["errorMessage"]


def role_name(laptop: Laptop) -> str:
    role = laptop.client("lambda").get_function_configuration(FunctionName=laptop.outputs["Echo"])["Role"]
    return str(role).rpartition("/")[2]


def test_an_endpoint_is_known_by_its_name_in_lower_case(laptop: Laptop, person: MakeSession) -> None:
    upper = person("upper", allow("sagemaker:InvokeEndpoint", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/LLAMA"))
    call = {"EndpointName": "LLAMA", "Body": b"{}", "ContentType": "application/json"}

    assert refused(client(upper, "sagemaker-runtime", laptop).invoke_endpoint, **call).response["Error"]["Code"] == (
        "AccessDeniedException"
    )
    question = {"inputs": "<s>[INST] Is it safe? [/INST]", "parameters": {"max_new_tokens": 8}}
    judge = person("judge", allow("sagemaker:InvokeEndpoint", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/llama"))
    answer = client(judge, "sagemaker-runtime", laptop).invoke_endpoint(
        EndpointName="llama", Body=json.dumps(question).encode(), ContentType="application/json"
    )
    assert b"generated_text" in answer["Body"].read()


def test_a_role_is_assumed_by_those_whom_it_trusts(laptop: Laptop) -> None:
    iam, sts = laptop.client("iam"), laptop.client("sts")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    pinned = trust | {"Condition": {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}}
    role = iam.create_role(RoleName="pinned", AssumeRolePolicyDocument=document(pinned))["Role"]["Arn"]
    me = sts.get_caller_identity()["Arn"].rpartition("/")[2]

    assert refused(sts.assume_role, RoleArn=role, RoleSessionName="mallory").response["Error"]["Code"] == "AccessDenied"
    assert sts.assume_role(RoleArn=role, RoleSessionName=me)["Credentials"]["AccessKeyId"]


def test_a_topic_reaches_a_queue_only_if_that_lets_it(laptop: Laptop) -> None:
    sns, sqs = laptop.client("sns"), laptop.client("sqs")
    topic = sns.create_topic(Name="news")["TopicArn"]
    deaf = sqs.create_queue(QueueName="deaf")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=deaf, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    hearing = subscribe_queue(sqs, sns, topic, "hearing")

    sns.publish(TopicArn=topic, Message="m")

    assert laptop.receive(hearing)["Message"] == "m"
    assert "Messages" not in sqs.receive_message(QueueUrl=deaf)
    assert "A message is lost" in laptop.log.read_text()


def test_an_event_goes_to_the_dead_letters_where_its_target_refuses(laptop: Laptop) -> None:
    events = laptop.client("events")
    echo, letters = laptop.outputs["Echo"], laptop.outputs["DeadLettersUrl"]
    function = laptop.client("lambda").get_function_configuration(FunctionName=echo)["FunctionArn"]
    queue = laptop.client("sqs").get_queue_attributes(QueueUrl=letters, AttributeNames=["QueueArn"])["Attributes"]
    events.put_rule(Name="unpermitted", EventPattern=json.dumps({"source": ["nobody"]}))
    target = {"Id": "t", "Arn": function, "DeadLetterConfig": {"Arn": queue["QueueArn"]}}
    events.put_targets(Rule="unpermitted", Targets=[target])

    events.put_events(Entries=[{"Source": "nobody", "DetailType": "T", "Detail": "{}"}])

    sqs = laptop.client("sqs")
    (letter,) = eventually(lambda: sqs.receive_message(QueueUrl=letters, MessageAttributeNames=["All"]).get("Messages"))
    assert json.loads(letter["Body"])["source"] == "nobody"
    assert "lambda:InvokeFunction" in letter["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]


def test_a_workflow_whose_role_nobody_trusts_is_not_deployed(laptop: Laptop, tmp_path: Any) -> None:
    content = template()
    content["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"] = []
    folder = write_assembly(tmp_path / "untrusted", content)

    with pytest.raises(ClientError, match="lacks a right"):
        laptop.client("cloudformation").create_stack(
            StackName="Untrusted", TemplateBody=(folder / "Small.template.json").read_text()
        )
    laptop.client("cloudformation").delete_stack(StackName="Untrusted")  # what is half made


def test_a_call_of_a_role_that_nobody_wrote_down_is_refused_and_says_where_to_add_it(
    laptop: Laptop, person: MakeSession
) -> None:
    everything = person("everything", EVERYTHING)

    error = refused(client(everything, "iam", laptop).list_roles)

    assert "local/cloud/iam/rights.py" in error.response["Error"]["Message"]


@pytest.mark.parametrize("key", ["aws:RequestedRegion", "s3:x-amz-acl", "aws:PrincipalTag/team"])
def test_a_policy_that_asks_for_a_key_which_no_call_has_here_is_an_error_and_no_guess(
    laptop: Laptop, person: MakeSession, key: str
) -> None:
    denial = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {key: "x"}}}
    bounded = person(f"asks-{uuid.uuid4().hex[:8]}", EVERYTHING, denial)

    error = refused(client(bounded, "s3", laptop).list_buckets)

    assert "local/cloud/iam/keys.py" in error.response["Error"]["Message"]


def test_a_permissions_boundary_is_an_error_and_no_guess(laptop: Laptop, person: MakeSession) -> None:
    bounded = person("bounded", EVERYTHING)
    laptop.client("iam").put_role_permissions_boundary(
        RoleName="bounded", PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )

    error = refused(client(bounded, "s3", laptop).list_buckets)

    assert "boundaries" in error.response["Error"]["Message"]


def test_whoever_may_read_a_buckets_policy_is_told_that_there_is_none(laptop: Laptop, person: MakeSession) -> None:
    bucket = f"open-{uuid.uuid4().hex}"
    laptop.client("s3").create_bucket(Bucket=bucket)
    reader = person("policy-reader", allow("s3:GetBucketPolicy"))

    error = refused(client(reader, "s3", laptop).get_bucket_policy, Bucket=bucket)

    assert error.response["Error"]["Code"] == "NoSuchBucketPolicy"
