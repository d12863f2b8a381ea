"""What the vision model said of an image: plain data that every other module passes around."""

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
        """Name of the image in logs and in the work bucket: 32 hex digits that don't give the key away."""
        return hashlib.sha256("\0".join((self.bucket, self.key, self.version)).encode()).hexdigest()[:32]

    @property
    def pk(self) -> str:
        """Partition key of the image's record."""
        return f"{self.bucket}#{self.key}"


@dataclass(frozen=True)
class Answer:
    """The vision model's answer to one question about one view of the image.

    `p_yes` and `p_blank` are P(yes) in [0, 1] on the view and on a blank image; None where the endpoint
    gives no probability.
    """

    view: str
    question: str
    text: str
    p_yes: float | None = None
    p_blank: float | None = None


@dataclass(frozen=True)
class Caption:
    """The vision model's description of one view."""

    view: str
    text: str


@dataclass(frozen=True)
class Evidence:
    """Everything that was seen in an image, over all its views."""

    answers: tuple[Answer, ...]
    captions: tuple[Caption, ...] = ()
