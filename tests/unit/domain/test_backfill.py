"""Names of a backfill's executions, what it selects, and its items as each source gives them."""

from datetime import UTC, datetime

import pytest

from moderation.domain.backfill import (
    Item,
    Kind,
    Selection,
    Source,
    execution_name,
    kind_of,
    new_run,
    read_item,
    run_of,
    started_at,
)
from moderation.domain.image_ref import ImageRef

NOW = datetime(2026, 11, 27, 12, 30, tzinfo=UTC)
IMAGE = ImageRef("photos", "a/b.png", "v1")
RUN = new_run(Kind.DIGEST, NOW, "0a1b2c")
STANDARD = "arn:aws:states:us-east-1:123456789012:execution:Machine"
EXPRESS = "arn:aws:states:us-east-1:123456789012:express:Machine"


def test_an_execution_has_one_name_in_a_run_and_the_name_tells_the_run():
    name = execution_name(RUN, IMAGE)

    assert name == execution_name(RUN, ImageRef("photos", "a/b.png", "v1")) != execution_name(RUN, ImageRef("", "", ""))
    assert len(name) <= 80, "StartExecution's limit"
    assert run_of(f"{STANDARD}:{name}") == run_of(f"{EXPRESS}:{name}:0f1e") == RUN
    assert started_at(RUN) == NOW


@pytest.mark.parametrize("kind", Kind)
def test_the_kind_of_a_run_is_in_the_names_of_its_executions(kind):
    assert kind_of(f"{STANDARD}:{execution_name(new_run(kind, NOW, 'ffffff'), IMAGE)}") is kind


@pytest.mark.parametrize("name", ["8f14e45f-ceea", "redrive-8f14e45f", "shadow", f"{RUN}-upload", "backfill-1-2"])
def test_no_other_execution_is_a_backfills(name):
    assert run_of(f"{STANDARD}:{name}") is None
    assert kind_of(None) is None


def test_what_is_not_the_id_of_a_run_has_no_start():
    with pytest.raises(ValueError, match="isn't the id of a backfill"):
        started_at("backfill-yesterday")


def test_the_sources_give_the_same_item():
    listed = {"Key": "a b.png", "Size": 7, "LastModified": 1668699881, "Etag": "e", "StorageClass": "STANDARD"}
    row = {"Bucket": "photos", "Key": "a+b.png", "VersionId": "v", "IsDeleteMarker": "false", "Size": "7"}
    row["LastModifiedDate"] = "2022-11-17T15:44:41.000Z"

    from_listing, from_inventory = read_item(Source.LISTING, listed), read_item(Source.INVENTORY, row)

    assert from_listing == Item("a b.png", size=7, modified="2022-11-17T15:44:41Z")
    assert from_inventory == Item("a b.png", "v", 7, "2022-11-17T15:44:41Z", "photos")
    assert read_item(Source.LINES, {"key": "a b.png"}) == Item("a b.png")
    assert read_item(Source.LINES, {"key": "a b.png", "version": "v"}) == Item("a b.png", "v")


@pytest.mark.parametrize(("encoded", "key"), [("a%20b", "a b"), ("a%2Bb", "a+b"), ("%C3%BC/%25.png", "ü/%.png")])
def test_the_keys_of_an_inventory_are_decoded(encoded, key):
    assert read_item(Source.INVENTORY, {"Key": encoded}).key == key


def test_a_delete_marker_has_no_size():
    marker = read_item(Source.INVENTORY, {"Key": "a", "VersionId": "v", "IsDeleteMarker": "true", "Size": ""})

    assert (marker.is_deleted, marker.size) == (True, None)


def test_a_selection_looks_at_suffix_and_time():
    wanted = Selection((".png", ".jpg"), "2022-01-01T00:00:00Z", "2023-01-01T00:00:00Z")

    assert wanted.takes(Item("a.PNG", modified="2022-06-01T00:00:00Z"))
    assert wanted.takes(Item("a.png"))
    assert not wanted.takes(Item("a.txt", modified="2022-06-01T00:00:00Z"))
    assert not wanted.takes(Item("a.png", modified="2021-12-31T23:59:59Z"))
    assert not wanted.takes(Item("a.png", modified="2023-01-01T00:00:00Z"))


def test_a_sample_is_a_share_of_the_keys_and_always_the_same():
    keys = [f"photo-{number}.png" for number in range(2000)]

    taken = [key for key in keys if Selection(sample=0.1).takes(Item(key))]

    assert 150 < len(taken) < 250
    assert taken == [key for key in keys if Selection(sample=0.1).takes(Item(key))]
    assert set(taken) <= {key for key in keys if Selection(sample=0.2).takes(Item(key))}
    assert not [key for key in keys if Selection(sample=0.0).takes(Item(key))]
