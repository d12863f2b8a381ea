"""Where images arrive."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.acknowledge import acknowledge_wildcard
from stacks.components import intake_policy, lifecycles
from stacks.components.grantee import THROUGH_S3, Grantee
from stacks.components.private_bucket import PrivateBucket
from stacks.settings import Settings


class Intake(Construct):
    """The versioned bucket whose new objects start the workflow: ours, or an existing one.

    An existing bucket's EventBridge notifications must be turned on by its owner: this stack changes nothing about
    a bucket that isn't its own.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, access_logs: s3.IBucket) -> None:
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

    @property
    def event_detail(self) -> dict[str, Any]:
        """The detail of the "Object Created" events that start the workflow: every object, whatever its name.

        Folder markers (empty, named with a trailing slash) are left out. With a prefix they are not: EventBridge
        can't put two conditions on one field, and to drop all empty objects would leave some without a record.
        """
        name = [self.bucket.bucket_name]
        if self.prefix:
            return {"bucket": {"name": name}, "object": {"key": [{"prefix": self.prefix}]}}
        return {
            "bucket": {"name": name},
            "$or": [
                {"object": {"size": [{"numeric": [">", 0]}]}},
                {"object": {"key": [{"anything-but": {"suffix": "/"}}]}},
            ],
        }

    def allow_read(self, grantee: Grantee) -> None:
        """Let `grantee` read object versions; to it a missing one is a 404, not a 403."""
        self._allow(grantee, "s3:GetObjectVersion")
        self._allow_list(grantee)
        self._allow_decrypt(grantee)

    def allow_look(self, grantee: Grantee) -> None:
        """Let `grantee` read objects and their versions; to it a missing one is a 404, not a 403."""
        self._allow(grantee, "s3:GetObject")
        self.allow_read(grantee)

    def allow_tag(self, grantee: Grantee) -> None:
        """Let `grantee` read and write the tags of object versions; to it a missing one is a 404, not a 403."""
        # To name a version takes the second permission "also" (Amazon S3 API Reference, PutObjectTagging).
        for verb in ("Get", "Put"):
            self._allow(grantee, f"s3:{verb}ObjectTagging", f"s3:{verb}ObjectVersionTagging")
        self._allow_list(grantee)

    def allow_erase(self, grantee: Grantee) -> None:
        """Let `grantee` find object versions and delete markers, and delete them for good."""
        self._allow(grantee, "s3:DeleteObjectVersion")
        grantee.allow(("s3:ListBucketVersions",), self.bucket.bucket_arn)

    def allow_examine(self, grantee: Grantee, reader: Grantee) -> None:
        """Let `grantee` see how the bucket is set up, and whether `reader` may use an existing bucket's own key."""
        settings = ("GetBucketVersioning", "GetBucketNotification", "GetBucketPolicy", "GetEncryptionConfiguration")
        grantee.allow([f"s3:{action}" for action in (*settings, "ListBucket")], self.bucket.bucket_arn)
        if self._key_arn:
            grantee.allow(("kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants"), self._key_arn)
            grantee.allow(("iam:SimulatePrincipalPolicy",), reader.role.role_arn)

    def protect_tag(self, taggers: Sequence[Grantee]) -> None:
        """Refuse tags and tagging to all but `taggers`; of an existing bucket the policy is its owner's to write."""
        intake_policy.protect_tag(self.bucket, f"{self.prefix}*", [tagger.role.role_arn for tagger in taggers])

    def hold_until_cleared(self, readers: Sequence[Grantee]) -> None:
        """Refuse reads of what isn't tagged safe to all but `readers`; in a bucket of our own."""
        intake_policy.hold_until_cleared(self.bucket, f"{self.prefix}*", [reader.role.role_arn for reader in readers])

    def _allow(self, grantee: Grantee, *actions: str) -> None:
        objects = self.bucket.arn_for_objects(f"{self.prefix}*")
        grantee.allow(actions, objects)
        acknowledge_wildcard(grantee.role, objects, "The names of uploaded objects aren't known beforehand")

    def _allow_list(self, grantee: Grantee) -> None:
        grantee.allow(("s3:ListBucket", "s3:ListBucketVersions"), self.bucket.bucket_arn)

    def _allow_decrypt(self, grantee: Grantee) -> None:
        """What a read takes of the existing bucket's own key; tagging, listing and deleting take nothing of it."""
        if self._key_arn:
            grantee.allow(("kms:Decrypt",), self._key_arn, when=THROUGH_S3)


def _notify_event_bridge(bucket: s3.IBucket) -> None:
    """`event_bridge_enabled=True` would bring a custom resource and its Lambda for this one property."""
    resource = bucket.node.default_child
    assert isinstance(resource, s3.CfnBucket)  # noqa: S101 - what every bucket of this app is made of
    resource.add_property_override("NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", True)
