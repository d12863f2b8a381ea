"""Termination protection: moto stores what CreateStack says of it, but can't change it and deletes all the same.

https://github.com/getmoto/moto/pull/5647 added it to CreateStack and DescribeStacks only.
"""

from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult


def install() -> None:
    """Add UpdateTerminationProtection, and refuse to delete a protected stack."""
    delete = CloudFormationBackend.delete_stack

    def delete_unprotected(self: Any, name_or_stack_id: str) -> None:
        for stack in self.stacks.values():
            if name_or_stack_id in (stack.name, stack.stack_id) and stack.enable_termination_protection:
                refusal = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
                raise ValidationError(message=refusal)
        delete(self, name_or_stack_id)

    CloudFormationBackend.delete_stack = delete_unprotected
    CloudFormationResponse.update_termination_protection = _update


def _update(self: Any) -> ActionResult:
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    stack.enable_termination_protection = self._get_bool_param("EnableTerminationProtection")
    return ActionResult({"StackId": stack.stack_id})
