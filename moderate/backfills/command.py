"""The commands of `moderate backfill`."""

import secrets
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from moderate.backfills import sources
from moderate.backfills.coverage import stored_versions
from moderate.backfills.report import Report, page, show
from moderate.backfills.runs import Attempt
from moderate.backfills.sources import Counted, ItemSource
from moderate.costs import backfill as costs
from moderate.costs import prices, resource_usage
from moderate.costs.backfill import Estimate
from moderate.costs.bedrock_tokens import judge_of
from moderate.costs.billing import Load
from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.failures import FAILED, CommandFailed
from moderate.output import JsonOption, JsonWithYesOption, errors, print_json, progress, refuse_to_ask, results, table
from moderate.roles import acting_as
from moderate.time_range import HELP, parse_time
from moderation.domain.backfill import Kind, Selection, new_run, started_at
from moderation.usecases.report_backfill import count_backfill

app = typer.Typer(no_args_is_help=True, help="Moderate objects that exist already.")
_POLL_SECONDS = 2.0
_TOLERATED = 5  # percent of the items that may fail before a run fails
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="Id of the run, as `start` printed it.")]
EXAMPLES = """Examples:

moderate backfill start --prefix photos/ --suffix .jpg --suffix .png --dry-run

moderate backfill start --sample 1% --shadow-only

moderate backfill start --inventory s3://my-inventories/photos/2026-11-22T01-00Z/manifest.json --concurrency 8
"""


def parse_share(text: str) -> float:
    """Return a share given as `1%` or `0.01`. Raises typer.BadParameter."""
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1
    if not 0 < share <= 1:
        raise typer.BadParameter(f"Invalid share {text!r}: use 1% or 0.01.")
    return share


@app.command(epilog=EXAMPLES)
def start(
    prefix: Annotated[str, typer.Option(help="Only keys that begin so; of a listing.")] = "",
    inventory: Annotated[str | None, typer.Option(help="URI of an S3 inventory's manifest.json, in CSV.")] = None,
    items: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="File with a key, and perhaps a version, a line.")
    ] = None,
    suffix: Annotated[list[str] | None, typer.Option(help="Only keys that end so; may be repeated.")] = None,
    since: Annotated[
        datetime | None, typer.Option(parser=parse_time, metavar="WHEN", help=f"Oldest object, {HELP}")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(parser=parse_time, metavar="WHEN", help="Objects before that time.")
    ] = None,
    sample: Annotated[
        float, typer.Option(parser=parse_share, metavar="SHARE", help="Share of the keys, such as 1%.")
    ] = "100%",  # type: ignore[assignment]
    concurrency: Annotated[
        int,
        typer.Option(min=1, max=10_000, help="Moderations at once; 4 are half of what one instance takes."),
    ] = 4,
    notify_each: Annotated[bool, typer.Option("--notify-each", help="Publish each verdict, not one digest.")] = False,
    shadow_only: Annotated[
        bool,
        typer.Option("--shadow-only", help="Only record what the policy would decide: no verdict, tag or message."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count and estimate.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before starting.")] = False,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Show the progress until the run ends.")] = True,
    as_json: JsonWithYesOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Count the objects, estimate hours and dollars, ask, and moderate them.

    Objects that have a verdict are skipped. Ctrl-C stops showing the progress, not the run.
    """
    if not dry_run:
        refuse_to_ask(as_json, yes)
    if notify_each and shadow_only:
        raise typer.BadParameter("--shadow-only publishes nothing: leave out --notify-each")
    if sum(map(bool, (prefix, inventory, items))) > 1:
        raise typer.BadParameter("choose one of --prefix, --inventory and --items")
    deployment = acting_as(find(stack), "Operator")
    _refuse_unversioned(deployment)
    source = _source(deployment, prefix, inventory, items)
    selection = Selection(tuple(each.lower() for each in suffix or ()), _iso(since), _iso(until), sample)
    counted = sources.count(deployment, source, selection)
    estimate = _estimate(deployment, counted, concurrency)
    if not as_json:
        _show_plan(counted, estimate, concurrency)
    if dry_run or not counted.selected:
        if as_json:
            print_json(_plan(counted, estimate))
        return
    if not yes:
        typer.confirm(f"Moderate {counted.selected:,} objects?", abort=True)
    kind = Kind.SHADOW if shadow_only else Kind.EACH if notify_each else Kind.DIGEST
    run = new_run(kind, datetime.now(UTC), secrets.token_hex(3))
    given = {
        "run": {"id": run, "selection": {**asdict(selection), "suffixes": list(selection.suffixes)}},
        "source": sources.uploaded(deployment, source, run),
        "concurrency": concurrency,
        "tolerated_failure_percentage": _TOLERATED,
        "estimate": {"selected": counted.selected, "usd": round(estimate.usd, 2)},
    }
    deployment.backfills.start(run, 0, given)
    if as_json:
        print_json({**_plan(counted, estimate), "run": run})
        return
    results.print(f"Started {run}.")
    if follow:
        _follow(deployment, run)


@app.command()
def status(
    run: RunArgument,
    follow: Annotated[bool, typer.Option("--follow", help="Show the progress until the run ends.")] = False,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Show how far a run is, and when it will have ended."""
    deployment = acting_as(find(stack), "Operator")
    if follow and not as_json:
        _follow(deployment, run)
        return
    attempt = _last(deployment, run)
    left = _seconds_left(attempt)
    if as_json:
        items = dict(attempt.counts)
        print_json({"run": run, "status": attempt.status, "items": items, "seconds_left": left and round(left)})
        return
    results.print(_progress_line(run, attempt, left))


@app.command()
def cancel(run: RunArgument, stack: StackOption = DEFAULT_STACK) -> None:
    """Begin no more objects of a run. Moderations that have begun are finished; `resume` goes on."""
    deployment = acting_as(find(stack), "Operator")
    attempt = _last(deployment, run)
    if not attempt.is_running:
        raise CommandFailed(f"{run} isn't running: it is {attempt.status}.")
    deployment.backfills.stop(attempt)
    results.print(f"Cancelled {run}: `moderate backfill resume {run}` goes on.")


@app.command()
def resume(
    run: RunArgument,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Show the progress until the run ends.")] = True,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Go on with a run that was cancelled, or that failed. What has a verdict is skipped."""
    deployment = acting_as(find(stack), "Operator")
    attempts = deployment.backfills.attempts(run)
    last = _last(deployment, run)
    if last.is_running:
        raise CommandFailed(f"{run} is running: `moderate backfill status {run} --follow` shows its progress.")
    deployment.backfills.start(run, len(attempts), last.given)
    results.print(f"Resumed {run}.")
    if follow:
        _follow(deployment, run)


@app.command()
def check(as_json: JsonOption = False, stack: StackOption = DEFAULT_STACK) -> None:
    """Count the object versions without a verdict, which `holdUntilCleared` would lock. The exit status is 1 if any."""
    deployment = acting_as(find(stack), "Operator")
    number = uncleared = 0
    for version in stored_versions(deployment):
        number, uncleared = number + 1, uncleared + version.is_uncleared
    if as_json:
        print_json({"versions": number, "uncleared": uncleared})
    elif uncleared:
        results.print(
            f"{uncleared:,} of {number:,} object versions have no verdict. `moderate backfill start` moderates the "
            "current ones; an inventory or a file of --items names the others."
        )
    else:
        results.print(f"All {number:,} object versions have a verdict: deploy with -c intakeBucketCleared=true.")
    if uncleared:
        raise typer.Exit(FAILED)


@app.command()
def report(
    run: RunArgument,
    html: Annotated[Path | None, typer.Option(help="Write the report as a page that opens offline.")] = None,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Show the verdicts of a run by category, its failures by cause, and its cost."""
    deployment = acting_as(find(stack), "Operator")
    made = _report(deployment, run)
    if html:
        html.write_text(page(made), encoding="utf-8")
    if as_json:
        print_json(made.to_json())
    elif html:
        results.print(f"Written to {html}.")
    else:
        show(made)


def _report(deployment: Deployment, run: str) -> Report:
    last = _last(deployment, run)
    causes = deployment.backfills.causes(last)
    usd = float(last.given.get("estimate", {}).get("usd", 0))
    return Report(run, last.status, last.counts, count_backfill(deployment.verdicts, run), causes, usd)


def _last(deployment: Deployment, run: str) -> Attempt:
    try:
        started_at(run)
    except ValueError as error:
        raise CommandFailed(f"{error}: `moderate backfill start` prints it.") from error
    attempts = deployment.backfills.attempts(run)
    if not attempts:
        raise CommandFailed(f"There is no run {run} in this deployment, or it ended more than 90 days ago.")
    return attempts[-1]


def _follow(deployment: Deployment, run: str) -> None:
    attempt = _last(deployment, run)
    with progress() as bar:
        task = bar.add_task("Moderating", total=attempt.counts.get("total"))
        while attempt.is_running:
            time.sleep(_POLL_SECONDS)
            attempt = _last(deployment, run)
            bar.update(task, total=attempt.counts.get("total"), completed=_done(attempt))
    errors.print(_progress_line(run, attempt, None))
    if attempt.status != "SUCCEEDED":
        raise typer.Exit(FAILED)


def _done(attempt: Attempt) -> int:
    return sum(attempt.counts.get(state, 0) for state in ("succeeded", "failed", "aborted", "timedOut"))


def _seconds_left(attempt: Attempt) -> float | None:
    """Extrapolate the rate so far; None for a run that doesn't run, or has done nothing yet."""
    done, total = _done(attempt), attempt.counts.get("total", 0)
    if not attempt.is_running or not done:
        return None
    return (datetime.now(UTC) - attempt.started).total_seconds() / done * (total - done)


def _progress_line(run: str, attempt: Attempt, left: float | None) -> str:
    counts, eta = attempt.counts, "" if left is None else f", about {left / 3600:.1f} h left"
    failed = f", {counts['failed']:,} failed" if counts.get("failed") else ""
    return f"{run}: {attempt.status}, {_done(attempt):,} of {counts.get('total', 0):,} objects{failed}{eta}."


def _refuse_unversioned(deployment: Deployment) -> None:
    bucket = deployment.intake_bucket
    if deployment.s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
        raise CommandFailed(
            f"Bucket {bucket} isn't versioned, so an object could be replaced under its verdict: "
            f"aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status=Enabled"
        )


def _source(deployment: Deployment, prefix: str, inventory: str | None, items: Path | None) -> ItemSource:
    if inventory:
        return sources.inventory(deployment, inventory)
    return sources.lines(items) if items else sources.listing(deployment, prefix)


def _estimate(deployment: Deployment, counted: Counted, concurrency: int) -> Estimate:
    express = "UnrecordedQueueUrl" not in deployment.outputs  # a deployment of Express executions has none
    load = Load(
        images_per_day=1,
        judged_share=1.0,
        judge=judge_of(deployment.outputs),
        workflow="express" if express else "standard",
    )
    return costs.estimate(counted.listed, counted.selected, concurrency, load, resource_usage.load(), prices.load())


def _plan(counted: Counted, estimate: Estimate) -> dict[str, Any]:
    return {
        "listed": counted.listed,
        "selected": counted.selected,
        "bytes": counted.bytes,
        "hours": round(estimate.hours, 2),
        "usd": {line.name: round(line.usd, 4) for line in estimate.lines},
        "quotas": [
            {"name": q.name, "default": q.default, "used": round(q.used, 1), "hit": q.is_hit} for q in estimate.quotas
        ],
    }


def _show_plan(counted: Counted, estimate: Estimate, concurrency: int) -> None:
    results.print(
        f"{counted.selected:,} of {counted.listed:,} objects, {counted.bytes / 1e9:,.2f} GB: "
        f"about {estimate.hours:,.1f} h at {concurrency} at once, ${estimate.usd:,.2f}. What has a verdict is skipped."
    )
    lines = table(("line", "$", "calculation"), numbers=("$",))
    for line in estimate.lines:
        lines.add_row(line.name, f"{line.usd:,.2f}", line.arithmetic)
    results.print(lines)
    for quota in estimate.quotas:
        if quota.is_hit:
            results.print(f"Over a default quota: {quota.name}: {quota.default:,.0f}, needs {quota.used:,.0f}.")


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
