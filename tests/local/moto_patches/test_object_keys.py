"""Objects under a key that their uploader keeps (SSE-C), or under a KMS key that can't be used."""

from collections.abc import Callable
from typing import Literal

import pytest

from tests.local.moto_patches.cloud import Cloud, refusal


def customer_key(letter: str = "k") -> dict[str, str]:
    """Parameters of an upload or a read under a key that its uploader keeps."""
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": letter * 32}


def test_only_who_has_the_uploader_s_key_reads_the_object(cloud: Cloud) -> None:
    s3, name = cloud.client("s3"), {"Bucket": cloud.bucket(), "Key": "sse-c.png"}
    s3.put_object(**name, Body=b"image", **customer_key())

    assert refusal(s3.get_object, **name) == "InvalidRequest"
    assert refusal(s3.head_object, **name) == "400"
    assert refusal(s3.get_object, **name, **customer_key("x")) == "AccessDenied"
    assert refusal(s3.head_object, **name, **customer_key("x")) == "403"
    answer = s3.get_object(**name, **customer_key())
    assert (answer["Body"].read(), answer["SSECustomerAlgorithm"]) == (b"image", "AES256")
    assert s3.get_object_tagging(**name)["TagSet"] == [], "tags aren't encrypted"


def test_a_key_is_refused_where_the_object_has_none(cloud: Cloud) -> None:
    s3, name = cloud.client("s3"), {"Bucket": cloud.bucket(), "Key": "no-sse-c.png"}
    s3.put_object(**name, Body=b"image")

    assert refusal(s3.get_object, **name, **customer_key()) == "InvalidRequest"


def test_a_multipart_upload_keeps_the_key_of_its_beginning(cloud: Cloud) -> None:
    s3, name = cloud.client("s3"), {"Bucket": cloud.bucket(), "Key": "parts.png"}
    upload = s3.create_multipart_upload(**name, **customer_key())["UploadId"]
    part = s3.upload_part(**name, UploadId=upload, PartNumber=1, Body=b"image", **customer_key())
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    s3.complete_multipart_upload(**name, UploadId=upload, MultipartUpload={"Parts": parts})

    assert refusal(s3.get_object, **name) == "InvalidRequest"
    assert s3.get_object(**name, **customer_key())["Body"].read() == b"image"


def test_a_copy_has_the_key_of_its_own_request(cloud: Cloud) -> None:
    s3, bucket = cloud.client("s3"), cloud.bucket()
    s3.put_object(Bucket=bucket, Key="original.png", Body=b"image")
    source = {"Bucket": bucket, "Key": "original.png"}
    s3.copy_object(Bucket=bucket, Key="copy.png", CopySource=source, **customer_key())

    assert refusal(s3.get_object, Bucket=bucket, Key="copy.png") == "InvalidRequest"
    assert s3.get_object(Bucket=bucket, Key="original.png")["Body"].read() == b"image"


BLOCKED = {"BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}


def blocked_by_template(cloud: Cloud) -> str:
    rule = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, **BLOCKED}
    encryption = {"ServerSideEncryptionConfiguration": [rule]}
    return cloud.stack({"Bucket": ("AWS::S3::Bucket", {"BucketEncryption": encryption})}).resource("Bucket")


def blocked_by_request(cloud: Cloud) -> str:
    bucket = cloud.bucket()
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, **BLOCKED}
    cloud.client("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    return bucket


@pytest.mark.parametrize("block", [blocked_by_template, blocked_by_request])
def test_a_bucket_that_blocks_such_keys_refuses_every_way_of_uploading(
    cloud: Cloud, block: Callable[[Cloud], str]
) -> None:
    s3, name = cloud.client("s3"), {"Bucket": block(cloud), "Key": "sse-c.png"}
    s3.put_object(**name, Body=b"image")

    assert refusal(s3.put_object, **name, Body=b"x", **customer_key()) == "AccessDenied"
    assert refusal(s3.create_multipart_upload, **name, **customer_key()) == "AccessDenied"
    assert refusal(s3.copy_object, **name, CopySource=name, **customer_key()) == "AccessDenied"
    assert s3.get_object(**name)["Body"].read() == b"image"


@pytest.mark.parametrize("encryption", ["aws:kms", "aws:kms:dsse"])
def test_an_object_is_read_only_while_its_kms_key_is_enabled(
    cloud: Cloud, encryption: Literal["aws:kms", "aws:kms:dsse"]
) -> None:
    s3, kms = cloud.client("s3"), cloud.client("kms")
    name = {"Bucket": cloud.bucket(), "Key": "kms.png"}
    key = kms.create_key()["KeyMetadata"]
    s3.put_object(**name, Body=b"image", ServerSideEncryption=encryption, SSEKMSKeyId=key["Arn"])

    assert s3.get_object(**name)["Body"].read() == b"image"
    kms.disable_key(KeyId=key["KeyId"])
    assert refusal(s3.get_object, **name) == "KMS.DisabledException"
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    assert refusal(s3.get_object, **name) == "KMS.KMSInvalidStateException"
    assert refusal(s3.head_object, **name) == "400"
