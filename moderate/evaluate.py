"""`moderate eval`: a pack and the models on labelled pictures, as a table, a page and JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from moderate.answer_file import AnswerFile
from moderate.costs import prices
from moderate.costs.bedrock_tokens import Judge, judge_of
from moderate.costs.models_cost import Vision, models_cost, vision_of
from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.evaluation_page import added, category_figures, discordant_share, evaluation_page, share, spent_rows
from moderate.failures import FAILED, CommandFailed
from moderate.labelled_run import Outcomes, Sources, models_of, run
from moderate.labels import LabelledPath, LabelledSet, read_labels
from moderate.output import JsonOption, cell, errors, plain, print_json, progress, results, table
from moderate.pictures import blurred, log_pictures
from moderate.policy_packs import PACK_HELP, named_or_file
from moderation.domain.evaluation import EvaluatedPicture, comparison, picture_data, read_picture, report
from moderation.domain.policy import Pack
from moderation.domain.record import utc
from moderation.errors import ModerationError
from moderation.usecases.evaluate import Models, evaluate_picture, evaluate_record

EXAMPLES = """Examples:

moderate eval labelled/

moderate eval labels.csv --pack packs/mine.yaml --against default

moderate eval labels.jsonl --against stack:Staging --out model-test

moderate eval s3://intake-bucket/labelled/ --json
"""
LABELS_HELP = (
    "A folder, or an s3:// address of one, with a folder for each category (and `safe`); a CSV file with the columns "
    "path and labels (separated by semicolons); or JSON lines of path and labels."
)
LabelsArgument = Annotated[str, typer.Argument(metavar="LABELS", help=LABELS_HELP)]
AtOnceOption = Annotated[int, typer.Option("--at-once", min=1, max=64, help="Pictures at a time.")]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FOLDER",
        file_okay=False,
        help="Folder of the report and of the models' answers, which aren't asked for again; eval-LABELS by default.",
    ),
]
STACK = "stack:"
_ANSWERS, _PICTURES = "answers.jsonl", "pictures.jsonl"


@dataclass(frozen=True)
class Side:
    """A pack with models, or an earlier evaluation. `sources` gives the records whose evidence is used."""

    name: str
    pack: Pack
    models: Models
    judge: Judge
    vision: Vision
    sources: Sources
    uses_records: bool = True


@dataclass(frozen=True)
class Evaluation:
    """Outcomes with one side; `described` names the models; `judge` and `vision` say how they are paid."""

    name: str
    pack: Mapping[str, str]
    described: str
    judge: Judge
    vision: Vision
    pictures: Sequence[EvaluatedPicture]
    failed: Mapping[str, str]
    escalated: int = 0


def evaluate(
    labels: LabelsArgument,
    pack: Annotated[str | None, typer.Option(help=f"{PACK_HELP} The pack in force by default.")] = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="PACK|stack:NAME|FOLDER",
            help="Compare with another pack, with the models of another deployment, or with an earlier evaluation.",
        ),
    ] = None,
    out: OutOption = None,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Embed small blurred pictures; the policy log keeps who did.")
    ] = False,
    at_once: AtOnceOption = 8,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Evaluate a pack and the deployed models on labelled pictures.

    Files are looked at by the models, and nothing of them is stored in the deployment. For pictures in S3 the evidence
    on their records is used; without a usable record they are looked at, too. Repeat an interrupted command to resume
    it. Escalated pictures are left out. The exit status is 1 if a picture couldn't be evaluated.
    """
    deployment = find(stack)
    chosen = named_or_file(pack, stack) if pack else deployment.policies.for_key("").enforce
    labelled = read_labels(labels, chosen, deployment.s3)
    folder = out or default_folder(labelled)
    with AnswerFile(folder / _ANSWERS) as memory, progress() as bar:
        models, judge = models_of(deployment, chosen, labelled, memory), judge_of(deployment.outputs)
        ours = Side(chosen.name, chosen, models, judge, vision_of(deployment.outputs), Sources(deployment))
        evaluations = [_evaluation(ours, labelled, at_once, bar)]
        if against:
            evaluations.append(_other(against, ours, labelled, at_once, bar, memory))
        document = _document(chosen, labelled, evaluations)
        embedded = _embedded(deployment, ours.sources, document, labelled) if pictures else {}
    _write(folder, document, evaluations[0].pictures, embedded)
    if as_json:
        print_json(document)
    else:
        _show(document)
        results.print(plain(f"Report: {folder / 'report.html'} and report.json"))
    if failed := document["not_evaluated"]:
        errors.print(plain(f"{len(failed)} pictures weren't evaluated; repeat the command to try them again:"))
        for one in failed[:10]:
            errors.print(plain(f"  {one['path']}: {one['reason']}"), soft_wrap=True)
        raise typer.Exit(FAILED)


def default_folder(labelled: LabelledSet) -> Path:
    """Return the folder of answers and report, by the name of the labelled set."""
    return Path(f"eval-{labelled.name.partition('.')[0] or 'labels'}")


def _evaluation(side: Side, labelled: LabelledSet, at_once: int, bar: Progress) -> Evaluation:
    def work(picture: LabelledPath) -> EvaluatedPicture:
        record = side.sources.record(picture)
        if record and side.uses_records:
            packs = side.sources.packs(record)
            found = evaluate_record(side.models, side.pack, picture.path, picture.labels, record, packs)
            if found:
                return found
        return evaluate_picture(side.models, side.pack, picture.path, picture.labels, side.sources.data(picture))

    outcomes: Outcomes[EvaluatedPicture] = run(labelled.pictures, work, at_once, bar, f"Evaluating {side.name}")
    pack = {"name": side.pack.name, "digest": side.pack.digest}
    escalated = len(outcomes.escalated)
    return Evaluation(
        side.name, pack, side.models.name, side.judge, side.vision, outcomes.done, outcomes.failed, escalated
    )


def _other(
    against: str, ours: Side, labelled: LabelledSet, at_once: int, bar: Progress, memory: AnswerFile
) -> Evaluation:
    if Path(against).is_dir():
        return _earlier(Path(against), labelled)
    if against.startswith(STACK):
        other = find(against.removeprefix(STACK))
        models = models_of(other, ours.pack, labelled, memory)
        judge, vision = judge_of(other.outputs), vision_of(other.outputs)
        theirs = Side(against, ours.pack, models, judge, vision, ours.sources, uses_records=False)
        return _evaluation(theirs, labelled, at_once, bar)
    pack = named_or_file(against, ours.sources.deployment.stack)
    models = models_of(ours.sources.deployment, pack, labelled, memory)
    name = pack.name if pack.name != ours.name else f"{pack.name} ({against})"
    return _evaluation(Side(name, pack, models, ours.judge, ours.vision, ours.sources), labelled, at_once, bar)


def _earlier(folder: Path, labelled: LabelledSet) -> Evaluation:
    """Read an earlier evaluation of the same pictures, with the labels that they have now."""
    try:
        side = json.loads((folder / "report.json").read_text("utf-8"))["sides"][0]
        lines = (folder / _PICTURES).read_text("utf-8").splitlines()
        read = {one.path: one for one in map(read_picture, map(json.loads, lines))}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandFailed(f"{folder} holds no earlier evaluation: {error}") from error
    known = [replace(read[one.path], truth=one.labels) for one in labelled.pictures if one.path in read]
    if not known:
        raise CommandFailed(f"{folder} holds an evaluation of other pictures: give the labelled set by the same path.")
    judge, vision = side.get("judge", "unpriced"), side.get("vision", "blip2")
    return Evaluation(folder.name, side["pack"], side["models"], judge, vision, known, {})


def _document(pack: Pack, labelled: LabelledSet, evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    document: dict[str, Any] = {
        "labels": {"name": labelled.name, "pictures": len(labelled.pictures), "digest": labelled.digest},
        "made": utc(datetime.now(UTC)),
        "escalated": evaluations[0].escalated,
        "sides": [
            {
                "name": one.name,
                "pack": one.pack,
                "models": one.described,
                "judge": one.judge,
                "vision": one.vision,
                "spent": _spent(one.pictures, one.judge, one.vision),
                "report": report(pack, one.pictures),
            }
            for one in evaluations
        ],
        "not_evaluated": [
            {"path": path, "side": one.name, "reason": reason}
            for one in evaluations
            for path, reason in one.failed.items()
        ],
    }
    if len(evaluations) > 1:
        document["comparison"] = comparison(pack, *(one.pictures for one in evaluations))
    return document


def _spent(pictures: Sequence[EvaluatedPicture], judge: Judge, vision: Vision) -> dict[str, Any]:
    """Return time and cost of the models for these pictures, also of answers that are remembered or on records."""
    judgements = sum(picture.judgements for picture in pictures)
    cost = models_cost(((p.views, p.questions) for p in pictures), judgements, judge, prices.load(), vision)
    return {
        "views": sum(picture.views for picture in pictures),
        "judgements": judgements,
        "vision_seconds": sum(picture.vision_ms or 0 for picture in pictures) / 1000,
        "judge_seconds": sum(picture.judge_ms or 0 for picture in pictures) / 1000,
        "usd": cost.usd,
        "usd_per_1000": cost.usd / max(1, len(pictures)) * 1000,
        "arithmetic": cost.arithmetic,
    }


def _embedded(
    deployment: Deployment, sources: Sources, document: Mapping[str, Any], labelled: LabelledSet
) -> dict[str, str]:
    """Return the pictures of the report's lists, after an entry about them is written."""
    wanted = {path for side in document["sides"] for path in _listed(side["report"])}
    wanted |= {one["path"] for one in document.get("comparison", {}).get("changes", ())}
    log_pictures(deployment, "eval", wanted)
    found: dict[str, str] = {}
    for picture in labelled.pictures:
        if picture.path in wanted:
            try:
                found[picture.path] = blurred(sources.data(picture))
            except (ModerationError, OSError):
                found[picture.path] = ""
    return found


def _listed(made: Mapping[str, Any]) -> Iterable[str]:
    return (one["path"] for one in (*made["errors"], *made["judge_against_answers"]["listed"]))


def _write(
    folder: Path, document: Mapping[str, Any], pictures: Iterable[EvaluatedPicture], embedded: Mapping[str, str]
) -> None:
    (folder / "report.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    (folder / _PICTURES).write_text("".join(json.dumps(picture_data(one)) + "\n" for one in pictures), "utf-8")
    (folder / "report.html").write_text(evaluation_page(document, embedded), "utf-8")


def _show(document: Mapping[str, Any]) -> None:
    for side in document["sides"]:
        made = side["report"]
        columns = ("category", "with it", "precision", "recall", "F1", "calibration error")
        rows = table(columns, f"{side['name']}: {made['pictures']} pictures", numbers=columns[1:])
        for one in made["categories"]:
            rows.add_row(
                cell(one["category"]),
                str(one["with"]),
                *category_figures(one),
                f"{one['calibration']['error']:.3f}",
            )
        results.print(rows)
        for kind in made["verdicts"]:
            said = ", ".join(f"{verdict} {share(kind[verdict])}" for verdict in ("safe", "unsafe", "review"))
            results.print(plain(f"{kind['pictures']} {kind['labelled']}: {said}"))
        results.print(plain(added(made)))
        results.print(plain(", ".join(f"{name} {value}" for name, value, _ in spent_rows(side))))
    if "comparison" in document:
        _show_comparison(document)


def _show_comparison(document: Mapping[str, Any]) -> None:
    first, second = (side["name"] for side in document["sides"])
    compared = document["comparison"]
    columns = ("", "both right", f"only {first}", f"only {second}", f"share of {second}", "p (exact)")
    rows = table(columns, f"{first} against {second}: {compared['pictures']} pictures", numbers=columns[1:])
    named = [("right verdict", compared["right_verdict"]), *((one["category"], one) for one in compared["categories"])]
    for name, one in named:
        counts = (str(one[key]) for key in ("both_right", "first_only", "second_only"))
        rows.add_row(cell(name), *counts, discordant_share(one), f"{one['p_value']:.4f}")
    results.print(rows)
    results.print(plain(f"{compared['changed']} pictures have another verdict or category."))
