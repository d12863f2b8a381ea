"""Plain data of YAML files: the safe subset, of a bounded size."""

from collections.abc import Hashable, Mapping
from typing import Any

import yaml

from moderation.errors import InvalidPolicy

_MAX_VALUES = 100_000  # a pack of the largest size has about 5,000; aliases can repeat a part without end


def load_yaml(text: bytes | str, where: str) -> object:
    """Load a file that somebody submits; a key that is written twice is a fault.

    Raises InvalidPolicy with the position of the fault.
    """
    return _load(text, where, _StrictLoader)


def load_stored_yaml(text: bytes | str, where: str) -> object:
    """Load a file that is in force; of a key that is written twice the last one counts. Raises InvalidPolicy."""
    return _load(text, where, yaml.SafeLoader)


class _StrictLoader(yaml.SafeLoader):
    """Safe loader that rejects duplicate keys, of which YAML's own loader takes the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        first: dict[Hashable, yaml.Node] = {}
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                break  # the loader's own fault
            if key in first:
                raise yaml.constructor.ConstructorError(
                    f"the key {key!r} was given",
                    first[key].start_mark,
                    "and is given a second time: leave one of them out",
                    key_node.start_mark,
                )
            first[key] = key_node
        return super().construct_mapping(node, deep)


_MERGE = "tag:yaml.org,2002:merge"  # `<<` may be given more than once, and gives way to the mapping's own keys


def _load(text: bytes | str, where: str, loader: type[yaml.SafeLoader]) -> object:
    try:
        data = yaml.load(text, loader)  # noqa: S506 - both loaders are safe
    except (yaml.YAMLError, ValueError) as error:  # the latter of a date such as 2026-13-01
        raise InvalidPolicy(f"{where} isn't YAML: {' '.join(str(error).split())}") from error
    except RecursionError:
        raise InvalidPolicy(f"{where} is nested too deeply: write it flat.") from None
    if _is_larger(data, _MAX_VALUES):
        raise InvalidPolicy(f"{where} has over {_MAX_VALUES:,} values, or a part that contains itself: write it out.")
    return data


def _is_larger(data: object, limit: int) -> bool:
    """Tell if the data has more values than that, each alias counted as often as it is used."""
    waiting, counted = [data], 0
    while waiting:
        value = waiting.pop()
        counted += 1
        if counted > limit:
            return True
        if isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list | tuple | set):
            waiting.extend(value)
    return False
