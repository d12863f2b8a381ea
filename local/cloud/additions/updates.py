"""CloudFormation: moto forgets a resource of a kind that it can't update, and whatever refers to it breaks."""

import logging
from typing import Any

import moto.cloudformation.parsing as parsing

LOG = logging.getLogger(__name__)


def install() -> None:
    """Keep such a resource as it is, and say so."""
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
