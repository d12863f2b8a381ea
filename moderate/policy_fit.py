"""`moderate policy fit`: temperatures and thresholds of a pack, fitted on labelled pictures."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from moderate.answer_file import AnswerFile
from moderate.deployment import DEFAULT_STACK, StackOption, find
from moderate.evaluate import AtOnceOption, LabelsArgument, OutOption, default_folder
from moderate.evaluation_page import figure
from moderate.failures import FAILED, CommandFailed
from moderate.labelled_run import Sources, models_of, run
from moderate.labels import LabelledPath, read_labels
from moderate.output import JsonOption, cell, errors, plain, print_json, progress, results, table
from moderate.pack_text import with_fitted_values
from moderate.policy_packs import pack_of
from moderation.domain.fitting import CategoryFit, Fit, LabelledAnswers, Refusal, fit, labelled_answers
from moderation.domain.pack_cases import run_cases
from moderation.domain.policy import Pack
from moderation.usecases.evaluate import look_at, stored_evidence

EXAMPLES = """Examples:

moderate policy fit packs/mine.yaml labelled/ --precision 0.95

moderate policy fit packs/mine.yaml labels.csv --precision 0.9 --category Violence --category Tobacco
"""


def fit_pack(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A pack's YAML file, which is changed.")],
    labels: LabelsArgument,
    precision: Annotated[
        float, typer.Option(min=0.5, max=0.999, help="Lower bound of each category's precision.")
    ] = 0.95,
    category: Annotated[
        list[str] | None, typer.Option(help="Fit the questions of this category only; may be repeated.")
    ] = None,
    out: OutOption = None,
    at_once: AtOnceOption = 8,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Fit temperatures and thresholds of a pack on labelled pictures, and write them into its file.

    The thresholds find as much as they can while the lower bound of each category's precision, with 95 % confidence,
    stays at or over the one asked for. With too few labels nothing is written, and the number that is missing is said.
    The comment at each question says what it was fitted on. Evaluate the result on other pictures.
    """
    pack = pack_of(file)
    if unknown := [name for name in category or () if name not in pack.category_names]:
        raise typer.BadParameter(f"pack {pack.name} has no category {unknown[0]!r}", param_hint="--category")
    deployment = find(stack)
    labelled = read_labels(labels, pack, deployment.s3)
    sources = Sources(deployment)
    with AnswerFile((out or default_folder(labelled)) / "answers.jsonl") as memory, progress() as bar:
        models = models_of(deployment, pack, labelled, memory)

        def work(picture: LabelledPath) -> LabelledAnswers:
            record = sources.record(picture)
            stored = stored_evidence(pack, record, sources.packs(record)) if record else None
            evidence = stored or look_at(models, pack, sources.data(picture)).evidence
            return labelled_answers(pack, evidence, picture.labels, known_answers(pack, picture))

        outcomes = run(labelled.pictures, work, at_once, bar, "Looking at pictures")
    for path, reason in outcomes.failed.items():
        errors.print(plain(f"Left out: {path}: {reason}"), soft_wrap=True)
    fitted = fit(pack, outcomes.done, precision, category or ())
    if fitted.refused:
        _show(fitted, file, as_json)
        raise typer.Exit(FAILED)
    write_fit(file, fitted, f"{labelled.name} ({len(outcomes.done)} pictures), {models.name}", precision)
    _show(fitted, file, as_json)
    if failing := failing_cases(fitted.pack):
        names = ", ".join(failing)
        raise CommandFailed(f"Cases that fail with the fitted values: {names}. Correct their answers before you push.")


def known_answers(pack: Pack, picture: LabelledPath) -> dict[str, bool]:
    """Return the true answers in the labels: True where it is the question's unsafe one."""
    unsafe = {question.id: question.unsafe_answer == "yes" for question in pack.questions}
    return {question: said == unsafe[question] for question, said in picture.answers.items()}


def write_fit(file: Path, fitted: Fit, source: str, precision: float) -> None:
    """Write the fitted values into a pack's file, with comments on what they were fitted on. Raises CommandFailed."""
    when = f"{datetime.now(UTC):%Y-%m-%d}"
    comments = {
        one.question.id: f"{when} on {source}: {_achieved(of)}, asked for {precision:g}"
        for of in fitted.fitted
        for one in of.questions
    }
    text = file.read_bytes().decode("utf-8")
    file.write_bytes(with_fitted_values(text, fitted.pack, comments).encode("utf-8"))


def failing_cases(pack: Pack) -> list[str]:
    """Return the names of the pack's cases that don't give the expected verdict."""
    return [result.case.name for result in run_cases(pack) if not result.passed]


def _achieved(found: CategoryFit) -> str:
    precision = figure(found.right / max(1, found.flagged), [found.precision.low, found.precision.high])
    return (
        f"{found.having} with {found.category} and {found.lacking} without, precision {precision}, "
        f"recall {found.right / found.having:.3f}"
    )


def _show(fitted: Fit, file: Path, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "written": not fitted.refused,
                "fitted": [_fitted_row(one) for one in fitted.fitted],
                "refused": [_refused_row(one) for one in fitted.refused],
            }
        )
        return
    if fitted.refused:
        for one in fitted.refused:
            results.print(plain(f"{one.category}: {one.reason}."), soft_wrap=True)
        results.print(plain(f"{file} wasn't changed: label more pictures, or name other categories with --category."))
        return
    results.print(fit_table(fitted.fitted))
    results.print(plain(f"Written: {file}. Evaluate it on other pictures with `moderate eval`, then push it."))


def fit_table(fitted: Sequence[CategoryFit]) -> Any:
    """Return a table of the fitted values."""
    columns = ("category", "question", "threshold", "temperature", "precision", "recall")
    rows = table(columns, numbers=columns[2:])
    for found in fitted:
        precision, recall = found.precision, found.recall
        for one in found.questions:
            rows.add_row(
                cell(found.category),
                cell(one.question.id),
                f"{one.question.threshold:.2f}",
                f"{one.question.temperature:g}" + ("" if one.is_scaled else " (as it was)"),
                figure(found.right / max(1, found.flagged), [precision.low, precision.high]),
                figure(found.right / max(1, found.having), [recall.low, recall.high]),
            )
    return rows


def _fitted_row(found: CategoryFit) -> dict[str, Any]:
    return {
        "category": found.category,
        "with": found.having,
        "without": found.lacking,
        "flagged": found.flagged,
        "right": found.right,
        "precision_interval": [found.precision.low, found.precision.high],
        "recall_interval": [found.recall.low, found.recall.high],
        "questions": [
            {
                "id": one.question.id,
                "threshold": one.question.threshold,
                "temperature": one.question.temperature,
                "temperature_fitted": one.is_scaled,
            }
            for one in found.questions
        ],
    }


def _refused_row(one: Refusal) -> dict[str, Any]:
    return {
        "category": one.category,
        "reason": one.reason,
        "missing_with": one.missing_with,
        "missing_without": one.missing_without,
    }
