"""Events of a bucket, one from another."""

from typing import Any

from tests.local.moto_patches.cloud import Cloud


def two_events(cloud: Cloud) -> list[dict[str, Any]]:
    s3, bucket, (url, queue) = cloud.client("s3"), cloud.bucket(), cloud.queue()
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    cloud.rule({"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}, {"Arn": queue})
    events = []
    for key in "ab":
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
        events.append(cloud.receive(url))
    return events


def test_every_event_has_an_id_of_its_own(cloud: Cloud) -> None:
    first, second = two_events(cloud)

    assert first["id"] != second["id"]


def test_sequencers_tell_the_order(cloud: Cloud) -> None:
    first, second = two_events(cloud)

    assert first["detail"]["object"]["sequencer"] < second["detail"]["object"]["sequencer"]


def test_an_object_s_etag_has_the_name_that_s3_gives_it(cloud: Cloud) -> None:
    assert "etag" in two_events(cloud)[0]["detail"]["object"]
