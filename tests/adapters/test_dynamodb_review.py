"""The review queue in the table on DynamoDB."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from moderation.adapters.dynamodb_items import to_item
from moderation.adapters.dynamodb_review import DynamoReviewQueue
from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
from moderation.contract import INDEXES
from moderation.domain.blind import leased_blind
from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import UNSORTED, Lane, Place, Standing, lane_of
from moderation.domain.limits import MAX_LANES, MAX_WIDE_LANES
from moderation.domain.record import Change, utc
from moderation.domain.reports import place_of, queued, report_of, reports_of, with_report
from moderation.domain.review import Pending, claimed, decided_for_now, parked, screen_of

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
LANE = Lane("intake", 9, ("Gore",), "posts/")
SORTED = {"supports": ["Gore"], "severity": 9}


@pytest.fixture
def dynamodb() -> Any:
    """A table with the index as it is deployed, its projection included."""
    client: Any = boto3.client("dynamodb")
    index = INDEXES["by_queue"]
    keys = {"HASH": index["partition_key"], "RANGE": index["sort_key"]}
    client.create_table(
        TableName="verdicts",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", *map(str, keys.values()))
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index["name"],
                "KeySchema": [{"AttributeName": name, "KeyType": kind} for kind, name in keys.items()],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": index["projected"]},
            }
        ],
    )
    return client


@pytest.fixture
def store(dynamodb: Any) -> DynamoVerdictStore:
    return DynamoVerdictStore(dynamodb, "verdicts")


@pytest.fixture
def queue(dynamodb: Any) -> DynamoReviewQueue:
    return DynamoReviewQueue(dynamodb, "verdicts", "intake")


def put(dynamodb: Any, name: str, partition: str = LANE.partition, minute: int = 0, **more: Any) -> ImageRef:
    image = ImageRef("intake", f"posts/{name}", "v1")
    due_at = utc(NOW + timedelta(minutes=minute))
    item = {
        "pk": image.pk,
        "sk": image.version,
        "verdict": "review",
        "owner": "run",
        "decided_by": "judge",
        "created_at": utc(NOW),
        "queue": partition,
        "queue_order": f"0#{due_at}",
        "due_at": due_at,
        **SORTED,
        **more,
    }
    dynamodb.put_item(TableName="verdicts", Item=to_item(item))
    return image


def keys(records: Any) -> list[str]:
    return [record.image.key.removeprefix("posts/") for record in records]


def test_lanes_are_opened_once_and_not_without_end(dynamodb, store, queue):
    assert queue.lanes() == []
    lanes = [Lane("intake", 4, ("Violence",), f"{number}/") for number in range(MAX_LANES + 1)]

    assert [store.open_lane(lane) for lane in lanes] == [*lanes[:-1], lanes[0].widened()]
    other = DynamoVerdictStore(dynamodb, "verdicts")
    assert other.open_lane(lanes[0]) == lanes[0] and other.open_lane(lanes[-1]) == lanes[0].widened()
    assert sorted(queue.lanes(), key=str) == sorted([*lanes[:-1], lanes[0].widened()], key=str)


def test_wide_lanes_are_limited_too(store, queue):
    lanes = [Lane("intake", 4, (str(number),), "posts/") for number in range(MAX_LANES + MAX_WIDE_LANES + 1)]

    opened = [store.open_lane(lane) for lane in lanes]

    assert opened == [*lanes[:MAX_LANES], *(lane.widened() for lane in lanes[MAX_LANES:-1]), None]
    assert len(queue.lanes()) == MAX_LANES + MAX_WIDE_LANES


def test_a_lane_is_that_of_all_items_alike():
    image = ImageRef("intake", "posts/a.jpg", "v1")

    assert lane_of(image, SORTED) == LANE
    assert lane_of(ImageRef("intake", "a.jpg", "v1"), SORTED).folder == ""
    assert len({LANE.id, Lane("intake", 9, ("Gore",), "post").id, Lane("other", 9, ("Gore",), "posts/").id}) == 3


def test_waiting_items_come_in_order_over_partitions_and_pages(dynamodb, queue):
    for number in range(60):
        put(dynamodb, str(number), LANE.partition if number % 3 else UNSORTED[number % 4], minute=number)

    assert keys(queue.waiting((LANE.partition, *UNSORTED))) == [str(number) for number in range(60)]


def test_leased_and_parked_items_leave_the_lane_and_return_to_their_place(dynamodb, store, queue):
    store.open_lane(LANE)
    first, second = put(dynamodb, "a"), put(dynamodb, "b", minute=1)
    put(dynamodb, "c", minute=2)
    before = store.get(first)
    for image, until in ((first, 60), (second, 30)):
        assert queue.compare_lease(store.get(image), claimed(store.get(image), "anna", NOW))
        record = store.get(image)
        assert queue.compare_lease(record, parked(record, "anna", NOW + timedelta(minutes=until), NOW))

    assert keys(queue.waiting([LANE.partition])) == ["c"]
    assert keys(store.queue()) == ["a", "b", "c"]  # all of them wait for a person
    assert queue.returning(utc(NOW + timedelta(minutes=29)), 10) == []
    over = queue.returning(utc(NOW + timedelta(minutes=61)), 10)
    assert keys(over) == ["b", "a"]
    assert all(queue.put_back(record) for record in over)
    assert not queue.put_back(over[0])
    assert store.get(first) == before
    assert keys(queue.waiting([LANE.partition])) == ["a", "b", "c"]


def test_a_lease_that_changed_since_it_was_read_is_left_alone(dynamodb, store, queue):
    image = put(dynamodb, "a")
    read = store.get(image)
    assert queue.compare_lease(read, claimed(read, "anna", NOW))

    assert not queue.compare_lease(read, claimed(read, "ben", NOW))
    assert store.get(image).lease_holder == "anna"
    later = NOW + timedelta(seconds=300)
    lapsed = queue.returning(utc(later), 10)
    assert queue.compare_lease(store.get(image), claimed(store.get(image), "ben", later))
    assert not any(queue.put_back(record) for record in lapsed)


def test_an_erased_item_is_not_brought_back(dynamodb, store, queue):
    image = put(dynamodb, "a")
    read = store.get(image)
    store.delete_decided(image, None)

    assert not queue.compare_lease(read, claimed(read, "anna", NOW))
    assert store.get(image) is None


def test_a_pending_decision_holds_its_item_and_other_decisions_see_it(dynamodb, store, queue):
    image = put(dynamodb, "a")
    read = store.get(image)
    queue.compare_lease(read, claimed(read, "anna", NOW))
    leased = store.get(image)
    store.open_lane(LANE)
    until = utc(NOW + timedelta(seconds=10))
    pending = Pending("p", "safe", (), "n", "anna", utc(NOW), until, screen_of(leased))
    assert queue.compare_lease(leased, decided_for_now(leased, pending, NOW))

    assert not store.compare_and_set(leased, Change({"verdict": "unsafe"}))
    assert keys(queue.pending(utc(NOW + timedelta(seconds=9)))) == []
    (found,) = queue.pending(utc(NOW + timedelta(seconds=11)))
    assert found.image == image and not queue.put_back(found)
    assert keys(store.queue()) == ["a"]
    assert store.compare_and_set(store.get(image), Change({"verdict": "unsafe"}, frozenset({"pending_id"})))


def test_a_message_that_was_published_while_a_decision_became_pending_is_noted(dynamodb, store):
    image = put(dynamodb, "a", notified=False)
    read = store.get(image)
    dynamodb.put_item(TableName="verdicts", Item=to_item({**read.attributes(), "pending_id": "p", "pending": {}}))

    store.mark_notified(read)

    assert store.get(image).notified is True


def test_overdue_items_are_counted(dynamodb, queue):
    for minute in range(-3, 3):
        put(dynamodb, str(minute), minute=minute)

    assert queue.overdue(LANE.partition, 9, utc(NOW)) == 3


def test_a_list_goes_on_after_a_place(dynamodb, queue):
    for number in range(60):
        put(dynamodb, str(number), LANE.partition if number % 3 else UNSORTED[number % 4], minute=number)

    after = f"0#{utc(NOW + timedelta(minutes=20))}"
    assert keys(queue.waiting((LANE.partition, *UNSORTED), after)) == [str(number) for number in range(21, 60)]


def test_a_long_list_takes_few_requests(dynamodb, queue, monkeypatch):
    for number in range(400):
        put(dynamodb, str(number), minute=number)
    asked, ask = [], dynamodb.query

    def noted(**request: Any) -> Any:
        asked.append(request)
        return ask(**request)

    monkeypatch.setattr(dynamodb, "query", noted)
    assert keys(queue.waiting([LANE.partition])) == [str(number) for number in range(400)]
    assert len(asked) == 6


def test_items_are_found_at_their_places_while_they_wait_there(dynamodb, store, queue):
    store.open_lane(LANE)
    order = [2, 14, 0, 7, *range(20, 30)]
    for number in range(30):
        put(dynamodb, str(number), LANE.partition if number % 2 else UNSORTED[0], minute=number)
    twin = put(dynamodb, "twin", UNSORTED[0], minute=0)
    put(dynamodb, "theirs", UNSORTED[0], minute=0, pk=ImageRef("earlier", "a", "v").pk)
    by_name = {record.image.key.removeprefix("posts/"): record for record in store.queue()}
    places = [Place(by_name[str(n)].other["queue"], by_name[str(n)].other["queue_order"]) for n in order]
    taken = store.get(by_name["14"].image)
    assert queue.compare_lease(taken, claimed(taken, "anna", NOW))

    assert keys(queue.at(places)) == ["2", "0", "twin", "7", *map(str, range(20, 30))]
    assert list(queue.at([])) == []
    assert store.get(twin).lease_holder is None


def test_a_list_of_places_is_kept_for_each_person_and_for_a_day(dynamodb, queue):
    places = [Place(LANE.partition, "0#2026"), Place(UNSORTED[2], "5#2026")]
    queue.list_ahead("anna", [], NOW)
    queue.list_ahead("anna", places, NOW)

    assert queue.ahead("anna") == places and queue.ahead("ben") == []
    (item,) = dynamodb.scan(TableName="verdicts")["Items"]
    assert int(item["expires_at"]["N"]) == (NOW + timedelta(days=1)).timestamp()


def test_what_waits_in_lanes_is_counted_up_to_a_bound_in_two_requests_each(dynamodb, queue, monkeypatch):
    other = Lane("intake", 9, ("Gore",), "avatars/")
    for minute in range(-300, 3):
        put(dynamodb, str(minute), minute=minute)
    put(dynamodb, "avatar", other.partition, minute=2)
    asked, ask = [], dynamodb.query

    def noted(**request: Any) -> Any:
        asked.append(request)
        return ask(**request)

    monkeypatch.setattr(dynamodb, "query", noted)
    found = queue.standing([LANE, other], utc(NOW))

    assert found == Standing(waiting=254, overdue=250, next_due_at=utc(NOW), is_all=False)
    assert len(asked) == 4
    assert queue.standing([other], utc(NOW)) == Standing(1, 0, utc(NOW + timedelta(minutes=2)))


def test_what_an_earlier_bucket_left_is_in_no_queue_and_hides_nothing(dynamodb, store, queue):
    """IAM denies its records to the functions, by their partition keys."""
    theirs = Lane("earlier", 9, ("Gore",), "posts/")
    for lane in (LANE, theirs):
        store.open_lane(lane)
    for number in range(60):
        image = ImageRef("earlier", f"posts/{number}", "v1")
        for kind in (UNSORTED[0], "leased#0", "pending#0"):
            put(dynamodb, f"{number}-{kind}", kind, minute=-5, pk=image.pk, sk=kind)
    put(dynamodb, "unsorted", UNSORTED[0])
    put(dynamodb, "leased", "leased#0", queue_order=utc(NOW - timedelta(minutes=1)))
    put(dynamodb, "pending", "pending#0", queue_order=utc(NOW - timedelta(minutes=1)))

    assert queue.lanes() == [LANE]
    assert keys(queue.waiting(UNSORTED)) == ["unsorted"]
    assert keys(queue.returning(utc(NOW), 10)) == ["leased"]
    assert keys(queue.pending(utc(NOW))) == ["pending"]


def test_skips_are_counted_by_person_and_day(queue):
    assert [queue.count_skip("anna", "2026-11-27", 2) for _ in range(3)] == [True, True, False]
    assert queue.count_skip("ben", "2026-11-27", 2) and queue.count_skip("anna", "2026-11-28", 2)


def test_reports_are_counted_apart_from_skips(queue):
    assert [queue.count_report("anna", "2026-11-27", 1) for _ in range(2)] == [True, False]
    assert queue.count_skip("anna", "2026-11-27", 1)
    assert not queue.count_report("ben", "2026-11-27", 0)


def test_a_report_is_not_lost_to_one_that_comes_at_the_same_time(dynamodb, queue, store):
    image = put(dynamodb, "a.png", verdict="safe")
    read = store.get(image)
    reports = [
        with_report(read, report_of(name, "notice", "p-shop", name, "This is me", NOW)) for name in ("first", "second")
    ]
    changes = [queued(each, place_of(each, None), LANE.partition) for each in reports]

    assert [queue.compare_lease(read, change) for change in changes] == [True, False]
    assert [report.id for report in reports_of(store.get(image))] == ["first"]
    assert not store.compare_and_set(read, Change({"verdict": "unsafe"}))
    assert [listed.image for listed in queue.waiting([LANE.partition])] == [image]


def test_a_blind_lease_that_ran_out_goes_back_to_its_purpose(dynamodb, queue, store):
    image = put(dynamodb, "a.png", "second#3", verdict="unsafe", decided_by="judge")
    read = store.get(image)
    assert queue.compare_lease(read, leased_blind(read, "anna", NOW, utc(NOW)))
    assert store.get(image).blind["purpose"] == "second"
    assert list(store.decided_by_people("2020")) == []

    (over,) = queue.returning(utc(NOW + timedelta(minutes=3)), 10)
    assert queue.put_back(over)

    assert (store.get(image).lease_holder, store.get(image).other["queue"]) == (None, "second#3")
    assert list(store.decided_by_people("0")) == [image]


def test_each_buckets_sweep_goes_on_where_it_stopped_and_its_place_is_in_no_queue(dynamodb, queue):
    put(dynamodb, "a.jpg", UNSORTED[0])
    assert queue.sweep_place() == ""

    queue.keep_sweep_place("5#2026-11-27T12:00:00.000Z")

    assert queue.sweep_place() == "5#2026-11-27T12:00:00.000Z"
    assert DynamoReviewQueue(dynamodb, "verdicts", "another").sweep_place() == ""
    assert [record.image.key for record in queue.waiting(UNSORTED)] == ["posts/a.jpg"]
    queue.keep_sweep_place("")
    assert queue.sweep_place() == ""
