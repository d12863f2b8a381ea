"""Packs and routes in the policy bucket, which override the packs that ship with the code."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from moderation.adapters.faults import code_of, store_faults
from moderation.adapters.yaml_files import load_stored_yaml, load_yaml
from moderation.domain.policy import DEFAULT_ROUTES, Pack, Routes, parse_pack, read_pack, read_routes, routes_digest
from moderation.domain.policy_history import APPROVALS, is_approved
from moderation.errors import InvalidPolicy, ModerationError
from moderation.ports import Policies

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SHIPPED = Path(__file__).parents[1] / "packs"
ROUTES_KEY = "routes.yaml"
_FRESH_FOR = 5.0  # seconds: an edited pack soon takes effect, and a busy worker rarely reads it


def pack_key(name: str) -> str:
    """Key of a pack in the policy bucket."""
    return f"packs/{name}.yaml"


def shipped_text(name: str) -> bytes | None:
    """Return the file of the shipped pack of that name, or None."""
    path = SHIPPED / f"{name}.yaml"
    return path.read_bytes() if path.is_file() else None


def shipped_pack(name: str) -> Pack | None:
    """Return the shipped pack of that name, or None."""
    text = shipped_text(name)
    return None if text is None else parse_pack(load_yaml(text, f"{name}.yaml"))


def shipped_pack_names() -> list[str]:
    """The names of the packs that ship with the code."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


class S3PolicyStore:
    """Implements `ports.PolicyStore`; caches packs and routes for five seconds.

    With `approval`, a file of the bucket counts only if two editors signed its digest.
    """

    def __init__(
        self, client: "S3Client", bucket: str, clock: Callable[[], float] = time.monotonic, *, approval: bool = False
    ) -> None:
        self._client, self._bucket, self._clock, self._approval = client, bucket, clock, approval
        self._approved: set[str] = set()  # signatures are never withdrawn
        self._packs: dict[str, tuple[float, Pack]] = {}
        self._routes: tuple[float, Routes] | None = None

    def for_key(self, key: str) -> Policies:
        route = self.routes().for_key(key)
        decider = route.decider(key)
        enforce, shadow = self.pack(decider), []
        broken = {ROUTES_KEY: route.shadow_fault} if route.shadow_fault else {}
        for name in (name for name in route.shadow if name != decider):
            try:
                shadow.append(self.pack(name))
            except ModerationError as error:
                broken[name] = str(error)
        return Policies(enforce, tuple(shadow), broken, route.prefix)

    def pack(self, name: str) -> Pack:
        """Return the pack in force under a name: the bucket's, or else the shipped one. Raises like `for_key`."""
        if name in self._packs and self._is_fresh(self._packs[name][0]):
            return self._packs[name][1]
        pack = self._read_pack(name)
        self._packs[name] = (self._clock(), pack)
        return pack

    def _read_pack(self, name: str) -> Pack:
        text = self._read(pack_key(name))
        pack = shipped_pack(name) if text is None else self._parse(name, text)
        if pack is None:
            raise InvalidPolicy(
                f"No pack is named {name!r}: put {pack_key(name)} into the policy bucket or fix {ROUTES_KEY}."
            )
        return pack

    def _parse(self, name: str, text: bytes) -> Pack:
        try:
            pack = read_pack(load_stored_yaml(text, pack_key(name)))
        except InvalidPolicy as error:
            raise InvalidPolicy(f"{pack_key(name)} in the policy bucket can't be used. {error}") from error
        if pack.name != name:
            raise InvalidPolicy(f"{pack_key(name)} calls itself {pack.name!r}: its name must be {name!r}.")
        self._require_approval(pack.digest, pack_key(name))
        return pack

    def routes(self) -> Routes:
        """Return the routes in force: the bucket's, or else the shipped ones. Raises like `for_key`."""
        if self._routes is None or not self._is_fresh(self._routes[0]):
            text = self._read(ROUTES_KEY)
            routes = DEFAULT_ROUTES if text is None else read_routes(load_stored_yaml(text, ROUTES_KEY))
            if text is not None:
                self._require_approval(routes_digest(routes), ROUTES_KEY)
            self._routes = (self._clock(), routes)
        return self._routes[1]

    def signatures(self, digest: str = "") -> list[str]:
        """Return the keys of the signatures of digests that start so. Raises like `for_key`."""
        with store_faults(f"Policy bucket {self._bucket}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"{APPROVALS}{digest}"
            )
            return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def _require_approval(self, digest: str, key: str) -> None:
        if not self._approval or digest in self._approved:
            return
        if not is_approved(digest, self.signatures(digest)):
            raise InvalidPolicy(
                f"{key} in the policy bucket isn't approved by two editors: `moderate policy approve {digest[:12]}`."
            )
        self._approved.add(digest)

    def _read(self, key: str) -> bytes | None:
        with store_faults(f"Policy bucket {self._bucket}"):
            try:
                return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except ClientError as error:
                if code_of(error) in ("NoSuchKey", "404"):
                    return None
                raise

    def _is_fresh(self, since: float) -> bool:
        return self._clock() - since < _FRESH_FOR
