"""`moderate cost`'s arithmetic, on numbers that a person can check by hand."""

import json
from dataclasses import replace

import pytest

from moderate.costs import prices, resource_usage
from moderate.costs.bedrock_tokens import Judge, judge_of
from moderate.costs.billing import (
    DAYS_A_MONTH,
    WAITING_GB,
    Bill,
    Load,
    bill,
    fleet,
    rekognition_usd,
    workflow_seconds,
)
from moderate.costs.drift import daily_run
from moderate.costs.gpu_time import (
    ANSWER_TOKENS,
    BLOG_PROMPT_TOKENS,
    BLOG_QUESTIONS,
    PROMPT_TOKENS,
    QUESTIONS,
    blip2_seconds,
    llama_seconds,
)
from moderate.costs.reading import CALLS, MEMORY_MB
from moderate.replaying.price import price
from moderation.adapters.policies import shipped_pack
from moderation.adapters.sagemaker_llama import instruction_text
from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.prompt import judge_prompt
from moderation.ports import Turn
from scripts.bench.judge_tokens import OUR_ANSWER
from scripts.bench.llama_tokens import llama_tokens
from tests.unit.usage import MEASURED, PLAIN, SAFE

PRICES = prices.load()


def line(made: Bill, name: str) -> float:
    return next(line.usd for line in made.lines if line.name == name)


def per_thousand(load: Load, name: str) -> float:
    made = bill(load, MEASURED, PRICES)
    return made.per_thousand(line(made, name))


def test_eight_transitions_of_standard_cost_twenty_cents_per_thousand() -> None:
    assert per_thousand(Load(1000, **PLAIN), "Step Functions") == pytest.approx(0.20)


def test_reading_is_a_ninth_transition_a_line_of_its_own_and_requests() -> None:
    loads = (Load(1000, **PLAIN | {"reading_seconds": seconds}) for seconds in (0.4, 0.0))
    read, unread = (bill(load, MEASURED, PRICES) for load in loads)

    def more(name: str) -> float:
        return read.per_thousand(line(read, name) - line(unread, name))

    assert more("reading") == pytest.approx(1000 * (0.4 + 3 * 0.015) * 1.75 * 0.0000133334)
    assert more("Step Functions") == pytest.approx(0.025)
    assert more("Lambda") == pytest.approx(1000 * 0.0000002)
    logged = 4 * 500 * 3 / 1e9 * 0.023
    assert more("S3") == pytest.approx(1000 * (0.000005 + 3 * 0.0000004 + logged))
    assert more("Endpoints' data") == 0
    assert line(unread, "reading") == 0


def test_what_is_reused_is_not_read_again() -> None:
    made = bill(Load(1000, reuse_share=0.5, **PLAIN | {"reading_seconds": 0.4}), MEASURED, PRICES)

    assert made.per_thousand(line(made, "reading")) == pytest.approx(1000 * 0.5 * 0.445 * 1.75 * 0.0000133334)


def test_reading_delays_a_verdict_by_what_exceeds_the_questions() -> None:
    load = Load(1000, **PLAIN)
    within, beyond = (workflow_seconds(replace(load, reading_seconds=seconds), SAFE) for seconds in (1.5, 3.6))

    assert within == workflow_seconds(load, SAFE)
    assert beyond - within == pytest.approx(3.6 + 3 * 0.015 - 8 * 0.2)


def test_a_notified_image_takes_a_transition_more() -> None:
    load = Load(1000, **PLAIN | {"unsafe_share": 0.1, "review_share": 0.1})

    assert per_thousand(load, "Step Functions") == pytest.approx(8.2 * 0.025)
    assert per_thousand(load, "SNS") == pytest.approx(0.2 * 1000 * 0.0000005)


def test_express_pays_a_request_and_its_duration_in_tenths_of_a_second() -> None:
    load = Load(1000, workflow="express", **PLAIN)

    assert workflow_seconds(load, SAFE) == pytest.approx(0.4 + 8 * 0.2 + 8 * 1.0)
    assert per_thousand(load, "Step Functions") == pytest.approx(1000 * (0.000001 + 10.0 / 16 * 0.00001667))
    longer = replace(load, blip2_seconds=0.201)  # 10.008 s
    assert per_thousand(longer, "Step Functions") == pytest.approx(1000 * (0.000001 + 10.1 / 16 * 0.00001667))


def test_lambda_is_paid_while_it_waits_for_an_endpoint() -> None:
    waiting = (8 * 0.2 + 8 * 1.0) * 0.25

    assert per_thousand(Load(1000, **PLAIN), "Lambda") == pytest.approx(
        1000 * (4 * 0.0000002 + (0.5 + waiting) * 0.0000133334)
    )


def test_a_shadow_pack_is_a_judgement_more_for_each_image_that_isnt_reused() -> None:
    load = Load(864_000, reuse_share=0.5, utilisation=1.0, **PLAIN | {"judged_share": 0.5})
    before, after = (bill(replace(load, shadows=number), MEASURED, PRICES) for number in (0, 2))

    assert line(after, "Llama 2 endpoint") == pytest.approx(line(before, "Llama 2 endpoint") * (0.5 + 2) / 0.5)
    waiting = 0.5 * 2 * 8 * 1.0 * 0.25
    assert line(after, "Lambda") - line(before, "Lambda") == pytest.approx(after.images * waiting * 0.0000133334)
    assert line(after, "BLIP-2 endpoint") == line(before, "BLIP-2 endpoint")
    longer = workflow_seconds(replace(load, shadows=2), SAFE) - workflow_seconds(load, SAFE)
    assert longer == pytest.approx(0.5 * 2 * 8 * 1.0)


def test_storage_and_requests_of_table_and_buckets() -> None:
    load = Load(1000, kept_months=2, **PLAIN)

    assert per_thousand(load, "DynamoDB") == pytest.approx(
        1000 * (10 * 0.000000625 + 0.000000125 + 0.000005 * 2 * 0.45)
    )
    logged = 13 * 500 * 3
    assert per_thousand(load, "S3") == pytest.approx(
        1000 * (5 * 0.000005 + 8 * 0.0000004 + (100_000 + logged) / 1e9 * 0.023)
    )


def test_what_is_sent_to_the_endpoints_is_paid_by_the_byte() -> None:
    assert per_thousand(Load(1000, **PLAIN), "Endpoints' data") == pytest.approx(1000 * 100_000 * 4 / 3 / 1e9 * 0.016)


def test_logs_are_paid_by_the_byte_and_metrics_by_the_month() -> None:
    made = bill(Load(1_000_000, **PLAIN), MEASURED, PRICES)

    of_logs = made.images * 20_000 / 1e9 * 0.53  # 16.8 KB of ours, 4 x 800 bytes of Lambda's own
    assert line(made, "CloudWatch") == pytest.approx(of_logs + 51 * 0.3 + 32 * 0.1 + 3)


def test_a_deployed_console_is_paid_by_person_and_by_decision() -> None:
    load = Load(1000, reviewers=3, decisions_per_day=240, **PLAIN)
    made = bill(load, MEASURED, PRICES)
    decisions = 240 * DAYS_A_MONTH  # 7,300

    assert line(made, "Cognito") == pytest.approx(3 * 0.02)
    assert line(made, "API Gateway") == pytest.approx(decisions * 10 * 0.000001)
    page_requests, sent = 3 * DAYS_A_MONTH * 20, decisions * 10 * 10_000 + 3 * DAYS_A_MONTH * 200_000
    assert line(made, "CloudFront") == pytest.approx((decisions * 10 + page_requests) * 0.000001 + sent / 1e9 * 0.085)
    assert line(made, "Console: Lambda") == pytest.approx(
        decisions * (12 * 0.0000002 + (10 * 0.2 + 0.5 * 0.5 + 0.2) * 0.0000133334)
    )
    assert line(made, "Console: DynamoDB") == pytest.approx(decisions * (6 * (4 + 2) + 4) * 0.000000625)  # of 4 KB
    assert line(made, "Audit log") == pytest.approx(decisions * 3 * (0.000005 + 500 / 1e9 * 60 * 0.023))
    assert line(made, "Console: logs") == pytest.approx(decisions * 10 * 1500 / 1e9 * 0.53)


def test_a_console_that_nobody_uses_adds_nothing() -> None:
    assert bill(Load(1000, **PLAIN), MEASURED, PRICES).lines[-1].name == "KMS"


def test_drift_reads_the_entries_of_two_weeks_every_day() -> None:
    load = Load(10_000, **PLAIN)

    units = 140_000 * 512 / 4096 / 2 + 1000 * 1  # eventually consistent entries, and whole records
    seconds = 140_000 * 0.00013 * 1769 / 512 + 1000 * 0.0015
    usd = units * 0.000000125 + 0.0000002 + seconds * 0.5 * 0.0000133334
    assert line(bill(load, MEASURED, PRICES), "Drift") == pytest.approx(DAYS_A_MONTH * usd)


def test_drift_reads_what_people_decided() -> None:
    made = daily_run(10_000, 0.05, SAFE)

    assert (made.entries, made.records) == (140_000, 1000 + 10_000 * 21 * 0.05)
    assert daily_run(10, 0.0, SAFE).records == 140  # not more than there are


def test_drift_costs_no_more_than_the_function_may_take() -> None:
    most, more = (daily_run(images, 0.0, SAFE) for images in (140_000, 1_400_000))

    assert (most.is_complete, more.is_complete) == (True, False)
    assert more.seconds == pytest.approx(900)
    assert more.read_units < 2 * most.read_units
    assert "where the function ends" in next(
        line.arithmetic for line in bill(Load(1_400_000, **PLAIN), MEASURED, PRICES).lines if line.name == "Drift"
    )


def test_one_instance_is_paid_all_day_however_little_it_does() -> None:
    small = fleet(Load(1, **PLAIN), "ml.g5.2xlarge", 1, 0.2)

    assert (small.hours_per_day, small.at_peak) == (24, 1)
    assert small.usd(PRICES) == pytest.approx(730 * 1.515)


def test_autoscaling_pays_for_the_load_and_the_peak_says_how_many_instances_must_be_allowed() -> None:
    busy = fleet(Load(864_000, utilisation=0.5, peak_factor=3, **PLAIN), "ml.g5.2xlarge", 864_000, 0.2)

    assert busy.hours_per_day == pytest.approx(864_000 * 0.2 / 0.5 / 3600)  # 96 h: four instances on average
    assert busy.at_peak == 12  # 10 a second on average, 30 at peak, each 0.2 s at half load


def test_scaled_to_zero_pays_for_work_and_for_each_start() -> None:
    load = Load(1000, scale_to_zero=True, bursts_per_day=3, idle_hours=0.5, utilisation=1.0, **PLAIN)

    assert fleet(load, "ml.g5.2xlarge", 18_000, 0.2).hours_per_day == pytest.approx(1 + 1.5)
    assert fleet(load, "ml.g5.2xlarge", 0, 0.2).hours_per_day == 0
    always = replace(load, bursts_per_day=100)
    assert fleet(always, "ml.g5.2xlarge", 18_000, 0.2).hours_per_day == 24


def test_llama_answers_for_what_is_judged_alone() -> None:
    load = Load(864_000, reuse_share=0.5, utilisation=1.0, **PLAIN | {"judged_share": 0.1})
    made = bill(load, MEASURED, PRICES)

    assert line(made, "Llama 2 endpoint") == pytest.approx(DAYS_A_MONTH * 24 * 7.09)  # 12 h of work in a day of 24
    assert line(made, "BLIP-2 endpoint") == pytest.approx(DAYS_A_MONTH * 24 * 1.515)
    assert "43,200 requests" in next(line.arithmetic for line in made.lines if line.name == "Llama 2 endpoint")
    assert "432,000 requests" in next(line.arithmetic for line in made.lines if line.name == "BLIP-2 endpoint")


@pytest.mark.parametrize(
    ("judge", "usd"), [("nova-micro", 710 * 0.000000035 + 41 * 0.00000014), ("ministral-3-8b", 451 * 0.00000015)]
)
def test_a_judge_on_bedrock_is_paid_by_the_token_and_has_no_instance(judge: Judge, usd: float) -> None:
    load = Load(10_000, judge=judge, **PLAIN | {"judged_share": 0.1})
    made = bill(load, MEASURED, PRICES)

    assert line(made, f"{judge} on Bedrock") == pytest.approx(DAYS_A_MONTH * 1_000 * usd)
    assert "Llama 2 endpoint" not in {each.name for each in made.lines}
    assert workflow_seconds(load, SAFE) == pytest.approx(0.4 + 8 * 0.2 + 0.1 * 1.0)


@pytest.mark.parametrize(
    ("model", "judge"),
    [
        (None, "llama"),
        ("us.amazon.nova-micro-v1:0", "nova-micro"),
        ("mistral.ministral-3-8b-instruct", "ministral-3-8b"),
        ("us.meta.llama3-1-8b-instruct-v1:0", "unpriced"),
    ],
)
def test_the_judge_of_a_deployment_has_its_own_price_or_says_that_it_has_none(model: str | None, judge: str) -> None:
    found = judge_of({"BedrockModel": model} if model else {})
    made = bill(Load(1000, judge=found, **PLAIN), MEASURED, PRICES)

    assert found == judge
    assert ("price isn't in" in made.lines[1].arithmetic) == (judge == "unpriced")
    asked = price(100, 0, 8, found)
    assert ("isn't known" in asked.text) == (judge == "unpriced")
    assert (asked.usd > 0) == (judge != "unpriced")


def test_views_add_what_was_measured_of_them() -> None:
    four = MEASURED.average(views=4, notified=0, reused=0)

    assert (four.transitions, four.queries, four.s3_writes) == (12, 4, 12)


def test_x_ray_records_a_trace_a_second_and_a_twentieth_of_the_rest() -> None:
    made = bill(Load(86_400 * 3, **PLAIN), MEASURED, PRICES)

    assert line(made, "X-Ray") == pytest.approx(DAYS_A_MONTH * 86_400 * (1 + 0.05 * 2) * 0.000005)


def test_kms_is_asked_once_in_five_minutes_at_most() -> None:
    few = bill(Load(10, **PLAIN | {"unsafe_share": 1.0}), MEASURED, PRICES)
    many = bill(Load(1_000_000, **PLAIN | {"unsafe_share": 1.0}), MEASURED, PRICES)

    assert line(few, "KMS") == pytest.approx(1 + 2 * few.images * 0.000003)
    assert line(many, "KMS") == pytest.approx(1 + 2 * 2 * 730 * 12 * 0.000003)


def test_rekognition_gets_cheaper_by_tiers() -> None:
    assert rekognition_usd(1_000_000, PRICES) == pytest.approx(1000)
    assert rekognition_usd(36_000_000, PRICES) == pytest.approx(1000 + 4000 * 0.8 + 30_000 * 0.6 + 1000 * 0.25)


def test_the_bill_is_the_sum_of_its_lines() -> None:
    made = bill(Load(1000), MEASURED, PRICES)

    assert made.usd == pytest.approx(sum(line.usd for line in made.lines))
    assert made.per_thousand(made.usd) == pytest.approx(made.usd / (1000 * DAYS_A_MONTH) * 1000)


def test_seconds_of_the_endpoints_by_their_arithmetic() -> None:
    # (533 + 8 x 112 + 118) GFLOP on a quarter of 70 TFLOPS
    assert blip2_seconds(8) == pytest.approx(1.547 / 17.5)
    # 2 x 13e9 x 1000 FLOP on a quarter of 4 x 70 TFLOPS; 41 tokens x 26 GB at half of 4 x 600 GB/s, shared by eight
    assert llama_seconds("13b", 1000) == pytest.approx(26 / 70 + 41 * (26 / 1200) / 8)


@pytest.mark.parametrize(
    ("name", "questions", "assumed"),
    [("default", QUESTIONS, PROMPT_TOKENS), ("blog", BLOG_QUESTIONS, BLOG_PROMPT_TOKENS)],
)
def test_the_assumed_questions_and_tokens_are_those_of_the_packs(name: str, questions: int, assumed: int) -> None:
    pack = shipped_pack(name)
    assert pack is not None
    answers = tuple(Answer("full", question.text, "no", 0.02, 0.02) for question in pack.questions)
    evidence = Evidence(answers, (Caption("full", "a man is standing on the beach with a surfboard"),))

    request = instruction_text([Turn("user", judge_prompt(pack, evidence).text)])
    prompt, answer = llama_tokens([request, OUR_ANSWER])

    assert len(pack.questions) == questions
    assert prompt == pytest.approx(assumed, rel=0.02)
    assert answer == ANSWER_TOKENS


def test_what_was_measured_has_the_shape_of_the_workflow() -> None:
    measured = resource_usage.load()

    assert (measured.safe.transitions, measured.unsafe.transitions) == (9, 10)
    assert measured.many_views.transitions == 9 + measured.views - 1 == 8 + measured.many_views.queries
    assert measured.reused.queries == 0
    assert measured.unsafe.publishes == 1


def test_functions_are_priced_with_the_memory_that_they_are_deployed_with() -> None:
    deployed = json.loads(resource_usage.MEASURED.read_text())["outcomes"]["safe"]["memory_mb"]

    assert deployed["read_image"] == MEMORY_MB
    assert deployed["query_image"] == deployed["judge_image"] == WAITING_GB * 1024


def test_each_function_waits_with_its_own_memory_for_the_calls_that_it_was_seen_to_make() -> None:
    counted = json.loads(resource_usage.MEASURED.read_text())["outcomes"]["safe"]
    calls, memory = counted["calls"], counted["memory_mb"]
    stores = sum(count for name, count in counted["requests"].items() if name.split(":")[0] in ("s3", "dynamodb"))
    working = sum(
        ms * max(memory[step], 1769) / 1024 / 1000 for step, ms in counted["cpu_ms"].items() if step != "read_image"
    )
    waiting = sum(calls[step] * 0.015 * memory[step] / 1024 for step in calls if step != "read_image")

    assert calls["read_image"] == CALLS
    assert sum(calls.values()) == stores - 1, "the claim is the workflow's own"
    assert resource_usage.load().safe.gb_seconds == pytest.approx(working + waiting)


def test_packs_that_read_nothing_take_what_was_measured_less_what_reading_takes() -> None:
    safe = json.loads(resource_usage.MEASURED.read_text())["outcomes"]["safe"]
    unread = resource_usage.load().average(views=1, notified=0, reused=0, is_read=False)

    assert (unread.transitions, unread.invocations) == (safe["transitions"] - 1, sum(safe["invocations"].values()) - 1)
    assert (unread.s3_writes, unread.s3_reads) == (safe["requests"]["s3:PUT"] - 1, safe["requests"]["s3:GET"] - 3)
