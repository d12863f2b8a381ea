"""`moderate policy replay`: judge stored evidence under another pack."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal
from urllib.parse import urlsplit

import typer

from moderate.costs.bedrock_tokens import Judge, judge_of
from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.output import JsonOption, errors, plain, print_json, progress, refuse_to_ask, results
from moderate.pictures import blurred, log_pictures
from moderate.policy_packs import PACK_HELP, named_or_file
from moderate.policy_routes import EDITOR
from moderate.replaying import report as reports
from moderate.replaying.price import bills, price
from moderate.replaying.run import Batch, Progress, Worker, export_batches, replayed, table_batches
from moderate.roles import acting_as
from moderate.time_range import HELP, parse_time
from moderation.adapters.record_batches import MOST, RecordBatches
from moderation.adapters.table_export import TableExport
from moderation.domain.image_ref import ImageRef
from moderation.domain.policy import Pack
from moderation.domain.record import Record, utc
from moderation.domain.replay_tally import Flip
from moderation.errors import Misconfigured, ModerationError
from moderation.usecases.replay import Packs, Replayer, Selection
from moderation.usecases.replay_asking import Asking, ask_about, views_of

EXAMPLES = (
    "Examples:\n\nmoderate policy replay packs/mine.yaml --since 30d\n\n"
    "moderate policy replay packs/mine.yaml --since 7d --judge ask --ask-vision --html replay.html\n\n"
    "moderate policy replay packs/mine.yaml --resume replay.jsonl "
    "--export s3://exports/AWSDynamoDB/01693685827463-2d8752fd"
)
VIEWER = "Reviewer"  # may view the models' inputs


@dataclass(frozen=True)
class _Opening:
    """Opens the worker of a process; the credentials of a role can't be passed to another."""

    stack: str
    outputs: dict[str, str]
    pack: Pack
    selection: Selection
    ask_held: bool

    def __call__(self) -> Worker:
        editor = acting_as(Deployment(self.stack, self.outputs), EDITOR)
        return Worker(
            Replayer(editor.work, self.pack, self.ask_held),
            self.selection,
            RecordBatches(editor.dynamodb, editor.output("VerdictTableName")),
        )


def replay(
    pack: Annotated[str, typer.Argument(help=PACK_HELP)],
    since: Annotated[datetime, typer.Option(parser=parse_time, metavar="WHEN", help=f"Oldest upload, {HELP}")] = "30d",  # type: ignore[assignment]
    until: Annotated[datetime | None, typer.Option(parser=parse_time, metavar="WHEN", help="Newest upload.")] = None,
    prefix: Annotated[str, typer.Option(help="Only objects whose keys start so.")] = "",
    policy: Annotated[
        str | None, typer.Option(help="Only verdicts under this pack, by its name or the start of its digest.")
    ] = None,
    judge: Annotated[
        Literal["stored", "ask"],
        typer.Option(help="Use the judge's stored answers alone, or ask it where it would read something else."),
    ] = "stored",
    ask_vision: Annotated[
        bool, typer.Option("--ask-vision", help="Ask new questions about the views that are still kept.")
    ] = False,
    export: Annotated[
        str | None, typer.Option(metavar="S3-URL", help="Read a DynamoDB export of the table instead of the table.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(dir_okay=False, help="File of the progress: a stopped replay goes on from it.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, max=1000, help="Maximum number of flipped pictures to list.")] = 20,
    html: Annotated[Path | None, typer.Option(dir_okay=False, help="Also write a page that opens offline.")] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Embed small blurred views into the page; the policy log says so.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before models are asked.")] = False,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Show what a pack would have decided on the evidence that is stored, and change nothing.

    No model is asked where thresholds, temperatures, margins, the categories of questions, exceptions or removed
    questions differ. Where words that the judge reads differ, `--judge ask` asks it, and `--ask-vision` asks new
    questions, after showing the price. A verdict that a person overruled is compared as the machine gave it.
    """
    asks = judge == "ask" or ask_vision
    if pictures and not html:
        raise typer.BadParameter("it goes with --html", param_hint="--pictures")
    if asks:
        refuse_to_ask(as_json, yes)
    deployment = find(stack)
    after, editor = named_or_file(pack, stack), acting_as(deployment, EDITOR)
    selection = Selection(
        bucket=deployment.intake_bucket,
        since=utc(since),
        until=utc(until or datetime.now(UTC)),
        prefix=prefix,
        policy=policy,
    )
    if selection.since > selection.until:
        raise typer.BadParameter("--since is later than --until", param_hint="--since")
    with TemporaryDirectory() as scratch:
        done = Progress.open(
            resume or Path(scratch) / "replay.jsonl",
            vars(selection) | {"pack": after.digest, "judge": judge, "ask_vision": ask_vision, "export": export},
        )
        selection = replace(selection, since=done.header["since"], until=done.header["until"])
        opening = _Opening(deployment.stack, dict(deployment.outputs), after, selection, judge == "ask")
        _replay_all(done, _batches(deployment, editor, selection, export, done), opening)
        if asks:
            _ask(done, opening, editor, deployment, judge == "ask", ask_vision, yes)
        report = _report(done, editor, after, selection, limit if html is None else 1000)
    if html:
        shown = _pictures(deployment, editor, report.flips) if pictures else {}
        html.write_text(reports.page(replace(report, pictures=shown)))
    report = replace(report, flips=report.flips[:limit])
    if as_json:
        print_json(reports.plain_report(report))
    else:
        _show(report)


def _batches(
    deployment: Deployment, editor: Deployment, selection: Selection, export: str | None, done: Progress
) -> Iterator[Batch]:
    if export is None:
        return table_batches(editor.verdicts, selection, done.cursor)
    place = urlsplit(export)
    if place.scheme != "s3" or not place.netloc:
        raise typer.BadParameter("write s3://BUCKET/…/AWSDynamoDB/EXPORT-ID", param_hint="--export")
    # with the caller's own rights: no role knows the bucket
    found = TableExport(deployment.s3, place.netloc, place.path)
    return export_batches(found, deployment.output("VerdictTableName"), done.cursor)


def _replay_all(done: Progress, batches: Iterator[Batch], opening: Callable[[], Worker]) -> None:
    with progress() as bar:
        task = bar.add_task("Replaying", total=None, completed=done.stored.records)
        for batch, part in replayed(batches, opening):
            done.add(batch.cursor, part)
            bar.update(task, completed=done.stored.records)


def _ask(
    done: Progress,
    opening: _Opening,
    editor: Deployment,
    deployment: Deployment,
    ask_judge: bool,
    ask_vision: bool,
    yes: bool,
) -> None:
    """Ask the models about what is pending, after showing the price."""
    models = [*(["judge"] if ask_judge else []), *(["vision"] if ask_vision else [])]
    waiting = sum(done.stored.needing(model) for model in models)
    if not waiting:
        return
    if done.answered < waiting:
        _confirm(done, opening.pack, judge_of(deployment.outputs), ask_judge, ask_vision, yes)
    done.settle(models)
    worker = opening()
    asking = Asking(
        verdicts=editor.verdicts,
        views=acting_as(deployment, VIEWER).work if ask_vision else editor.work,
        judge=editor.judge if ask_judge else None,
        vision=editor.vision if ask_vision else None,
    )
    with progress() as bar:
        task = bar.add_task("Asking", total=waiting, completed=done.answered)
        for number, image in enumerate(done.pending(models)):
            if number >= done.answered:
                done.add(None, ask_about(worker.replayer, asking, image, worker.selection))
                bar.update(task, completed=done.answered)


def _confirm(done: Progress, pack: Pack, judge: Judge, ask_judge: bool, ask_vision: bool, yes: bool) -> None:
    """Show the price of asking, at most; raise typer.Exit for a no."""
    seen = done.stored.needing("vision") if ask_vision else 0
    judged = done.stored.needing("judge") + seen if ask_judge else 0
    views = max(1.0, done.stored.views / max(1, done.stored.replayed))
    most = price(judged, seen * views, len(pack.questions), judge)
    asked = [
        *([f"the judge about {most.judge:,} pictures"] if most.judge else []),
        *([f"the vision model about {most.vision:,} views"] if most.vision else []),
    ]
    errors.print(
        f"To ask, at most: {' and '.join(asked)}, for {most.text} (docs/costs.md).",
        soft_wrap=True,
    )
    if not yes and not typer.confirm("Ask them?", err=True):
        raise typer.Exit(1)


def _report(done: Progress, editor: Deployment, pack: Pack, selection: Selection, most: int) -> reports.Report:
    tally, packs = done.tally, Packs(editor.work)
    before = {digest: behind for digest in tally.packs if (behind := packs.get(digest))}
    begun, ended = (datetime.fromisoformat(time) for time in (selection.since, selection.until))
    days = (ended - begun).total_seconds() / 86_400
    return reports.Report(
        pack=pack,
        before=before,
        since=selection.since,
        until=selection.until,
        tally=tally,
        flips=_standing(editor, done.flips[:most]),
        bills=bills(tally, before, pack, days, judge_of(editor.outputs)),
        pictures={},
    )


def _standing(editor: Deployment, flips: list[Flip]) -> tuple[Flip, ...]:
    """Return the flips of pictures that were neither erased nor escalated since an export or a first run."""
    table = RecordBatches(editor.dynamodb, editor.output("VerdictTableName"))
    images = [ImageRef(flip.bucket, flip.key, flip.version) for flip in flips]
    parts = [images[start : start + MOST] for start in range(0, len(images), MOST)]
    shown = {record.image for part in parts for record in table.read(part) if not record.is_escalated}
    return tuple(flip for flip, image in zip(flips, images, strict=True) if image in shown)


def _pictures(deployment: Deployment, editor: Deployment, flips: tuple[Flip, ...]) -> dict[tuple[str, str], str]:
    """Return small blurred views of the flipped pictures whose views are still kept; logged first."""
    log_pictures(deployment, "policy replay", [flip.key for flip in flips])
    viewer = acting_as(deployment, VIEWER)
    found: dict[tuple[str, str], str] = {}
    for flip in flips:
        record = editor.verdicts.get(ImageRef(flip.bucket, flip.key, flip.version))
        if record:
            found[flip.key, flip.version] = _picture(viewer, editor, record)
    return found


def _picture(viewer: Deployment, editor: Deployment, record: Record) -> str:
    try:
        workspace = views_of(editor.verdicts, record)
        return blurred(viewer.work.get_bytes(workspace.view("full"))) if workspace else ""
    except (Misconfigured, ModerationError):
        return ""


def _show(report: reports.Report) -> None:
    for said in reports.sentences(report):
        results.print(plain(said), soft_wrap=True)
    if report.tally.replayed:
        results.print(reports.matrix_table(report.tally))
    if report.flips:
        results.print(reports.flips_table(report.flips))
    if report.tally.causes:
        results.print(reports.causes_table(report.tally))
    if report.edits:
        results.print(reports.edits_table(report))
