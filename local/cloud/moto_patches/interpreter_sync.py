"""Step Functions interpreter: moto asks each half second for the end of an execution that a state waits for.

AWS is told of it by an event ("Run a Job (.sync)", AWS Step Functions guide). Here too each call is a request, and most
of those of a backfill would be such questions. No upstream issue found as of November 2026.
"""

from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

_STOPPED_S = 0.1  # until a stopped execution notices that it needn't wait any longer


def install() -> None:
    """Ask at first, as AWS needs the right to, and then when the execution has ended."""
    for builder in ("_build_sync_resolver", "_build_sync2_resolver"):
        _ask_at_the_end(builder, getattr(StateTaskServiceSfn, builder))


def _ask_at_the_end(builder: str, build: Callable[..., Any]) -> None:
    def build_patient(self: Any, env: Any, *args: Any, **kwargs: Any) -> Callable[[], Any]:
        arn = env.stack[-1]["ExecutionArn"]
        ask = build(self, env, *args, **kwargs)

        def ask_at_the_end() -> Any:
            answer = ask()
            if answer is None and _wait_for_end(arn, env):
                answer = ask()
            return answer

        return ask_at_the_end

    setattr(StateTaskServiceSfn, builder, build_patient)


def _wait_for_end(arn: str, env: Any) -> bool:
    """Wait until the execution has ended, and return False if the one that waits was stopped before."""
    _, _, _, region, account, *_ = arn.split(":")
    execution = stepfunctions_parser_backends[account][region].describe_execution(arn)
    while not execution.ended.wait(_STOPPED_S):
        if not env.is_running():
            return False
    return True
