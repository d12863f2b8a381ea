"""CloudFormation: moto makes a resource as soon as another refers to it, before those that it depends on.

https://github.com/getmoto/moto/issues/2845 reports the order; its fix orders resources that nothing refers to.
"""

from typing import Any

from moto.cloudformation.parsing import ResourceMap


def install() -> None:
    """Create the dependencies of a resource before the resource itself."""
    get = ResourceMap.__getitem__

    def get_after_dependencies(self: Any, key: str) -> Any:
        resource = self._resource_json_map.get(key, {})
        if key not in self._parsed_resources and isinstance(resource, dict):
            depends = resource.get("DependsOn", [])
            for dependency in [depends] if isinstance(depends, str) else depends:
                self[dependency]
        return get(self, key)

    ResourceMap.__getitem__ = get_after_dependencies
