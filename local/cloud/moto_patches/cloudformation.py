"""Helpers shared by the patches of CloudFormation resources."""

from collections.abc import Callable
from typing import Any


def after_create_and_update(resource_class: Any, apply: Callable[[Any, dict[str, Any]], None]) -> None:
    """Call `apply(resource, properties)` whenever moto has created or updated a resource of the class.

    It serves properties that moto ignores: `properties` are those of the template, with references resolved.
    """
    for method in ("create_from_cloudformation_json", "update_from_cloudformation_json"):
        setattr(resource_class, method, classmethod(_followed_by(getattr(resource_class, method).__func__, apply)))


def _followed_by(make: Callable[..., Any], apply: Callable[[Any, dict[str, Any]], None]) -> Callable[..., Any]:
    def make_and_apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        resource = make(cls, *args, **kwargs)
        template = next(a for a in (*args, *kwargs.values()) if isinstance(a, dict) and "Type" in a)
        apply(resource, template.get("Properties", {}))
        return resource

    return make_and_apply
