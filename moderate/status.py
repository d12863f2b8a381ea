"""`moderate status`: the work that waits, and what a deployment works with."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from moderate.checks.aws import is_aws
from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.failures import FAILED
from moderate.output import JsonOption, cell, errors, plain, print_json, results, table
from moderate.policy_routes import keys
from moderate.time_range import HELP, parse_time
from moderation.adapters import clients
from moderation.adapters.endpoint_status import SageMakerEndpoints
from moderation.domain.waiting import SECONDS_A_REVIEW, hours_of
from moderation.usecases.report_status import Pile, Reviews, RouteInForce, Status, StatusPorts, report_status

EXAMPLES = """Examples:

moderate status

moderate status --since 14d --review-seconds 45

moderate status --json
"""
_NEEDS = {"reupload": "waiting for another upload", "policy": "waiting for a corrected pack"}
_QUEUES = {"UnstartedQueueUrl": "uploads not started", "UnrecordedQueueUrl": "failures not recorded"}


def status(
    since: Annotated[
        datetime,
        typer.Option(
            parser=parse_time,
            metavar="WHEN",
            help=f"Oldest upload of those without a verdict, of failed notifications and of other files, {HELP}",
        ),
    ] = "7d",  # type: ignore[assignment]
    review_seconds: Annotated[
        float, typer.Option(min=1, help="Seconds that a person takes for a review, for the hours of work.")
    ] = SECONDS_A_REVIEW,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Show the work that waits, and the endpoints and policies in force. Changes nothing.

    Reviews that wait for a person are counted whatever their age. Their hours of work are their number times
    --review-seconds, whose default is an assumption: measure your own. Uploads whose workflow never started have no
    record: they are among the dead letters. The exit status is 1 if a part can't be read.
    """
    deployment = find(stack)
    now = datetime.now(UTC)
    found = report_status(_ports(deployment), since, now, review_seconds)
    if as_json:
        print_json(asdict(found) | {"since": since.isoformat(), "review_seconds": review_seconds})
    else:
        _show(found, review_seconds)
    for part, reason in found.unread.items():
        errors.print(plain(f"Not read: {part.replace('_', ' ')}. {reason}"), soft_wrap=True)
    if found.unread:
        raise typer.Exit(FAILED)


def _ports(deployment: Deployment) -> StatusPorts:
    is_express = "UnrecordedQueueUrl" not in deployment.outputs  # Step Functions lists no Express executions
    return StatusPorts(
        bucket=deployment.intake_bucket,
        verdicts=deployment.verdicts,
        executions=None if is_express else deployment.executions,
        queues={
            name: deployment.dead_letters(output) for output, name in _QUEUES.items() if output in deployment.outputs
        },
        endpoints=SageMakerEndpoints(clients.sagemaker(deployment.session)) if is_aws() else None,
        served={
            deployment.output(f"{model}EndpointName"): (
                deployment.output(f"{model}EndpointName"),
                deployment.outputs.get(f"{model}ComponentName"),
            )
            for model in ("Blip2", "Llama")
        },
        policies=deployment.policies,
    )


def _show(found: Status, review_seconds: float) -> None:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    for name, value in _facts(found, review_seconds):
        facts.add_row(name, cell(value))
    results.print(facts)
    if found.reviews and found.reviews.by_cause:
        results.print(_causes(found.reviews, review_seconds))
    if found.policies is not None:
        rows = table(("keys that start with", "decides", "digest", "only watch"), "Policy in force")
        for route in found.policies:
            rows.add_row(cell(keys(route.prefix)), cell(_decider(route)), _digest(route), cell(", ".join(route.shadow)))
        results.print(rows)


def _facts(found: Status, review_seconds: float) -> Iterator[tuple[str, str]]:
    yield "uploads without a verdict", _piled(found.undecided)
    if found.running:
        yield "running executions", str(found.running.number) + ("" if found.running.counted else " or more")
    elif "running" not in found.unread:
        yield "running executions", "not known: Step Functions lists no Express executions"
    else:
        yield "running executions", _UNREAD
    reviews = found.reviews
    work = f", {reviews.hours:.1f} hours of work at {review_seconds:g} s each" if reviews else ""
    yield "reviews waiting for a person", _piled(reviews.waiting if reviews else None) + work
    yield "samples waiting for a person", _UNREAD if found.sampled is None else str(found.sampled)
    yield from _elsewhere(found.elsewhere)
    for name in _QUEUES.values():
        if found.dead_letters is None:
            yield f"dead letters: {name}", _UNREAD
        elif name in found.dead_letters:
            counts = found.dead_letters[name]
            yield f"dead letters: {name}", f"{counts.waiting} in the queue, {counts.in_flight} in flight"
    failed = found.unpublished
    remedy = ": `moderate redrive` publishes them" if failed else ""
    yield "failed notifications", _UNREAD if failed is None else f"{failed}{remedy}"
    if found.endpoints is None:
        on_aws = "endpoints" in found.unread
        yield "endpoints", _UNREAD if on_aws else "the laptop's model server: `moderate doctor` asks it"
    for name, standing in (found.endpoints or {}).items():
        yield f"endpoint {plain(name)}", standing


_UNREAD = "not read"


def _elsewhere(elsewhere: Mapping[str, int] | None) -> Iterator[tuple[str, str]]:
    for needs, name in _NEEDS.items():
        yield f"reviews {name}", _UNREAD if elsewhere is None else str(elsewhere.get(needs, 0))


def _causes(reviews: Reviews, review_seconds: float) -> Table:
    rows = table(("cause", "reviews", "hours", "oldest (UTC)"), "Reviews by cause", numbers=("reviews", "hours"))
    for cause, pile in reviews.by_cause.items():
        hours = f"{hours_of(pile.number, review_seconds):.1f}"
        rows.add_row(cell(cause), str(pile.number), hours, cell(_minute(pile.oldest)))
    return rows


def _piled(pile: Pile | None) -> str:
    if pile is None:
        return _UNREAD
    return f"{pile.number}, the oldest uploaded {_minute(pile.oldest)} UTC" if pile.oldest else str(pile.number)


def _minute(moment: str | None) -> str:
    return (moment or "")[:16].replace("T", " ")


def _decider(route: RouteInForce) -> str:
    return route.pack + (f", canary for {route.share:.4g} of the keys" if route.share else "")


def _digest(route: RouteInForce) -> Text:
    return (
        Text(plain(route.fault), style="bold red", overflow="fold") if route.fault else cell((route.digest or "")[:12])
    )
