"""Where packs and routes lie that stand over the shipped ones."""

from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.grantee import Grantee
from stacks.components.private_bucket import PrivateBucket
from stacks.components.refusals import DELETIONS, WRITES, refuse

_PACKS = "packs/*"
_ROUTES = "routes.yaml"


class PolicyBucket(PrivateBucket):
    """Versioned. A pack decides every verdict, so that one role alone writes here."""

    def __init__(self, scope: Construct, construct_id: str, *, protected: bool, access_logs: s3.IBucket) -> None:
        super().__init__(scope, construct_id, protected=protected, access_logs=access_logs, versioned=True)

    def allow_read(self, grantee: Grantee) -> None:
        """Let `grantee` read what is in force; what isn't there is a 404 to it, and the shipped pack holds."""
        self.allow_objects(grantee, "s3:GetObject", _PACKS, _ROUTES)
        self.allow_list(grantee)

    def allow_edit(self, grantee: Grantee) -> None:
        """Let `grantee` put packs and routes into force, go back to earlier versions of packs, or to shipped ones.

        Versions stay: to delete a pack or the routes hides them.
        """
        self.allow_read(grantee)
        self.allow_objects(grantee, "s3:PutObject", _PACKS, _ROUTES)
        self.allow_objects(grantee, "s3:DeleteObject", _PACKS, _ROUTES)
        self.allow_objects(grantee, "s3:GetObjectVersion", _PACKS)
        grantee.allow(("s3:ListBucketVersions",), self.bucket_arn)

    def guard(self, editor: Grantee) -> None:
        """Refuse changes to all but `editor`."""
        changes = (*WRITES, *DELETIONS)
        refuse(self, "Packs", changes, "*", but=[editor.role.role_arn, *self.emptiers])
