"""Deploying to the laptop cloud: what it refuses, updates and removes."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from local.deploy import ACCOUNT, REGION, DeployError, deploy
from local.harness.laptop import Laptop
from tests.local.small_stack import template, write_assembly


def test_resource_types_that_it_can_not_make_are_named(laptop: Laptop, tmp_path: Path) -> None:
    content = template()
    content["Resources"]["Global"] = {"Type": "AWS::DynamoDB::GlobalTable", "Properties": {}}
    content["Resources"]["Own"] = {"Type": "Custom::Something", "Properties": {"ServiceToken": "x"}}
    assembly = write_assembly(tmp_path / "cdk.out", content)

    with pytest.raises(DeployError, match=r"can't create AWS::DynamoDB::GlobalTable, Custom::Something"):
        deploy(assembly, "Small", laptop.url)


def test_a_missing_stack_is_a_sentence(laptop: Laptop, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="holds no stack Nothing"):
        deploy(tmp_path, "Nothing", laptop.url)


def test_a_layer_is_made_and_its_content_stays_where_it_is(laptop: Laptop, tmp_path: Path) -> None:
    bucket = f"assets-{ACCOUNT}-{REGION}"
    content = {"S3Bucket": bucket, "S3Key": "layer.zip"}
    layer = {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": content}}
    assembly = write_assembly(tmp_path / "cdk.out", {"Resources": {"Layer": layer}})
    (assembly / "asset.layer").mkdir()
    (assembly / "asset.layer/wheel.so").write_bytes(random.randbytes(100_000))
    assets = json.loads((assembly / "Small.assets.json").read_text())
    destination = {"bucketName": bucket, "objectKey": "layer.zip"}
    source = {"path": "asset.layer", "packaging": "zip"}
    assets["files"]["layer"] = {"source": source, "destinations": {"here": destination}}
    (assembly / "Layered.assets.json").write_text(json.dumps(assets))
    (assembly / "Small.template.json").rename(assembly / "Layered.template.json")

    deploy(assembly, "Layered", laptop.url)

    names = [made["LayerName"] for made in laptop.client("lambda").list_layers()["Layers"]]
    assert [name for name in names if name.startswith("Layered-Layer")]
    sizes = {
        key: laptop.client("s3").head_object(Bucket=bucket, Key=key)["ContentLength"]
        for key in ("layer.zip", "code.zip")
    }
    assert sizes["layer.zip"] < 100 < sizes["code.zip"]
    laptop.client("cloudformation").delete_stack(StackName="Layered")


def _second(content: dict[str, Any]) -> dict[str, Any]:
    """The small stack under other logical ids, so that it can stand beside the first."""
    for name in ("Uploaded", "Ended", "Custom", "RecordPermission", "FailAlwaysPermission"):
        del content["Resources"][name]
    return content


def test_a_stack_can_be_updated_and_destroyed_with_its_objects(laptop: Laptop, tmp_path: Path) -> None:
    content = _second(template())
    first = write_assembly(tmp_path / "first", content)
    for kind in ("assets", "template"):
        (first / f"Small.{kind}.json").rename(first / f"Second.{kind}.json")
    outputs = deploy(first, "Second", laptop.url)
    laptop.client("s3").put_object(Bucket=outputs["IntakeBucketName"], Key="left behind", Body=b"x")

    content["Resources"]["Echo"]["Properties"]["Handler"] = "small.misbehave"
    content["Resources"]["Table"]["Properties"]["GlobalSecondaryIndexes"] = []  # which moto can't update
    second = write_assembly(tmp_path / "second", content)
    for kind in ("assets", "template"):
        (second / f"Small.{kind}.json").rename(second / f"Second.{kind}.json")
    assert deploy(second, "Second", laptop.url) == outputs
    answer = laptop.client("lambda").invoke(FunctionName=outputs["Echo"], Payload="{}")
    assert answer["Payload"].read() == b'{"how": null}'

    laptop.client("cloudformation").delete_stack(StackName="Second")
    buckets = [bucket["Name"] for bucket in laptop.client("s3").list_buckets()["Buckets"]]
    assert outputs["IntakeBucketName"] not in buckets


def test_empty_buckets_that_empty_themselves_are_destroyed_in_whatever_order(laptop: Laptop) -> None:
    numbers = range(8)  # moto's order is one of many: eight times right by chance is once in 256
    buckets = {f"Bucket{number}": {"Type": "AWS::S3::Bucket", "Properties": {}} for number in numbers}
    emptied = {
        f"Emptied{number}": {
            "Type": "Custom::S3AutoDeleteObjects",
            "Properties": {"ServiceToken": "none", "BucketName": {"Ref": f"Bucket{number}"}},
        }
        for number in numbers
    }
    cloudformation = laptop.client("cloudformation")
    cloudformation.create_stack(StackName="Empty", TemplateBody=json.dumps({"Resources": buckets | emptied}))

    cloudformation.delete_stack(StackName="Empty")

    assert not [bucket for bucket in laptop.client("s3").list_buckets()["Buckets"] if "empty" in bucket["Name"]]


def test_a_bucket_that_no_longer_empties_itself_keeps_its_objects(laptop: Laptop) -> None:
    """As when a deployment of stage dev becomes one of stage prod: the provider spares a bucket without the tag."""
    tag = {"Key": "aws-cdk:auto-delete-objects", "Value": "true"}
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"Tags": [tag]}}
    emptied = {
        "Type": "Custom::S3AutoDeleteObjects",
        "Properties": {"ServiceToken": "none", "BucketName": {"Ref": "Bucket"}},
    }
    outputs = {"Name": {"Value": {"Ref": "Bucket"}}}
    first = {"Resources": {"Bucket": bucket, "Emptied": emptied}, "Outputs": outputs}
    kept = {"Resources": {"Bucket": {**bucket, "Properties": {}, "DeletionPolicy": "Retain"}}, "Outputs": outputs}
    cloudformation, s3 = laptop.client("cloudformation"), laptop.client("s3")
    cloudformation.create_stack(StackName="Kept", TemplateBody=json.dumps(first))
    (output,) = cloudformation.describe_stacks(StackName="Kept")["Stacks"][0]["Outputs"]
    s3.put_object(Bucket=output["OutputValue"], Key="image", Body=b"x")

    cloudformation.update_stack(StackName="Kept", TemplateBody=json.dumps(kept))

    assert [found["Key"] for found in s3.list_objects_v2(Bucket=output["OutputValue"])["Contents"]] == ["image"]


def test_a_tagged_bucket_can_be_changed(laptop: Laptop) -> None:
    def template_with(status: str) -> str:
        properties = {"Tags": [{"Key": "of", "Value": "us"}], "VersioningConfiguration": {"Status": status}}
        return json.dumps({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}}})

    cloudformation, s3 = laptop.client("cloudformation"), laptop.client("s3")
    cloudformation.create_stack(StackName="Tagged", TemplateBody=template_with("Suspended"))

    cloudformation.update_stack(StackName="Tagged", TemplateBody=template_with("Enabled"))

    (resource,) = cloudformation.describe_stack_resources(StackName="Tagged")["StackResources"]
    name = resource["PhysicalResourceId"]
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "of", "Value": "us"}]
