"""What the handlers need of the outside world. `adapters/` fulfils it on AWS, `tests/support/fakes.py` in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from moderation.domain.image_ref import ImageRef
from moderation.domain.policy import Pack


@dataclass(frozen=True)
class StoredImage:
    """An object version as it was uploaded; `reference` is its `x-amz-meta-reference`."""

    data: bytes
    content_type: str
    reference: str | None


@dataclass(frozen=True)
class Policies:
    """The packs that apply to an image: one decides, the others only look on."""

    enforce: Pack
    shadow: tuple[Pack, ...]


@dataclass(frozen=True)
class ScoredText:
    """A model's answer with P(yes) on the view and on a blank image, None where the endpoint gives none."""

    text: str
    p_yes: float | None = None
    p_blank: float | None = None


@dataclass(frozen=True)
class VisionReply:
    """Answers in the order of the prompts, the caption if one was asked for, and which model spoke."""

    model: str
    answers: tuple[ScoredText, ...]
    caption: str | None


@dataclass(frozen=True)
class Turn:
    """One turn of a conversation with the judge; `role` is `user` or `assistant`."""

    role: str
    content: str


class ImageStore(Protocol):
    """The intake bucket."""

    def fetch(self, image: ImageRef) -> StoredImage:
        """The object version. Raises ImageUnavailable, ImageTooLarge, StoreUnavailable, Misconfigured."""
        ...

    def tag(self, image: ImageRef, verdict: str) -> str:
        """Set the tag `moderation`, keeping the others; says how it went: `tagged`, `gone` or `full`.

        Raises StoreUnavailable, Misconfigured.
        """
        ...


class WorkStore(Protocol):
    """The work bucket: what passes between the steps, and the provenance that outlives them."""

    def put_json(self, key: str, value: Mapping[str, Any]) -> None:
        """Raises StoreUnavailable, Misconfigured."""
        ...

    def get_json(self, key: str) -> dict[str, Any]:
        """Raises StoreUnavailable, and Misconfigured where the file isn't there."""
        ...

    def put_bytes(self, key: str, value: bytes) -> None:
        """Raises StoreUnavailable, Misconfigured."""
        ...

    def get_bytes(self, key: str) -> bytes:
        """Raises StoreUnavailable, and Misconfigured where the file isn't there."""
        ...

    def keep(self, key: str, value: Mapping[str, Any]) -> None:
        """Write once: what already lies under the key stays. Raises StoreUnavailable, Misconfigured."""
        ...


class PolicyStore(Protocol):
    """The policy bucket over the shipped packs."""

    def for_key(self, key: str) -> Policies:
        """The packs for an object key. Raises InvalidPolicy, StoreUnavailable, Misconfigured."""
        ...


class VisionModel(Protocol):
    """BLIP-2."""

    def ask(self, png: bytes, prompts: Sequence[str], caption: bool) -> VisionReply:
        """Raises EndpointNotFound, EndpointThrottled, EndpointUnavailable, EndpointTimeout, NoCapacity, GarbledAnswer,
        EndpointRejected, Misconfigured."""
        ...


class JudgeModel(Protocol):
    """Llama 2."""

    @property
    def name(self) -> str:
        """Which model judges, for the record."""
        ...

    def complete(self, turns: Sequence[Turn], schema: Mapping[str, Any], within_s: float | None = None) -> str:
        """The model's next turn, greedy; `schema` is the JSON schema of a good answer, for endpoints that take one.

        `within_s` is how long the answer is waited for, None as long as an endpoint may take. Raises what
        `VisionModel.ask` raises.
        """
        ...


class VerdictStore(Protocol):
    """The table of verdicts."""

    def record(self, image: ImageRef, execution: str, attributes: Mapping[str, Any]) -> bool:
        """Write the verdict of the execution that owns the image; False where another verdict stands.

        Writing the same verdict again is True. Raises StoreUnavailable, Misconfigured.
        """
        ...

    def get(self, image: ImageRef) -> dict[str, Any] | None:
        """The whole record, strongly consistent. Raises StoreUnavailable, Misconfigured."""
        ...

    def find_alike(self, bucket: str, sha256: str, made_by: str) -> dict[str, Any] | None:
        """The newest record of the same bytes in a bucket that may be taken over (`record.is_reusable`), or None.

        Raises StoreUnavailable, Misconfigured.
        """
        ...

    def mark_notified(self, image: ImageRef, notified: bool) -> None:
        """Raises StoreUnavailable, Misconfigured."""
        ...

    def undecided(self, before: str) -> Iterable[dict[str, Any]]:
        """Records claimed before an ISO-8601 moment (within two days of it) that have no verdict yet.

        Read as they are taken: a long outage may leave one for each upload. Raises StoreUnavailable, Misconfigured.
        """
        ...


class Publisher(Protocol):
    """SNS."""

    def publish(self, verdict: str, message: Mapping[str, Any], attributes: Mapping[str, str]) -> None:
        """Publish to the topic of the verdict. Raises NotificationUnavailable, Misconfigured."""
        ...


class Executions(Protocol):
    """The workflow's executions."""

    def status(self, execution: str) -> str | None:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED or PENDING_REDRIVE; None for one that isn't known (any more).

        Express executions, which end after five minutes, are never known.

        Raises StoreUnavailable, Misconfigured.
        """
        ...
