"""Uploads of a soak in bursts, with repeated events, and the observations made of them."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from local.harness.laptop import Laptop
from moderation.domain.image_ref import ImageRef
from scripts.soak import cloud, people
from scripts.soak.cloud import ResourceSnapshot
from scripts.soak.images import SoakImage, soak_image

# Attributes of a decision: none may change afterwards.
DECISION = ("verdict", "decided_by", "decided_at", "execution", "owner", "status", "verdict_shard")
IN_FLIGHT = MAX_BURST = 30  # at most 59 at once: a laptop's few workers can't finish more before the 75 s time-out
REPEATED, MAX_EVENTS = 0.1, 5  # the event of one upload in ten is sent two to five times
_POLL_S = 1.0
_POLLED = (*DECISION, "image")
_deserialize = TypeDeserializer().deserialize

Item = dict[str, Any]


@dataclass(frozen=True)
class SoakUpload:
    """Uploaded image, its object version, and the number of duplicate events sent at once and later."""

    image: SoakImage
    version: str
    events_at_once: int
    events_later: int


@dataclass
class Observations:
    """Observations of a run: the uploads, each record's first decision, and the notifications received."""

    seed: str  # prefix of the keys
    uploads: list[SoakUpload] = field(default_factory=list)
    first: dict[str, Item] = field(default_factory=dict)  # by key
    notified: Counter[tuple[str, str]] = field(default_factory=Counter)  # (key, verdict)
    memory: list[tuple[int, ResourceSnapshot]] = field(default_factory=list)  # (verdicts so far, resources)
    seconds: float = 0.0


class Soak:
    """Uploads images and observes their records until all have a verdict."""

    def __init__(self, laptop: Laptop) -> None:
        self._laptop = laptop
        self._pool = ThreadPoolExecutor(8)
        self._reviewer = people.reviewer(laptop)
        self._people: dict[str, Future[None]] = {}  # their decisions, by key
        self._queues = [laptop.subscribe_queue(topic) for topic in cloud.TOPICS]

    def run(self, seed: str, images: int, timeout_s: float, advance: Callable[[int], None]) -> Observations:
        """Upload `images` images. Also returns if no verdict came for `timeout_s`; the records show what is missing."""
        seen, pending, rng = Observations(seed), dict[str, SoakUpload](), random.Random(seed)
        began = last = time.monotonic()
        while (todo := images - len(seen.uploads)) or pending:
            if todo and len(pending) < IN_FLIGHT:
                burst = self._upload(seed, rng, range(images)[len(seen.uploads) :][: rng.randint(1, MAX_BURST)])
                seen.uploads += burst
                pending |= {upload.image.key: upload for upload in burst}
            decided = self._poll(pending, seen)
            advance(decided)
            if decided or self._give_up(pending):
                last = time.monotonic()
            elif time.monotonic() - last > timeout_s:
                break
            time.sleep(_POLL_S)
        seen.seconds = time.monotonic() - began
        return seen

    def final_records(self, seen: Observations) -> list[Item]:
        """Receive the remaining messages, and return all records of the run."""
        self._receive(seen)
        pages = (
            self._laptop.client("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=self._laptop.outputs["VerdictTableName"], ConsistentRead=True)
        )
        records = [_plain(item) for page in pages for item in page["Items"]]
        uploads = (record for record in records if "image" in record)  # others are sticky decisions, lanes and counters
        return [record for record in uploads if record["image"]["key"].startswith(f"{seen.seed}/")]

    def _receive(self, seen: Observations) -> None:
        """Count the messages that subscribers received."""
        for queue in self._queues:
            for envelope in cloud.drain(self._laptop, queue):
                message = json.loads(json.loads(envelope)["Message"])
                seen.notified[message["image"]["key"], message["verdict"]] += 1

    def _upload(self, seed: str, rng: random.Random, numbers: range) -> list[SoakUpload]:
        extra = [rng.randint(1, MAX_EVENTS - 1) if rng.random() < REPEATED else 0 for _ in numbers]
        later = [rng.randint(0, more) for more in extra]
        images = [soak_image(seed, number) for number in numbers]
        return list(self._pool.map(self._put, images, extra, later))

    def _put(self, image: SoakImage, extra: int, later: int) -> SoakUpload:
        version = self._laptop.upload(image.key, image.data)
        upload = SoakUpload(image, version, extra - later, later)
        self._repeat_event(upload, upload.events_at_once)
        return upload

    def _repeat_event(self, upload: SoakUpload, times: int) -> None:
        """Send the upload's event again, since EventBridge delivers at least once."""
        stored = {"key": upload.image.key, "size": len(upload.image.data), "version-id": upload.version}
        detail = {"bucket": {"name": self._laptop.outputs["IntakeBucketName"]}, "object": stored}
        entry = {"Source": "aws.s3", "DetailType": "Object Created", "Detail": json.dumps(detail)}
        if times:
            self._laptop.client("events").put_events(Entries=[entry] * times)

    def _poll(self, pending: dict[str, SoakUpload], seen: Observations) -> int:
        """Remove uploads that have their last verdict from `pending`, and return their number."""
        records = list(self._records_of(list(pending.values())[:100]))
        decided = [record for record in records if self._is_decided(record, pending[record["image"]["key"]])]
        for record in decided:
            upload = pending.pop(record["image"]["key"])
            seen.first[upload.image.key] = {name: record.get(name) for name in DECISION}
            self._pool.submit(self._repeat_event, upload, upload.events_later)
            if len(seen.first) % 500 == 0:
                seen.memory.append((len(seen.first), cloud.resource_snapshot(self._laptop)))
        self._receive(seen)
        return len(decided)

    def _give_up(self, pending: dict[str, SoakUpload]) -> bool:
        """Remove the uploads whose failures wait for an operator from `pending`; tell if there were any."""
        letters = cloud.dead_letters(self._laptop)
        lost = [key for key, one in pending.items() if not one.image.persons_verdict and cloud.in_letters(key, letters)]
        for key in lost:
            del pending[key]
        return bool(lost)

    def _is_decided(self, record: Item, upload: SoakUpload) -> bool:
        """Tell if there is the verdict of the pipeline, or of the person who is asked once there is a record."""
        if not upload.image.persons_verdict:
            return "verdict" in record
        if upload.image.key not in self._people:
            stored = ImageRef(self._laptop.outputs["IntakeBucketName"], upload.image.key, upload.version)
            self._people[upload.image.key] = self._pool.submit(people.overrule, self._reviewer, stored, upload.image)
        if self._people[upload.image.key].done():
            self._people[upload.image.key].result()
        return record.get("decided_by") == "person"

    def _records_of(self, uploads: list[SoakUpload]) -> Iterator[Item]:
        bucket, table = self._laptop.outputs["IntakeBucketName"], self._laptop.outputs["VerdictTableName"]
        request = {
            "Keys": [{"pk": {"S": f"{bucket}#{u.image.key}"}, "sk": {"S": u.version}} for u in uploads],
            "ProjectionExpression": ", ".join(f"#{name}" for name in _POLLED),
            "ExpressionAttributeNames": {f"#{name}": name for name in _POLLED},
        }
        if uploads:
            answer = self._laptop.client("dynamodb").batch_get_item(RequestItems={table: request})
            yield from map(_plain, answer["Responses"][table])


def _plain(item: dict[str, Any]) -> Item:
    return {name: _deserialize(value) for name, value in item.items()}
