"""Keys of sticky decisions, and the chance of items, by a secret that is made once for each deployment."""

import hashlib
import hmac
import secrets

from moderation.domain.image_ref import ImageRef
from moderation.domain.policy import Pack
from moderation.domain.sticky_decision import DecisionKey, decision_key
from moderation.domain.work_files import DECISION_KEYS
from moderation.ports import WorkStore


def deployment_secret(work: WorkStore) -> bytes:
    """Return the secret of the deployment, made by whoever asks first. Raises the errors of the port."""
    made = {"schema_version": 1, "secret": secrets.token_hex(32)}
    return bytes.fromhex(work.get_or_put(DECISION_KEYS, made)["secret"])


def key_under(work: WorkStore, bucket: str, sha256: str, route: str, pack: Pack) -> DecisionKey:
    """Return the key of the decision on bytes under a route and a pack. Raises the errors of the port."""
    return decision_key(deployment_secret(work), bucket, sha256, route, pack.rules_digest)


def chance_of(work: WorkStore, image: ImageRef) -> int:
    """Return an item's own random number, which nobody can compute from its name. Raises the errors of the port."""
    said = f"chance {image.id}".encode()
    return int.from_bytes(hmac.new(deployment_secret(work), said, hashlib.sha256).digest())
