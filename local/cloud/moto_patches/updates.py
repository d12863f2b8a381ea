"""CloudFormation: moto forgets a resource of a kind that it can't update, and whatever refers to it breaks.

It removes what a template drops before it changes the rest; AWS does so in the end, when all else is as it should be.
https://github.com/getmoto/moto/issues/3042 reports the first for one kind; nothing was found on the order.
"""

import logging
from collections.abc import Callable
from typing import Any

import moto.cloudformation.parsing as parsing

LOG = logging.getLogger(__name__)


def install() -> None:
    """Keep such resources unchanged with a log message, and remove dropped resources last."""
    parsing.ResourceMap.update = _removing_last(parsing.ResourceMap.update)
    update = parsing.parse_and_update_resource

    def update_or_keep(
        logical_id: str, resource_json: dict[str, Any], resources_map: Any, account_id: str, region_name: str
    ) -> Any:
        updated = update(logical_id, resource_json, resources_map, account_id, region_name)
        if updated is None and resources_map[logical_id] is not None:
            LOG.warning("%s stays as it is: a %s can't be updated here.", logical_id, resource_json["Type"])
            return resources_map[logical_id]
        return updated

    parsing.parse_and_update_resource = update_or_keep


def _removing_last(update: Callable[..., None]) -> Callable[..., None]:
    """Split moto's update in two: first the remaining resources, then the removal of the dropped ones."""

    def update_then_remove(self: Any, template: dict[str, Any], parameters: dict[str, Any] | None = None) -> None:
        dropped = {name: r for name, r in self._resource_json_map.items() if name not in template["Resources"]}
        update(self, {**template, "Resources": {**dropped, **template["Resources"]}}, parameters)
        update(self, template, parameters)
        for name in dropped:
            self._parsed_resources.pop(name, None)  # a resource that comes back is created again

    return update_then_remove
