"""The ARN of a log group."""

from tests.local.moto_patches.cloud import Cloud, get


def test_the_arn_that_a_template_gets_includes_the_streams(cloud: Cloud) -> None:
    stack = cloud.stack({"Group": ("AWS::Logs::LogGroup", {})}, {"Arn": get("Group")})

    assert stack.outputs()["Arn"].endswith(":*")
