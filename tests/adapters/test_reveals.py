"""Links to views, and the counts of what was revealed."""

from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from moderation.adapters.dynamodb_reveals import DynamoRevealCounts
from moderation.adapters.s3_pictures import S3Pictures


@pytest.fixture
def pictures(s3):
    s3.create_bucket(Bucket="work")
    s3.put_object(Bucket="work", Key="work/a/b/views/full.png", Body=b"<script>", ContentType="text/html")
    return S3Pictures(s3, "work")


def test_a_link_shows_a_png_for_a_minute_and_is_cached_nowhere(pictures):
    asked = parse_qs(urlsplit(pictures.link("work/a/b/views/full.png", 60)).query)

    assert asked["response-content-type"] == ["image/png"]
    assert asked["response-cache-control"] == ["no-store"]
    assert asked["response-content-disposition"] == ["inline"]
    assert asked.get("X-Amz-Expires", ["60"]) == ["60"]


def test_a_view_that_expired_is_not_there(pictures):
    assert pictures.has("work/a/b/views/full.png")
    assert not pictures.has("work/a/b/views/tile-1.png")


@pytest.fixture
def counts():
    boto3.client("dynamodb").create_table(
        TableName="verdicts",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    return DynamoRevealCounts(boto3.client("dynamodb"), "verdicts")


def test_a_picture_counts_once_for_each_person_and_hour(counts):
    hour = "2026-11-27T10"

    assert [counts.count("p-1", hour, image, True, 2) for image in "aabac"] == [True, True, True, True, False]
    assert counts.count("p-1", "2026-11-27T11", "c", True, 2)
    assert counts.count("p-2", hour, "c", True, 2)
    assert not counts.count("p-3", hour, "c", True, 0)


def test_pictures_that_are_not_graphic_have_no_limit(counts):
    assert counts.count("p-1", "2026-11-27T10", "a", False, 0)
    assert counts.count("p-1", "2026-11-27T10", "b", False, 1)
    assert counts.count("p-1", "2026-11-27T10", "c", True, 1)


def test_the_hours_of_everybody_are_numbers_without_a_name(counts):
    for who, hour, image, graphic in (
        *(("p-1", "2026-11-27T10", image, True) for image in "aab"),
        ("p-1", "2026-11-27T10", "c", False),
        ("p-1", "2026-11-27T11", "a", True),
        ("p-2", "2026-11-27T10", "a", False),
        ("p-2", "2026-11-28T09", "a", True),
    ):
        assert counts.count(who, hour, image, graphic, None)
    assert not counts.count("p-1", "2026-11-27T10", "d", True, 2)

    found = counts.hours("2026-11-27T10", "2026-11-27T11")

    assert sorted((hour.shown, hour.graphic) for hour in found) == [(1, 0), (1, 1), (3, 2)]
    assert [hour.shown for hour in counts.hours("2026-11-28T00", "2026-11-28T23")] == [1]
    stored = boto3.client("dynamodb").query(
        TableName="verdicts",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "review:exposure"}},
    )["Items"]
    assert len(stored) == 4
    assert {name for item in stored for name in item} == {"pk", "sk", "expires_at", "shown", "graphic"}
    assert "p-" not in str(stored)
