"""A template with a resource that moto can't make."""

from tests.local.moto_patches.cloud import Cloud, refusal


def test_a_type_that_moto_cannot_make_is_refused(cloud: Cloud) -> None:
    assert refusal(cloud.stack, {"Fleet": ("AWS::AppStream::Fleet", {})}) == "ValidationError"
