"""Differences between two packs."""

from collections.abc import Iterator, Mapping
from typing import Any

from moderation.domain.policy import Pack, pack_content

Change = tuple[str, object, object]  # path, before, after; None if the field is missing
_NAMED_BY = {"categories": "name", "questions": "id", "cases": "name"}


def changes(before: Pack, after: Pack) -> list[Change]:
    """Return every field that differs, by its path; list items are matched by their names."""
    return list(_differing("", _by_name(before), _by_name(after)))


def _by_name(pack: Pack) -> dict[str, Any]:
    content = pack_content(pack)
    for field, name in _NAMED_BY.items():
        content[field] = {item[name]: {k: v for k, v in item.items() if k != name} for item in content[field]}
    return content


def _differing(path: str, before: Any, after: Any) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            yield from _differing(f"{path}.{name}" if path else str(name), before.get(name), after.get(name))
    elif before != after:
        yield path, before, after
