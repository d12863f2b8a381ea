"""Intake bucket for uploads."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.acknowledge import acknowledge_wildcard
from stacks.components import intake_policy, lifecycles
from stacks.components.grantee import THROUGH_S3, Grantee
from stacks.components.private_bucket import PrivateBucket
from stacks.settings import DeploymentSettings


class Intake(Construct):
    """Versioned bucket whose new objects start the workflow: created by the stack, or an existing one.

    The owner of an existing bucket must enable its EventBridge notifications: the stack doesn't modify buckets that it
    doesn't own.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: DeploymentSettings, access_logs: s3.IBucket
    ) -> None:
        super().__init__(scope, construct_id)
        self.prefix = settings.intake.prefix
        self._key_arn = settings.intake.key_arn
        self.bucket: s3.IBucket
        if settings.intake.bucket_name:
            self.bucket = s3.Bucket.from_bucket_name(self, "Images", settings.intake.bucket_name)
        else:
            self.bucket = PrivateBucket(
                self,
                "Images",
                protected=settings.protected,
                access_logs=access_logs,
                versioned=True,
                lifecycle_rules=lifecycles.of_images(settings.retention, self.prefix),
            )
            _notify_event_bridge(self.bucket)

    def event_detail(self, *, versioned: bool) -> dict[str, Any]:
        """Event pattern for the detail of "Object Created" events: every object with or without a version id.

        Folder markers (empty, with a trailing slash) are excluded. With a prefix they aren't: EventBridge can't combine
        two conditions on one field, and excluding all empty objects would leave some without a record.
        """
        name = [self.bucket.bucket_name]
        version = {"version-id": [{"exists": versioned}]}
        if self.prefix:
            return {"bucket": {"name": name}, "object": {"key": [{"prefix": self.prefix}], **version}}
        return {
            "bucket": {"name": name},
            "$or": [
                {"object": {"size": [{"numeric": [">", 0]}], **version}},
                {"object": {"key": [{"anything-but": {"suffix": "/"}}], **version}},
            ],
        }

    def allow_read(self, grantee: Grantee) -> None:
        """Allow `grantee` to read object versions, and to get a 404 rather than a 403 for missing ones."""
        self._allow(grantee, "s3:GetObjectVersion")
        self._allow_decrypt(grantee)
        self._allow_list(grantee)

    def allow_view(self, grantee: Grantee) -> None:
        """Allow `grantee` to read objects and their versions, and to get a 404 rather than a 403 for missing ones."""
        self._allow(grantee, "s3:GetObject")
        self.allow_read(grantee)

    def allow_tag(self, grantee: Grantee) -> None:
        """Allow `grantee` to read and write tags of object versions, with a 404 rather than a 403 for missing ones."""
        # With a version id S3 "also" requires the second permission (Amazon S3 API Reference, PutObjectTagging).
        for verb in ("Get", "Put"):
            self._allow(grantee, f"s3:{verb}ObjectTagging", f"s3:{verb}ObjectVersionTagging")
        self._allow_list(grantee)

    def allow_erase(self, grantee: Grantee) -> None:
        """Allow `grantee` to list object versions and delete markers, and to delete them permanently."""
        self._allow(grantee, "s3:DeleteObjectVersion")
        grantee.allow(("s3:ListBucketVersions",), self.bucket.bucket_arn)

    def allow_examine(self, grantee: Grantee, *readers: Grantee) -> None:
        """Allow `grantee` to read the bucket's configuration, and to check whether `readers` may use its KMS key."""
        settings = ("GetBucketVersioning", "GetBucketNotification", "GetBucketPolicy", "GetEncryptionConfiguration")
        grantee.allow([f"s3:{action}" for action in (*settings, "ListBucket")], self.bucket.bucket_arn)
        if self._key_arn:
            grantee.allow(("kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants"), self._key_arn)
            grantee.allow(("iam:SimulatePrincipalPolicy",), *(reader.role.role_arn for reader in readers))

    def protect_tag(self, taggers: Sequence[Grantee]) -> None:
        """Deny tagging to all but `taggers`. No effect on an existing bucket, whose policy belongs to its owner."""
        intake_policy.protect_tag(self.bucket, f"{self.prefix}*", [tagger.role.role_arn for tagger in taggers])

    def quarantine(self, keeper: Grantee) -> None:
        """Deny reading what is escalated to all but `keeper`, in a bucket of the stack."""
        intake_policy.quarantine(self.bucket, f"{self.prefix}*", keeper.role.role_arn)

    def hold_until_cleared(self, readers: Sequence[Grantee]) -> None:
        """Deny reads of objects that aren't tagged safe to all but `readers`, in a bucket of the stack."""
        intake_policy.hold_until_cleared(self.bucket, f"{self.prefix}*", [reader.role.role_arn for reader in readers])

    def _allow(self, grantee: Grantee, *actions: str) -> None:
        objects = self.bucket.arn_for_objects(f"{self.prefix}*")
        grantee.allow(actions, objects)
        acknowledge_wildcard(grantee.role, objects, "The keys of uploaded objects aren't known in advance")

    def allow_list(self, grantee: Grantee) -> None:
        """Allow `grantee` to list the objects under the prefix."""
        when = {"StringLike": {"s3:prefix": [f"{self.prefix}*"]}} if self.prefix else None
        grantee.allow(("s3:ListBucket",), self.bucket.bucket_arn, when=when)

    def allow_list_versions(self, grantee: Grantee) -> None:
        """Allow `grantee` to list the bucket's object versions."""
        grantee.allow(("s3:ListBucketVersions",), self.bucket.bucket_arn)

    def _allow_list(self, grantee: Grantee) -> None:
        grantee.allow(("s3:ListBucket", "s3:ListBucketVersions"), self.bucket.bucket_arn)

    def _allow_decrypt(self, grantee: Grantee) -> None:
        """Allow `grantee` to decrypt with an existing bucket's key, which only reads require."""
        if self._key_arn:
            grantee.allow(("kms:Decrypt",), self._key_arn, when=THROUGH_S3)


def _notify_event_bridge(bucket: s3.IBucket) -> None:
    """Enable EventBridge without `event_bridge_enabled=True`, which adds a custom resource and a Lambda function."""
    resource = bucket.node.default_child
    assert isinstance(resource, s3.CfnBucket)  # noqa: S101 - true of every bucket of this app
    resource.add_property_override("NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", True)
