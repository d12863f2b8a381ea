"""A template at a URL of this cloud's own S3."""

import json

from tests.local.moto_patches.cloud import Cloud, template, unique


def test_a_template_is_read_from_the_cloud_s_own_address(cloud: Cloud) -> None:
    bucket, name = cloud.bucket(), unique()
    text = template({"Topic": ("AWS::SNS::Topic", {})})
    cloud.client("s3").put_object(Bucket=bucket, Key="t.json", Body=text.encode())
    cloudformation = cloud.client("cloudformation")

    cloudformation.create_stack(StackName=name, TemplateURL=f"{cloud.url}/{bucket}/t.json")

    assert cloudformation.get_template(StackName=name)["TemplateBody"] == json.loads(text)
