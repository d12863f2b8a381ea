"""The log of the policy bucket: each version of its files, with what its editor wrote about it."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, cast

from moderation.adapters.faults import store_faults
from moderation.adapters.s3_people import PEOPLE_KEY
from moderation.domain.policy_history import APPROVALS, HISTORY, LOG, PICTURES, PolicyChange, log_entry, signers

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectVersionTypeDef


class S3PolicyLog:
    """Implements `ports.PolicyLog`."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def newest(self, limit: int) -> Iterator[PolicyChange]:
        with store_faults(f"Policy bucket {self._bucket}"):
            entries: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
            for key in self._keys(LOG):
                who, version = log_entry(key)
                entries[version].append((who, key))
            signed = list(self._keys(APPROVALS))
            looked = [
                PolicyChange(name.removeprefix(PICTURES), "pictures in a report", name, "")
                for name in entries
                if name.startswith(PICTURES)
            ]
            # stable: `_changed` orders what was written within a second
            ordered = sorted([*self._changed(), *looked], key=lambda change: change.at[:19], reverse=True)
            for change in ordered[:limit]:
                said = [self._annotated(change, who, key) for who, key in entries[change.version]]
                for each in said or (change,):
                    yield replace(each, signed_by=tuple(sorted(signers(each.digest, signed))))

    def _keys(self, prefix: str) -> Iterator[str]:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            yield from (found["Key"] for found in page.get("Contents", []))

    def _changed(self) -> list[PolicyChange]:
        """Return each version and each deletion of a file that is neither history nor people's rights, newest first."""
        found: list[tuple[datetime, bool, PolicyChange]] = []
        for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket):
            for kind, action in (("Versions", ""), ("DeleteMarkers", "deleted")):
                for version in cast(list["ObjectVersionTypeDef"], page.get(kind, [])):
                    if not version["Key"].startswith((HISTORY, PEOPLE_KEY)):
                        at = version["LastModified"]
                        change = PolicyChange(f"{at:%Y-%m-%dT%H:%M:%SZ}", version["Key"], version["VersionId"], action)
                        found.append((at, version["IsLatest"], change))
        # S3 lists the versions of a key newest first, which decides within a second
        return [change for _, _, change in sorted(found, key=lambda each: each[:2], reverse=True)]

    def _annotated(self, change: PolicyChange, who: str, entry: str) -> PolicyChange:
        """Return a change with what an entry says about it; an editor could have written anything."""
        text = self._client.get_object(Bucket=self._bucket, Key=entry)["Body"].read()
        try:
            said = json.loads(text)
            action, why, digest = str(said["action"]), str(said["why"]), str(said["digest"])
            accepted = str(said.get("accepted", ""))
        except (ValueError, KeyError, TypeError):
            return replace(change, who=who, action="unreadable entry")
        return replace(change, who=who, action=action, why=why, digest=digest, accepted=accepted)
