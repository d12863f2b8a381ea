"""`moderate sample` and `moderate metrics`: people look at what chance chose, and the estimates weigh it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from moderation.domain.policy import pack_data
from moderation.domain.record import utc
from tests.command.history import CREATED, DECIDED, PACK

POLICY = {"name": "default", "digest": "d" * 64}


def put(deployed, key, verdict="safe", category=None, **attributes):
    image = deployed.put_object(key)
    made = {"verdict": verdict, "category": category, "reason": "It was asked.", "decided_by": "judge"}
    deployed.put_record(image, **(made | {"decided_at": DECIDED, "policy": POLICY, "evidence": []} | attributes))
    return image


@pytest.fixture
def uploads(deployed):
    """Forty safe verdicts, ten unsafe ones and two reviews."""
    deployed.work(f"provenance/packs/{POLICY['digest']}.json", pack_of())
    safe = [put(deployed, f"in/safe-{n}.jpg", notified=True, expires_at=4102444800) for n in range(40)]
    unsafe = [put(deployed, f"in/unsafe-{n}.jpg", "unsafe", "Violence") for n in range(10)]
    reviews = [put(deployed, f"in/review-{n}.jpg", "review", row="disagreement") for n in range(2)]
    for image in reviews:
        change = {"queue": {"S": f"review#{int(image.id, 16) % 4}"}, "queue_order": {"S": f"5#{CREATED}"}}
        deployed.dynamodb.update_item(
            TableName="verdicts",
            Key={"pk": {"S": image.pk}, "sk": {"S": image.version}},
            UpdateExpression="SET queue = :q, queue_order = :o",
            ExpressionAttributeValues={":q": change["queue"], ":o": change["queue_order"]},
        )
    return safe + unsafe + reviews


def pack_of():
    return pack_data(PACK)


def sampled(deployed, images):
    return {image: deployed.record(image) for image in images if "sample" in deployed.record(image)}


def decide(moderate, record, verdict, *words):
    category = ("--category", "Violence") if verdict == "unsafe" else ()
    key, version = record["image"]["key"], record["sk"]
    return moderate("decide", key, verdict, "--note", "Looked", "--version", version, "--yes", *category, *words)


def test_a_sampled_verdict_stands_while_it_waits(deployed, moderate, uploads):
    unsafe, safe = deployed.listen("UnsafeTopicArn"), deployed.listen("ReviewTopicArn")
    before = {image: deployed.record(image) for image in uploads}
    status = json.loads(moderate("status", "--json").stdout)

    result = moderate("sample", "--safe", "8", "--unsafe", "5")

    assert result.exit_code == 0, result.stderr
    drawn = sampled(deployed, uploads)
    assert sorted(record["verdict"] for record in drawn.values()) == ["safe"] * 8 + ["unsafe"] * 5
    for image, record in drawn.items():
        assert record["sample"]["probability"] == (0.2 if record["verdict"] == "safe" else 0.5)
        added = {name for name in record if record[name] != before[image].get(name)}
        assert added == {"sample", "queue", "queue_order"}, "verdict, expiry and notification stay"
        assert deployed.tag(image) is None, "it isn't tagged anew"
    assert deployed.heard(unsafe) == [] == deployed.heard(safe)
    reviews = json.loads(moderate("verdicts", "--verdict", "review", "--json").stdout)
    assert len(reviews) == 2 == len(json.loads(moderate("verdicts", "--cause", "disagreement", "--json").stdout))
    after = json.loads(moderate("status", "--json").stdout)
    assert after["reviews"]["waiting"] == status["reviews"]["waiting"] and after["reviews"]["waiting"]["number"] == 2
    assert (status["sampled"], after["sampled"]) == (0, 13)


def test_the_list_of_a_sample_does_not_tell_the_verdicts(deployed, moderate, uploads):
    assert moderate("sample", "--waiting").stdout == "Nothing waits.\n"
    moderate("sample", "--safe", "2", "--unsafe", "1")

    listed = json.loads(moderate("sample", "--waiting", "--json").stdout)

    assert len(listed) == 3 and all(set(row) == {"key", "version", "created_at"} for row in listed)
    assert "Violence" not in moderate("sample", "--waiting").stdout


def test_the_same_draw_adds_nothing_and_a_larger_one_what_it_lacks(deployed, moderate, uploads):
    span = ("--since", "1d", "--until", utc(datetime.now(UTC) - timedelta(minutes=1)))
    moderate("sample", *span, "--safe", "8", "--unsafe", "0")
    first = sampled(deployed, uploads)
    decide(moderate, next(iter(first.values())), "safe")

    again = json.loads(moderate("sample", *span, "--safe", "8", "--unsafe", "0", "--json").stdout)
    assert [(row["items"], row["of"], row["added"]) for row in again] == [(8, 40, 0)]
    larger = json.loads(moderate("sample", *span, "--safe", "16", "--unsafe", "0", "--json").stdout)

    assert [(row["items"], row["of"], row["added"]) for row in larger] == [(16, 40, 8)]
    now = sampled(deployed, uploads)
    assert set(first) < set(now) and {record["sample"]["probability"] for record in now.values()} == {0.4}
    assert len(json.loads(moderate("sample", "--waiting", "--json").stdout)) == 15, "the decided one waits no longer"


def test_what_was_escalated_or_decided_is_not_drawn(deployed, moderate):
    put(deployed, "in/a.jpg", escalated_at=DECIDED)
    put(deployed, "in/b.jpg", decided_by="person")
    kept = put(deployed, "in/c.jpg")

    moderate("sample")

    assert [row["key"] for row in json.loads(moderate("sample", "--waiting", "--json").stdout)] == [kept.key]


def test_estimates_weigh_what_people_said(deployed, moderate, uploads):
    moderate("sample", "--safe", "8", "--unsafe", "5")
    drawn = sampled(deployed, uploads).values()
    safe = [record for record in drawn if record["verdict"] == "safe"]
    unsafe = [record for record in drawn if record["verdict"] == "unsafe"]
    for number, record in enumerate(safe[:4]):  # four are never reached
        assert decide(moderate, record, "unsafe" if number == 0 else "safe").exit_code == 0
    for number, record in enumerate(unsafe):
        assert decide(moderate, record, "safe" if number == 0 else "unsafe").exit_code == 0

    found = json.loads(moderate("metrics", "--json").stdout)
    shown = moderate("metrics").stdout

    whole = found["estimates"][0]
    assert whole["precision"]["value"] == pytest.approx(0.8)  # 8 of 10
    assert whole["recall"]["value"] == pytest.approx(8 / (8 + 10))  # a quarter of 40 was missed
    assert whole["recall"]["interval"]["low"] < 0.3 and whole["recall"]["interval"]["high"] > 0.6
    assert found["to_review"]["value"] == pytest.approx(2 / 52)
    sizes = {row["name"]: (row["items"], row["reached"], row["stands_for"]) for row in found["strata"]}
    assert sizes["safe, no category, sample"] == (8, 4, pytest.approx(40))
    assert found["reviewed"] == {"decided": 9, "overturned": 2} and "biased: people see" in shown
    assert found["reviewed_is_biased"] is True


def test_without_a_sample_nothing_is_estimated(deployed, moderate, uploads):
    decide(moderate, deployed.record(uploads[0]), "safe")

    found = json.loads(moderate("metrics", "--json").stdout)

    assert found["estimates"] is None and found["to_review"] is None
    assert "nothing is estimated" in moderate("metrics").stdout


def test_an_appeal_after_the_draw_is_not_counted_twice(deployed, moderate, uploads):
    moderate("sample", "--safe", "0", "--unsafe", "5")
    drawn = sampled(deployed, uploads)
    for record in drawn.values():
        decide(moderate, record, "unsafe")
    outside = next(image for image in uploads if "/unsafe" in image.key and image not in drawn)
    decide(moderate, deployed.record(outside), "safe")

    found = json.loads(moderate("metrics", "--json").stdout)

    assert found["estimates"][0]["precision"]["value"] == 1.0, "the five in the sample stand for all ten"
    assert found["reviewed"] == {"decided": 6, "overturned": 1}


@pytest.mark.parametrize("more", [("--unsafe", "5", "--safe", "0"), ("--unsafe", "8", "--safe", "0"), ("--safe", "4")])
def test_a_draw_after_appeals_stands_for_the_same_uploads_as_the_first(deployed, moderate, uploads, more):
    span = ("--since", "1d", "--until", utc(datetime.now(UTC) - timedelta(minutes=1)))
    moderate("sample", *span, "--safe", "0", "--unsafe", "5")
    drawn = sampled(deployed, uploads)
    outside = [image for image in uploads if "/unsafe" in image.key and image not in drawn]
    for image in outside[:4]:  # people appeal against what is wrong
        decide(moderate, deployed.record(image), "safe")

    moderate("sample", *span, *more)

    found = {row["name"]: row for row in json.loads(moderate("metrics", "--json").stdout)["strata"]}
    assert found["unsafe, Violence, sample"]["stands_for"] == pytest.approx(10)
    assert "unsafe, Violence, looked at anyway" not in found
    now = {image: record for image, record in sampled(deployed, uploads).items() if "/unsafe" in image.key}
    assert set(drawn) <= set(now) and len(now) == (8 if "8" in more else 10 if "4" in more else 5)
    assert len({record["sample"]["at"] for record in now.values()}) == 1


def test_what_people_decided_on_before_the_first_draw_counts_once(deployed, moderate, uploads):
    unsafe = [image for image in uploads if "/unsafe" in image.key]
    decide(moderate, deployed.record(unsafe[0]), "safe")
    for _ in range(2):
        moderate("sample", "--safe", "0", "--unsafe", "3")

    found = {row["name"]: row["stands_for"] for row in json.loads(moderate("metrics", "--json").stdout)["strata"]}

    assert found["unsafe, Violence, sample"] == pytest.approx(9)
    assert found["unsafe, Violence, looked at anyway"] == 1


def test_an_open_appeal_takes_nothing_out_of_a_sample(deployed, moderate, uploads):
    moderate("sample", "--safe", "0", "--unsafe", "5")
    drawn = sampled(deployed, uploads)
    for image, number in zip(drawn, range(2), strict=False):
        if number:
            decide(moderate, deployed.record(image), "unsafe")
        deployed.dynamodb.update_item(
            TableName="verdicts",
            Key={"pk": {"S": image.pk}, "sk": {"S": image.version}},
            UpdateExpression="SET queue = :q, queue_order = :o",
            ExpressionAttributeValues={":q": {"S": "review#0"}, ":o": {"S": f"3#{CREATED}"}},
        )

    found = {row["name"]: row for row in json.loads(moderate("metrics", "--json").stdout)["strata"]}

    stratum = found["unsafe, Violence, sample"]
    assert (stratum["items"], stratum["reached"], stratum["stands_for"]) == (5, 1, pytest.approx(10))


def test_the_workload_is_of_what_waits_and_is_decided_now_whatever_the_age_of_the_upload(deployed, moderate):
    deployed.work(f"provenance/packs/{POLICY['digest']}.json", pack_of())
    old = utc(datetime.now(UTC) - timedelta(days=40))
    waiting = [put(deployed, f"in/{n}.jpg", "review", created_at=old) for n in range(5)]
    for image in waiting:
        deployed.dynamodb.update_item(
            TableName="verdicts",
            Key={"pk": {"S": image.pk}, "sk": {"S": image.version}},
            UpdateExpression="SET queue = :q, queue_order = :o",
            ExpressionAttributeValues={":q": {"S": "review#0"}, ":o": {"S": f"5#{old}"}},
        )
    for number in range(3):
        appealed = put(deployed, f"in/unsafe-{number}.jpg", "unsafe", "Violence", created_at=old)
        decide(moderate, deployed.record(appealed), "safe")

    work = json.loads(moderate("metrics", "--json").stdout)["workload"]

    assert (work["waiting"], work["overdue"]) == (5, 5)
    assert work["decided_a_day"] == pytest.approx(0.1) and work["days"] == pytest.approx(50)


def test_golden_items_are_measured_apart_at_any_age(deployed, moderate, uploads):
    old = utc(datetime.now(UTC) - timedelta(days=400))
    golden = put(deployed, "in/golden.jpg", created_at=old)

    assert decide(moderate, deployed.record(golden), "unsafe", "--golden").exit_code == 0
    assert decide(moderate, deployed.record(golden), "unsafe", "--golden", "--this-copy").exit_code == 2

    found = json.loads(moderate("metrics", "--json").stdout)
    assert found["golden"] == {"decided": 1, "overturned": 1} and found["reviewed"]["decided"] == 0
    assert deployed.record(golden)["queue"].startswith("golden#")


def test_a_decision_can_become_golden_later(deployed, moderate, uploads):
    decide(moderate, deployed.record(uploads[0]), "safe")
    decide(moderate, deployed.record(uploads[0]), "safe", "--golden")

    assert json.loads(moderate("metrics", "--json").stdout)["golden"]["decided"] == 1


def test_a_canary_is_compared_with_the_pack_of_its_route(deployed, moderate, tmp_path):
    from moderation.domain.policy import parse_routes

    routes = {"": {"enforce": "default", "canary": {"pack": "blog", "share": 0.5}}}
    deployed.s3.put_object(Bucket="policies", Key="routes.yaml", Body=json.dumps(routes).encode())
    (route,) = parse_routes(routes).routes
    now = datetime.now(UTC)
    for number in range(40):
        key = f"in/{number}.jpg"
        name = route.decider(key)
        when = utc(now - timedelta(hours=1) + timedelta(seconds=number))
        verdict = "unsafe" if name == "blog" else "safe"
        policy = {"name": name, "digest": name * 3}
        put(deployed, key, verdict, "Violence" if verdict == "unsafe" else None, policy=policy, created_at=when)
    put(deployed, "in/before.jpg", policy={"name": "default", "digest": "default" * 3})
    first = next(number for number in range(40) if route.decider(f"in/{number}.jpg") == "blog")
    overturned = f"in/{first}.jpg"
    deployed.work(f"provenance/packs/{'blog' * 3}.json", pack_of())
    moderate("decide", overturned, "safe", "--note", "Looked", "--yes")

    (found,) = json.loads(moderate("metrics", "--json").stdout)["canaries"]
    shown = moderate("metrics").stdout

    sides = {side["pack"]: side for side in found["sides"]}
    assert sides["blog"]["unsafe"]["value"] == 1.0 and sides["default"]["unsafe"]["value"] == 0.0
    assert sides["blog"]["verdicts"] + sides["default"]["verdicts"] == 40 - first, "only since the canary's first one"
    assert sides["blog"]["reviewed"] == {"decided": 1, "overturned": 1}
    assert "Canary on (anything)" in shown and "1 of 1 overturned" in shown
