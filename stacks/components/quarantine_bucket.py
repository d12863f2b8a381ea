"""Bucket of what was escalated as possibly illegal."""

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.bucket_denials import DELETIONS, READS, WRITES, deny
from stacks.components.grantee import Grantee
from stacks.components.private_bucket import PrivateBucket

# `moderation.domain.quarantine` names the files, and the tag of those that were released.
_COPIES = "cases/*"
# A user id ends in the session's name: nobody signs for somebody else.
_OWN_RELEASES = "releases/*/${aws:userid}.json"
_RELEASES = "releases/*"
_RELEASED = {"released": "true"}
_HOLDS = ("s3:PutObjectLegalHold", "s3:PutObjectRetention", "s3:BypassGovernanceRetention")
_TAGGING = ("s3:PutObjectTagging", "s3:PutObjectVersionTagging", "s3:DeleteObjectTagging")


class QuarantineBucket(PrivateBucket):
    """Bucket under Object Lock, whose copies have a legal hold, and which one role alone may read.

    Released copies have none any more, and are deleted after 30 days.
    """

    def __init__(self, scope: Construct, construct_id: str, *, protected: bool, access_logs: s3.IBucket) -> None:
        released = s3.LifecycleRule(
            prefix="cases/",
            tag_filters=_RELEASED,
            expiration=Duration.days(30),
            noncurrent_version_expiration=Duration.days(1),
        )
        super().__init__(
            scope,
            construct_id,
            protected=protected,
            access_logs=access_logs,
            versioned=True,
            object_lock=True,
            lifecycle_rules=[released],
        )

    def restrict(self, keeper: Grantee) -> None:
        """Let `keeper` copy into it, read it, and hold and release what is in it; deny it to everybody else."""
        self.allow_objects(keeper, "s3:PutObject", _COPIES, _OWN_RELEASES)
        for action in ("s3:GetObject", "s3:PutObjectLegalHold", "s3:PutObjectTagging"):
            self.allow_objects(keeper, action, _COPIES)
        self.allow_objects(keeper, "s3:PutObjectVersionTagging", _COPIES)
        self.allow_list(keeper)
        alone = [keeper.role.role_arn]
        deny(self, "Quarantine", (*READS, *WRITES, *_HOLDS, *_TAGGING), "*", except_for=alone)
        deny(self, "KeptForGood", DELETIONS, "*", except_for=self.auto_delete_roles)
        unconditional = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
        deny(self, "SignedOnce", ["s3:PutObject"], _RELEASES, when=unconditional)
