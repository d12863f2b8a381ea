"""One soak: uploads in bursts, their events several times, and what was seen of them."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from local.harness.laptop import Laptop
from scripts.soak import cloud
from scripts.soak.cloud import Census
from scripts.soak.images import Picture, picture

# What makes up a decision: none of it may change afterwards.
DECISION = ("verdict", "decided_by", "decided_at", "execution", "owner", "status", "verdict_shard")
IN_FLIGHT = LARGEST_BURST = 30  # so at most 59: more than a laptop's few workers get through in 75 s are timed out
REPEATED, MOST_EVENTS = 0.1, 5  # the event of one upload in ten comes two to five times
_POLL_S = 1.0
_POLLED = (*DECISION, "image")
_deserialize = TypeDeserializer().deserialize

Record = dict[str, Any]


@dataclass(frozen=True)
class Upload:
    """A picture that was uploaded as a version of its object, and how often its event comes after the first time."""

    picture: Picture
    version: str
    events_at_once: int
    events_later: int


@dataclass
class Seen:
    """What was seen: the uploads, each record's decision when it was first there, how often each was announced."""

    seed: str  # what the keys begin with
    uploads: list[Upload] = field(default_factory=list)
    first: dict[str, Record] = field(default_factory=dict)  # by key, as all of these
    announced: Counter[tuple[str, str]] = field(default_factory=Counter)  # (key, verdict)
    memory: list[tuple[int, Census]] = field(default_factory=list)  # (decided, census)
    seconds: float = 0.0


class Soak:
    """Uploads pictures and watches what becomes of them, until all have a verdict."""

    def __init__(self, laptop: Laptop) -> None:
        self._laptop = laptop
        self._pool = ThreadPoolExecutor(8)
        self._queues = [laptop.subscribe_queue(topic) for topic in cloud.TOPICS]

    def run(self, seed: str, images: int, timeout_s: float, advance: Callable[[int], None]) -> Seen:
        """Upload so many. Returns also when nothing got a verdict for `timeout_s`: the records tell."""
        seen, pending, rng = Seen(seed), dict[str, Upload](), random.Random(seed)
        began = last = time.monotonic()
        while (todo := images - len(seen.uploads)) or pending:
            if todo and len(pending) < IN_FLIGHT:
                burst = self._upload(seed, rng, range(images)[len(seen.uploads) :][: rng.randint(1, LARGEST_BURST)])
                seen.uploads += burst
                pending |= {upload.picture.key: upload for upload in burst}
            decided = self._poll(pending, seen)
            advance(decided)
            if decided:
                last = time.monotonic()
            elif time.monotonic() - last > timeout_s:
                break
            time.sleep(_POLL_S)
        seen.seconds = time.monotonic() - began
        return seen

    def hear_and_read(self, seen: Seen) -> list[Record]:
        """Take the last messages in; all records of this run as they stand now."""
        self._hear(seen)
        pages = (
            self._laptop.client("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=self._laptop.outputs["VerdictTableName"], ConsistentRead=True)
        )
        records = [_plain(item) for page in pages for item in page["Items"]]
        return [record for record in records if record["image"]["key"].startswith(f"{seen.seed}/")]

    def _hear(self, seen: Seen) -> None:
        """Take the messages that subscribers got."""
        for queue in self._queues:
            for envelope in cloud.drain(self._laptop, queue):
                message = json.loads(json.loads(envelope)["Message"])
                seen.announced[message["image"]["key"], message["verdict"]] += 1

    def _upload(self, seed: str, rng: random.Random, numbers: range) -> list[Upload]:
        extra = [rng.randint(1, MOST_EVENTS - 1) if rng.random() < REPEATED else 0 for _ in numbers]
        later = [rng.randint(0, more) for more in extra]
        images = [picture(seed, number) for number in numbers]
        return list(self._pool.map(self._put, images, extra, later))

    def _put(self, image: Picture, extra: int, later: int) -> Upload:
        version = self._laptop.upload(image.key, image.data)
        upload = Upload(image, version, extra - later, later)
        self._repeat_event(upload, upload.events_at_once)
        return upload

    def _repeat_event(self, upload: Upload, times: int) -> None:
        """EventBridge delivers at least once."""
        stored = {"key": upload.picture.key, "size": len(upload.picture.data), "version-id": upload.version}
        detail = {"bucket": {"name": self._laptop.outputs["IntakeBucketName"]}, "object": stored}
        entry = {"Source": "aws.s3", "DetailType": "Object Created", "Detail": json.dumps(detail)}
        if times:
            self._laptop.client("events").put_events(Entries=[entry] * times)

    def _poll(self, pending: dict[str, Upload], seen: Seen) -> int:
        """Take out of `pending` what has a verdict; how many."""
        decided = [record for record in self._records_of(list(pending.values())[:100]) if "verdict" in record]
        for record in decided:
            upload = pending.pop(record["image"]["key"])
            seen.first[upload.picture.key] = {name: record.get(name) for name in DECISION}
            self._pool.submit(self._repeat_event, upload, upload.events_later)
            if len(seen.first) % 500 == 0:
                seen.memory.append((len(seen.first), cloud.census(self._laptop)))
        self._hear(seen)
        return len(decided)

    def _records_of(self, uploads: list[Upload]) -> Iterator[Record]:
        bucket, table = self._laptop.outputs["IntakeBucketName"], self._laptop.outputs["VerdictTableName"]
        request = {
            "Keys": [{"pk": {"S": f"{bucket}#{u.picture.key}"}, "sk": {"S": u.version}} for u in uploads],
            "ProjectionExpression": ", ".join(f"#{name}" for name in _POLLED),
            "ExpressionAttributeNames": {f"#{name}": name for name in _POLLED},
        }
        if uploads:
            answer = self._laptop.client("dynamodb").batch_get_item(RequestItems={table: request})
            yield from map(_plain, answer["Responses"][table])


def _plain(item: dict[str, Any]) -> Record:
    return {name: _deserialize(value) for name, value in item.items()}
