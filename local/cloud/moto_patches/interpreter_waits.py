"""Step Functions interpreter: Wait states and retry back-off pass LOCAL_TIME_SCALE times faster.

moto waits as long as the definition says, as AWS does: nothing to fix upstream.
"""

from typing import Any

from moto.stepfunctions.parser.asl.component.common.retry.jitter_strategy_decl import JitterStrategyDecl
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction

from local.cloud.clock import scaled


def install() -> None:
    """Divide both kinds of waits just before the interpreter waits; the ASL is unchanged."""
    add_jitter = JitterStrategyDecl._eval_body
    wait = WaitFunction._wait_interval

    def add_jitter_and_scale(self: Any, env: Any) -> None:
        add_jitter(self, env)  # the last one to change the interval, which it leaves on the stack
        env.stack.append(scaled(env.stack.pop()))

    def wait_scaled(self: Any, env: Any, wait_seconds: float) -> None:
        wait(self, env, scaled(wait_seconds))

    JitterStrategyDecl._eval_body = add_jitter_and_scale
    WaitFunction._wait_interval = wait_scaled
