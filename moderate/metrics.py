"""`moderate metrics`: how good the verdicts are, by samples, golden items and people's decisions."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from moderate.deployment import DEFAULT_STACK, StackOption, find
from moderate.output import JsonOption, cell, plain, print_json, results, table
from moderate.policy_routes import keys
from moderate.time_range import HELP, parse_time
from moderation.domain.estimate import Estimate, Share
from moderation.domain.exposure import Pictures
from moderation.domain.record import utc
from moderation.usecases.measure import Comparison, Measured, Reviewed, measure

EXAMPLES = "Examples:\n\nmoderate metrics\n\nmoderate metrics --since 2026-11-01 --until 2026-12-01 --json"
_BIASED = "biased: people see what was held, appealed or reported, so this says nothing about all other images"


def metrics(
    since: Annotated[datetime, typer.Option(parser=parse_time, metavar="WHEN", help=f"Oldest upload, {HELP}")] = "30d",  # type: ignore[assignment]
    until: Annotated[datetime | None, typer.Option(parser=parse_time, metavar="WHEN", help="Newest upload.")] = None,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Show precision, recall and share to review of the machine, with 95 % intervals.

    They are of the uploads that `moderate sample` drew from; each item that people looked at counts for as many as the
    inverse of its probability to be drawn. Items that nobody reached widen the intervals. Golden items and all that
    people decided are shown apart, and the pack and the canary of a route side by side. Exposure is what people
    revealed between these times.
    """
    until = until or datetime.now(UTC)
    if since > until:
        raise typer.BadParameter("--since is later than --until", param_hint="--since")
    deployment = find(stack)
    routes = deployment.policies.routes()
    reveals, bucket = deployment.reveal_counts, deployment.intake_bucket
    found = measure(deployment.verdicts, reveals, bucket, routes, utc(since), utc(until))
    if as_json:
        print_json(asdict(found) | {"since": utc(since), "until": utc(until), "reviewed_is_biased": True})
    else:
        _show(found)


def _show(found: Measured) -> None:
    if found.estimates is None:
        results.print("No sample was drawn from these uploads, so nothing is estimated: `moderate sample` draws one.")
    else:
        _show_estimates(found.estimates)
        results.print(f"Share to review: {_text(found.to_review)}" if found.to_review else "")
        _show_strata(found)
    results.print(plain(f"Golden items: {_reviewed(found.golden)}"))
    results.print(plain(f"Reviewed by people: {_reviewed(found.reviewed)}; {_BIASED}."))
    _show_packs(found)
    _show_categories(found)
    _show_questions(found)
    _show_people(found)
    _show_exposure(found)
    for comparison in found.canaries:
        _show_canary(comparison)


def _show_estimates(estimates: Sequence[Estimate]) -> None:
    rows = table(("category", "precision", "n", "recall", "n", "recall with reviews"), numbers=("n",))
    for one in estimates:
        precision, recall = (_text(one.precision), str(one.named)), (_text(one.recall), str(one.found))
        rows.add_row(cell(one.category or "(any)"), *precision, *recall, _text(one.stopped))
    results.print(rows)


def _show_strata(found: Measured) -> None:
    numbers = ("to look at", "reached", "not reached", "stand for")
    rows = table(("verdict, category, why", *numbers), "What this rests on", numbers=numbers)
    for one in found.strata:
        unreached = one.items - one.reached
        rows.add_row(cell(one.name), str(one.items), str(one.reached), str(unreached), f"{one.stands_for:.0f}")
    results.print(rows)


def _show_packs(found: Measured) -> None:
    if found.packs:
        rows = table(("pack", "digest", "overturned"), "Overturned by version of the pack")
        for one in found.packs:
            rows.add_row(cell(one.pack), cell(one.digest[:12]), _reviewed(one.reviewed))
        results.print(rows)


def _show_categories(found: Measured) -> None:
    if found.categories:
        rows = table(("category", "unsafe verdicts confirmed in it"), "Confirmed by people")
        for one in found.categories:
            rows.add_row(cell(one.category), f"{one.confirmed} of {one.decided}, {_text(one.share)}")
        results.print(rows)


def _show_questions(found: Measured) -> None:
    if found.questions:
        estimated = ("all uploads: overturned", "all uploads: precision", "n")
        rows = table(("pack", "question", "overturned", *estimated), "Answers over a threshold", numbers=("n",))
        for one in found.questions:
            shares = [_text(share) if share else "no sample" for share in (one.overturned, one.precision)]
            rows.add_row(cell(one.pack), cell(one.question), _reviewed(one.reviewed), *shares, str(one.reached))
        results.print(rows)


def _show_exposure(found: Measured) -> None:
    seen = found.exposure
    if seen.hours:
        results.print(
            f"Revealed in {seen.hours} hours of one person: {_pictures(seen.shown)}; graphic {_pictures(seen.graphic)}."
        )


def _pictures(pictures: Pictures) -> str:
    return f"{pictures.total}, median {pictures.median:g}, most {pictures.most}"


def _show_people(found: Measured) -> None:
    if found.agreement:
        numbers = ("items", "agreed", "kappa", "standard error")
        rows = table(("category", *numbers), "Two people who didn't know of each other", numbers=numbers)
        for one in found.agreement:
            known = ("not known" if value is None else f"{value:.2f}" for value in (one.kappa, one.standard_error))
            rows.add_row(cell(one.category or "(any)"), str(one.items), str(one.agreed), *known)
        results.print(rows)
    golden, work = found.golden_answers, found.workload
    if golden.answers:
        results.print(f"Blind answers on golden items: {golden.right} of {golden.answers} right, {_text(golden.share)}")
    needed = "" if work.days is None else f", {work.days:.1f} days of work"
    results.print(f"Waiting: {work.waiting}, {work.overdue} overdue; {work.decided_a_day:.1f} decided a day{needed}.")
    if work.seconds is not None:
        results.print(f"Median of {work.timed} decisions in the console: {work.seconds:.0f} s.")


def _show_canary(comparison: Comparison) -> None:
    title = f"Canary on {keys(comparison.prefix)} since {comparison.since[:16].replace('T', ' ')} UTC"
    rows = table(("pack", "digest", "verdicts", "unsafe", "review", "overturned"), title, numbers=("verdicts",))
    for side in comparison.sides:
        rows.add_row(
            cell(side.pack),
            cell(side.digest[:12]),
            str(side.verdicts),
            _text(side.unsafe),
            _text(side.review),
            _reviewed(side.reviewed),
        )
    results.print(rows)


def _reviewed(reviewed: Reviewed) -> str:
    if not reviewed.decided:
        return "none"
    return f"{reviewed.overturned} of {reviewed.decided} overturned, {_text(reviewed.share)}"


def _text(share: Share) -> str:
    low, high = share.interval.low, share.interval.high
    value = "not known" if share.value is None else f"{share.value:.1%}"
    return f"{value} ({low:.1%} to {high:.1%})"
