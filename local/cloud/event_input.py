"""Input of an EventBridge target: the event, part of it, or a template filled from it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jsonpath_ng.ext import parse

_TOKEN = re.compile(r'\\.|"|<([\w.\-]+)>', re.DOTALL)


def target_input(target: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """Return the input of `target` by its Input, InputPath or InputTransformer, else the whole event as JSON."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return json.dumps(_value_at(target["InputPath"], event))
    if "InputTransformer" in target:
        return _transform(target["InputTransformer"], event)
    return json.dumps(event)


def _transform(transformer: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """Replace placeholders `<name>`: outside quotes by JSON, inside a JSON string by the value's text."""
    paths = transformer.get("InputPathsMap", {})
    values = {name: _value_at(path, event) for name, path in paths.items()} | {"aws.events.event.json": event}
    quoted = False

    def fill(token: re.Match[str]) -> str:
        nonlocal quoted
        if token[0] == '"':
            quoted = not quoted
        if token[1] is None or token[1] not in values:
            return token[0]
        value = values[token[1]]
        if not quoted:
            return json.dumps(value)
        return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]

    return _TOKEN.sub(fill, transformer["InputTemplate"])


def _value_at(path: str, event: Mapping[str, Any]) -> Any:
    """Return the first value at the JSON path, None if there is none. Keys may contain dashes, as in `version-id`."""
    found = _parsed(path).find(event)
    return found[0].value if found else None


@lru_cache(maxsize=256)
def _parsed(path: str) -> Any:
    return parse(re.sub(r"\.([\w-]*-[\w-]*)", r".'\1'", path))
