"""Sticky decisions in the table: they change with a record or not at all, and no verdict rests on one that is gone."""

from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from moderation.adapters.dynamodb_decisions import DynamoDecisionStore
from moderation.adapters.dynamodb_items import from_item, to_item
from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import decided_before, overruled
from moderation.domain.sticky_decision import Sticking, StickyDecision, decision_key
from moderation.errors import DecisionWithdrawn, StoreUnavailable

IMAGE = ImageRef("intake", "a.jpg", "v1")
ME = "arn:aws:states:us-east-1:1:execution:m:me"
AT, LATER = "2026-11-23T10:00:00.000Z", "2026-11-24T10:00:00.000Z"
KEY = decision_key(b"secret", "intake", "ab" * 32, "posts/", "d1gest")
BLOOD = StickyDecision(KEY, "posts/", "unsafe", ("Violence", "Gore"), "Blood", "arn:aws:sts::1:a/R/ann", AT)
TOY = replace(BLOOD, verdict="safe", categories=(), reason="A toy", decided_at=LATER)
DAY = 86_400


@pytest.fixture
def dynamodb() -> Any:
    client = boto3.client("dynamodb")
    client.create_table(
        TableName="verdicts",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "queue", "queue_order")
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-queue",
                "KeySchema": [
                    {"AttributeName": "queue", "KeyType": "HASH"},
                    {"AttributeName": "queue_order", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return client


@pytest.fixture
def verdicts(dynamodb: Any) -> DynamoVerdictStore:
    return DynamoVerdictStore(dynamodb, "verdicts")


@pytest.fixture
def store(dynamodb: Any) -> DynamoDecisionStore:
    return DynamoDecisionStore(dynamodb, "verdicts")


def put(dynamodb: Any, **attributes: Any) -> None:
    record = {"pk": IMAGE.pk, "sk": IMAGE.version, "owner": ME, "created_at": AT, **attributes}
    dynamodb.put_item(TableName="verdicts", Item=to_item(record))


def stand(dynamodb: Any, decision: StickyDecision = BLOOD) -> None:
    dynamodb.put_item(TableName="verdicts", Item=to_item(decision.attributes()))


def item(dynamodb: Any) -> dict[str, Any]:
    key = to_item({"pk": KEY.pk, "sk": KEY.sk})
    return from_item(dynamodb.get_item(TableName="verdicts", Key=key).get("Item", {}))


def decide(verdicts: DynamoVerdictStore, standing: StickyDecision | None, wanted: StickyDecision | None) -> bool:
    record = verdicts.get(IMAGE)
    assert record
    change = overruled(record, "unsafe", ("Violence",), "Blood", BLOOD.decided_by, LATER, KEY)
    return verdicts.compare_and_set(record, change, Sticking(KEY, standing, wanted))


@pytest.mark.parametrize("standing, wanted", [(None, BLOOD), (BLOOD, TOY), (BLOOD, None), (BLOOD, BLOOD), (None, None)])
def test_a_decision_changes_with_its_record(
    dynamodb: Any,
    verdicts: DynamoVerdictStore,
    store: DynamoDecisionStore,
    standing: StickyDecision | None,
    wanted: StickyDecision | None,
) -> None:
    put(dynamodb, verdict="safe", decided_by="judge")
    if standing:
        stand(dynamodb, standing)

    assert decide(verdicts, standing, wanted)

    assert store.find(KEY) == wanted
    record = verdicts.get(IMAGE)
    assert record and (record.decided_by, record.decision) == ("person", {"pk": KEY.pk, "sk": KEY.sk})


@pytest.mark.parametrize("read, wanted", [(None, TOY), (None, None), (TOY, BLOOD), (TOY, None), (TOY, TOY)])
def test_neither_changes_if_the_sticky_decision_is_another_by_now(
    dynamodb: Any,
    verdicts: DynamoVerdictStore,
    store: DynamoDecisionStore,
    read: StickyDecision | None,
    wanted: StickyDecision | None,
) -> None:
    put(dynamodb, verdict="safe", decided_by="judge")
    stand(dynamodb)

    assert not decide(verdicts, read, wanted)

    assert store.find(KEY) == BLOOD
    record = verdicts.get(IMAGE)
    assert record and record.decided_by == "judge"


def test_neither_changes_if_the_record_is_another_by_now(
    dynamodb: Any, verdicts: DynamoVerdictStore, store: DynamoDecisionStore
) -> None:
    put(dynamodb, verdict="safe", decided_by="judge")
    record = verdicts.get(IMAGE)
    assert record
    put(dynamodb, verdict="safe", decided_by="person", decided_at=LATER)

    assert not verdicts.compare_and_set(
        record, overruled(record, "unsafe", (), "n", "w", LATER), Sticking(KEY, None, BLOOD)
    )

    assert store.find(KEY) is None


def repeated() -> dict[str, Any]:
    return decided_before(BLOOD, None) | {"status": "decided"}


def test_a_verdict_that_repeats_a_decision_is_recorded_while_it_stands(
    dynamodb: Any, verdicts: DynamoVerdictStore
) -> None:
    put(dynamodb, status="claimed")
    with pytest.raises(DecisionWithdrawn):
        verdicts.record(IMAGE, ME, repeated())
    stand(dynamodb, TOY)
    with pytest.raises(DecisionWithdrawn):
        verdicts.record(IMAGE, ME, repeated())
    stand(dynamodb)

    assert verdicts.record(IMAGE, ME, repeated())
    dynamodb.delete_item(TableName="verdicts", Key=to_item({"pk": KEY.pk, "sk": KEY.sk}))
    assert verdicts.record(IMAGE, ME, repeated()), "its own verdict, written by an attempt whose reply was lost"
    record = verdicts.get(IMAGE)
    assert record and (record.verdict, record.as_of, list(record.categories)) == ("unsafe", AT, ["Violence", "Gore"])


def test_what_a_person_decided_meanwhile_is_not_taken_for_the_repeated_decision(
    dynamodb: Any, verdicts: DynamoVerdictStore
) -> None:
    stand(dynamodb)
    put(dynamodb, verdict="safe", decided_by="person", execution=ME)

    assert not verdicts.record(IMAGE, ME, repeated())


@pytest.mark.parametrize(
    "days, expires_at, until",
    [(0, None, None), (1, None, 1795514400 + DAY + 365 * DAY), (0, 1795514400, 1795514400 + 365 * DAY)],
)
def test_a_decision_outlives_its_record_by_a_year(
    dynamodb: Any, days: int, expires_at: int | None, until: int | None
) -> None:
    verdicts = DynamoVerdictStore(dynamodb, "verdicts", days)
    put(dynamodb, verdict="safe", decided_by="judge", **({"expires_at": expires_at} if expires_at else {}))

    assert decide(verdicts, None, BLOOD)

    record = verdicts.get(IMAGE)
    assert item(dynamodb).get("expires_at") == until
    assert record and (record.expires_at is None) == (until is None)


def test_what_has_expired_counts_as_gone_and_can_be_replaced(
    dynamodb: Any, verdicts: DynamoVerdictStore, store: DynamoDecisionStore
) -> None:
    put(dynamodb, verdict="safe", decided_by="judge")
    stand(dynamodb, replace(BLOOD, expires_at=1))

    assert store.find(KEY) is None
    assert list(store.made_since("intake", AT)) == []
    assert decide(verdicts, None, TOY)
    assert store.find(KEY) == TOY


def test_decisions_of_a_bucket_are_listed_by_time(dynamodb: Any, store: DynamoDecisionStore) -> None:
    keys = [decision_key(b"secret", "intake", f"{n:02d}" * 32, "", "d") for n in range(9)]
    for n, key in enumerate(keys):
        stand(dynamodb, replace(BLOOD, key=key, decided_at=f"2026-11-23T10:00:0{n}.000Z"))
    stand(dynamodb, replace(BLOOD, key=decision_key(b"secret", "other", "ab" * 32, "", "d")))

    assert len({key.pk for key in keys}) > 1
    assert {made.key for made in store.made_since("intake", "2026-11-23T10:00:04.000Z")} == set(keys[4:])


def test_a_decision_is_withdrawn_unless_it_is_another_by_now(dynamodb: Any, store: DynamoDecisionStore) -> None:
    stand(dynamodb, TOY)
    assert not store.withdraw(BLOOD)
    assert store.withdraw(TOY)
    assert not store.withdraw(TOY)
    assert item(dynamodb) == {}


def test_a_decision_without_uploads_loses_its_note_and_gets_an_expiry_once(
    dynamodb: Any, store: DynamoDecisionStore
) -> None:
    store.outlive(KEY, 4_000_000_000)
    assert item(dynamodb) == {}, "it makes none"

    stand(dynamodb)
    for until in (4_000_000_000, 5_000_000_000):
        store.outlive(KEY, until)
    assert store.find(KEY) == replace(BLOOD, reason="", expires_at=4_000_000_000)


def test_images_that_people_decided_on_are_found_by_the_time_of_the_decision(
    dynamodb: Any, verdicts: DynamoVerdictStore
) -> None:
    put(dynamodb, verdict="safe", decided_by="judge", created_at="2020-01-01T00:00:00.000Z")
    assert decide(verdicts, None, None)

    assert list(verdicts.decided_by_people(LATER)) == [IMAGE]
    assert list(verdicts.decided_by_people("2026-11-25")) == []


def test_a_transaction_that_met_another_one_is_retried_by_the_workflow(dynamodb: Any, verdicts: Any) -> None:
    put(dynamodb, verdict="safe", decided_by="judge")

    def conflicting(**_: Any) -> None:
        response: Any = {
            "Error": {"Code": "TransactionCanceledException"},
            "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}],
        }
        raise ClientError(response, "TransactWriteItems")

    verdicts._client = type("Busy", (), {"transact_write_items": staticmethod(conflicting)})()
    with pytest.raises(StoreUnavailable):
        verdicts.compare_and_set(
            DynamoVerdictStore(dynamodb, "verdicts").get(IMAGE),
            overruled(DynamoVerdictStore(dynamodb, "verdicts").get(IMAGE), "safe", (), "n", "w", LATER),  # type: ignore[arg-type]
            Sticking(KEY, None, BLOOD),
        )
