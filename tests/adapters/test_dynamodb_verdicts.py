"""The table: one owner, one verdict, whatever is repeated or lost on the way."""

from datetime import datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from moderation.adapters.dynamodb_items import from_item, to_item
from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Change, escalated, overruled, reopened
from moderation.errors import Misconfigured, StoreUnavailable

IMAGE = ImageRef("intake", "a#b.jpg", "v1")
ME, OTHER = "arn:aws:states:us-east-1:1:execution:m:me", "arn:aws:states:us-east-1:1:execution:m:other"
KEY = {"pk": {"S": IMAGE.pk}, "sk": {"S": IMAGE.version}}
VERDICT = {
    "verdict": "unsafe",
    "decided_by": "judge",
    "status": "decided",
    "evidence": [{"score": 0.125}],
    "category": None,
}


@pytest.fixture
def dynamodb():
    client = boto3.client("dynamodb")
    names = ("pk", "sk", "verdict_shard", "created_at", "sha256")
    client.create_table(
        TableName="verdicts",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-verdict",
                "KeySchema": [
                    {"AttributeName": "verdict_shard", "KeyType": "HASH"},
                    {"AttributeName": "created_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            },
            {
                "IndexName": "by-sha256",
                "KeySchema": [
                    {"AttributeName": "sha256", "KeyType": "HASH"},
                    {"AttributeName": "created_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["cache_key", "decided_by"]},
            },
        ],
    )
    return client


@pytest.fixture
def store(dynamodb):
    return DynamoVerdictStore(dynamodb, "verdicts")


def claim(dynamodb, owner, **more):
    key = {"pk": "intake#a#b.jpg", "sk": "v1"}
    dynamodb.put_item(TableName="verdicts", Item=to_item(key | {"owner": owner, "status": "claimed"} | more))


def test_the_owner_records_once_and_repeating_it_changes_nothing(dynamodb, store):
    claim(dynamodb, ME, history=[{"verdict": "review"}])

    assert store.record(IMAGE, ME, VERDICT)
    assert store.record(IMAGE, ME, VERDICT)

    record = store.get(IMAGE)
    assert record.verdict == "unsafe"
    assert record.evidence == [{"score": 0.125}]
    assert record.history == [{"verdict": "review"}]
    assert record.execution == ME


def test_a_stranger_cannot_record(dynamodb, store):
    claim(dynamodb, OTHER)

    assert not store.record(IMAGE, ME, VERDICT)
    assert store.get(IMAGE).verdict is None


def test_a_persons_decision_stands(dynamodb, store):
    claim(dynamodb, ME, verdict="safe", decided_by="person", execution=ME)

    assert not store.record(IMAGE, ME, VERDICT)
    assert store.get(IMAGE).verdict == "safe"


def test_a_failure_that_was_recorded_meanwhile_stands(dynamodb, store):
    claim(dynamodb, ME, verdict="review", decided_by="failure", execution=ME)

    assert not store.record(IMAGE, ME, VERDICT)


def test_an_image_without_a_record_gets_one(store):
    assert store.record(IMAGE, ME, VERDICT, unclaimed=True)
    assert store.get(IMAGE).owner == ME


def test_notified_is_kept_beside_the_verdict(dynamodb, store):
    claim(dynamodb, ME, verdict="unsafe")

    store.mark_notified(store.get(IMAGE))

    assert store.get(IMAGE).notified is True
    assert store.get(IMAGE).verdict == "unsafe"


def test_a_decision_made_since_is_not_marked_as_notified(dynamodb, store):
    claim(dynamodb, ME, verdict="unsafe", decided_by="judge", notified=False)
    published = store.get(IMAGE)
    claim(dynamodb, ME, verdict="safe", decided_by="person", decided_at=DATED["decided_at"], notified=False)

    store.mark_notified(published)

    assert store.get(IMAGE).notified is False


def test_an_erased_record_is_gone_and_nothing_writes_it_again(dynamodb, store):
    claim(dynamodb, ME, **VERDICT)
    record = store.get(IMAGE)

    assert not store.delete_decided(IMAGE, "2026-11-01T08:00:00.000Z"), "it was decided since"
    assert store.delete_decided(IMAGE, record.decided_at)
    assert store.delete_decided(IMAGE, record.decided_at), "it can be repeated"

    assert store.get(IMAGE) is None
    assert not store.record(IMAGE, ME, VERDICT)
    assert not store.compare_and_set(record, overruled(record, "safe", (), "A toy", "arn:me", DECIDED_AT))
    store.mark_notified(record)
    assert "Item" not in dynamodb.get_item(TableName="verdicts", Key=KEY)


def test_an_image_that_an_execution_owns_is_not_erased(dynamodb, store):
    claim(dynamodb, ME)

    assert not store.delete_decided(IMAGE, None)
    assert store.get(IMAGE).status == "claimed"


def test_undecided_finds_old_claims_on_every_shard_and_no_new_ones(dynamodb, store):
    for shard, moment in enumerate(
        ["2026-11-21T23:59:00.000Z", "2026-11-22T08:00:00.000Z", "2026-11-23T11:59:00.000Z"]
    ):
        item = {"pk": f"b#{shard}", "sk": "v", "verdict_shard": f"claimed#{moment[:10]}#{shard}", "created_at": moment}
        dynamodb.put_item(TableName="verdicts", Item=to_item(item))
    late = {"pk": "b#9", "sk": "v", "verdict_shard": "claimed#2026-11-23#0", "created_at": "2026-11-23T12:01:00.000Z"}
    dynamodb.put_item(TableName="verdicts", Item=to_item(late))

    assert {record.image.pk for record in store.undecided("2026-11-23T12:00:00.000Z")} == {"b#0", "b#1", "b#2"}


def alike(dynamodb, version: str, **more):
    item = {"pk": "b#k", "sk": version, "sha256": "s", "cache_key": "m", "decided_by": "judge", "evidence": []}
    dynamodb.put_item(
        TableName="verdicts", Item=to_item(item | {"created_at": f"2026-11-23T10:00:0{version}.000Z"} | more)
    )


def test_the_newest_record_of_the_same_bytes_is_found_whole(dynamodb, store):
    alike(dynamodb, "1")
    alike(dynamodb, "2", reason="The newest.")
    alike(dynamodb, "3", decided_by="person")
    alike(dynamodb, "4", decided_by="failure")
    alike(dynamodb, "5", cache_key="other")

    assert store.find_cached("b", "s", "m").reason == "The newest."
    assert store.find_cached("b", "s", "unknown") is None
    assert store.find_cached("b", "other", "m") is None


def test_the_same_bytes_in_another_bucket_are_not_read(dynamodb, store, monkeypatch):
    alike(dynamodb, "1", pk="b-old#k")
    monkeypatch.setattr(store, "get", lambda image: pytest.fail(f"The function may not read {image}."))

    assert store.find_cached("b", "s", "m") is None


def test_plain_data_survives_the_round_trip():
    data = {"a": [1, 0.1, None, True, {"p": 1e-7}], "s": "x", "n": {}}

    assert from_item(to_item(data)) == data


@pytest.mark.parametrize("p", [5e-324, 1e-200, 1.2345678901234567e-128])
def test_a_probability_however_small_is_written(p):
    assert from_item(to_item({"p": p}))["p"] == pytest.approx(p, abs=1e-127)


@pytest.mark.parametrize(
    "code, status, expected",
    [
        ("ProvisionedThroughputExceededException", 400, StoreUnavailable),
        ("InternalServerError", 500, StoreUnavailable),
        ("ResourceNotFoundException", 400, Misconfigured),
        ("AccessDeniedException", 400, Misconfigured),
    ],
)
def test_what_dynamodb_raises_gets_our_names(code, status, expected):
    class Failing:
        def get_item(self, **_):
            response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
            raise ClientError(response, "GetItem")

    failing: Any = Failing()
    with pytest.raises(expected):
        DynamoVerdictStore(failing, "verdicts").get(IMAGE)


def test_a_reply_that_never_came_is_retried_by_the_workflow(dynamodb, store):
    claim(dynamodb, ME)

    class Deaf:
        """Writes, but its reply is lost."""

        def update_item(self, **request):
            dynamodb.update_item(**request)
            raise ReadTimeoutError(endpoint_url="x")

    deaf: Any = Deaf()
    with pytest.raises(StoreUnavailable):
        DynamoVerdictStore(deaf, "verdicts").record(IMAGE, ME, VERDICT)
    assert store.record(IMAGE, ME, VERDICT)


DECIDED_AT = "2026-11-23T10:00:00.000Z"
DATED = VERDICT | {"decided_at": DECIDED_AT}
DAY_AFTER = 1795514400  # 2026-11-24 10:00 UTC


def test_records_are_kept_for_good_or_expire_some_days_after_the_verdict(dynamodb, store):
    other = ImageRef("intake", "b.jpg", "v1")
    store.record(IMAGE, ME, DATED, unclaimed=True)
    DynamoVerdictStore(dynamodb, "verdicts", 1).record(other, ME, DATED, unclaimed=True)

    assert store.get(IMAGE).expires_at is None
    assert store.get(other).expires_at == DAY_AFTER


def test_a_decision_gives_a_record_an_expiry_only_if_it_has_none(dynamodb):
    store: Any = DynamoVerdictStore(dynamodb, "verdicts", 1)
    claim(dynamodb, ME, verdict="review", decided_by="failure")
    later = DATED | {"decided_by": "person", "decided_at": "2027-01-01T10:00:00.000Z"}

    assert store.compare_and_set(store.get(IMAGE), Change(DATED))
    assert store.get(IMAGE).expires_at == DAY_AFTER
    assert store.compare_and_set(store.get(IMAGE), Change(later))
    assert store.get(IMAGE).expires_at == DAY_AFTER, "its evidence goes then, too"


@pytest.mark.parametrize(
    ("days", "later", "kept"),
    [
        (184, "2027-05-01T10:00:00.000Z", "2027-11-01T10:00:00.000Z"),
        (365, "2026-11-24T10:00:00.000Z", "2027-11-23T10:00:00.000Z"),
        (365, "2027-11-22T10:00:00.000Z", "2028-05-24T10:00:00.000Z"),
        (183, "2027-05-01T10:00:00.000Z", "2027-05-25T10:00:00.000Z"),
    ],
)
def test_a_later_decision_is_kept_for_six_months_where_the_first_is(dynamodb, days, later, kept):
    store: Any = DynamoVerdictStore(dynamodb, "verdicts", days)
    claim(dynamodb, ME)
    assert store.compare_and_set(store.get(IMAGE), Change(DATED))

    assert store.compare_and_set(store.get(IMAGE), Change(DATED | {"decided_by": "person", "decided_at": later}))

    assert store.get(IMAGE).expires_at == datetime.fromisoformat(kept).timestamp()
    assert store.compare_and_set(store.get(IMAGE), Change({"notified": True}))
    assert store.get(IMAGE).expires_at == datetime.fromisoformat(kept).timestamp()


def test_an_attribute_that_a_later_release_wrote_survives_a_decision(dynamodb, store):
    claim(dynamodb, ME, verdict="review", decided_by="failure", mood=7, schema_version=2)

    record = store.get(IMAGE)
    assert record.other["mood"] == 7
    assert store.compare_and_set(record, overruled(record, "safe", (), "A toy", "arn:me", DECIDED_AT))

    assert from_item(dynamodb.get_item(TableName="verdicts", Key=KEY)["Item"])["mood"] == 7
    assert store.get(IMAGE).schema_version == 2


def test_a_decision_on_a_record_that_changed_since_is_refused(dynamodb, store):
    claim(dynamodb, ME, verdict="review", decided_by="failure")
    record = store.get(IMAGE)
    claim(dynamodb, ME, verdict="unsafe", decided_by="person", decided_at=DATED["decided_at"])

    assert not store.compare_and_set(record, reopened(record))
    assert store.get(IMAGE).verdict == "unsafe"


def test_a_reopened_record_is_a_claim_with_its_past_and_in_no_queue(dynamodb, store):
    claim(dynamodb, ME, **VERDICT, queue="review#1", queue_order="5#t", decided_at=DATED["decided_at"], reference="r")
    record = store.get(IMAGE)

    assert store.compare_and_set(record, reopened(record))

    item = from_item(dynamodb.get_item(TableName="verdicts", Key=KEY)["Item"])
    assert set(item) == {"pk", "sk", "owner", "status", "verdict_shard", "history", "reference", "previous_verdict"}
    assert [past["verdict"] for past in item["history"]] == ["unsafe"]
    assert store.get(IMAGE) == record.with_change(reopened(record))


def test_a_change_of_a_record_that_was_escalated_since_is_refused(dynamodb, store):
    claim(dynamodb, ME, **VERDICT, created_at=DATED["decided_at"])
    record = store.get(IMAGE)

    assert store.compare_and_set(record, escalated(record, DECIDED_AT))

    assert not store.compare_and_set(record, reopened(record))
    assert not store.compare_and_set(record, overruled(record, "safe", (), "A toy", "arn:me", DECIDED_AT))
    assert store.get(IMAGE) == record.with_change(escalated(record, DECIDED_AT))


def test_an_escalated_record_loses_its_expiry_and_no_decision_gives_it_another(dynamodb):
    store: Any = DynamoVerdictStore(dynamodb, "verdicts", 1)
    claim(dynamodb, ME, **VERDICT, created_at=DATED["decided_at"], expires_at=DAY_AFTER)
    record = store.get(IMAGE)

    assert store.compare_and_set(record, escalated(record, DECIDED_AT))
    record = store.get(IMAGE)
    assert store.compare_and_set(record, overruled(record, "safe", (), "A toy", "arn:me", DECIDED_AT))

    assert (store.get(IMAGE).verdict, store.get(IMAGE).expires_at) == ("safe", None)
