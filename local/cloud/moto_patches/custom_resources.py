"""CloudFormation: CDK's auto-delete provider is a Node function that needs an SDK which a laptop lacks.

moto invokes the provider, as AWS does: https://github.com/getmoto/moto/pull/4512. Nothing to fix there.
"""

from collections.abc import Callable
from typing import Any

from moto.cloudformation.custom_model import CustomModel
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

AUTO_DELETE = "Custom::S3AutoDeleteObjects"
_TAG = "aws-cdk:auto-delete-objects"  # without it the provider spares a bucket: one that is to be kept from now on


def install() -> None:
    """Do what that provider does: nothing when it is made, empty its bucket, if it is tagged for it, when it goes."""
    create: Callable[..., Any] = CustomModel.create_from_cloudformation_json.__func__

    def create_or_stand_in(
        cls: Any, /, name: str, template: dict[str, Any], account_id: str, region_name: str, **kwargs: Any
    ) -> Any:
        if kwargs["ResourceType"] != AUTO_DELETE:
            return create(cls, name, template, account_id, region_name, **kwargs)
        return AutoDelete(region_name, kwargs["LogicalId"], name, template["Properties"]["BucketName"])

    CustomModel.create_from_cloudformation_json = classmethod(create_or_stand_in)


class AutoDelete(CustomModel):  # type: ignore[misc]
    """The stand-in resource. moto deletes resources in no order: an empty bucket may have gone before this."""

    def __init__(self, region_name: str, logical_id: str, name: str, bucket: str) -> None:
        super().__init__(region_name, request_id="none", logical_id=logical_id, resource_name=name)
        self._bucket = bucket
        self.set_data({})  # made

    def delete(self, account_id: str, region_name: str) -> None:
        backend = s3_backends[account_id][get_partition(region_name)]
        bucket = backend.buckets.get(self._bucket)
        if bucket and backend.tagger.get_tag_dict_for_resource(bucket.arn).get(_TAG) == "true":
            bucket.keys.clear()
