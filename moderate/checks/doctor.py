"""`moderate doctor`: check what a deployment needs, and whether it works."""

from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from itertools import chain
from typing import Annotated

import typer
from rich.text import Text

from moderate.checks import (
    account,
    bedrock,
    cleared,
    endpoints,
    intake,
    offers,
    policies,
    quotas,
    stacks,
    tools,
    topics,
)
from moderate.checks.account import Account
from moderate.checks.aws import is_aws
from moderate.checks.check import FAULTS, Check, attempt, failed, several, softened
from moderate.checks.plan import Plan
from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, describe, outputs_of
from moderate.failures import FAILED
from moderate.output import JsonOption, cell, print_json, progress, results, table
from moderation.contract import TOPIC_OUTPUTS

EXAMPLES = """Examples:

moderate doctor

moderate doctor -c llamaSize=70b -c modelConcurrency=8

moderate doctor -c judge=bedrock:us.amazon.nova-micro-v1:0

moderate doctor -c blip2Endpoint=my-blip2 -c llamaEndpoint=my-llama --json
"""
MODELS_STACK = "ModerationModels"
_COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red", "skipped": "dim"}


def doctor(
    context: Annotated[
        list[str] | None, typer.Option("--context", "-c", metavar="NAME=VALUE", help="A setting, as for `cdk deploy`.")
    ] = None,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Check whether a deployment will work and, once there is one, whether it does.

    It changes nothing. Each row that isn't ok says what to do. The exit status is 1 if a check fails.
    """
    plan = Plan.of(context or [])
    checks = []
    with progress() as bar:
        task = bar.add_task("Examining", total=None)
        for check in examine(stack, plan):
            checks.append(check)
            bar.advance(task)
    failed = any(check.status == "fail" for check in checks)
    if as_json:
        print_json({"passed": not failed, "checks": [asdict(check) for check in checks]})
    else:
        _show(checks)
    if failed:
        raise typer.Exit(FAILED)


def examine(stack: str, plan: Plan) -> Iterator[Check]:
    """Yield all checks: of the account, then of the deployment, or of what already exists for a planned one."""
    try:
        caller, on_aws = account.caller(), is_aws()
    except FAULTS as error:
        yield account.unusable(error)
        yield from _tools()
        yield Check("all else", "skipped", "it takes credentials and a region")
        return
    yield account.credentials(caller)
    standing, deployment = _find(stack)
    yield from standing
    if deployment:
        yield from map(softened, chain(_tools(), _account(plan.over(deployment.outputs), caller, on_aws)))
    else:
        yield from chain(_tools(), _account(plan, caller, on_aws))
    yield from _endpoints(deployment or Deployment(stack, plan.outputs), on_aws)
    yield from _intake(deployment or Deployment(stack, plan.outputs))
    if deployment:
        yield from _held(deployment, plan)
        yield from _topics(deployment)
        yield from several("policies", lambda: policies.policies(deployment))


def _find(stack: str) -> tuple[list[Check], Deployment | None]:
    """Return checks of the stacks, and the deployment if its resources exist."""
    name = f"stack {stack}"
    try:
        described = describe(stack)
    except FAULTS as error:
        return [failed(name, error)], None
    if described is None:
        return [Check(name, "skipped", "not deployed: these checks concern the account and your plan")], None
    rows = [stacks.status(stack, described)]
    if not stacks.is_usable(described):
        return rows, None
    deployment = Deployment(stack, outputs_of(described))
    stage = deployment.outputs.get("Stage", "prod")  # older deployments lack it: better to warn
    rows.append(stacks.protection(stack, described, stage))
    rows.append(attempt(f"stack {MODELS_STACK}", _models_stack))
    return rows, deployment


def _models_stack() -> Check:
    described = describe(MODELS_STACK)
    if described is None:
        return Check(f"stack {MODELS_STACK}", "skipped", "not deployed: correct for existing endpoints")
    return stacks.status(MODELS_STACK, described)


def _tools() -> Iterator[Check]:
    yield attempt("Node", tools.node)
    yield attempt("CDK", tools.cdk)


def _account(plan: Plan, caller: Account, on_aws: bool) -> Iterator[Check]:
    yield attempt("bootstrap", lambda: account.bootstrap(caller))
    if not on_aws:
        for name in ("region's artefacts", "Lambda concurrency", "GPU quotas"):
            yield Check(name, "skipped", "the laptop cloud has no limits")
        return
    needed = plan.instances
    yield offers.offers(caller.region, sorted(needed), llama=plan.makes_llama, console=plan.has_console)
    yield attempt("Lambda concurrency", lambda: account.concurrency(plan.concurrency, plan.held, caller))
    if not needed:
        yield Check("GPU quotas", "skipped", "the endpoints exist already")
    for instance, (least, most) in needed.items():
        examine_one = partial(quotas.instances, instance, least, most, caller.region)
        yield attempt(quotas.name_of(instance), examine_one)


def _endpoints(deployment: Deployment, on_aws: bool) -> Iterator[Check]:
    exists = bool(deployment.outputs.get("Blip2EndpointName"))
    if exists:
        yield from several("BLIP-2", lambda: endpoints.vision(deployment, on_aws))
    if deployment.outputs.get("BedrockModel"):
        yield from several("the judge on Bedrock", lambda: bedrock.judge(deployment, on_aws))
    elif exists:
        yield from several("Llama 2", lambda: endpoints.judge(deployment, on_aws))


def _intake(deployment: Deployment) -> Iterator[Check]:
    if deployment.outputs.get("IntakeBucketName"):
        yield attempt("intake: region", lambda: intake.region(deployment))
        yield attempt("intake: versioned", lambda: intake.versioned(deployment))
        yield attempt("intake: EventBridge", lambda: intake.event_bridge(deployment))
        yield attempt("intake: policy", lambda: intake.policy(deployment))
        yield attempt("intake: key", lambda: intake.readable(deployment))


def _held(deployment: Deployment, plan: Plan) -> Iterator[Check]:
    if deployment.outputs.get("HoldUntilCleared") == "true":
        yield attempt(cleared.NAME, lambda: cleared.cleared(deployment))
    elif plan.holds_until_cleared:
        yield softened(attempt(cleared.NAME, lambda: cleared.cleared(deployment)))


def _topics(deployment: Deployment) -> Iterator[Check]:
    for verdict, output in TOPIC_OUTPUTS.items():
        if verdict != "safe" or output in deployment.outputs:
            yield attempt(f"subscribers: {verdict}", partial(topics.subscribed, verdict, deployment))


def _show(checks: list[Check]) -> None:
    rows = table(("check", "status", "found", "remedy"))
    for check in checks:
        rows.add_row(
            cell(check.name), Text(check.status, style=_COLOURS[check.status]), cell(check.found), cell(check.remedy)
        )
    results.print(rows)
