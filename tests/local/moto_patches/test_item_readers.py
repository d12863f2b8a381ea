"""Sources of a Distributed Map's items: listings of any length, JSON Lines, and S3 inventories."""

import gzip
import json
from typing import Any

from tests.local.moto_patches.cloud import Cloud
from tests.local.moto_patches.distributed_maps import a_map, ended, started

ECHO = {"T": {"Type": "Pass", "End": True}}


def items(cloud: Cloud, reader: dict[str, Any], **more: Any) -> list[Any]:
    execution = ended(cloud, started(cloud, a_map(ECHO, ItemReader=reader, MaxConcurrency=8, **more), "{}"))
    found: list[Any] | None = json.loads(execution.get("output", "null"))
    assert found is not None
    return found


def test_a_listing_of_more_than_a_page_is_read_whole(cloud: Cloud) -> None:
    bucket, s3 = cloud.bucket(), cloud.client("s3")
    for number in range(1001):
        s3.put_object(Bucket=bucket, Key=f"in/{number}", Body=b"four")
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": bucket, "Prefix": "in/"}}

    found = items(cloud, reader)

    assert len({item["Key"] for item in found}) == 1001
    assert found[0].keys() == {"Etag", "Key", "LastModified", "Size", "StorageClass"}
    assert (found[0]["Size"], type(found[0]["LastModified"])) == (4, int)


def test_an_empty_listing_has_no_items(cloud: Cloud) -> None:
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": cloud.bucket()}}

    assert items(cloud, reader) == []


def test_each_line_of_a_file_is_an_item(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    cloud.client("s3").put_object(Bucket=bucket, Key="list.jsonl", Body=b'{"key": "a"}\n\n{"key": "b"}\n')
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSONL"},
        "Parameters": {"Bucket": bucket, "Key": "list.jsonl"},
    }

    assert items(cloud, reader) == [{"key": "a"}, {"key": "b"}]


def test_the_rows_of_an_inventory_are_items_with_their_keys_as_they_are(cloud: Cloud) -> None:
    bucket, s3 = cloud.bucket(), cloud.client("s3")
    rows = b'"photos","a%20b.png","v1","12"\n"photos","c.png","v2","13"\n'
    s3.put_object(Bucket=bucket, Key="data/1.csv.gz", Body=gzip.compress(rows))
    manifest = {
        "destinationBucket": f"arn:aws:s3:::{bucket}",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, VersionId, Size",
        "files": [{"key": "data/1.csv.gz"}],
    }
    s3.put_object(Bucket=bucket, Key="manifest.json", Body=json.dumps(manifest))
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "MANIFEST"},
        "Parameters": {"Bucket": bucket, "Key": "manifest.json"},
    }

    assert items(cloud, reader) == [
        {"Bucket": "photos", "Key": "a%20b.png", "VersionId": "v1", "Size": "12"},
        {"Bucket": "photos", "Key": "c.png", "VersionId": "v2", "Size": "13"},
    ]
