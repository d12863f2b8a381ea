"""Time the next item of the review queue on the laptop cloud, with many items waiting.

`python -m scripts.bench.queue [NUMBER]`. Of 20 items 19 are hidden from a reviewer: leased, of a category that they
opted out of, or out of their prefixes. Prefixes within a folder hide most items of the reviewer's own lanes.
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

from rich.console import Console
from rich.table import Table

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
WITHIN = replace(ANNA, prefixes=tuple(f"{folder}1" for folder in FOLDERS))
PEOPLE = {
    "a reviewer who sees 5 %": REVIEWER,
    "a reviewer of parts of folders": WITHIN,
    "a lead who sees what isn't leased": LEAD,
}


class Silent:
    """An audit log and a list of people that this doesn't need."""

    def append(self, event: AuditEvent) -> None: ...

    def find(self, subject: str) -> Person | None: ...

    def everybody(self) -> list[Person]:
        return []


def main() -> int:
    """Print the times for each person; return 1 if one request took over 300 ms."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else NUMBER
    console, slow = Console(), False
    shown = Table("the next item for", "of", "requests an item", "median ms", "slowest ms")
    with tempfile.TemporaryDirectory() as folder, emulator(Path(folder), "http://127.0.0.1:9") as url:
        dynamodb = client("dynamodb", url)
        _create(dynamodb)
        verdicts = DynamoVerdictStore(dynamodb, TABLE)
        _fill(dynamodb, verdicts, number)
        for name, person in PEOPLE.items():
            times = _measure(dynamodb, verdicts, person)
            slow |= max(times) > MOST_MS
            median = f"{statistics.median(times):.0f}"
            shown.add_row(name, f"{number:,}", f"{len(times) / TIMES:.1f}", median, f"{max(times):.0f}")
    console.print(shown)
    return int(slow)


def _measure(dynamodb: Any, verdicts: DynamoVerdictStore, person: Person) -> list[float]:
    """Take items one after the other, and return the milliseconds of each request."""
    silent: Any = Silent()
    queue = DynamoReviewQueue(dynamodb, TABLE, BUCKET)
    ports = ReviewPorts(BUCKET, verdicts, queue, silent, silent, silent, silent, silent)
    next_item(ports, person, NOW)  # the first query of an index sorts it
    times: list[float] = []
    for _ in range(TIMES):
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
    lane = lane_of(image, attributes)
    queue = lane.partition if verdicts.open_lane(lane) else attributes["queue"]
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
