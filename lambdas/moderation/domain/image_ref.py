"""Reference to one version of one object in the intake bucket."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class ImageRef:
    """One version of one object in the intake bucket."""

    bucket: str
    key: str
    version: str

    @property
    def id(self) -> str:
        """Id of the image in logs and in the work bucket: 32 hex digits that don't reveal the key."""
        return hashlib.sha256("\0".join((self.bucket, self.key, self.version)).encode()).hexdigest()[:32]

    @property
    def pk(self) -> str:
        """Partition key of the image's record."""
        return f"{self.bucket}#{self.key}"

    @classmethod
    def from_keys(cls, pk: str, sk: str) -> "ImageRef":
        """The image whose record has these keys."""
        bucket, key = pk.split("#", 1)
        return cls(bucket, key, sk)
