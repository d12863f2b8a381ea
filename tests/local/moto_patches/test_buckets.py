"""Buckets of a template, and the switch for EventBridge."""

from typing import Any

from tests.local.moto_patches.cloud import Cloud, refusal, unique

EVENTS_ON = {"NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}}


def bucket(**properties: Any) -> dict[str, Any]:
    return {"Bucket": ("AWS::S3::Bucket", properties)}


def test_a_template_switches_versioning_on(cloud: Cloud) -> None:
    stack = cloud.stack(bucket(VersioningConfiguration={"Status": "Enabled"}))

    assert cloud.client("s3").get_bucket_versioning(Bucket=stack.resource("Bucket")).get("Status") == "Enabled"


def test_a_template_switches_object_lock_on(cloud: Cloud) -> None:
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 5}}
    lock = {"ObjectLockEnabled": True, "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": rule}}
    s3 = cloud.client("s3")
    name = cloud.stack(bucket(VersioningConfiguration={"Status": "Enabled"}, **lock)).resource("Bucket")
    plain = cloud.stack(bucket()).resource("Bucket")

    put = s3.put_object(Bucket=name, Key="a", Body=b"x", ChecksumAlgorithm="SHA256")

    assert refusal(s3.delete_object, Bucket=name, Key="a", VersionId=put.get("VersionId", "null")) == "AccessDenied"
    assert refusal(s3.get_object_lock_configuration, Bucket=plain) == "ObjectLockConfigurationNotFoundError"


def test_a_template_switches_events_on(cloud: Cloud) -> None:
    name = cloud.stack(bucket(**EVENTS_ON)).resource("Bucket")
    url, arn = cloud.queue()
    cloud.rule({"source": ["aws.s3"], "detail": {"bucket": {"name": [name]}}}, {"Arn": arn})

    cloud.client("s3").put_object(Bucket=name, Key="a", Body=b"x")

    assert cloud.receive(url)["detail"]["object"]["key"] == "a"


def test_a_bucket_tells_that_its_events_are_on(cloud: Cloud) -> None:
    s3, name = cloud.client("s3"), cloud.bucket()
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}})

    assert s3.get_bucket_notification_configuration(Bucket=name).get("EventBridgeConfiguration") == {}


def test_a_bucket_without_a_name_takes_new_tags(cloud: Cloud) -> None:
    stack = cloud.stack(bucket(Tags=[{"Key": "a", "Value": "old"}]))

    stack.update(bucket(Tags=[{"Key": "a", "Value": "new"}]))

    tags = cloud.client("s3").get_bucket_tagging(Bucket=stack.resource("Bucket"))["TagSet"]
    assert tags == [{"Key": "a", "Value": "new"}]


def test_a_tag_that_the_template_drops_is_removed(cloud: Cloud) -> None:
    name = unique()
    stack = cloud.stack(bucket(BucketName=name, Tags=[{"Key": "a", "Value": "old"}]))

    stack.update(bucket(BucketName=name))

    assert refusal(cloud.client("s3").get_bucket_tagging, Bucket=name) == "NoSuchTagSet"


def test_a_bucket_that_is_not_empty_fails_the_deletion(cloud: Cloud) -> None:
    stack = cloud.stack(bucket())
    cloud.client("s3").put_object(Bucket=stack.resource("Bucket"), Key="a", Body=b"x")

    assert refusal(stack.delete) == "ValidationError"
