"""Policies of buckets, queues and topics."""

import json
from typing import Any

from tests.local.moto_patches.cloud import Cloud, ref, unique

DOCUMENT: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}


def test_a_template_gives_a_bucket_its_policy(cloud: Cloud) -> None:
    policy = {"Bucket": ref("Bucket"), "PolicyDocument": DOCUMENT}
    stack = cloud.stack({"Bucket": ("AWS::S3::Bucket", {}), "Policy": ("AWS::S3::BucketPolicy", policy)})

    found = cloud.client("s3").get_bucket_policy(Bucket=stack.resource("Bucket"))["Policy"]
    assert json.loads(found) == DOCUMENT


def test_a_template_gives_a_queue_its_policy(cloud: Cloud) -> None:
    policy = {"Queues": [ref("Queue")], "PolicyDocument": DOCUMENT}
    stack = cloud.stack(
        {"Queue": ("AWS::SQS::Queue", {}), "Policy": ("AWS::SQS::QueuePolicy", policy)}, {"Url": ref("Queue")}
    )

    found = cloud.client("sqs").get_queue_attributes(QueueUrl=stack.outputs()["Url"], AttributeNames=["Policy"])
    assert json.loads(found.get("Attributes", {}).get("Policy", "null")) == DOCUMENT


def test_a_template_gives_a_topic_its_policy(cloud: Cloud) -> None:
    policy = {"Topics": [ref("Topic")], "PolicyDocument": DOCUMENT}
    stack = cloud.stack(
        {"Topic": ("AWS::SNS::Topic", {}), "Policy": ("AWS::SNS::TopicPolicy", policy)}, {"Arn": ref("Topic")}
    )

    found = cloud.client("sns").get_topic_attributes(TopicArn=stack.outputs()["Arn"])
    assert json.loads(found["Attributes"]["Policy"]) == DOCUMENT


def test_an_update_changes_a_policy(cloud: Cloud) -> None:
    def of_bucket(action: str) -> dict[str, Any]:
        statements = [{**DOCUMENT["Statement"][0], "Action": action}]
        policy = {"Bucket": ref("Bucket"), "PolicyDocument": {**DOCUMENT, "Statement": statements}}
        return {"Bucket": ("AWS::S3::Bucket", {}), "Policy": ("AWS::S3::BucketPolicy", policy)}

    stack = cloud.stack(of_bucket("s3:GetObject"))

    stack.update(of_bucket("s3:PutObject"))

    found = cloud.client("s3").get_bucket_policy(Bucket=stack.resource("Bucket"))["Policy"]
    assert json.loads(found)["Statement"][0]["Action"] == "s3:PutObject"


def test_a_denial_holds_under_its_condition_only(cloud: Cloud) -> None:
    s3, bucket = cloud.client("s3"), cloud.bucket()
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::123456789012:role/{unique()}"}},
    }
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"x"
