"""A person's decision from the review queue to the tag, under the deployed policies."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.harness.instant_models import YES
from moderation.adapters.dynamodb_review import DynamoReviewQueue
from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
from moderation.adapters.dynamodb_vouches import DynamoVouches
from moderation.adapters.policies import S3PolicyStore
from moderation.adapters.s3_audit import S3AuditLog
from moderation.adapters.s3_images import S3ImageStore
from moderation.adapters.s3_people import S3PeopleStore
from moderation.adapters.s3_work import S3WorkStore
from moderation.domain.blind import blinded, for_second
from moderation.domain.image_ref import ImageRef
from moderation.domain.people import Person
from moderation.domain.review import screen_of, sent_home
from moderation.usecases.review.claim import claim
from moderation.usecases.review.decide_pending import Choice, decide_pending
from moderation.usecases.review.next_item import next_item
from moderation.usecases.review.ports_of import ReviewPorts
from moderation.usecases.review.report import report
from moderation.usecases.review.vouch import VouchPorts
from tests.support.fakes import EverybodysVoucher
from tests.workflow.steps import drawing, tag_of

ANNA = Person(id="s-anna", pseudonym="p-1", roles=frozenset({"reviewer"}))
# A tenth of all decisions gets a second opinion: his is asked of one image alone.
BEN = replace(ANNA, id="s-ben", pseudonym="p-2", prefixes=("reviews/second",))
SHOP = Person(id="arn:aws:sts::1:assumed-role/Shop", pseudonym="p-shop", roles=frozenset({"app"}))


@pytest.fixture
def review(laptop) -> ReviewPorts:
    """The ports of the console, with the deployer's rights, and reviewers' in the work bucket."""
    s3, dynamodb, outputs = laptop.client("s3"), laptop.client("dynamodb"), laptop.outputs
    people = S3PeopleStore(laptop.client_of("Administrator", "s3"), outputs["PolicyBucketName"])
    people.replace([ANNA, BEN], people.all()[1])
    verdicts = DynamoVerdictStore(dynamodb, outputs["VerdictTableName"])
    vouches = DynamoVouches(dynamodb, outputs["VerdictTableName"])
    return ReviewPorts(
        bucket=outputs["IntakeBucketName"],
        verdicts=verdicts,
        queue=DynamoReviewQueue(dynamodb, outputs["VerdictTableName"], outputs["IntakeBucketName"]),
        people=people,
        audit=S3AuditLog(s3, outputs["AuditBucketName"]),
        images=S3ImageStore(s3),
        work=S3WorkStore(laptop.client_of("Reviewer", "s3"), outputs["WorkBucketName"]),
        policies=S3PolicyStore(s3, outputs["PolicyBucketName"]),
        voucher=EverybodysVoucher(VouchPorts(outputs["IntakeBucketName"], verdicts, vouches, people)),
    )


def to_review(laptop, models, key: str, colour: str = "teal") -> ImageRef:
    """An upload on which the answers and the judge disagree, so that a person must decide."""
    models.answer = lambda png, prompt: YES
    version = laptop.upload(key, drawing(colour=colour))
    assert laptop.wait_for_verdict(key)["verdict"] == "review"
    laptop.wait_until_idle()  # the tag follows the record
    return ImageRef(laptop.outputs["IntakeBucketName"], key, version)


def decide(review: ReviewPorts, image: ImageRef, at: datetime) -> str:
    """Claim an item and decide on it at a time, and return the id of the pending decision."""
    screen = screen_of(claim(review, ANNA, image, at))
    choice = Choice("safe", (), "A toy", screen, seen=True)
    return str(decide_pending(review, ANNA, image, choice, at).id)


def invoke(laptop, **event: str) -> Any:
    name = laptop.outputs["FinaliseFunctionName"]
    answer = laptop.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    assert "FunctionError" not in answer, answer["Payload"].read()
    return json.loads(answer["Payload"].read())


def test_a_decision_tags_after_ten_seconds_and_not_before(laptop, models, review):
    image = to_review(laptop, models, "reviews/a.png")
    assert laptop.item("reviews/a.png")["queue"].startswith("review#") and "severity" in laptop.item("reviews/a.png")
    pending = decide(review, image, datetime.now(UTC))
    given = {"bucket": image.bucket, "key": image.key, "version": image.version, "pending": pending}

    assert "can be taken back until" in invoke(laptop, **given)["refused"]
    assert tag_of(laptop, image.key, image.version) == {"moderation": "review"}
    laptop.client("dynamodb").update_item(
        TableName=laptop.outputs["VerdictTableName"],
        Key={"pk": {"S": image.pk}, "sk": {"S": image.version}},
        UpdateExpression="SET pending.#until = :past",
        ExpressionAttributeNames={"#until": "until"},
        ExpressionAttributeValues={":past": {"S": "2026-01-01T00:00:00.000Z"}},
    )
    standing = review.verdicts.get(image)
    assert standing
    review.voucher.vouch(standing)

    assert invoke(laptop, **given) == {"verdict": "safe", "refused": ""}
    assert tag_of(laptop, image.key, image.version) == {"moderation": "safe"}
    record = laptop.item("reviews/a.png")
    assert (record["verdict"], record["history"][-1]["who"]) == ("safe", ANNA.id)
    assert "pending" not in record and record["queue"].startswith(("person#", "second#"))  # a tenth is asked once more


def test_the_schedule_ends_what_a_closed_tab_left_behind(laptop, models, review):
    image = to_review(laptop, models, "reviews/b.png", colour="olive")
    decide(review, image, datetime.now(UTC) - timedelta(seconds=30))

    (swept,) = laptop.invoke_rule("FinaliseSchedule")

    assert swept["ended"] == 1
    assert tag_of(laptop, image.key, image.version) == {"moderation": "safe"}


def test_what_waits_for_people_is_listed_on_a_schedule(laptop, models, review):
    image = to_review(laptop, models, "reviews/ahead.png", colour="teal")

    (answer,) = laptop.invoke_rule("ListAheadSchedule")

    assert answer["listed"] >= 1
    places = review.queue.ahead(ANNA.id)
    assert image in [record.image for record in review.queue.at(places)]


def test_who_lost_the_right_meanwhile_decides_nothing(laptop, models, review):
    image = to_review(laptop, models, "reviews/c.png", colour="maroon")
    decide(review, image, datetime.now(UTC) - timedelta(seconds=30))
    people = review.people
    assert isinstance(people, S3PeopleStore)
    people.replace([replace(ANNA, roles=frozenset({"auditor"}))], people.all()[1])

    laptop.invoke_rule("FinaliseSchedule")

    assert tag_of(laptop, image.key, image.version) == {"moderation": "review"}
    people.replace([ANNA], people.all()[1])
    found = next_item(review, ANNA, datetime.now(UTC)).record
    assert found is not None


def test_a_failure_of_the_workflow_is_sorted_into_a_lane(laptop, review):
    """The workflow's own recording of a failure knows no lanes."""
    version, key = "v1", "reviews/failed.png"
    image = ImageRef(laptop.outputs["IntakeBucketName"], key, version)
    laptop.client("dynamodb").put_item(
        TableName=laptop.outputs["VerdictTableName"],
        Item={
            "pk": {"S": image.pk},
            "sk": {"S": version},
            "verdict": {"S": "review"},
            "decided_by": {"S": "failure"},
            "owner": {"S": "run"},
            "created_at": {"S": "2026-11-20T10:00:00.000Z"},
            "queue": {"S": "review#2"},
            "queue_order": {"S": "5#2026-11-20T10:00:00.000Z"},
        },
    )

    (swept,) = laptop.invoke_rule("FinaliseSchedule")

    assert swept["overdue"] >= 1
    item = laptop.item(key)
    assert len(item["queue"]) > len("review#2") and item["due_at"] == "2026-11-22T10:00:00.000Z"
    review.verdicts.delete_decided(image, None)


@pytest.mark.parametrize("role", ["SelectItem", "Operator", "PolicyEditor", "Auditor", "Administrator"])
def test_no_other_role_sets_the_tag(laptop, models, role):
    image = to_review(laptop, models, f"reviews/{role}.png", colour="navy")
    tags = {"TagSet": [{"Key": "moderation", "Value": "safe"}]}
    where = {"Bucket": image.bucket, "Key": image.key, "VersionId": image.version}

    with pytest.raises(ClientError) as error:
        laptop.client_of(role, "s3").put_object_tagging(**where, Tagging=tags)

    assert error.value.response["Error"]["Code"] == "AccessDenied"
    assert tag_of(laptop, image.key, image.version) == {"moderation": "review"}


def test_a_notice_is_answered_by_the_decision_that_it_led_to(laptop, models, review):
    image = to_review(laptop, models, "reviews/noticed.png", colour="purple")
    sent = report(review, SHOP, image, "notice", "user-7", "This is me: https://me.example", datetime.now(UTC))
    assert laptop.item(image.key)["due_at"] == sent.due_at and laptop.item(image.key)["severity"] == 7

    at = datetime.now(UTC) - timedelta(seconds=30)
    record = claim(review, ANNA, image, at)
    choice = Choice("unsafe", record.all_categories, "Seen", screen_of(record), seen=True, reply="It is down.")
    decide_pending(review, ANNA, image, choice, at)
    laptop.invoke_rule("FinaliseSchedule")

    item = laptop.item(image.key)
    assert tag_of(laptop, image.key, image.version) == {"moderation": "unsafe"}
    assert (item["history"][-1]["source"], item["history"][-1]["who"]) == ("notice", ANNA.id)
    (answer,) = item["reports"]
    assert (answer["text"], answer["outcome"], answer["reply"]) == ("This is me: [link]", "reversed", "It is down.")


def test_a_second_opinion_has_no_effect_and_what_differs_waits_for_a_lead(laptop, models, review):
    image = to_review(laptop, models, "reviews/second.png", colour="orange")
    decide(review, image, datetime.now(UTC) - timedelta(seconds=30))
    laptop.invoke_rule("FinaliseSchedule")
    decided = review.verdicts.get(image)
    assert review.queue.compare_lease(decided, for_second(sent_home(decided)))

    at = datetime.now(UTC) - timedelta(seconds=30)
    record = next_item(review, BEN, at, blind_first=True).record
    assert record is not None and record.image == image
    assert blinded(record, None, at, chance=7).verdict == "review"
    choice = Choice("unsafe", tuple(record.supports)[:1] or ("Weapons",), "", screen_of(record), seen=True)
    decide_pending(review, BEN, image, choice, at)
    laptop.invoke_rule("FinaliseSchedule")

    item = laptop.item(image.key)
    assert tag_of(laptop, image.key, image.version) == {"moderation": "safe"}
    assert (item["verdict"], item["queue"].split("#")[0], "pending" in item) == ("safe", "contested", False)
    assert [(one["who"], one["verdict"], one["first_verdict"]) for one in item["opinions"]] == [
        (BEN.id, "unsafe", "safe")
    ]
