"""Regions in which the app can be deployed, by the committed data."""

import pytest

from stacks.regions import console_faults, models_faults, moderation_faults

ON_G5 = {"ml.g5.2xlarge", "ml.g5.12xlarge"}


@pytest.mark.parametrize("region", ["us-east-1", "us-west-2", "eu-central-1", "ap-northeast-1", "il-central-1"])
def test_a_region_that_offers_everything_is_accepted(region: str) -> None:
    assert moderation_faults(region) == []
    assert models_faults(region, ON_G5) == []
    assert console_faults(region) == []


def test_every_lack_is_named_with_the_regions_that_have_it() -> None:
    faults = models_faults("mars-north-1", ON_G5)

    for lack in (
        "the managed Powertools layer",
        "the model containers",
        "JumpStart's Llama 2 artefacts",
        "hosting on ml.g5.12xlarge",
    ):
        (fault,) = [fault for fault in faults if lack in fault]
        assert fault.startswith("The region mars-north-1 lacks ")
        assert "us-east-1" in fault
        assert "us-west-1" not in fault  # it has all of these but the instances


@pytest.mark.parametrize("region", ["us-west-1", "eu-west-3"])
def test_a_region_may_hold_the_data_without_hosting_the_models(region: str) -> None:
    assert moderation_faults(region) == []
    assert len(models_faults(region, ON_G5)) == 2


def test_a_judge_on_bedrock_needs_nothing_of_jumpstart() -> None:
    with_llama = models_faults("mars-north-1", ON_G5)
    without = models_faults("mars-north-1", ON_G5, llama=False)

    assert len(with_llama) == len(without) + 1
    assert not [fault for fault in without if "JumpStart" in fault]


def test_a_console_needs_sign_in_an_api_and_a_page() -> None:
    faults = console_faults("us-gov-west-1")

    for lack in ("the managed Powertools layer", "Amazon Cognito", "API Gateway", "CloudFront"):
        (fault,) = [fault for fault in faults if fault.startswith(f"The region us-gov-west-1 lacks {lack}: ")]
        assert "us-east-1" in fault
