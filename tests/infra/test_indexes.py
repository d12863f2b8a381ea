"""A table that stands can be updated: CloudFormation makes or deletes one index an update, and alters no projection.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-dynamodb-table.html. With a release,
`released_indexes.json` is written anew from its template.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.infra.synthesis import Template

LAST: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("released_indexes.json").read_text())["indexes"]
MOST_ATTRIBUTES = 100  # projected into all indexes of a table together


def table(template: Template) -> dict[str, Any]:
    return template.only("AWS::DynamoDB::Table")


def indexes(template: Template) -> dict[str, dict[str, Any]]:
    return {
        index["IndexName"]: {
            "keys": [key["AttributeName"] for key in index["KeySchema"]],
            "projected": sorted(index["Projection"]["NonKeyAttributes"]),
        }
        for index in table(template)["GlobalSecondaryIndexes"]
    }


def faults(last: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Reasons for which a table of the last release couldn't be updated."""
    altered = [name for name in last.keys() & now.keys() if last[name] != now[name]]
    changed = last.keys() ^ now.keys()
    return [f"{name} is altered" for name in altered] + (
        [f"more than one of {sorted(changed)}"] if len(changed) > 1 else []
    )


def test_a_table_of_the_last_release_can_be_updated(moderation: Template) -> None:
    assert faults(LAST, indexes(moderation)) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, []),
        ({"by-new": {"keys": ["a", "b"], "projected": []}}, []),
        ({"by-new": {}, "by-newer": {}}, ["more than one of ['by-new', 'by-newer']"]),
        ({"by-queue": {"keys": ["queue", "queue_order"], "projected": ["verdict"]}}, ["by-queue is altered"]),
    ],
)
def test_what_could_not_be_updated_is_named(change: dict[str, Any], fault: list[str]) -> None:
    assert faults(LAST, LAST | change) == fault


def test_the_projections_fit_a_table_and_hold_no_content(moderation: Template) -> None:
    projected = [name for index in indexes(moderation).values() for name in index["projected"]]

    assert len(projected) <= MOST_ATTRIBUTES
    assert not {"evidence", "answers", "captions", "shadow", "history"} & set(projected)


def test_the_queue_is_sparse_and_every_index_has_its_keys(moderation: Template) -> None:
    defined = {attribute["AttributeName"] for attribute in table(moderation)["AttributeDefinitions"]}

    assert indexes(moderation)["by-queue"]["keys"] == ["queue", "queue_order"]
    assert {key for index in indexes(moderation).values() for key in index["keys"]} <= defined
