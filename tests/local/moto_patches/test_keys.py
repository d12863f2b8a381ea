"""A key of a template answers calls."""

from tests.local.moto_patches.cloud import Cloud

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}],
}


def test_a_key_of_a_template_is_disabled_and_enabled(cloud: Cloud) -> None:
    stack = cloud.stack({"Key": ("AWS::KMS::Key", {"KeyPolicy": POLICY})}, {"Id": {"Ref": "Key"}})
    key = {"KeyId": stack.outputs()["Id"]}
    kms = cloud.client("kms")

    kms.disable_key(**key)
    assert kms.describe_key(**key)["KeyMetadata"]["KeyState"] == "Disabled"
    kms.enable_key(**key)
    assert kms.describe_key(**key)["KeyMetadata"]["KeyState"] == "Enabled"
