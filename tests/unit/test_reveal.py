"""A picture is shown to who holds its item, after it was written down, and follows from the item alone."""

import base64
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image

from moderation.domain.exposure import HourOfWork
from moderation.domain.image import prepare, preview
from moderation.domain.image_ref import ImageRef
from moderation.domain.people import Person
from moderation.domain.record import escalated, utc
from moderation.domain.review import claimed, sent_home
from moderation.domain.work_files import Workspace
from moderation.errors import RevealRefused, StoreUnavailable
from moderation.usecases.review import reveal as use_case
from moderation.usecases.review.reveal import RevealPorts, reveal
from tests.support.fakes import FakeAudit, FakePictures, FakeRevealCounts, FakeReviewQueue, FakeVerdicts, FakeWork

NOW = datetime(2026, 11, 27, 10, 30, tzinfo=UTC)
IMAGE, OTHER = ImageRef("intake", "posts/a.png", "v"), ImageRef("intake", "posts/b.png", "v")
RUN = "arn:aws:states:us-east-1:123456789012:execution:m:run-1"
ANN = Person(id="sub-1", pseudonym="p-1", roles=frozenset({"reviewer"}))


def finding(view: str, score: float, near: bool = True) -> dict[str, Any]:
    said = {"question": f"q-{view}", "categories": ["Violence"], "threshold": 0.5, "over": near, "near": near}
    return {"view": view, "score": score, **said}


@pytest.fixture
def ports() -> RevealPorts:
    """An item that Ann holds, whose second tile is the strongest evidence."""
    verdicts, work = FakeVerdicts(), FakeWork()
    views = ("full", "tile-1", "tile-2")
    for view in views:
        work.put_bytes(Workspace.of(IMAGE, RUN).view(view), b"png")
    verdicts.records[IMAGE] = {
        "verdict": "review",
        "execution": RUN,
        "owner": RUN,
        "sha256": "a" * 64,
        "created_at": utc(NOW),
        "evidence": [finding("full", 0.55), finding("tile-2", 0.99), finding("tile-1", 0.1, near=False)],
        "looked_at": {"views": [{"name": view, "frame": 0, "box": [0, 0, 9, 9]} for view in views]},
        "queue": "leased#0",
        "lease_holder": ANN.id,
        "lease_until": utc(NOW + timedelta(seconds=60)),
    }
    return RevealPorts(verdicts, FakeReviewQueue(verdicts), FakePictures(work), FakeRevealCounts(), FakeAudit())


def drawing() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), "teal").save(buffer, "PNG")
    return buffer.getvalue()


def records(ports: RevealPorts) -> Any:
    return ports.verdicts.records  # type: ignore[attr-defined]  # of the fake


def events(ports: RevealPorts) -> Any:
    return ports.audit.events  # type: ignore[attr-defined]  # of the fake


def test_the_tile_that_the_evidence_names_comes_first_by_a_link_of_a_minute(ports: RevealPorts) -> None:
    shown = reveal(ports, ANN, IMAGE, NOW)

    assert [view.name for view in shown] == ["tile-2", "full", "tile-1"]
    assert [view.url for view in shown] == [
        f"https://pictures.example/{Workspace.of(IMAGE, RUN).view(view)}?for=60"
        for view in ("tile-2", "full", "tile-1")
    ]
    [event] = events(ports)
    assert (event.action, event.who, event.image) == ("reveal", "p-1", IMAGE.id)
    assert event.facts == {"view": "tile-2", "views": 3, "graphic": True}
    assert IMAGE.key not in str(event) and ANN.id not in str(event)


def test_the_lease_bears_a_mark_of_what_was_revealed_under_it(ports: RevealPorts) -> None:
    reveal(ports, ANN, IMAGE, NOW)

    assert records(ports)[IMAGE]["revealed"] == ["tile-2", "full", "tile-1"]
    record = ports.verdicts.get(IMAGE)
    assert record
    assert "revealed" not in record.with_change(sent_home(record)).attributes()
    later = NOW + timedelta(seconds=300)
    assert record.with_change(claimed(record, "sub-2", later)).revealed == ()


def test_nothing_is_shown_where_the_lease_can_not_bear_the_mark(ports: RevealPorts) -> None:
    def renewed() -> None:
        records(ports)[IMAGE]["lease_until"] = utc(NOW + timedelta(seconds=90))

    def lost() -> None:
        records(ports)[IMAGE]["lease_holder"] = "sub-2"

    busy = FakeReviewQueue(ports.verdicts, renewed)  # type: ignore[arg-type]  # the fake
    assert reveal(replace(ports, queue=busy), ANN, IMAGE, NOW)
    assert records(ports)[IMAGE]["revealed"]
    with pytest.raises(RevealRefused, match="isn't leased to you any more"):
        reveal(replace(ports, queue=FakeReviewQueue(ports.verdicts, lost)), ANN, IMAGE, NOW)  # type: ignore[arg-type]


def test_what_can_not_be_written_down_is_not_shown(ports: RevealPorts) -> None:
    failing = replace(ports, audit=FakeAudit(failing=True))

    with pytest.raises(StoreUnavailable):
        reveal(failing, ANN, IMAGE, NOW)
    assert "revealed" not in records(ports)[IMAGE]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lease_holder": "sub-2"}, "isn't leased to you any more"),
        ({"lease_holder": None, "lease_until": None}, "isn't leased to you any more"),
        ({"lease_until": utc(NOW)}, "isn't leased to you any more"),
        ({"looked_at": None}, "No picture of this item was prepared: look at the whole upload"),
        ({"execution": f"{RUN}-expired"}, "No picture of this item is kept"),
    ],
    ids=["other", "nobody", "ran out", "not looked at", "expired"],
)
def test_without_a_lease_or_a_view_nothing_is_shown_nor_written_down(
    ports: RevealPorts, change: dict[str, Any], says: str
) -> None:
    records(ports)[IMAGE].update(change)

    with pytest.raises(RevealRefused, match=says):
        reveal(ports, ANN, IMAGE, NOW)
    assert events(ports) == []


@pytest.mark.parametrize(
    "person",
    [
        replace(ANN, roles=frozenset({"auditor", "policy-author"})),
        replace(ANN, prefixes=("other/",)),
        replace(ANN, opted_out=frozenset({"Violence"})),
        replace(ANN, categories=frozenset({"Drugs"})),
    ],
    ids=["role", "prefix", "opted out", "category"],
)
def test_what_is_out_of_scope_looks_like_what_is_not_there(ports: RevealPorts, person: Person) -> None:
    said = []
    for image in (IMAGE, OTHER):
        with pytest.raises(RevealRefused) as refused:
            reveal(ports, person, image, NOW)
        said.append(str(refused.value))

    assert said[0] == said[1]
    assert events(ports) == []


def test_an_escalated_picture_is_shown_to_nobody(ports: RevealPorts) -> None:
    record = ports.verdicts.get(IMAGE)
    assert record
    ports.verdicts.compare_and_set(record, escalated(record, utc(NOW)))

    with pytest.raises(RevealRefused, match="no such item"):
        reveal(ports, replace(ANN, roles=frozenset({"lead"})), IMAGE, NOW)


def test_a_reused_verdict_shows_the_views_that_were_judged(ports: RevealPorts) -> None:
    reused = {"pk": IMAGE.pk, "sk": IMAGE.version}
    records(ports)[OTHER] = records(ports)[IMAGE] | {"execution": f"{RUN}2", "reused_from": reused}

    assert reveal(ports, ANN, OTHER, NOW)[0].url.startswith(
        f"https://pictures.example/{Workspace.of(IMAGE, RUN).prefix}/"
    )
    records(ports)[IMAGE]["sha256"] = "b" * 64
    with pytest.raises(RevealRefused, match="is gone"):
        reveal(ports, ANN, OTHER, NOW)
    del records(ports)[IMAGE]
    with pytest.raises(RevealRefused, match="is gone"):
        reveal(ports, ANN, OTHER, NOW)


def test_the_graphic_pictures_of_an_hour_are_limited_and_each_counts_once(ports: RevealPorts) -> None:
    limited = replace(ANN, graphic_an_hour=1)
    for view in ("full", "tile-1", "tile-2"):
        ports.pictures.work.put_bytes(Workspace.of(OTHER, RUN).view(view), b"png")  # type: ignore[attr-defined]
    records(ports)[OTHER] = dict(records(ports)[IMAGE])

    assert reveal(ports, limited, IMAGE, NOW) and reveal(ports, limited, IMAGE, NOW)
    with pytest.raises(RevealRefused, match="seen 1 graphic pictures in this hour"):
        reveal(ports, limited, OTHER, NOW)
    assert {event.image for event in events(ports)} == {IMAGE.id}
    later = NOW + timedelta(hours=1)
    records(ports)[OTHER]["lease_until"] = utc(later + timedelta(seconds=60))
    assert reveal(ports, limited, OTHER, later)


def test_what_supports_no_category_is_not_graphic(ports: RevealPorts) -> None:
    records(ports)[IMAGE]["evidence"] = [finding("full", 0.1, near=False)]

    assert reveal(ports, replace(ANN, graphic_an_hour=0), IMAGE, NOW)[0].name == "full"
    assert events(ports)[0].facts["graphic"] is False
    assert list(ports.counts.hours("2026-11-27T10", "2026-11-27T10")) == [HourOfWork(1, 0)]


def test_what_is_revealed_without_a_limit_counts_as_well(ports: RevealPorts) -> None:
    reveal(ports, ANN, IMAGE, NOW)

    assert list(ports.counts.hours("2026-11-27T10", "2026-11-27T10")) == [HourOfWork(1, 1)]


def test_a_preview_shows_light_and_dark_alone() -> None:
    with Image.new("RGB", (640, 480), "white") as drawn:
        drawn.paste((200, 0, 0), (0, 0, 320, 480))
        buffer = io.BytesIO()
        drawn.save(buffer, "PNG")
    [view] = prepare(buffer.getvalue(), "full", 96).views

    made = preview(view.png)

    with Image.open(io.BytesIO(made)) as small:
        assert (small.size, small.mode) == ((32, 32), "L")
        left, right = small.getpixel((4, 16)), small.getpixel((27, 16))
        assert isinstance(left, int) and isinstance(right, int) and left < right
    assert len(made) < 1500


def test_a_preview_hides_what_is_small() -> None:
    with Image.new("L", (320, 320), 128) as drawn:
        drawn.paste(255, (150, 150, 160, 160))
        buffer = io.BytesIO()
        drawn.save(buffer, "PNG")

    with Image.open(io.BytesIO(preview(buffer.getvalue()))) as small:
        low, high = small.getextrema()
    assert isinstance(high, int | float) and isinstance(low, int | float) and high - low < 10


def test_the_preview_of_an_item_is_in_its_manifest_and_gone_with_it(ports: RevealPorts) -> None:
    record, work = ports.verdicts.get(IMAGE), FakeWork()
    assert record
    assert use_case.preview(ports.verdicts, work, record) is None, "expired"
    stored = base64.b64encode(preview(drawing())).decode()
    work.put_json(Workspace.of(IMAGE, RUN).manifest, {"preview": stored})

    assert use_case.preview(ports.verdicts, work, record) == stored
    assert use_case.preview(ports.verdicts, work, record.with_change(escalated(record, utc(NOW)))) is None
    work.put_json(Workspace.of(IMAGE, RUN).manifest, {})
    assert use_case.preview(ports.verdicts, work, record) is None, "of an earlier release"


def test_the_preview_of_a_reused_verdict_is_that_of_the_upload_that_was_judged(ports: RevealPorts) -> None:
    reused = {"pk": IMAGE.pk, "sk": IMAGE.version}
    records(ports)[OTHER] = records(ports)[IMAGE] | {"execution": f"{RUN}2", "reused_from": reused}
    copy, work = ports.verdicts.get(OTHER), FakeWork()
    assert copy
    stored = base64.b64encode(preview(drawing())).decode()
    work.put_json(Workspace.of(IMAGE, RUN).manifest, {"preview": stored})
    work.put_json(Workspace.of(OTHER, f"{RUN}2").manifest, {"preview": None})

    assert use_case.preview(ports.verdicts, work, copy) == stored
    judged = ports.verdicts.get(IMAGE)
    assert judged
    ports.verdicts.compare_and_set(judged, escalated(judged, utc(NOW)))
    assert use_case.preview(ports.verdicts, work, copy) is None, "escalated since"
    del records(ports)[IMAGE]
    assert use_case.preview(ports.verdicts, work, copy) is None, "erased since"
