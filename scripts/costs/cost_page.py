"""Write the tables of docs/costs.md and its chart: `make cost-pages`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from moderate.costs import prices, resource_usage
from moderate.costs.bedrock_tokens import TOKENS, Judge
from moderate.costs.billing import Bill, Load, average_image, bill, console_lines
from moderate.costs.gpu_time import (
    ANSWER_TOKENS,
    BLOG_PROMPT_TOKENS,
    BLOG_QUESTIONS,
    PROMPT_TOKENS,
    blip2_seconds,
    llama_seconds,
)
from moderate.costs.reading import lettered_seconds
from scripts.costs.chart import Series, chart
from scripts.sections import write_section

DOCS = Path(__file__).parents[2] / "docs"
PAGE, CHART = DOCS / "costs.md", DOCS / "costs.svg"
VOLUMES = (100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
GOAL_EXPRESS, GOAL_TRANSITIONS = 0.28, 0.20

STANDARD = Load(1)  # the pack `default` as shipped: a tenth of the images is judged
EXPRESS = replace(STANDARD, workflow="express")
TO_ZERO = replace(STANDARD, scale_to_zero=True)
EVERY = replace(EXPRESS, judged_share=1.0)
DEPLOYMENTS: Mapping[str, Load] = {
    "Standard": STANDARD,
    "Express": EXPRESS,
    "scaleToZero": TO_ZERO,
    "scaleToZero, Nova Micro": replace(TO_ZERO, judge="nova-micro"),
    "Express, every image judged": EVERY,
}
JUDGES: Mapping[Judge, str] = {"llama": "Llama 2 13B", "nova-micro": "Nova Micro", "ministral-3-8b": "Ministral 3 8B"}
# Deployments for few images, which are mostly idle.
FEW = 1_000
FOR_FEW: Mapping[str, Load] = {
    f"{name}, {judge}": replace(load, images_per_day=FEW, judge=key)
    for name, load in (("scaleToZero", TO_ZERO), ("Standard", STANDARD))
    for key, judge in JUDGES.items()
}

# Ten people who each decide on 60 items an hour, 160 hours a month.
REVIEWED = replace(STANDARD, images_per_day=100_000, reviewers=10, decisions_per_day=3_150)

# Every instance is always busy.
_FULL = replace(EXPRESS, images_per_day=10_000_000, utilisation=1.0)
_SMALL = replace(_FULL, llama_size="7b", llama_seconds=round(llama_seconds("7b"), 2))
_BLOG = replace(
    _FULL,
    blip2_seconds=round(blip2_seconds(BLOG_QUESTIONS), 2),
    llama_seconds=round(llama_seconds("13b", BLOG_PROMPT_TOKENS), 2),
    reading_seconds=0.0,
)
SATURATED: Mapping[str, Load] = {
    "Standard, as shipped": replace(_FULL, workflow="standard"),
    "Express, as shipped": _FULL,
    "Express, nothing read": replace(_FULL, reading_seconds=0.0),
    "Express, twelve lines of text in each": replace(_FULL, reading_seconds=lettered_seconds((512, 512))),
    "Express, the same at a megapixel": replace(_FULL, reading_seconds=lettered_seconds((1024, 1024))),
    "Express, photos of a phone (7 views) with such text": replace(
        _FULL, views_per_image=7, reading_seconds=lettered_seconds((4000, 3000))
    ),
    "Express, Nova Micro": replace(_FULL, judge="nova-micro"),
    "Express, Ministral 3 8B": replace(_FULL, judge="ministral-3-8b"),
    "Express, Llama 7B": _SMALL,
    "Express, 8 questions, nothing read": _BLOG,
    "Express, half of all bytes seen before": replace(_FULL, reuse_share=0.5),
    "Express, every image judged": replace(_FULL, judged_share=1.0),
    "Express, every image judged by Nova Micro": replace(_FULL, judged_share=1.0, judge="nova-micro"),
}


def bill_of(load: Load) -> Bill:
    """Return the monthly bill of a load, at the committed prices and measured usage."""
    return bill(load, resource_usage.load(), prices.load())


def volumes() -> str:
    """Return the table of dollars per 1,000 images and per month, by images per day."""
    lines = [
        f"| images per day | {' | '.join(DEPLOYMENTS)} | Rekognition | per month, Standard |",
        f"|---:|{'---:|' * len(DEPLOYMENTS)}---:|---:|",
    ]
    for images in VOLUMES:
        bills = [bill_of(replace(load, images_per_day=images)) for load in DEPLOYMENTS.values()]
        rekognition = bills[0].per_thousand(bills[0].rekognition_usd)
        each = " | ".join(dollars(made.per_thousand(made.usd)) for made in bills)
        lines.append(f"| {images:,} | {each} | {dollars(rekognition)} | {dollars(bills[0].usd)} |")
    return "\n".join(lines)


def saturated() -> str:
    """Return the table of costs per 1,000 images with fully used instances, by part."""
    lines = [
        f"| per 1,000 images | BLIP-2 | judge | Step Functions | other | total | goal of ${GOAL_EXPRESS} |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for name, load in SATURATED.items():
        made = bill_of(load)
        blip2, judge, *others = ((line.name, made.per_thousand(line.usd)) for line in made.lines)
        parts = dict(others)
        shown = (blip2[1], judge[1], parts.pop("Step Functions"))
        total = made.per_thousand(made.usd)
        cells = " | ".join(f"${usd:.3f}" for usd in (*shown, sum(parts.values()), total))
        lines.append(f"| {name} | {cells} | {'within' if total <= GOAL_EXPRESS else 'beyond'} |")
    return "\n".join(lines)


def few() -> str:
    """Return the table of deployments for few images a day, the cheapest first."""
    lines = [
        f"| {FEW:,} images a day | BLIP-2 a month | judge a month | together a month | per 1,000 images |",
        "|---|---:|---:|---:|---:|",
    ]
    bills = sorted(((name, bill_of(load)) for name, load in FOR_FEW.items()), key=lambda named: named[1].usd)
    for name, made in bills:
        parts = (made.lines[0].usd, made.lines[1].usd, made.usd, made.per_thousand(made.usd))
        lines.append(f"| {name} | {' | '.join(map(dollars, parts))} |")
    return "\n".join(lines)


def judges() -> str:
    """Return the table of what a judgement costs with each judge."""
    listed = prices.load()
    lines = [
        "| judge | tokens read, written | $ per million read, written | per 1,000 judgements | of it for the tool |",
        "|---|---:|---:|---:|---:|",
    ]
    saturated_llama = bill_of(replace(_FULL, judged_share=1.0))
    llama = saturated_llama.per_thousand(saturated_llama.lines[1].usd)
    lines.append(
        f"| {JUDGES['llama']}, its instances always busy | {PROMPT_TOKENS}, {ANSWER_TOKENS} | | ${llama:.3f} | |"
    )
    for key, tokens in TOKENS.items():
        paid = [listed[f"{key}_{way}"] * 1e6 for way in ("input", "output")]
        tool = (tokens.read - PROMPT_TOKENS) * paid[0] / 1000
        lines.append(
            f"| {JUDGES[key]} on Bedrock | {tokens.read}, {tokens.written} | {paid[0]:.3f}, {paid[1]:.3f} "
            f"| ${tokens.usd(key, listed) * 1000:.3f} | ${tool:.3f} |"
        )
    return "\n".join(lines)


def rest() -> str:
    """Return the table of all items but the endpoints, at a million images per day."""
    lines = ["| item | $ per 1,000 | calculation |", "|---|---:|---|"]
    standard, express = (bill_of(replace(load, images_per_day=1_000_000)) for load in (STANDARD, EXPRESS))
    for name, line in ((line.name, line) for line in standard.lines[2:]):
        lines.append(f"| {name} | {standard.per_thousand(line.usd):.4f} | {line.arithmetic} |")
        if name == "Step Functions":
            other = next(line for line in express.lines if line.name == name)
            lines.append(f"| {name} | {express.per_thousand(other.usd):.4f} | {other.arithmetic} |")
    return "\n".join(lines)


def console() -> str:
    """Return the table of what the deployed console adds."""
    measured, listed = resource_usage.load(), prices.load()
    made = console_lines(REVIEWED, average_image(REVIEWED, measured), listed)
    lines = ["| line | $ a month | calculation |", "|---|---:|---|"]
    lines += [f"| {line.name} | {line.usd:.2f} | {line.arithmetic} |" for line in made]
    return "\n".join([*lines, f"| together | {sum(line.usd for line in made):.2f} | |"])


def drawing() -> str:
    """Return the chart as SVG."""
    measured, listed = resource_usage.load(), prices.load()
    xs = [10 ** (2 + step / 10) for step in range(51)]

    def series(name: str, deployment: Load) -> Series:
        bills = [bill(replace(deployment, images_per_day=x), measured, listed) for x in xs]
        return Series(name, [(x, made.per_thousand(made.usd)) for x, made in zip(xs, bills, strict=True)])

    bills = [bill(replace(STANDARD, images_per_day=x), measured, listed) for x in xs]
    rekognition = Series(
        "Rekognition", [(x, made.per_thousand(made.rekognition_usd)) for x, made in zip(xs, bills, strict=True)]
    )
    return chart(
        "Dollars per 1,000 images", "images per day", [*(series(*named) for named in DEPLOYMENTS.items()), rekognition]
    )


def dollars(usd: float) -> str:
    """Format dollars with three significant digits: the inputs aren't more precise."""
    return f"${usd:,.0f}" if usd >= 100 else f"${usd:#.3g}"


SECTIONS = {"few": few, "volumes": volumes, "saturated": saturated, "judges": judges, "rest": rest, "console": console}


def main(sections: Sequence[str] = tuple(SECTIONS)) -> None:
    """Write the sections and the chart."""
    for name in sections:
        write_section(PAGE, name, SECTIONS[name]())
    CHART.write_text(drawing())
    print(f"Written: docs/{PAGE.name}, docs/{CHART.name}")
