"""`moderate cost`."""

import json

import pytest

from moderate.costs.billing import Load


def costs(moderate, *arguments: str) -> dict:
    result = moderate("cost", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def standing(bill: dict, name: str) -> str:
    return next(row["standing"] for row in bill["inputs"] if row["input"] == name)


def test_the_bill_stands_beside_rekognitions(moderate):
    bill = costs(moderate, "--images-per-day", "1000")

    assert bill["usd_per_month"] == pytest.approx(sum(line["usd_per_month"] for line in bill["lines"]), abs=0.1)
    assert bill["rekognition_usd_per_1000_images"] == pytest.approx(1.0)
    endpoints = {line["line"]: line["usd_per_month"] for line in bill["lines"]}
    assert endpoints["BLIP-2 endpoint"] == pytest.approx(730 * 1.515, abs=0.01)
    assert endpoints["Llama 2 endpoint"] == pytest.approx(730 * 7.09, abs=0.01)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--images-per-day", "inf"),
        ("--images-per-day", "1000", "--peak-factor", "inf"),
        ("--images-per-day", "1000", "--kept-months", "1e400"),
    ],
)
def test_what_has_no_end_is_refused_by_its_name(moderate, arguments):
    result = moderate("cost", *arguments)

    assert result.exit_code == 2
    assert "finite" in result.stderr
    assert arguments[-2] in result.stderr


def test_every_input_says_where_it_comes_from(moderate):
    bill = costs(moderate, "--images-per-day", "1000", "--blip2-seconds", "0.1")

    assert standing(bill, "blip2_seconds") == "yours"
    assert standing(bill, "llama_seconds").startswith("assumed")
    assert standing(bill, "transitions").startswith("measured on the laptop cloud")
    assert all(row["standing"] for row in bill["inputs"])


def test_the_size_of_llama_brings_its_instance_and_its_seconds(moderate):
    bill = costs(moderate, "--images-per-day", "1000", "--llama-size", "7b")

    assert bill["load"]["llama_seconds"] > Load.llama_seconds
    assert standing(bill, "llama_seconds").startswith("assumed")
    assert standing(bill, "llama_size") == "yours"
    line = next(line for line in bill["lines"] if line["line"] == "Llama 2 endpoint")
    assert line["arithmetic"].startswith("ml.g5.2xlarge")


def test_a_judge_on_bedrock_says_what_its_tokens_are(moderate):
    bill = costs(moderate, "--images-per-day", "1000", "--judge", "nova-micro")

    lines = {line["line"]: line for line in bill["lines"]}
    assert lines["nova-micro on Bedrock"]["usd_per_month"] < 1
    assert "710 tokens read + 41 written" in lines["nova-micro on Bedrock"]["arithmetic"]
    assert "300 of them for the tool" in standing(bill, "tokens of a judgement")
    assert not [row for row in bill["inputs"] if row["input"].startswith("llama_")]


def test_a_deployed_console_adds_its_lines(moderate):
    without = costs(moderate, "--images-per-day", "1000")
    bill = costs(moderate, "--images-per-day", "1000", "--reviewers", "10", "--decisions-per-day", "3000")

    lines = {line["line"]: line["usd_per_month"] for line in bill["lines"]}
    added = lines.keys() - {line["line"] for line in without["lines"]}
    assert added == {
        *("Cognito", "API Gateway", "CloudFront", "Audit log"),
        *("Console: Lambda", "Console: DynamoDB", "Console: logs"),
    }
    assert lines["Cognito"] == pytest.approx(0.2)
    assert lines["API Gateway"] == pytest.approx(3000 * 730 / 24 * 10 / 1e6, abs=0.005)
    assert standing(bill, "reviewers") == "yours" and standing(bill, "a decision in the console").startswith("assumed")
    assert not [row for row in without["inputs"] if row["input"] == "decisions_per_day"]


def test_nobody_decides_without_reviewers(moderate):
    result = moderate("cost", "--images-per-day", "10", "--decisions-per-day", "5")

    assert result.exit_code == 2
    assert "--reviewers" in result.stderr


def test_a_table_shows_the_arithmetic(moderate):
    result = moderate("cost", "--images-per-day", "1000")

    assert result.exit_code == 0
    for part in ("1,000 requests a day x 0.18 s / 70% = 0.1 h, at least 24", "Rekognition", "together", "assumed"):
        assert part in result.stdout


def test_what_can_not_be_deployed_has_no_price(moderate):
    result = moderate("cost", "--images-per-day", "10", "--scale-to-zero", "--workflow", "express")

    assert result.exit_code == 2
    assert "five" in result.stderr


def test_shares_beyond_the_whole_are_refused(moderate):
    result = moderate("cost", "--images-per-day", "10", "--unsafe-share", "0.6", "--review-share", "0.6")

    assert result.exit_code == 2
    assert "more than 1" in result.stderr


def test_prices_name_their_source_and_standing():
    from moderate.costs.prices import FILE

    document = json.loads(FILE.read_text())
    listed = [*document["prices"].values(), *document["rekognition_tiers"]]

    standings = {"given", "known", "read", "quoted", "not verified"}
    assert all(price["unit"] and price["source"] and price["standing"] in standings for price in listed)
    assert all(("copy" in price) == (price["standing"] == "read") for price in listed)
    assert {name for name, price in document["prices"].items() if price["standing"] == "given"} == {
        "ml.g5.2xlarge",
        "ml.g5.12xlarge",
        "states_transition",
        "states_express_request",
        "states_express_gb_second",
    }
