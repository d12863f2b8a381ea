"""CloudFormation: CDK's auto-delete provider is a Node function that needs an SDK which a laptop lacks.

moto invokes the provider, as AWS does: https://github.com/getmoto/moto/pull/4512. Nothing to fix there.
"""

from collections.abc import Callable
from typing import Any

from moto.cloudformation.custom_model import CustomModel
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

AUTO_DELETE = "Custom::S3AutoDeleteObjects"
_TAG = "aws-cdk:auto-delete-objects"  # without this tag the provider keeps the bucket's objects


def install() -> None:
    """Replace that provider: on deletion empty the bucket, if it is tagged for that."""
    create: Callable[..., Any] = CustomModel.create_from_cloudformation_json.__func__

    def create_or_stand_in(
        cls: Any, /, name: str, template: dict[str, Any], account_id: str, region_name: str, **kwargs: Any
    ) -> Any:
        if kwargs["ResourceType"] != AUTO_DELETE:
            return create(cls, name, template, account_id, region_name, **kwargs)
        return AutoDelete(region_name, kwargs["LogicalId"], name, template["Properties"]["BucketName"])

    CustomModel.create_from_cloudformation_json = classmethod(create_or_stand_in)


class AutoDelete(CustomModel):  # type: ignore[misc]
    """Replacement resource. moto deletes resources in no order: an empty bucket may be deleted before it."""

    def __init__(self, region_name: str, logical_id: str, name: str, bucket: str) -> None:
        super().__init__(region_name, request_id="none", logical_id=logical_id, resource_name=name)
        self._bucket = bucket
        self.set_data({})  # created

    def delete(self, account_id: str, region_name: str) -> None:
        backend = s3_backends[account_id][get_partition(region_name)]
        bucket = backend.buckets.get(self._bucket)
        if bucket and backend.tagger.get_tag_dict_for_resource(bucket.arn).get(_TAG) == "true":
            bucket.keys.clear()
