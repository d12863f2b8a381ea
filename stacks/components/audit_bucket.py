"""Bucket of the audit log."""

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.bucket_denials import DELETIONS, WRITES, deny
from stacks.components.grantee import Grantee
from stacks.components.private_bucket import PrivateBucket

# `moderation.domain.audit` names the files.
_ENTRIES = "entries/*"
_SEALS = "seals/*"
_CHECKS = "checks/*"
_KEPT = Duration.days(5 * 365)


class AuditBucket(PrivateBucket):
    """Bucket to which objects can only be added, under Object Lock.

    In `prod` nobody can delete a version or shorten its retention, the account's root user included (compliance mode).
    In `dev` the lock has no retention of its own, so that the stack can be destroyed; the bucket policy alone protects.
    """

    def __init__(self, scope: Construct, construct_id: str, *, protected: bool, access_logs: s3.IBucket) -> None:
        super().__init__(
            scope,
            construct_id,
            protected=protected,
            access_logs=access_logs,
            versioned=True,
            object_lock=True,
            retention=s3.ObjectLockRetention.compliance(_KEPT) if protected else None,
        )
        unconditional = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
        deny(self, "WrittenOnce", ["s3:PutObject"], "*", when=unconditional)
        deny(self, "KeptForGood", DELETIONS, "*", except_for=self.auto_delete_roles)
        deny(self, "Unreplicated", ["s3:ReplicateObject"], "*")

    def allow_append(self, grantee: Grantee) -> None:
        """Allow `grantee` to add entries, and nothing else."""
        self.allow_objects(grantee, "s3:PutObject", _ENTRIES)

    def allow_read(self, grantee: Grantee) -> None:
        """Allow `grantee` to list and read entries, seals and the results of checks."""
        self.allow_browse(grantee)
        self.allow_objects(grantee, "s3:GetObject", _SEALS)

    def allow_browse(self, grantee: Grantee) -> None:
        """Allow `grantee` to list and read entries and the results of checks, and to see what was put over them."""
        self.allow_objects(grantee, "s3:GetObject", _ENTRIES, _CHECKS)
        self.allow_list(grantee)
        grantee.allow(("s3:ListBucketVersions",), self.bucket_arn)

    def allow_seal(self, grantee: Grantee) -> None:
        """Allow `grantee`, and nobody else, to seal the days that it has read, and to say what it found."""
        self.allow_read(grantee)
        self.allow_objects(grantee, "s3:PutObject", _SEALS, _CHECKS)
        deny(self, "Seals", WRITES, _SEALS, except_for=[grantee.role.role_arn])
        deny(self, "Checks", WRITES, _CHECKS, except_for=[grantee.role.role_arn])
