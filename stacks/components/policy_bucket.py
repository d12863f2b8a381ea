"""Bucket for packs and routes that override the shipped ones."""

from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.bucket_denials import DELETIONS, WRITES, deny
from stacks.components.grantee import Grantee
from stacks.components.private_bucket import PrivateBucket

_PACKS = "packs/*"
_ROUTES = "routes.yaml"
_CANARY = "canary.json"
_PEOPLE = "people.json"
_HISTORY = "history/*"
_LOG = "history/log/*"
# A user id ends in the session's name: nobody signs for somebody else.
_OWN_HISTORY = ("history/log/${aws:userid}/*", "history/approvals/*/${aws:userid}.json")


class PolicyBucket(PrivateBucket):
    """Versioned bucket that only one role may write to, because packs decide verdicts."""

    def __init__(self, scope: Construct, construct_id: str, *, protected: bool, access_logs: s3.IBucket) -> None:
        super().__init__(scope, construct_id, protected=protected, access_logs=access_logs, versioned=True)

    def allow_read(self, grantee: Grantee) -> None:
        """Allow `grantee` to read packs and routes, and to get a 404 for missing ones, where the shipped ones apply."""
        self.allow_objects(grantee, "s3:GetObject", _PACKS, _ROUTES)
        self.allow_list(grantee)

    def allow_read_canary(self, grantee: Grantee) -> None:
        """Allow `grantee` to read the canary; with the right to list, a missing one is a 404."""
        self.allow_objects(grantee, "s3:GetObject", _CANARY)

    def allow_edit(self, grantee: Grantee, *, remove: bool) -> None:
        """Allow `grantee` to publish packs, routes and the canary, to restore earlier ones, to log it and to sign it.

        With `remove` it may delete packs and routes, so that shipped ones apply: that has no digest to sign. Versions
        are kept: deleting a file adds a delete marker.
        """
        self.allow_read(grantee)
        self.allow_objects(grantee, "s3:PutObject", _PACKS, _ROUTES, _CANARY)
        self.allow_objects(grantee, "s3:PutObject", *_OWN_HISTORY)
        self.allow_objects(grantee, "s3:GetObject", _HISTORY)
        self.allow_objects(grantee, "s3:DeleteObject", *((_PACKS, _ROUTES) if remove else ()), _CANARY)
        self.allow_objects(grantee, "s3:GetObjectVersion", _PACKS, _ROUTES)
        grantee.allow(("s3:ListBucketVersions",), self.bucket_arn)

    def allow_read_people(self, grantee: Grantee) -> None:
        """Allow `grantee` to read who has which rights; with the right to list, a missing list is a 404."""
        self.allow_objects(grantee, "s3:GetObject", _PEOPLE)

    def allow_read_log(self, grantee: Grantee) -> None:
        """Allow `grantee` to list the versions of all files, and to read what editors wrote about them."""
        self.allow_objects(grantee, "s3:GetObject", _LOG)
        self.allow_list(grantee)
        grantee.allow(("s3:ListBucketVersions",), self.bucket_arn)

    def allow_administer(self, grantee: Grantee) -> None:
        """Allow `grantee` to say who has which rights."""
        self.allow_read_people(grantee)
        self.allow_list(grantee)
        self.allow_objects(grantee, "s3:PutObject", _PEOPLE)

    def restrict_changes(self, editor: Grantee, administrator: Grantee) -> None:
        """Deny changes to all but `editor`, of people to all but `administrator`, and of the history to everybody."""
        changes, emptiers = (*WRITES, *DELETIONS), self.auto_delete_roles
        writers = [editor.role.role_arn, administrator.role.role_arn]
        deny(self, "Packs", changes, "*", except_for=[*writers, *emptiers])
        deny(self, "People", changes, _PEOPLE, except_for=[administrator.role.role_arn, *emptiers])
        unconditional = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
        deny(self, "WrittenOnce", ["s3:PutObject"], _HISTORY, when=unconditional)
        deny(self, "KeptForGood", DELETIONS, _HISTORY, except_for=self.auto_delete_roles)
