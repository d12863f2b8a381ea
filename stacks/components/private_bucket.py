"""Private S3 buckets."""

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.acknowledge import acknowledge_wildcard
from stacks.components.auto_delete import provider_resource
from stacks.components.grantee import Grantee


class PrivateBucket(s3.Bucket):
    """Private, encrypted, TLS-only bucket; emptied and deleted with its stack unless `protected`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        protected: bool,
        access_logs: s3.IBucket | None = None,
        versioned: bool = False,
        object_lock: bool = False,
        retention: s3.ObjectLockRetention | None = None,
        lifecycle_rules: Sequence[s3.LifecycleRule] = (),
    ) -> None:
        abandoned_uploads = s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(1))
        super().__init__(
            scope,
            construct_id,
            versioned=versioned,
            object_lock_enabled=object_lock or None,  # absent otherwise, as in the templates of earlier releases
            object_lock_default_retention=retention,
            encryption=s3.BucketEncryption.S3_MANAGED,
            # nobody else can read an object that is encrypted with its uploader's own key
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
            self.policy.apply_removal_policy(RemovalPolicy.RETAIN)  # a retained bucket keeps its policy
        self._protected = protected

    @property
    def auto_delete_roles(self) -> list[str]:
        """ARN of the role that empties the bucket when its stack is destroyed; empty if the bucket is retained."""
        return [] if self._protected else [provider_resource(Stack.of(self), "Role").get_att("Arn").to_string()]

    def allow_objects(self, grantee: Grantee, action: str, *keys: str) -> None:
        """Allow `grantee` to do `action` on the objects under `keys`, which may contain wildcards."""
        objects = [self.arn_for_objects(key) for key in keys]
        grantee.allow((action,), *objects)
        for pattern in (pattern for key, pattern in zip(keys, objects, strict=True) if "*" in key):
            acknowledge_wildcard(grantee.role, pattern, "The pipeline's own bucket, under keys created at run time")

    def allow_list(self, grantee: Grantee) -> None:
        """Allow `grantee` to list the bucket, without which S3 answers 403 instead of 404 for missing objects."""
        grantee.allow(("s3:ListBucket",), self.bucket_arn)


class AccessLogs(PrivateBucket):
    """Bucket for the access logs of the other buckets, kept for 90 days."""

    def __init__(self, scope: Construct, construct_id: str, *, protected: bool) -> None:
        expiry = s3.LifecycleRule(expiration=Duration.days(90))
        super().__init__(scope, construct_id, protected=protected, lifecycle_rules=[expiry])
