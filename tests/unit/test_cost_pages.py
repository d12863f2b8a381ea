"""docs/costs.md and docs/scale.md say what the arithmetic says, and their sentences hold."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from moderate.costs import prices, resource_usage
from moderate.costs.billing import DAYS_A_MONTH, WAITING_GB, Load, average_image, fleets
from moderate.costs.drift import daily_run
from moderate.costs.reading import plain_seconds
from scripts.costs import cost_page, measure_calls, scale_page
from scripts.costs.chart import Series, chart
from scripts.costs.cost_page import EXPRESS, FOR_FEW, SATURATED, STANDARD, bill_of
from scripts.costs.scale_page import QUOTAS, demand
from scripts.sections import read_section


@pytest.mark.parametrize("page", [cost_page, scale_page])
def test_the_tables_are_what_their_script_writes(page):
    for name, section in page.SECTIONS.items():
        assert read_section(page.PAGE, name) == section(), f"{page.PAGE.name}, {name}: run `make cost-pages`"


def test_the_chart_is_what_its_script_draws():
    assert cost_page.CHART.read_text() == cost_page.drawing(), "run `make cost-pages`"


def per_thousand(load: Load) -> tuple[float, float]:
    made = bill_of(load)
    return made.per_thousand(made.usd), made.per_thousand(made.rekognition_usd)


def test_where_it_costs_less_than_rekognition():
    cheaper = [380_000, 450_000, 1_000_000, 6_000_000]
    dearer = [100_000, 370_000, 6_200_000]

    for images in cheaper + dearer:
        ours, theirs = per_thousand(replace(EXPRESS, images_per_day=images))
        assert (ours < theirs) == (images in cheaper), images


def test_up_to_335_000_images_a_day_one_instance_of_each_is_enough():
    lines = bill_of(replace(STANDARD, images_per_day=335_000)).lines[:2]
    assert sum(line.usd for line in lines) == pytest.approx(6_280, abs=5)
    more = bill_of(replace(STANDARD, images_per_day=340_000)).lines[:2]
    assert more[0].usd > lines[0].usd


def test_at_the_peak_more_instances_are_needed_than_on_average():
    for images, instances in ((111_000, 1), (113_000, 2), (223_000, 2), (225_000, 3)):
        load = replace(STANDARD, images_per_day=images)
        blip2, _ = fleets(load, average_image(load, resource_usage.load()))
        assert (blip2.at_peak, blip2.hours_per_day) == (instances, 24), images


def test_the_shipped_pack_meets_the_goal_with_every_line_counted():
    shipped = SATURATED["Express, as shipped"]
    made = bill_of(shipped)

    assert (shipped.workflow, shipped.judge, shipped.judged_share, shipped.utilisation) == ("express", "llama", 0.1, 1)
    assert {line.name for line in made.lines} == {line.name for line in bill_of(STANDARD).lines}
    assert shipped.reading_seconds == plain_seconds() > 0
    assert made.per_thousand(made.usd) == pytest.approx(0.2678, abs=0.0005)
    assert made.per_thousand(made.usd) <= cost_page.GOAL_EXPRESS == 0.28
    assert per_thousand(SATURATED["Express, nothing read"])[0] == pytest.approx(0.2535, abs=0.0005)
    lettered = [name for name in SATURATED if "twelve lines" in name or "megapixel" in name]
    assert [per_thousand(SATURATED[name])[0] > cost_page.GOAL_EXPRESS for name in lettered] == [True, True]
    longer = [replace(shipped, reading_seconds=seconds) for seconds in (0.79, 0.80)]
    assert [per_thousand(load)[0] <= cost_page.GOAL_EXPRESS for load in longer] == [True, False]


def test_the_parts_of_what_reading_costs():
    read, unread = (bill_of(SATURATED[name]) for name in ("Express, as shipped", "Express, nothing read"))
    before = {line.name: line.usd for line in unread.lines}
    more = {line.name: read.per_thousand(line.usd - before[line.name]) for line in read.lines}

    assert more["reading"] == pytest.approx(0.0063 + 0.00105, abs=0.00005)
    assert more["S3"] == pytest.approx(0.0063, abs=0.0001)
    judge_reads_it = 0.015 * WAITING_GB * prices.load()["lambda_gb_second"] * 1000
    assert sum(more.values()) + judge_reads_it == pytest.approx(0.0144, abs=0.00005)


def test_what_judging_costs_at_saturation():
    shipped = SATURATED["Express, as shipped"]
    usual, every, never = (per_thousand(replace(shipped, judged_share=share))[0] for share in (0.1, 1.0, 0.0))

    assert every - usual == pytest.approx(0.469, abs=0.005)
    assert never == pytest.approx(0.233, abs=0.0005)
    assert per_thousand(SATURATED["Express, every image judged by Nova Micro"])[0] == pytest.approx(0.25, abs=0.005)


def test_for_few_images_the_cheapest_row_scales_to_zero_and_judges_on_bedrock_and_stands_first():
    costs = {name: bill_of(load).usd for name, load in FOR_FEW.items()}
    rows = [line.split(" | ")[0].strip("| ") for line in cost_page.few().splitlines()[2:]]

    assert rows == sorted(costs, key=lambda name: costs[name])
    first = FOR_FEW[rows[0]]
    assert (first.scale_to_zero, first.judge, first.images_per_day) == (True, "nova-micro", 1_000)


def test_what_is_said_of_the_console_beside_its_table():
    page, listed = cost_page.PAGE.read_text(), prices.load()
    made = cost_page.REVIEWED

    assert made.decisions_per_day == pytest.approx(made.reviewers * 160 * 60 / DAYS_A_MONTH, rel=0.01)
    assert f"--reviewers {made.reviewers} --decisions-per-day {made.decisions_per_day}`" in page
    for name in ("cognito_essentials_user", "cognito_lite_user"):
        assert f"${listed[name]:g} " in page


def test_without_an_endpoint_for_the_judge_blip2s_alone_remains():
    made = bill_of(replace(STANDARD, images_per_day=1, judge="nova-micro"))

    assert made.lines[0].usd == pytest.approx(1_106, abs=1)
    assert made.lines[1].usd < 0.01


@pytest.mark.parametrize("image, tasks", [("safe", 9), ("unsafe", 10)])
def test_the_transitions_of_standard(image, tasks):
    share = 1.0 if image == "unsafe" else 0.0
    load = replace(STANDARD, images_per_day=1000, unsafe_share=share, review_share=0.0)
    made = bill_of(load)
    usd = next(line.usd for line in made.lines if line.name == "Step Functions")

    assert made.per_thousand(usd) == pytest.approx(tasks * 0.025)
    unread = bill_of(replace(load, reading_seconds=0.0))
    usd = next(line.usd for line in unread.lines if line.name == "Step Functions")
    assert image == "unsafe" or unread.per_thousand(usd) <= cost_page.GOAL_TRANSITIONS + 1e-9


def test_a_plain_file_costs_one_view_and_a_photo_of_a_phone_seven():
    measured = json.loads(measure_calls.RESULTS.read_text())["outcomes"]

    measure_calls.check_views(measured)
    assert measured["many_views"]["views"] == 7
    with pytest.raises(RuntimeError, match="one view"):
        measure_calls.check_views(measured | {"safe": {"views": 2}})


def test_what_gives_way_first():
    assert 1 / Load.llama_seconds == pytest.approx(4.0, abs=0.2)

    def use(name: str, rate: float) -> float:
        quota = next(quota for quota in QUOTAS if quota.name.startswith(name))
        return quota.used(demand(rate)) / quota.limit

    everything = demand(250)
    assert fleets(everything.load, everything.image)[1].at_peak == 93
    at_25 = [quota.used(demand(25)) / quota.limit for quota in QUOTAS]
    assert max(at_25) < 0.5
    assert use("Lambda", 250) > 1
    assert use("Step Functions, Standard: state transitions", 250) > 1
    assert use("Step Functions, Standard: StartExecution", 250) > 2 / 3
    assert use("DynamoDB: write units per second of a new table", 250) > 2 / 3
    near = {quota.name for quota in QUOTAS if quota.used(demand(250)) / quota.limit > 0.5}
    assert len(near) == 4


def test_up_to_which_load_the_comparison_of_two_weeks_is_complete():
    complete = {
        images: daily_run(images, STANDARD.review_share, average_image(STANDARD, resource_usage.load())).is_complete
        for images in (110_000, 120_000)
    }

    assert complete == {110_000: True, 120_000: False}


def test_four_shards_carry_two_thousand_images_a_second():
    shard = next(quota for quota in QUOTAS if "claimed#" in quota.name)

    assert shard.used(demand(2000)) == pytest.approx(shard.limit)


def test_concurrent_invocations_are_rate_times_time():
    each = demand(10, judged_share=0.5)
    asked = each.image.queries * 8 * each.load.blip2_seconds + 0.5 * 8 * each.load.llama_seconds

    assert each.concurrent_invocations == pytest.approx(10 * (each.image.function_seconds + 0.27 + asked))


def test_a_chart_is_a_picture_with_a_name_at_each_line():
    lines = [Series("one & all", [(10, 1), (1000, 100)]), Series("other", [(10, 5), (1000, 0.5)])]

    root = ElementTree.fromstring(chart("Title", "x", lines))  # noqa: S314 - our own chart

    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"one & all", "other", "Title", "10", "1,000", "$0.1", "$100"} <= set(texts)
    first, _ = root.iter("{http://www.w3.org/2000/svg}polyline")
    start, end = (tuple(map(float, point.split(","))) for point in first.attrib["points"].split())
    assert start[0] < end[0] and start[1] > end[1]  # rises to the right; pixels count downwards
