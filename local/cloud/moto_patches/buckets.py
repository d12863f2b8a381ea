"""S3 buckets: moto's CloudFormation leaves out versioning, Object Lock, the switch for EventBridge, and some deletions.

It fails to update a bucket that has tags but no name in the template, and keeps tags that the template drops:
https://github.com/getmoto/moto/pull/7928 added tags so. GetBucketNotificationConfiguration leaves the switch for
EventBridge out, which https://github.com/getmoto/moto/pull/7252 added. No upstream issue on the rest was found as of
November 2026. Buckets in names of hosts are a feature of moto's, switched off here: nobody resolves them.
"""

from collections.abc import Callable
from typing import Any

import moto.settings
from moto.cloudformation.exceptions import ValidationError
from moto.core.responses import ActionResult
from moto.s3.models import FakeBucket, s3_backends
from moto.s3.responses import S3Response
from moto.utilities.utils import get_partition

from local.cloud.moto_patches.cloudformation import after_create_and_update


def install() -> None:
    """Apply the properties that the pipeline depends on, and refuse to delete a bucket that isn't empty."""
    update = FakeBucket.update_from_cloudformation_json.__func__

    def update_but_tags(cls: Any, /, *, cloudformation_json: dict[str, Any], **kwargs: Any) -> Any:
        properties = {name: value for name, value in cloudformation_json["Properties"].items() if name != "Tags"}
        return update(cls, cloudformation_json={**cloudformation_json, "Properties": properties}, **kwargs)

    FakeBucket.update_from_cloudformation_json = classmethod(update_but_tags)
    moto.settings.S3_IGNORE_SUBDOMAIN_BUCKETNAME = True  # the bucket is the path's first part, as for the gate
    after_create_and_update(FakeBucket, _apply)
    S3Response.get_bucket_notification = _notifications(S3Response.get_bucket_notification)
    delete = FakeBucket.delete_from_cloudformation_json.__func__

    def delete_if_empty(cls: Any, name: str, template: dict[str, Any], account_id: str, region_name: str) -> None:
        """Delete an empty bucket, fail otherwise: moto silently keeps it, and retries after a failure."""
        if s3_backends[account_id][get_partition(region_name)].get_bucket(name).keys:
            raise ValidationError(message=f"The bucket {name} isn't empty.")
        delete(cls, name, template, account_id, region_name)

    FakeBucket.delete_from_cloudformation_json = classmethod(delete_if_empty)


def _notifications(answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Add the EventBridge switch to moto's answer."""

    def answer_with_switch(self: Any) -> Any:
        configuration = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if configuration is None or configuration.event_bridge is None:
            return answer(self)
        serialized = self.serialized

        def serialized_with_switch(result: ActionResult) -> Any:
            return serialized(ActionResult({**result.result, "EventBridgeConfiguration": {}}))

        self.serialized = serialized_with_switch  # of this one request
        return answer(self)

    return answer_with_switch


def _apply(bucket: Any, properties: dict[str, Any]) -> None:
    bucket.object_lock_enabled = bool(properties.get("ObjectLockEnabled"))
    rule = properties.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention", {})
    bucket.default_lock_mode = rule.get("Mode", "")
    bucket.default_lock_days, bucket.default_lock_years = int(rule.get("Days", 0)), int(rule.get("Years", 0))
    bucket.versioning_status = properties.get("VersioningConfiguration", {}).get("Status")
    to_events = properties.get("NotificationConfiguration", {}).get("EventBridgeConfiguration")
    # S3's own API reports enabled events as an empty element
    bucket.set_notification_configuration({"EventBridgeConfiguration": {}} if to_events else None)
    tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
    s3_backends[bucket.account_id][get_partition(bucket.region_name)].put_bucket_tagging(bucket.name, tags)
