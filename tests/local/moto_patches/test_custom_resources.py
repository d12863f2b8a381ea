"""A bucket that is emptied with its stack, without the function that does it on AWS."""

from tests.local.moto_patches.cloud import Cloud, ref, refusal


def test_a_bucket_is_emptied_before_it_is_deleted(cloud: Cloud) -> None:
    tags = [{"Key": "aws-cdk:auto-delete-objects", "Value": "true"}]
    provider = "arn:aws:lambda:us-east-1:123456789012:function:a-node-function"
    stack = cloud.stack(
        {
            "Bucket": ("AWS::S3::Bucket", {"Tags": tags}),
            "AutoDelete": (
                "Custom::S3AutoDeleteObjects",
                {"ServiceToken": provider, "BucketName": ref("Bucket")},
            ),
        }
    )
    s3, name = cloud.client("s3"), stack.resource("Bucket")
    s3.put_object(Bucket=name, Key="a", Body=b"x")

    stack.delete()

    assert refusal(s3.head_bucket, Bucket=name) == "404"
