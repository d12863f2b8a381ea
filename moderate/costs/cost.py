"""`moderate cost`: monthly cost of a load, from the dated price file, without calls to AWS."""

import math
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.text import Text

from moderate.costs import console, gpu_time, prices, resource_usage
from moderate.costs.bedrock_tokens import TOKENS, TOOL_TOKENS, PricedJudge
from moderate.costs.billing import (
    ALARMS,
    DASHBOARDS,
    METRICS,
    Bill,
    LlamaSize,
    Load,
    Workflow,
    average_image,
    bill,
)
from moderate.costs.prices import Prices
from moderate.costs.resource_usage import Measured
from moderate.output import JsonOption, cell, print_json, results, table

EXAMPLES = """Examples:

moderate cost --images-per-day 100000

moderate cost --images-per-day 2000000 --workflow express --judged-share 0.1 --blip2-seconds 0.12

moderate cost --images-per-day 1000 --scale-to-zero --judge nova-micro

moderate cost --images-per-day 500 --scale-to-zero --bursts-per-day 2 --json

moderate cost --images-per-day 100000 --reviewers 10 --decisions-per-day 3000
"""
_FROM_ARITHMETIC = "assumed: calculated from its arithmetic, not measured on a GPU; see docs/costs.md"
# Origin of each default input.
ASSUMED = {
    "unsafe_share": "assumed",
    "review_share": "assumed",
    "reuse_share": "assumed: no bytes are uploaded twice",
    "judged_share": "assumed: `default` judges what is flagged; with `judge: always` every image is judged",
    "shadows": "assumed: no shadow pack; one adds a judgement, and a request a view for questions that only it asks",
    "views_per_image": "assumed: small pictures; `views: auto` cuts a phone's photo into 7",
    "peak_factor": "assumed: peak rate compared with the average",
    "judge": "the default; or a model on Bedrock, as deployed with `-c judge=bedrock:…`",
    "llama_size": "the default of `-c llamaSize`",
    "blip2_seconds": _FROM_ARITHMETIC,
    "llama_seconds": _FROM_ARITHMETIC,
    "reading_seconds": "measured on a laptop, 512 x 512 pixels without text; more by size and text: docs/reading.md",
    "utilisation": "assumed: the target of autoscaling",
    "idle_hours": "assumed: per burst, starting the instances and the wait before they are released",
    "kept_months": "assumed: retention of records",
    "reviewers": "the default: no deployed console",
    "decisions_per_day": "the default: they only sign in",
}
_OF_CONSOLE = (
    f"{console.REQUESTS} requests of {console.SECONDS:g} s, {console.UPDATES} updates, {console.AUDIT_ENTRIES} entries"
)

_COUNTED = "assumed: read and written, as counted by Llama 2's tokenizer"
_TOKENS_FROM = {
    "nova-micro": f"{_COUNTED}; {TOOL_TOKENS} of them for the tool that it is made to call",
    "ministral-3-8b": f"{_COUNTED}; none for its schema, which isn't part of the prompt",
}


def cost(
    images_per_day: Annotated[float, typer.Option(min=1, help="Uploads per day.")],
    unsafe_share: Annotated[float, typer.Option(min=0, max=1, help="Share of unsafe verdicts.")] = Load.unsafe_share,
    review_share: Annotated[float, typer.Option(min=0, max=1, help="Share of review verdicts.")] = Load.review_share,
    reuse_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of repeated bytes, which reuse a verdict.")
    ] = Load.reuse_share,
    judged_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share that is judged; 1 with `judge: always`.")
    ] = Load.judged_share,
    shadows: Annotated[
        int, typer.Option(min=0, max=5, help="Shadow packs; each adds a judgement per image.")
    ] = Load.shadows,
    views_per_image: Annotated[
        float, typer.Option(min=1, max=12, help="Average number of views per image.")
    ] = Load.views_per_image,
    peak_factor: Annotated[
        float, typer.Option(min=1, help="Peak rate divided by the average rate.")
    ] = Load.peak_factor,
    workflow: Annotated[Workflow, typer.Option(help="As deployed with -c workflowType=….")] = Load.workflow,
    scale_to_zero: Annotated[bool, typer.Option(help="As deployed with -c scaleToZero=true.")] = Load.scale_to_zero,
    bursts_per_day: Annotated[
        float, typer.Option(min=0, help="Starts of instances from zero per day.")
    ] = Load.bursts_per_day,
    judge: Annotated[PricedJudge, typer.Option(help="Llama's endpoint, or a model on Bedrock.")] = "llama",
    llama_size: Annotated[LlamaSize, typer.Option(help="As deployed with -c llamaSize=….")] = Load.llama_size,
    blip2_seconds: Annotated[
        float | None, typer.Option(min=0, help="Instance seconds per view, if you measured them.")
    ] = None,
    llama_seconds: Annotated[
        float | None, typer.Option(min=0, help="Instance seconds per judgement, if you measured them.")
    ] = None,
    reading_seconds: Annotated[
        float, typer.Option(min=0, help="The reader's seconds per image; 0 for a pack that reads no text.")
    ] = Load.reading_seconds,
    utilisation: Annotated[
        float, typer.Option(min=0.01, max=1, help="Target utilisation of an instance; 1 is saturation.")
    ] = Load.utilisation,
    kept_months: Annotated[float, typer.Option(min=0, help="Months that records are kept.")] = Load.kept_months,
    reviewers: Annotated[
        int, typer.Option(min=0, help="People who sign in to a deployed console (-c console=true) in a month.")
    ] = Load.reviewers,
    decisions_per_day: Annotated[
        float, typer.Option(min=0, help="Decisions of all of them, averaged over the days of a month.")
    ] = Load.decisions_per_day,
    as_json: JsonOption = False,
) -> None:
    """Print the monthly cost of a deployment by line, next to Rekognition's."""
    if unsafe_share + review_share > 1:
        raise typer.BadParameter("--unsafe-share and --review-share are more than 1 together")
    if scale_to_zero and workflow == "express":
        raise typer.BadParameter(
            "--scale-to-zero can't be deployed with --workflow express: an Express execution ends after five "
            "minutes, before an endpoint has started from zero"
        )
    if decisions_per_day and not reviewers:
        raise typer.BadParameter("say who decides in a deployed console: --reviewers", param_hint="--decisions-per-day")
    load = Load(
        images_per_day=images_per_day,
        unsafe_share=unsafe_share,
        review_share=review_share,
        reuse_share=reuse_share,
        judged_share=judged_share,
        shadows=shadows,
        views_per_image=views_per_image,
        peak_factor=peak_factor,
        workflow=workflow,
        scale_to_zero=scale_to_zero,
        bursts_per_day=bursts_per_day,
        judge=judge,
        llama_size=llama_size,
        blip2_seconds=Load.blip2_seconds if blip2_seconds is None else blip2_seconds,
        llama_seconds=_judging(llama_size) if llama_seconds is None else llama_seconds,
        reading_seconds=reading_seconds,
        utilisation=utilisation,
        kept_months=kept_months,
        reviewers=reviewers,
        decisions_per_day=decisions_per_day,
    )
    if endless := [name for name, value in asdict(load).items() if value == math.inf]:
        raise typer.BadParameter("it must be a finite number", param_hint=f"--{endless[0].replace('_', '-')}")
    measured, listed = resource_usage.load(), prices.load()
    made, inputs = bill(load, measured, listed), standings(load, measured, listed)
    if as_json:
        print_json(_plain(made, inputs, listed))
    else:
        _show(made, inputs, listed)


def standings(load: Load, measured: Measured, listed: Prices) -> list[tuple[str, Any, str]]:
    """Return every input with its value and its origin: yours, assumed, or measured, and on what."""
    untouched = Load(load.images_per_day, llama_seconds=_judging(load.llama_size))
    rows = [
        (name, getattr(load, name), why if getattr(load, name) == getattr(untouched, name) else "yours")
        for name, why in ASSUMED.items()
        if (name != "idle_hours" or load.scale_to_zero) and (load.judge == "llama" or not name.startswith("llama_"))
        if name != "decisions_per_day" or load.reviewers
    ]
    if load.reviewers:
        rows.append(("a decision in the console", _OF_CONSOLE, "assumed: moderate/costs/console.py"))
    if load.judge != "llama" and load.judge != "unpriced":
        tokens = TOKENS[load.judge]
        rows.append(("tokens of a judgement", f"{tokens.read} and {tokens.written}", _TOKENS_FROM[load.judge]))
    image = average_image(load, measured)
    on = f"measured on {measured.on}, {measured.when}"
    rows += [
        ("requests at once in an instance", gpu_time.IN_FLIGHT, "assumed"),
        ("metrics, alarms, dashboards", f"{METRICS}, {ALARMS}, {DASHBOARDS}", "assumed"),
        ("transitions", round(image.transitions, 2), on),
        ("requests to S3, sizes of records, views and logs", "", on),
        ("the functions' processor time", "", f"{on}; times 1,769 MB / memory where a function has less than a vCPU"),
        ("a call of S3, DynamoDB or SNS; a transition", "15 ms; 30 ms", "assumed"),
        ("the daily comparison of two weeks", "", "its processor time measured on the laptop; reads: 1.5 ms, assumed"),
        (
            "prices",
            "",
            f"moderate/costs/prices.json, {listed.region}, {listed.as_of}; it marks unverified ones",
        ),
    ]
    return rows


def _judging(llama_size: LlamaSize) -> float:
    return round(gpu_time.llama_seconds(llama_size), 2)


def _plain(made: Bill, inputs: list[tuple[str, Any, str]], listed: Prices) -> dict[str, Any]:
    return {
        "region": listed.region,
        "prices_as_of": listed.as_of,
        "load": asdict(made.load),
        "images_per_month": round(made.images),
        "lines": [
            {
                "line": line.name,
                "usd_per_month": round(line.usd, 2),
                "usd_per_1000_images": round(made.per_thousand(line.usd), 5),
                "arithmetic": line.arithmetic,
            }
            for line in made.lines
        ],
        "usd_per_month": round(made.usd, 2),
        "usd_per_1000_images": round(made.per_thousand(made.usd), 4),
        "rekognition_usd_per_month": round(made.rekognition_usd, 2),
        "rekognition_usd_per_1000_images": round(made.per_thousand(made.rekognition_usd), 4),
        "inputs": [{"input": name, "value": value, "standing": standing} for name, value, standing in inputs],
    }


def _show(made: Bill, inputs: list[tuple[str, Any, str]], listed: Prices) -> None:
    title = f"{made.images:,.0f} images a month, {listed.region}, prices of {listed.as_of}"
    rows = table(("line", "$ a month", "$ per 1,000", "arithmetic"), title, numbers=("$ a month", "$ per 1,000"))
    for line in made.lines:
        rows.add_row(line.name, *_dollars(made, line.usd), cell(line.arithmetic))
    rows.add_section()
    rows.add_row(Text("together", style="bold"), *_dollars(made, made.usd), "")
    rows.add_row("Rekognition", *_dollars(made, made.rekognition_usd), "$1.00 per 1,000 up to a million, less beyond")
    results.print(rows)
    origins = table(("input", "value", "measured or assumed"), "Inputs", numbers=("value",))
    for name, value, standing in inputs:
        origins.add_row(name, cell(value), cell(standing))
    results.print(origins)


def _dollars(made: Bill, usd: float) -> tuple[str, str]:
    return f"{usd:,.2f}", f"{made.per_thousand(usd):.4f}"
