"""Write the availability of what we deploy by AWS region: `python -m scripts.release.pin_regions`.

Synthesis makes no network calls and rejects unsuitable regions by this committed data; `moderate doctor` uses it, too.
"""

import json
from importlib import resources
from pathlib import Path

from botocore.loaders import create_loader
from sagemaker import image_uris

from moderation.contract import GPUS

REGIONS = Path(__file__).parents[2] / "moderate/regions.json"
# As listed by the source below, without China and GovCloud, whose layers have other accounts.
POWERTOOLS_LAYER = [
    "af-south-1",
    "ap-east-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-7",
    "ca-central-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
]
SOURCES = {
    "powertools_layer": "docs/includes/_layer_homepage_arm64.md of aws-powertools/powertools-lambda-python",
    "containers": "SageMaker Python SDK 2, image_uris: region and account of the registry with both",
    "jumpstart": "SageMaker Python SDK 2, jumpstart/region_config.json: regions with the gated bucket",
    "instance_types": "cfn-lint 1, aws_sagemaker_hosting, from the price list: where SageMaker hosts on it",
    "console": "botocore 1.44.5, endpoints.json, on 2026-11-28: where the service has an endpoint; CloudFront has one "
    "for all regions. cfn-lint 1.58 has their resource types in the same regions, but none of me-south-1 (2026-10-20)",
}
CONSOLE_SERVICES = {"Amazon Cognito": "cognito-idp", "API Gateway": "apigateway", "CloudFront": "cloudfront"}


def containers() -> dict[str, str]:
    """Return by region the account of the registry with both the DJL and the text-generation-inference container."""
    djl = image_uris.config_for_framework("djl-lmi")["versions"]["0.35.0"]["registries"]
    tgi = image_uris.config_for_framework("huggingface-llm")["inference"]["versions"]["2.0.0"]["registries"]
    return {region: account for region, account in sorted(djl.items()) if tgi.get(region) == account}


def gated_buckets() -> list[str]:
    """Return the regions with a JumpStart bucket for gated models."""
    config = json.loads(resources.files("sagemaker.jumpstart").joinpath("region_config.json").read_text())
    return sorted(region for region, buckets in config.items() if "gated_content_bucket" in buckets)


def hosts(instance_type: str) -> list[str]:
    """Return the regions where SageMaker hosts models on `instance_type`."""
    package = resources.files("cfnlint.data.schemas.extensions.aws_sagemaker_hosting")
    by_region = json.loads(package.joinpath("instancetype_enum.json").read_text())
    by_region.pop("description")
    return sorted(region for region, schema in by_region.items() if instance_type in schema["enum"])


def serves(service: str) -> list[str]:
    """Return the regions, without China and GovCloud, that can use a service of the review console."""
    partitions = create_loader().load_data("endpoints")["partitions"]
    [aws] = [partition for partition in partitions if partition["partition"] == "aws"]
    endpoints = aws["services"][service]["endpoints"]
    return sorted(aws["regions"] if "aws-global" in endpoints else aws["regions"].keys() & endpoints.keys())


def regions() -> dict[str, object]:
    """Return the content of the file."""
    return {
        "sources": SOURCES,
        "powertools_layer": POWERTOOLS_LAYER,
        "containers": containers(),
        "jumpstart": gated_buckets(),
        "instance_types": {name: hosts(name) for name in GPUS},
        "console": {name: serves(service) for name, service in CONSOLE_SERVICES.items()},
    }


if __name__ == "__main__":
    REGIONS.write_text(json.dumps(regions(), indent=2) + "\n")
