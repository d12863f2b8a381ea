"""Names by which a browser knows items: opaque to it, and made by the deployment alone."""

import base64
import hashlib
import hmac
import json

from moderation.domain.image_ref import ImageRef

_PURPOSE = b"item name\0"
_MAC_BYTES = 16


def item_name(secret: bytes, image: ImageRef) -> str:
    """Return the name of an image: its key and version, signed."""
    said = json.dumps([image.key, image.version], ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_signature(secret, image.bucket, said) + said).decode().rstrip("=")


def image_named(secret: bytes, bucket: str, name: str) -> ImageRef | None:
    """Return the image of a name; None for one that this deployment didn't make for this bucket."""
    try:
        signed = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4))
    except ValueError:
        return None
    signature, said = signed[:_MAC_BYTES], signed[_MAC_BYTES:]
    if not hmac.compare_digest(signature, _signature(secret, bucket, said)):
        return None
    key, version = json.loads(said)
    return ImageRef(bucket, key, version)


def _signature(secret: bytes, bucket: str, said: bytes) -> bytes:
    whole = b"\0".join((_PURPOSE, bucket.encode(), said))
    return hmac.new(secret, whole, hashlib.sha256).digest()[:_MAC_BYTES]
