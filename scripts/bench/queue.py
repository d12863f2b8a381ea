"""Time the next item of the review queue on the laptop cloud, with many items waiting.

`python -m scripts.bench.queue [NUMBER]` prints rows for docs/performance.md. Of 20 items 19 are hidden from a reviewer:
leased, of a category that they opted out of, or out of their prefixes. Prefixes within folders hide most items of the
reviewer's own lanes, and some of those that are due first. Where they lie is listed once, as the schedule does it.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from local.deploy import client
from local.emulator import emulator
from moderation.adapters.dynamodb_items import to_item
from moderation.adapters.dynamodb_review import DynamoReviewQueue
from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
from moderation.contract import INDEXES
from moderation.domain.audit import AuditEvent
from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import filed, lane_of
from moderation.domain.people import Person
from moderation.domain.record import Record, decided, utc
from moderation.domain.review import claimed
from moderation.usecases.review.list_ahead import list_ahead
from moderation.usecases.review.next_item import Found, next_item
from moderation.usecases.review.ports_of import ReviewPorts

NUMBER = 50_000
TIMES = 20
MOST_MS = 300
BUCKET, TABLE = "intake", "verdicts"
NOW = datetime.now(UTC)
ANNA = Person(id="anna", pseudonym="p-1", roles=frozenset({"reviewer"}))
CATEGORIES = (("Violence",), ("Weapons",), ("Violence", "Weapons"), ("Drugs",), ("Hate",), ())
FOLDERS = ("posts/", "avatars/", "shop/", "chat/")
# What hides nineteen of twenty items from a reviewer, in turn: a lease, a category, a prefix.
HIDING = 3
REVIEWER = replace(ANNA, opted_out=frozenset({"Gore"}), prefixes=FOLDERS)
LEAD = Person(id="lea", pseudonym="p-2", roles=frozenset({"lead"}))
# The lanes know the first folder alone: what is due before the items of these prefixes is listed in vain.
WITHIN = replace(ANNA, id="within", prefixes=tuple(f"{folder}1" for folder in FOLDERS))
_PARTS = ("posts/12", "posts/34", "shop/147", "shop/29")
FEW = replace(ANNA, id="few", prefixes=_PARTS, opted_out=frozenset({"Gore", "Weapons"}))
NEW = replace(WITHIN, id="new")
LISTED = {
    "a reviewer from whom 95 % are hidden, by leases, an opt-out and prefixes": REVIEWER,
    "a reviewer whose prefixes are parts of folders, with hidden items due before theirs": WITHIN,
    "a reviewer of few keys in two folders, who opted out of two categories": FEW,
    "a lead who sees all that isn't leased": LEAD,
}


class Quiet:
    """An audit log that keeps nothing, and the people whose items are listed."""

    def append(self, event: AuditEvent) -> None: ...

    def find(self, subject: str) -> Person | None: ...

    def everybody(self) -> list[Person]:
        return list(LISTED.values())


def main() -> int:
    """Print the times for each person; return 1 if a listed person's request took over 300 ms, or needed another."""
    number, slow = int(sys.argv[1]) if len(sys.argv) > 1 else NUMBER, False
    print("| the next item for | requests of the API | median of a request | slowest |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder, emulator(Path(folder), "http://127.0.0.1:9") as url:
        dynamodb = client("dynamodb", url)
        _create(dynamodb)
        verdicts = DynamoVerdictStore(dynamodb, TABLE)
        _fill(dynamodb, verdicts, number)
        quiet: Any = Quiet()
        queue = DynamoReviewQueue(dynamodb, TABLE, BUCKET)
        ports = ReviewPorts(BUCKET, verdicts, queue, quiet, quiet, quiet, quiet, quiet)
        begun = time.perf_counter()
        list_ahead(ports, NOW)
        listing = time.perf_counter() - begun
        for name, person in LISTED.items():
            next_item(ports, person, NOW)  # the first query of an index sorts it
            times = _measure(ports, person, TIMES)
            _print(name, times, TIMES)
            slow |= max(times) > MOST_MS or len(times) > TIMES
        _print("a new reviewer of such prefixes, until the next list is made", _measure(ports, NEW, 1), 1)
    print(f"{number:,} items waited; listing them for {len(LISTED)} people took {listing:.1f} s.")
    return int(slow)


def _print(name: str, times: list[float], items: int) -> None:
    row = (name, f"{len(times) / items:.3g}", f"{statistics.median(times):.0f} ms", f"{max(times):.0f} ms")
    print(f"| {' | '.join(row)} |", flush=True)


def _measure(ports: ReviewPorts, person: Person, items: int) -> list[float]:
    """Take items one after the other, and return the milliseconds of each request."""
    times: list[float] = []
    for _ in range(items):
        found = _timed(times, lambda: next_item(ports, person, NOW))
        while found.after:
            found = _timed(times, partial(next_item, ports, person, NOW, after=found.after))
        if found.record is None or found.record.lease_holder != person.id:
            raise AssertionError("An item waits, and none was given out.")
    return times


def _timed(times: list[float], search: Callable[[], Found]) -> Found:
    begun = time.perf_counter()
    found = search()
    times.append((time.perf_counter() - begun) * 1000)
    return found


def _fill(dynamodb: Any, verdicts: DynamoVerdictStore, number: int) -> None:
    for start in range(0, number, 25):
        numbers = range(start, min(start + 25, number))
        puts = [{"PutRequest": {"Item": _item(verdicts, each)}} for each in numbers]
        dynamodb.batch_write_item(RequestItems={TABLE: puts})


def _item(verdicts: DynamoVerdictStore, number: int) -> dict[str, Any]:
    hidden = number % HIDING if number % 20 else None
    named = ("Gore", "Violence") if hidden == 1 else CATEGORIES[number // 20 % len(CATEGORIES)]
    folder = "elsewhere/" if hidden == 2 else FOLDERS[number // 20 % len(FOLDERS)]
    image, created_at = ImageRef(BUCKET, f"{folder}{number}.jpg", "v"), utc(NOW - timedelta(seconds=number))
    said = {"verdict": "review", "category": None, "reason": "They disagree.", "decided_by": "evidence"}
    attributes = decided({**said, **filed(named, None, created_at)}, image, created_at, created_at)
    lane = verdicts.open_lane(lane_of(image, attributes))
    queue = lane.partition if lane else attributes["queue"]
    item = {**attributes, "pk": image.pk, "sk": "v", "owner": "run", "queue": queue}
    if hidden == 0:
        item |= claimed(Record.from_attributes(item), "ben", NOW).attributes
    return to_item(item)


def _create(dynamodb: Any) -> None:
    index = INDEXES["by_queue"]
    keys = {"HASH": index["partition_key"], "RANGE": index["sort_key"]}
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk", *keys.values())],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index["name"],
                "KeySchema": [{"AttributeName": name, "KeyType": kind} for kind, name in keys.items()],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": index["projected"]},
            }
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
