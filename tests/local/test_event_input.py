"""Input of a rule's target, by the rules of EventBridge's input transformer."""

import json
from typing import Any

import pytest

from local.cloud.event_input import target_input

EVENT: dict[str, Any] = {
    "id": "1",
    "time": "2026-01-01T00:00:00Z",
    "detail": {"bucket": {"name": "b"}, "object": {"key": 'a "b"\\ü', "size": 3, "version-id": "v1"}},
}
PATHS = {
    "key": "$.detail.object.key",
    "size": "$.detail.object.size",
    "version": "$.detail.object.version-id",
    "object": "$.detail.object",
    "none": "$.detail.missing",
}


def transformed(template: str) -> str:
    return target_input({"InputTransformer": {"InputPathsMap": PATHS, "InputTemplate": template}}, EVENT)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"k":<key>,"s":<size>,"v":<version>}', {"k": 'a "b"\\ü', "s": 3, "v": "v1"}),
        ('{"text":"<version> has <size> bytes"}', {"text": "v1 has 3 bytes"}),
        ('{"text":"key <key>"}', {"text": 'key a "b"\\ü'}),
        ('{"escaped":"\\"<version>\\""}', {"escaped": '"v1"'}),
        ('{"object":<object>}', {"object": EVENT["detail"]["object"]}),
        ('{"none":<none>}', {"none": None}),
        ('{"all":<aws.events.event.json>}', {"all": EVENT}),
        ('"only text, <version>"', "only text, v1"),
    ],
)
def test_templates_give_valid_json(template: str, expected: Any) -> None:
    assert json.loads(transformed(template)) == expected


def test_an_unknown_name_stays_as_it_is() -> None:
    assert transformed('"<unknown>"') == '"<unknown>"'


def test_input_is_passed_on_as_it_is() -> None:
    assert target_input({"Input": '{"a": 1}'}, EVENT) == '{"a": 1}'


def test_input_path_selects_a_part() -> None:
    assert json.loads(target_input({"InputPath": "$.detail.bucket"}, EVENT)) == {"name": "b"}


def test_without_any_of_them_it_is_the_event() -> None:
    assert json.loads(target_input({}, EVENT)) == EVENT
