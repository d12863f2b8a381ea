"""Sizes of items: moto's own, without a copy of each value that is weighed."""

from typing import Any

import pytest
from moto.dynamodb.models.dynamo_type import DynamoType

from local.cloud.moto_patches import item_sizes

VALUES: list[dict[str, Any]] = [
    {"S": "ü text"},
    {"S": ""},
    {"N": "-12.50"},
    {"B": "AAE="},
    {"B": b"\x00\xff"},
    {"BOOL": True},
    {"BOOL": False},
    {"NULL": True},
    {"SS": ["ä", "bc"]},
    {"NS": ["1", "20.5"]},
    {"BS": ["AAE=", "/w=="]},
    {"L": []},
    {"M": {}},
    {"L": [{"M": {"nämed": {"L": [{"N": "1"}, {"S": "x"}]}, "b": {"SS": ["one"]}}}, {"NULL": True}]},
]


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DynamoType, "size", DynamoType.size)


def test_sizes_are_moto_s_own_and_no_value_is_copied(is_patched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    values = [DynamoType(value) for value in VALUES]
    of_moto = [value.size() for value in values]
    if is_patched:
        item_sizes.install()
    copied, copy = [], DynamoType.__init__

    def noted(self: Any, given: Any) -> None:
        copied.append(given)
        copy(self, given)

    monkeypatch.setattr(DynamoType, "__init__", noted)

    assert [value.size() for value in values] == of_moto
    assert of_moto[:4] == [7, 0, 6, 4]
    assert copied == []
