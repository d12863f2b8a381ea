"""Where the steps leave their work to each other, and what verdicts rest on is kept."""

from collections.abc import Sequence

from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components import lifecycles
from stacks.components.grantee import Grantee
from stacks.components.private_bucket import PrivateBucket
from stacks.components.refusals import DELETIONS, READS, WRITES, refuse
from stacks.settings import Retention

# `moderation.domain.manifest.Workspace` names the files of an execution, work/<image>/<execution>/…
WORK = "work/*"
MANIFEST = "work/*/manifest.json"
VIEWS = "work/*/views/*"
ANSWERS = "work/*/answers/*"
JUDGEMENT = "work/*/judgement.json"
EVIDENCE = "evidence/*"
PROVENANCE = "provenance/*"
PACKS = "provenance/packs/*"
PROMPTS = "provenance/prompts/*"
ERASURES = "provenance/erasures/*"


class WorkBucket(PrivateBucket):
    """Work and evidence go some day; provenance is written once and stays."""

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
        """Let `grantee` read the objects under `keys`."""
        self.allow_objects(grantee, "s3:GetObject", *keys)

    def allow_put(self, grantee: Grantee, *keys: str) -> None:
        """Let `grantee` write the objects under `keys`."""
        self.allow_objects(grantee, "s3:PutObject", *keys)

    def allow_erase(self, grantee: Grantee) -> None:
        """Let `grantee` find and delete what was left of an image, and keep a note of it."""
        self.allow_objects(grantee, "s3:DeleteObject", WORK, EVIDENCE)
        self.allow_list(grantee)
        self.allow_put(grantee, ERASURES)

    def guard(
        self, *, steps: Sequence[Grantee], recorder: Grantee, keepers: Sequence[Grantee], eraser: Grantee
    ) -> None:
        """Refuse changes to all but those whose work it is; and provenance, once written, to everybody.

        Among themselves the roles are bounded by their own policies. "Enforce conditional writes on Amazon S3
        buckets", Amazon S3 User Guide: the parts of a multipart upload carry no condition, only its completion does.
        """
        changes = (*WRITES, *DELETIONS)
        refuse(self, "Work", changes, WORK, but=[*_arns(*steps, eraser), *self.emptiers])
        refuse(self, "Evidence", changes, EVIDENCE, but=[*_arns(recorder, eraser), *self.emptiers])
        refuse(self, "Provenance", WRITES, PROVENANCE, but=_arns(*keepers))
        unconditional = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
        refuse(self, "KeptOnce", ["s3:PutObject"], PROVENANCE, when=unconditional)
        refuse(self, "KeptForGood", DELETIONS, PROVENANCE, but=self.emptiers)

    def hold_views(self, readers: Sequence[Grantee]) -> None:
        """Refuse the views, small copies of the image, to all but `readers`."""
        refuse(self, "Views", READS, VIEWS, but=_arns(*readers))


def _arns(*grantees: Grantee) -> list[str]:
    return [grantee.role.role_arn for grantee in grantees]
