"""HTML report of an evaluation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from moderate import html_page as html
from moderate.charts import curve_chart, reliability_chart
from moderate.html_page import Markup
from moderate.labels import S3, s3_address
from moderation.domain.metrics import Bin, CurvePoint

_Report = Mapping[str, Any]


def evaluation_page(document: _Report, pictures: Mapping[str, str]) -> str:
    """Return the page of a report as `moderate eval` writes it to JSON; `pictures` are `data:` addresses by path."""
    sides = document["sides"]
    parts = [_introduction(document)]
    for side in sides:
        parts += _side(side, pictures)
    parts += [_plots(sides)]
    if "comparison" in document:
        parts.append(_comparison(document["comparison"], [side["name"] for side in sides], pictures))
    if document["not_evaluated"]:
        rows = [(_linked(one["path"]), one["side"], one["reason"]) for one in document["not_evaluated"]]
        parts.append(html.section("Not evaluated", html.table(("picture", "with", "reason"), rows)))
    return html.page(f"Evaluation on {document['labels']['name']}", parts)


def _introduction(document: _Report) -> str:
    labels = document["labels"]
    rows = [
        ("labelled set", f"{labels['name']}, {labels['pictures']:,} pictures, SHA-256 {labels['digest'][:12]}"),
        ("made", document["made"]),
        *(
            (side["name"], f"pack {side['pack']['name']} ({side['pack']['digest'][:12]}), {side['models']}")
            for side in document["sides"]
        ),
    ]
    if document["escalated"]:
        rows.append(("left out", f"{document['escalated']} escalated pictures"))
    said = (
        f"Intervals hold with {document['sides'][0]['report']['confidence']:.0%} confidence, for pictures like these. "
        "A category counts as found if an unsafe verdict names it or rests on an answer over its threshold; a picture "
        "sent to review counts as not found."
    )
    return html.table(("", ""), rows) + html.note(said)


def _side(side: _Report, pictures: Mapping[str, str]) -> list[Markup]:
    report, name = side["report"], side["name"]
    return [
        html.section(f"Verdicts: {name}", _verdict_table(report), _category_table(report)),
        html.section(f"Confusion: {name}", _confusion_table(report)),
        html.section(f"Parts of the pipeline: {name}", _stage_table(report), html.note(added(report))),
        html.section(f"Time and cost: {name}", html.table(("", "", ""), spent_rows(side))),
        html.section(f"Verdicts against the labels: {name}", _error_table(report, pictures)),
        html.section(f"Judge against answers: {name}", *_judge_table(report, pictures)),
    ]


def _verdict_table(report: _Report) -> Markup:
    rows = [
        (one["labelled"], one["pictures"], *(share(one[verdict]) for verdict in ("safe", "unsafe", "review")))
        for one in report["verdicts"]
    ]
    return html.table(("pictures", "count", "safe", "unsafe", "review"), rows)


def _category_table(report: _Report) -> Markup:
    columns = ("category", "with it", "right", "wrong", "missed", "precision", "recall", "F1", "average precision")
    rows = [
        (
            one["category"],
            *(one[name] for name in ("with", "true_positives", "false_positives", "false_negatives")),
            *category_figures(one),
            f"{one['average_precision']:.3f}",
            f"{one['calibration']['error']:.3f}",
        )
        for one in report["categories"]
    ]
    return html.table((*columns, "calibration error"), rows)


def _confusion_table(report: _Report) -> Markup:
    confusion = report["confusion"]
    return html.table(
        ("labelled / verdict", *confusion["columns"]),
        [(row["label"], *row["verdicts"]) for row in confusion["rows"]],
    )


def _stage_table(report: _Report) -> Markup:
    rows = [
        (one["stage"], share(one["found"]), share(one["wrongly_flagged"]), share(one["sent_to_review"]))
        for one in report["stages"]
    ]
    return html.table(("stage", "with a category: found", "without: called unsafe", "sent to review"), rows)


def added(report: _Report) -> str:
    """Say what closer looks and the judge changed."""
    said = [
        f"{name} found {one['found']} more categories, lost {one['lost']}, added {one['wrongly_flagged']} wrong flags "
        f"and removed {one['wrong_flags_removed']}"
        for name, one in (("Closer views", report["added"]["views"]), ("the judge", report["added"]["judge"]))
    ]
    return "; ".join(said) + "."


def spent_rows(side: _Report) -> list[tuple[str, str, str]]:
    """Return rows of time and cost: name, value, how it is known."""
    spent = side["spent"]
    return [
        ("views", f"{spent['views']:,}", ""),
        ("judgements", f"{spent['judgements']:,}", ""),
        ("vision model", f"{spent['vision_seconds']:.1f} s", "measured, all requests together"),
        ("judge", f"{spent['judge_seconds']:.1f} s", "measured, all requests together"),
        (
            "models",
            f"${spent['usd']:.4f}, ${spent['usd_per_1000']:.3f} per 1,000 pictures",
            f"estimated: {spent['arithmetic']}",
        ),
    ]


def _error_table(report: _Report, pictures: Mapping[str, str]) -> Markup:
    rows = [
        (
            html.picture(pictures.get(one["path"], "")),
            _linked(one["path"]),
            f"{one['category']}: {one['kind']}",
            *_scores(one),
        )
        for one in report["errors"]
    ]
    return html.table(("", "picture", "error", *_SCORES), rows)


def _judge_table(report: _Report, pictures: Mapping[str, str]) -> list[Markup]:
    found = report["judge_against_answers"]
    rows = [
        (
            html.picture(pictures.get(one["path"], "")),
            _linked(one["path"]),
            f"judge {one['judge']}, answers {one['answers']}",
            one["right"],
            *_scores(one),
        )
        for one in found["listed"]
    ]
    right = share(found["judge_right"])
    said = f"The judge contradicts the answers on {found['pictures']} pictures, and is right on {right}."
    return [html.note(said), html.table(("", "picture", "said", "right", *_SCORES), rows)]


_SCORES = ("labels", "verdict", "question", "view", "score", "threshold", "captions")


def _scores(one: _Report) -> tuple[object, ...]:
    return (
        ", ".join(one["labels"]) or "none",
        " / ".join(filter(None, (one["verdict"], one["verdict_category"]))),
        one["question"],
        one["view"],
        *("" if one[name] is None else f"{one[name]:.3f}" for name in ("score", "threshold")),
        " / ".join(one["captions"]),
    )


def _plots(sides: Sequence[_Report]) -> Markup:
    drawn = [
        reliability_chart([(side["name"], _bins(side["report"])) for side in sides], "Calibration, all categories")
    ]
    for category in sides[0]["report"]["categories"]:
        ours = [
            (side["name"], one)
            for side in sides
            for one in side["report"]["categories"]
            if one["category"] == category["category"] and one["curve"]
        ]
        if ours:
            curves = [(name, _curve(one), (one["recall"], one["precision"])) for name, one in ours]
            drawn.append(curve_chart(curves, f"{category['category']}: precision and recall"))
            bins = [(name, _bins(one)) for name, one in ours]
            drawn.append(reliability_chart(bins, f"{category['category']}: calibration"))
    said = (
        "A curve is that of the answers alone, over all thresholds; the dot is what the verdicts reach. On the "
        "diagonal of a calibration, scores come true as often as they say."
    )
    return html.section("Curves", html.note(said), html.charts(drawn))


def _bins(report: _Report) -> list[Bin]:
    return [Bin(**one) for one in report["calibration"]["bins"]]


def _curve(one: _Report) -> list[CurvePoint]:
    return [CurvePoint(**point) for point in one["curve"]]


def _comparison(compared: _Report, names: Sequence[str], pictures: Mapping[str, str]) -> Markup:
    first, second = names
    columns = ("", "both right", f"only {first}", f"only {second}", "neither", f"share of {second}", "p (exact)")
    rows = [
        (
            name,
            *(one[key] for key in ("both_right", "first_only", "second_only", "neither")),
            discordant_share(one),
            f"{one['p_value']:.4f}",
        )
        for name, one in [
            ("right verdict", compared["right_verdict"]),
            *((one["category"], one) for one in compared["categories"]),
        ]
    ]
    verdicts = [(one["first"], *(one[name] for name in ("safe", "unsafe", "review"))) for one in compared["verdicts"]]
    changes = [
        (
            html.picture(pictures.get(one["path"], "")),
            _linked(one["path"]),
            ", ".join(one["labels"]) or "none",
            *(" / ".join(filter(None, (one[s]["verdict"], one[s]["category"]))) for s in ("first", "second")),
            *(f"{score:.3f}" for score in one["score"]),
            {"first": first, "second": second}.get(one["right"], "neither"),
        )
        for one in compared["changes"]
    ]
    return html.section(
        f"{first} against {second}: {compared['pictures']:,} pictures",
        html.table(columns, rows),
        html.note(
            f"A share is that of {second} in the pairs of which one alone is right, with its interval: where it "
            "holds 0.5, neither is shown to be better. p is McNemar's exact test."
        ),
        html.table((f"{first} / {second}", "safe", "unsafe", "review"), verdicts),
        html.note(f"{compared['changed']:,} pictures have another verdict or category."),
        html.table(("", "picture", "labels", first, second, "score", "score", "right"), changes),
    )


def share(one: _Report) -> str:
    """Format a share with its count and interval."""
    low, high = one["interval"]
    return f"{one['count']:,} ({one['share']:.1%}; {low:.1%} to {high:.1%})"


def category_figures(one: _Report) -> tuple[str, str, str]:
    """Format a category's precision and recall with their intervals, and its F1, where there is something to count."""
    flagged = one["true_positives"] + one["false_positives"]
    return (
        figure(one["precision"], one["precision_interval"]) if flagged else "none flagged",
        figure(one["recall"], one["recall_interval"]) if one["with"] else "none with it",
        f"{one['f1']:.3f}" if flagged or one["with"] else "",
    )


def figure(value: float, interval: Sequence[float]) -> str:
    """Format a figure with its interval."""
    return f"{value:.3f} ({interval[0]:.3f} to {interval[1]:.3f})"


def discordant_share(one: _Report) -> str:
    """Format the second side's share of the discordant pairs."""
    if not one["discordant"]:
        return "no pairs"
    return figure(one["second_only"] / one["discordant"], one["second_share_interval"])


def _linked(path: str) -> Markup:
    if not path.startswith(S3):
        return html.link(Path(path).absolute().as_uri(), path)
    bucket, key, version = s3_address(path)
    at = f"&versionId={quote(version, safe='')}" if version else ""
    return html.link(f"https://console.aws.amazon.com/s3/object/{bucket}?prefix={quote(key, safe='')}{at}", path)
