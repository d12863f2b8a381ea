"""The whole upload is shown to who may see it and holds its item: encoded anew, and after it was written down."""

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image

from moderation.domain.image_ref import ImageRef
from moderation.domain.people import Person
from moderation.domain.record import utc
from moderation.errors import RevealRefused, StoreUnavailable
from moderation.ports import StoredImage
from moderation.usecases.review.render_original import OriginalPorts, render_original
from tests.support.fakes import FakeAudit, FakeImages, FakePeople, FakeRevealCounts, FakeVerdicts

NOW = datetime(2026, 11, 27, 10, 30, tzinfo=UTC)
IMAGE, OTHER = ImageRef("intake", "posts/a.gif", "v"), ImageRef("intake", "posts/b.gif", "v")
ANN = Person(id="sub-1", pseudonym="p-1", roles=frozenset({"lead"}))
FINDING = {"question": "q", "categories": ["Violence"], "threshold": 0.5, "over": True, "near": True, "score": 0.9}


def film() -> bytes:
    """Two frames: red, then blue."""
    red, blue = (Image.new("RGB", (300, 200), colour) for colour in ("red", "blue"))
    buffer = io.BytesIO()
    red.save(buffer, "GIF", save_all=True, append_images=[blue], duration=500)
    return buffer.getvalue()


def stored(data: bytes, content_type: str = "image/gif", **more: Any) -> StoredImage:
    return StoredImage(data, content_type, **more)


class Place:
    """An item that Ann holds, whose evidence names the second frame."""

    def __init__(self) -> None:
        self.verdicts, self.people, self.images = FakeVerdicts(), FakePeople(ANN), FakeImages()
        self.audit = FakeAudit()
        self.images.objects[IMAGE] = stored(film())
        self.verdicts.records[IMAGE] = {
            "verdict": "review",
            "owner": "run",
            "created_at": utc(NOW),
            "evidence": [{"view": "frame-1", **FINDING}],
            "looked_at": {"views": [{"name": "full", "frame": 0}, {"name": "frame-1", "frame": 1}]},
            "lease_holder": ANN.id,
            "lease_until": utc(NOW + timedelta(seconds=60)),
        }
        self.ports = OriginalPorts(self.verdicts, self.people, self.images, FakeRevealCounts(), self.audit)

    @property
    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = self.verdicts.records[IMAGE]
        return found

    def render(self) -> Image.Image:
        return Image.open(io.BytesIO(render_original(self.ports, IMAGE, ANN.id, NOW)))


@pytest.fixture
def place() -> Place:
    return Place()


def test_the_frame_that_the_evidence_names_is_shown_anew_and_written_down(place: Place) -> None:
    shown = place.render()

    assert (shown.format, shown.size) == ("JPEG", (300, 200))
    colour = shown.getpixel((150, 100))
    assert isinstance(colour, tuple) and colour[2] > 200 > 50 > colour[0]
    (event,) = place.audit.events
    assert (event.action, event.who, event.image) == ("reveal original", "p-1", IMAGE.id)
    assert event.facts == {"view": "frame-1", "graphic": True}


def test_without_evidence_it_is_the_first_frame(place: Place) -> None:
    place.record.update(evidence=[], looked_at=None)

    colour = place.render().getpixel((150, 100))

    assert isinstance(colour, tuple) and colour[0] > 200


def test_a_picture_that_takes_too_long_to_draw_is_not_counted(place: Place, monkeypatch) -> None:
    def too_long(*_: object) -> bytes:
        raise TimeoutError

    monkeypatch.setattr("moderation.usecases.review.render_original.redraw", too_long)
    counted: list[object] = []
    monkeypatch.setattr(place.ports.counts, "count", lambda *given: counted.append(given))

    with pytest.raises(TimeoutError):
        place.render()
    assert (counted, place.audit.events) == ([], [])


def test_what_can_not_be_written_down_is_not_shown(place: Place) -> None:
    place.audit.failing = True

    with pytest.raises(StoreUnavailable):
        place.render()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lease_holder": "sub-2"}, "isn't leased to you any more"),
        ({"lease_until": utc(NOW)}, "isn't leased to you any more"),
        ({"escalated_at": utc(NOW)}, "no such item"),
    ],
    ids=["of somebody else", "ran out", "escalated"],
)
def test_nothing_is_shown_without_a_lease_nor_of_what_is_escalated(
    place: Place, change: Mapping[str, Any], says: str
) -> None:
    place.record.update(change)

    with pytest.raises(RevealRefused, match=says):
        place.render()
    assert place.audit.events == []


@pytest.mark.parametrize(
    "person",
    [
        replace(ANN, roles=frozenset({"reviewer"})),
        replace(ANN, roles=frozenset({"auditor"}), originals=True),
        replace(ANN, prefixes=("other/",)),
        replace(ANN, opted_out=frozenset({"Violence"})),
        replace(ANN, id="sub-2"),
    ],
    ids=["without the setting", "role", "prefix", "opted out", "nobody known"],
)
def test_who_may_not_see_it_learns_nothing(place: Place, person: Person) -> None:
    place.people.people = {person.id: person}

    with pytest.raises(RevealRefused, match="no such item, or it isn't in your scope"):
        place.render()
    assert place.audit.events == []


def test_a_reviewer_sees_it_by_a_setting_of_their_own(place: Place) -> None:
    place.people.people = {ANN.id: replace(ANN, roles=frozenset({"reviewer"}), originals=True)}

    assert place.render().size == (300, 200)


def test_the_same_bytes_as_an_escalated_upload_are_not_shown(place: Place) -> None:
    place.verdicts.records[OTHER] = place.record | {"escalated_at": utc(NOW)}
    place.record["reused_from"] = {"pk": OTHER.pk, "sk": OTHER.version}

    with pytest.raises(RevealRefused, match="can't be shown"):
        place.render()
    del place.verdicts.records[OTHER]["escalated_at"]
    assert place.render()
    del place.verdicts.records[OTHER]  # the upload itself is still there
    assert place.render()


@pytest.mark.parametrize(
    ("upload", "says"),
    [
        (stored(b"<html></html>"), "a web page"),
        (stored(film()[:200]), "damaged|intact"),
        (stored(b"", oversize=20_000_001), "20,000,001 bytes"),
        (stored(film(), "text/html"), "declared as text/html"),
        (None, "it was deleted"),
    ],
    ids=["another kind", "damaged", "too large", "active content", "gone"],
)
def test_what_can_not_be_decoded_gets_a_sentence(place: Place, upload: StoredImage | None, says: str) -> None:
    if upload:
        place.images.objects[IMAGE] = upload
    else:
        del place.images.objects[IMAGE]

    with pytest.raises(RevealRefused, match=f"^The upload can't be shown: .*({says}).*\\.$"):
        place.render()
    assert place.audit.events == []


def test_it_counts_as_one_graphic_picture_with_the_views(place: Place) -> None:
    limited = replace(ANN, graphic_an_hour=1)
    place.people.people = {ANN.id: limited}
    assert place.render() and place.render()

    place.verdicts.records[OTHER] = dict(place.record)
    place.images.objects[OTHER] = place.images.objects[IMAGE]
    with pytest.raises(RevealRefused, match="seen 1 graphic pictures in this hour"):
        render_original(place.ports, OTHER, ANN.id, NOW)
    assert {event.image for event in place.audit.events} == {IMAGE.id}
