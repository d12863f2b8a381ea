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
    "AWS::CloudWatch::Alarm",  # nothing evaluates alarms here
    "AWS::CloudWatch::Dashboard",  # or draws them
    "AWS::Logs::MetricFilter",  # nor does anything count log lines
}


def install() -> None:
    """Refuse a template that holds anything else; the real `cdk deploy` sees the same error."""
    parsing.NULL_MODELS.extend(NOT_NEEDED_HERE)
    warnings.filterwarnings("ignore", message="Tried to parse AWS::")  # what we know not to need
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
            message=f"The laptop cloud can't make {', '.join(unknown)}. Add it to local/cloud/moto_patches, "
            "or to NOT_NEEDED_HERE in resource_types.py if nothing on a laptop depends on it."
        )
