"""CloudFormation: moto makes no policies of buckets, queues and topics. S3: it reads them without conditions.

https://github.com/getmoto/moto/issues/5820 asks for a Deny with a condition; moto has since checked the Deny alone. No
upstream issue on the resources was found as of November 2026.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.core.common_models import CloudFormationModel
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from local.cloud.iam.resources import ACCOUNT, PARTITION, REGION


def install() -> None:
    """Leave the decision on buckets to the emulator's gate; importing this module registers the three resources."""
    FakeBucket.get_permission = lambda self, action, resource: PermissionResult.NEUTRAL


class _Policy:
    """Policy of other resources; moto lists only direct subclasses of its own class."""

    kind = ""
    write: Callable[[Mapping[str, Any], str], None]

    def __init__(self, name: str, properties: Mapping[str, Any]) -> None:
        self.physical_resource_id = name
        self.properties = properties

    @classmethod
    def cloudformation_type(cls) -> str:
        return cls.kind

    @staticmethod
    def cloudformation_name_type() -> str | None:
        return None

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> "_Policy":
        properties = cloudformation_json["Properties"]
        cls.write(properties, json.dumps(properties["PolicyDocument"]))
        return cls(resource_name, properties)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> "_Policy":
        return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)

    def delete(self, account_id: str, region_name: str) -> None:
        type(self).write(self.properties, "")


def _of_bucket(properties: Mapping[str, Any], text: str) -> None:
    bucket = s3_backends[ACCOUNT][PARTITION].buckets.get(properties["Bucket"])
    if bucket is not None:  # moto deletes resources in no particular order
        bucket.policy = text.encode() or None


def _of_topics(properties: Mapping[str, Any], text: str) -> None:
    for arn in properties["Topics"]:
        if text and arn in sns_backends[ACCOUNT][REGION].topics:
            sns_backends[ACCOUNT][REGION].topics[arn].policy = text


def _of_queues(properties: Mapping[str, Any], text: str) -> None:
    for url in properties["Queues"]:
        queue = sqs_backends[ACCOUNT][REGION].queues.get(url.rpartition("/")[2])
        if queue is not None:
            queue.policy = text


class BucketPolicy(_Policy, CloudFormationModel):  # type: ignore[misc]
    """AWS::S3::BucketPolicy."""

    kind, write = "AWS::S3::BucketPolicy", staticmethod(_of_bucket)


class TopicPolicy(_Policy, CloudFormationModel):  # type: ignore[misc]
    """AWS::SNS::TopicPolicy."""

    kind, write = "AWS::SNS::TopicPolicy", staticmethod(_of_topics)


class QueuePolicy(_Policy, CloudFormationModel):  # type: ignore[misc]
    """AWS::SQS::QueuePolicy."""

    kind, write = "AWS::SQS::QueuePolicy", staticmethod(_of_queues)
