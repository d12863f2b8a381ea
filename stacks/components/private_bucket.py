"""Buckets that only their account can reach, encrypted, over TLS."""

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.acknowledge import acknowledge_wildcard
from stacks.components.auto_delete import part_of_provider
from stacks.components.grantee import Grantee


class PrivateBucket(s3.Bucket):
    """Private, encrypted, TLS-only; emptied and deleted with its stack unless `protected`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        protected: bool,
        access_logs: s3.IBucket | None = None,
        versioned: bool = False,
        lifecycle_rules: Sequence[s3.LifecycleRule] = (),
    ) -> None:
        abandoned_uploads = s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(1))
        super().__init__(
            scope,
            construct_id,
            versioned=versioned,
            encryption=s3.BucketEncryption.S3_MANAGED,
            # nobody could read what is encrypted under a key that its uploader keeps
            blocked_encryption_types=[s3.BlockedEncryptionType.SSE_C],
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix=f"{construct_id.lower()}/" if access_logs else None,
            lifecycle_rules=[abandoned_uploads, *lifecycle_rules],
            removal_policy=RemovalPolicy.RETAIN if protected else RemovalPolicy.DESTROY,
            auto_delete_objects=not protected,
        )
        if protected and self.policy:
            self.policy.apply_removal_policy(RemovalPolicy.RETAIN)  # a bucket that is kept stays guarded
        self._protected = protected

    @property
    def emptiers(self) -> list[str]:
        """The ARN of the role that empties the bucket when its stack is destroyed; none of one that is kept."""
        return [] if self._protected else [part_of_provider(Stack.of(self), "Role").get_att("Arn").to_string()]

    def allow_objects(self, grantee: Grantee, action: str, *keys: str) -> None:
        """Let `grantee` do `action` on the objects under `keys`, names or patterns of names."""
        objects = [self.arn_for_objects(key) for key in keys]
        grantee.allow((action,), *objects)
        for pattern in (pattern for key, pattern in zip(keys, objects, strict=True) if "*" in key):
            acknowledge_wildcard(grantee.role, pattern, "A bucket of the pipeline's own, under names made as it runs")

    def allow_list(self, grantee: Grantee) -> None:
        """Let `grantee` list the bucket: S3 answers 404 for a missing object only to those who may, else 403."""
        grantee.allow(("s3:ListBucket",), self.bucket_arn)


class AccessLogs(PrivateBucket):
    """Where the other buckets write their access logs, for 90 days."""

    def __init__(self, scope: Construct, construct_id: str, *, protected: bool) -> None:
        expiry = s3.LifecycleRule(expiration=Duration.days(90))
        super().__init__(scope, construct_id, protected=protected, lifecycle_rules=[expiry])
