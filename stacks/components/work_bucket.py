"""Bucket for the files of executions, for evidence and for provenance."""

from collections.abc import Sequence

from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components import lifecycles
from stacks.components.bucket_denials import DELETIONS, READS, WRITES, deny
from stacks.components.grantee import Grantee
from stacks.components.intake_policy import ESCALATED
from stacks.components.private_bucket import PrivateBucket
from stacks.settings import Retention

# `moderation.domain.work_files.Workspace` names the files of an execution, work/<image>/<execution>/…
WORK = "work/*"
MANIFEST = "work/*/manifest.json"
UPLOAD = "work/*/upload.json"
VIEWS = "work/*/views/*"
ANSWERS = "work/*/answers/*"
READING = "work/*/reading.json"
JUDGEMENT = "work/*/judgement.json"
EVIDENCE = "evidence/*"
BACKFILL = "backfill/*"
PROVENANCE = "provenance/*"
PACKS = "provenance/packs/*"
PROMPTS = "provenance/prompts/*"
ERASURES = "provenance/erasures/*"
KEYS = "provenance/keys/*"
_APPROVALS = "provenance/approvals/*"
# A user id ends in the session's name: nobody signs for somebody else.
_OWN_APPROVALS = "provenance/approvals/*/${aws:userid}.json"


class WorkBucket(PrivateBucket):
    """Bucket whose work and evidence files expire, and whose provenance files are written once and kept."""

    def __init__(
        self, scope: Construct, construct_id: str, *, protected: bool, access_logs: s3.IBucket, retention: Retention
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            protected=protected,
            access_logs=access_logs,
            lifecycle_rules=lifecycles.of_work(retention),
        )

    def allow_get(self, grantee: Grantee, *keys: str) -> None:
        """Allow `grantee` to read the objects under `keys`."""
        self.allow_objects(grantee, "s3:GetObject", *keys)

    def allow_put(self, grantee: Grantee, *keys: str) -> None:
        """Allow `grantee` to write the objects under `keys`."""
        self.allow_objects(grantee, "s3:PutObject", *keys)

    def allow_key(self, grantee: Grantee) -> None:
        """Allow `grantee` to make and read the secret of the keys of sticky decisions."""
        self.allow_put(grantee, KEYS)
        self.allow_get(grantee, KEYS)

    def allow_approve(self, grantee: Grantee) -> None:
        """Allow `grantee` to sign changes to many records in their own name, and to see who signed."""
        self.allow_put(grantee, _OWN_APPROVALS)
        grantee.allow(("s3:ListBucket",), self.bucket_arn, when={"StringLike": {"s3:prefix": [_APPROVALS]}})

    def allow_discard(self, grantee: Grantee) -> None:
        """Allow `grantee` to delete evidence that no record refers to."""
        self.allow_objects(grantee, "s3:DeleteObject", EVIDENCE)

    def allow_erase(self, grantee: Grantee) -> None:
        """Allow `grantee` to find and delete the files of an image, and to write an erasure note."""
        self.allow_objects(grantee, "s3:DeleteObject", WORK, EVIDENCE)
        self.allow_list(grantee)
        self.allow_put(grantee, ERASURES)

    def restrict_changes(
        self,
        *,
        steps: Sequence[Grantee],
        recorder: Grantee,
        keepers: Sequence[Grantee],
        eraser: Grantee,
        backfillers: Sequence[Grantee],
    ) -> None:
        """Deny changes to all but the roles that write each prefix, and changes of existing provenance to everybody.

        The roles' own policies limit them further. "Enforce conditional writes on Amazon S3 buckets", Amazon S3 User
        Guide: the parts of a multipart upload carry no condition, only its completion does.
        """
        changes = (*WRITES, *DELETIONS)
        deny(self, "Work", changes, WORK, except_for=[*_arns(*steps, eraser), *self.auto_delete_roles])
        deny(self, "Evidence", changes, EVIDENCE, except_for=[*_arns(recorder, eraser), *self.auto_delete_roles])
        deny(self, "Backfill", changes, BACKFILL, except_for=[*_arns(*backfillers), *self.auto_delete_roles])
        deny(self, "Provenance", WRITES, PROVENANCE, except_for=_arns(*keepers))
        unconditional = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
        deny(self, "KeptOnce", ["s3:PutObject"], PROVENANCE, when=unconditional)
        deny(self, "KeptForGood", DELETIONS, PROVENANCE, except_for=self.auto_delete_roles)

    def restrict_keys(self, readers: Sequence[Grantee]) -> None:
        """Deny reading the secret of the keys of sticky decisions to all but `readers`."""
        deny(self, "Keys", READS, KEYS, except_for=_arns(*readers))

    def quarantine(self, keeper: Grantee) -> None:
        """Let `keeper` find, copy and tag the files of an image, and deny what it tagged to everybody else."""
        self.allow_get(keeper, WORK, EVIDENCE)
        self.allow_list(keeper)
        self.allow_objects(keeper, "s3:GetObjectTagging", WORK, EVIDENCE)  # copies may bring tags along (CopyObject)
        self.allow_objects(keeper, "s3:PutObjectTagging", VIEWS)
        tagging = ("s3:PutObjectTagging", "s3:DeleteObjectTagging")
        deny(self, "ViewTags", tagging, WORK, except_for=_arns(keeper))
        deny(self, "Quarantined", READS, VIEWS, except_for=_arns(keeper), when=ESCALATED)

    def restrict_views(self, readers: Sequence[Grantee]) -> None:
        """Deny reading the views, small copies of the image, to all but `readers`."""
        deny(self, "Views", READS, VIEWS, except_for=_arns(*readers))


def _arns(*grantees: Grantee) -> list[str]:
    return [grantee.role.role_arn for grantee in grantees]
