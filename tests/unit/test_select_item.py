"""An item of a backfill: the version to moderate, and what is skipped."""

from datetime import UTC, datetime

import pytest

from moderation.domain.backfill import Item, Kind, Run, Selection, execution_name, new_run
from moderation.domain.image_ref import ImageRef
from moderation.ports import StoredImage
from moderation.usecases.select_item import SelectPorts, select_item
from tests.support.fakes import FakeImages, FakeVerdicts

NOW = datetime(2026, 11, 27, tzinfo=UTC)
IMAGE = ImageRef("photos", "in/a.png", "v2")
RUN = Run(new_run(Kind.DIGEST, NOW, "000001"), Selection((".png",)))
SHADOW, OTHER_SHADOW = (Run(new_run(Kind.SHADOW, NOW, f"00000{n}"), Selection()) for n in (2, 3))
ARN = "arn:aws:states:us-east-1:123456789012:execution:Machine:"


@pytest.fixture
def ports():
    images = FakeImages()
    images.objects[ImageRef("photos", "in/a.png", "v1")] = StoredImage(b"old", "image/png")
    images.objects[IMAGE] = StoredImage(b"bytes", "image/png")
    return SelectPorts(images, FakeVerdicts(), "photos", "in/", express=False)


def test_an_item_without_a_version_is_the_current_one(ports):
    chosen = select_item(ports, RUN, Item("in/a.png"))

    assert chosen.skipped is None
    assert chosen.name == execution_name(RUN.id, IMAGE)
    assert chosen.given
    assert chosen.given.pop("time") > "2026"
    assert chosen.given == {"bucket": "photos", "key": "in/a.png", "version": "v2", "size": 5, "event_id": RUN.id}


def test_an_item_with_a_version_is_that_version(ports):
    given = select_item(ports, RUN, Item("in/a.png", "v1")).given

    assert given
    assert given["version"] == "v1"


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (Item("a.png"), "not in the intake"),
        (Item("in/a.png", bucket="others"), "not in the intake"),
        (Item("in/a.txt"), "not selected"),
        (Item("in/a.png", is_deleted=True), "not selected"),
        (Item("in/", size=0), "not selected"),
        (Item("in/b.png"), "gone"),
        (Item("in/a.png", "v3"), "gone"),
    ],
)
def test_what_is_not_to_be_moderated_is_skipped(ports, item, reason):
    assert select_item(ports, RUN, item).skipped == reason


def test_an_item_that_has_a_verdict_is_skipped(ports):
    ports.verdicts.records[IMAGE] = {"verdict": "review", "decided_by": "failure", "status": "decided"}

    assert select_item(ports, RUN, Item("in/a.png")).skipped == "has a verdict"


def test_a_claim_is_left_to_the_workflow(ports):
    ports.verdicts.records[IMAGE] = {"status": "claimed", "owner": "someone"}

    assert select_item(ports, RUN, Item("in/a.png")).skipped is None
    assert ports.verdicts.records[IMAGE]["status"] == "claimed"


@pytest.mark.parametrize(("run", "skipped"), [(SHADOW, "has a shadow verdict"), (OTHER_SHADOW, None), (RUN, None)])
def test_a_shadow_verdict_counts_for_its_own_run_alone(ports, run, skipped):
    execution = ARN + execution_name(SHADOW.id, IMAGE)
    ports.verdicts.records[IMAGE] = {"status": "shadowed", "execution": execution, "owner": execution}

    assert select_item(ports, run, Item("in/a.png")).skipped == skipped
    assert (IMAGE in ports.verdicts.records) is (skipped is not None)
