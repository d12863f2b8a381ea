"""The ports in memory. Those that stand for a store run the same suite as the adapters."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from moderation.domain.image_ref import ImageRef
from moderation.domain.record import is_reusable
from moderation.errors import ImageUnavailable, Misconfigured, NotificationUnavailable
from moderation.ports import Policies, StoredImage, Turn, VisionReply


class FakeImages:
    """Object versions, and how each was tagged."""

    def __init__(self) -> None:
        self.objects: dict[ImageRef, StoredImage] = {}
        self.tags: dict[ImageRef, str] = {}

    def fetch(self, image: ImageRef) -> StoredImage:
        if image not in self.objects:
            raise ImageUnavailable("The object can't be read: it was deleted.")
        return self.objects[image]

    def tag(self, image: ImageRef, verdict: str) -> str:
        if image not in self.objects:
            return "gone"
        self.tags[image] = verdict
        return "tagged"


class FakeWork:
    """A bucket; JSON goes through text, as it does on S3."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def put_json(self, key: str, value: Mapping[str, Any]) -> None:
        self.files[key] = json.dumps(value).encode()

    def get_json(self, key: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.get_bytes(key))
        return loaded

    def put_bytes(self, key: str, value: bytes) -> None:
        self.files[key] = value

    def get_bytes(self, key: str) -> bytes:
        if key not in self.files:
            raise Misconfigured("Work bucket work refused the call (NoSuchKey).")
        return self.files[key]

    def keep(self, key: str, value: Mapping[str, Any]) -> None:
        self.files.setdefault(key, json.dumps(value).encode())


class FakePolicies:
    """The same packs for every key."""

    def __init__(self, policies: Policies) -> None:
        self.policies = policies

    def for_key(self, key: str) -> Policies:
        return self.policies


class FakeVision:
    """Gives the replies prepared for it, in order, and notes what it was asked."""

    def __init__(self, *replies: VisionReply) -> None:
        self.replies = list(replies)
        self.asked: list[tuple[bytes, tuple[str, ...], bool]] = []

    def ask(self, png: bytes, prompts: Sequence[str], caption: bool) -> VisionReply:
        self.asked.append((png, tuple(prompts), caption))
        return self.replies.pop(0)


class FakeJudge:
    """Says the texts prepared for it, in order, and notes the turns it was given and how long it was waited for."""

    name = "fake-judge"

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.heard: list[tuple[Turn, ...]] = []
        self.patience: list[float | None] = []

    def complete(self, turns: Sequence[Turn], schema: Mapping[str, Any], within_s: float | None = None) -> str:
        self.heard.append(tuple(turns))
        self.patience.append(within_s)
        return self.texts.pop(0)


class FakeVerdicts:
    """The table."""

    def __init__(self) -> None:
        self.records: dict[ImageRef, dict[str, Any]] = {}

    def record(self, image: ImageRef, execution: str, attributes: Mapping[str, Any]) -> bool:
        standing = self.records.setdefault(image, {"owner": execution})
        if "verdict" in standing:
            same = standing.get("execution") == execution and standing.get("decided_by") == attributes["decided_by"]
            return bool(same)
        if standing["owner"] != execution:
            return False
        standing.update({"owner": execution, "execution": execution, **attributes})
        return True

    def get(self, image: ImageRef) -> dict[str, Any] | None:
        return self.records.get(image)

    def find_alike(self, bucket: str, sha256: str, made_by: str) -> dict[str, Any] | None:
        for image, record in self.records.items():
            if (image.bucket, record.get("sha256")) == (bucket, sha256) and is_reusable(record, made_by):
                return record | {"pk": image.pk, "sk": image.version}
        return None

    def mark_notified(self, image: ImageRef, notified: bool) -> None:
        self.records[image]["notified"] = notified

    def undecided(self, before: str) -> list[dict[str, Any]]:
        return [
            record | {"pk": image.pk, "sk": image.version}
            for image, record in self.records.items()
            if "verdict" not in record and record["created_at"] < before
        ]


class FakePublisher:
    """Notes what was published; nothing can be as long as it is `failing`."""

    def __init__(self, failing: bool = False) -> None:
        self.published: list[tuple[str, Mapping[str, Any], Mapping[str, str]]] = []
        self.failing = failing

    def publish(self, verdict: str, message: Mapping[str, Any], attributes: Mapping[str, str]) -> None:
        if self.failing:
            raise NotificationUnavailable("Topic review can't be reached.")
        self.published.append((verdict, message, attributes))


class FakeExecutions:
    """Known executions and their status."""

    def __init__(self, statuses: Mapping[str, str]) -> None:
        self.statuses = statuses

    def status(self, execution: str) -> str | None:
        return self.statuses.get(execution)
