"""CloudFormation: moto skips a resource type that it can't make, with a warning at most.

By design: https://github.com/getmoto/moto/pull/111.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import moto.cloudformation.parsing as parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.parsing import ResourceMap, get_model_map

from local.cloud.moto_patches.custom_resources import AUTO_DELETE

NOT_NEEDED_HERE = {
    "AWS::CDK::Metadata",  # usage statistics for AWS
    "AWS::CloudWatch::Alarm",  # alarms aren't evaluated here
    "AWS::CloudWatch::Dashboard",  # nor drawn
    "AWS::Logs::MetricFilter",  # nor are log lines counted
}


def install() -> None:
    """Refuse templates with other unknown types; the real `cdk deploy` gets the same error."""
    parsing.NULL_MODELS.extend(NOT_NEEDED_HERE)
    warnings.filterwarnings("ignore", message="Tried to parse AWS::")  # types that aren't needed here
    load = ResourceMap.load
    update = ResourceMap.update

    def load_checked(self: Any) -> None:
        _check(self._template)
        load(self)

    def update_checked(self: Any, template: dict[str, Any], parameters: dict[str, Any] | None = None) -> None:
        _check(template)
        update(self, template, parameters)

    ResourceMap.load = load_checked
    ResourceMap.update = update_checked


def _check(template: Mapping[str, Any]) -> None:
    types = {resource["Type"] for resource in template.get("Resources", {}).values()}
    unknown = sorted(types - set(get_model_map()) - NOT_NEEDED_HERE - {AUTO_DELETE})
    if unknown:
        raise ValidationError(
            message=f"The laptop cloud can't create {', '.join(unknown)}. Add it to local/cloud/moto_patches, "
            "or to NOT_NEEDED_HERE in resource_types.py if nothing on a laptop depends on it."
        )
