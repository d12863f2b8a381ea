"""Item sizes and request units, against the rules of the DynamoDB Developer Guide."""

import pytest

from scripts.costs.dynamodb_units import item_bytes, projected, read_units, value_bytes, write_units


@pytest.mark.parametrize(
    "value, size",
    [
        ({"S": "abc"}, 3),
        ({"S": "ä"}, 2),
        ({"N": "1234"}, 3),
        ({"N": "-27"}, 3),
        ({"N": "0.98"}, 2),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": [{"S": "ab"}, {"S": "c"}]}, 3 + 2 + 3),
        ({"M": {"key": {"S": "ab"}}}, 3 + 1 + 3 + 2),
    ],
)
def test_the_size_of_a_value(value, size):
    assert value_bytes(value) == size


def test_names_count_and_units_are_whole_kilobytes():
    item = {"pk": {"S": "x" * 1022}}

    assert (item_bytes(item), write_units(item), read_units(item)) == (1024, 1, 1)
    larger = item | {"a": {"BOOL": True}}
    assert (write_units(larger), read_units(larger)) == (2, 1)


def test_an_index_holds_keys_and_what_is_projected():
    item = {"pk": {"S": "a"}, "sk": {"S": "b"}, "verdict": {"S": "safe"}, "evidence": {"L": []}}

    assert set(projected(item, ("verdict", "category"))) == {"pk", "sk", "verdict"}


def test_a_type_that_records_never_have_is_refused():
    with pytest.raises(ValueError, match="SS"):
        value_bytes({"SS": ["a"]})
