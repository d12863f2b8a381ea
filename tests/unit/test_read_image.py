"""The text of an image is read, and missing text is missing evidence."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from local.harness.hostile_files import encode
from moderation.domain.decision import decide
from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.findings import READ, findings
from moderation.domain.fitting import fit, labelled_answers
from moderation.domain.judgement import Judgement
from moderation.domain.manifest import manifest_from_json, manifest_to_json
from moderation.domain.page import Page
from moderation.domain.policy import Pack
from moderation.domain.reading.text import Line, Reading, reading_from_json
from moderation.domain.work_files import Workspace
from moderation.ports import ScoredText, StoredImage, VisionReply
from moderation.usecases.judge_image import collect_evidence
from moderation.usecases.prepare_image import prepare_image
from moderation.usecases.query_image import query_image
from moderation.usecases.read_image import MAX_LINES, Deadline, note_unread, read_image
from tests.support.fakes import FakeReader, FakeVision
from tests.unit import prepared
from tests.unit.packs import PACK

READING_PACK = replace(PACK, questions=(replace(PACK.questions[0], reads=("phone",)), *PACK.questions[1:]))
CALL = Line("Call 555-0143", 0.9, (10, 20, 110, 40))
LINES = [replace(CALL, text=f"Line {number}") for number in range(MAX_LINES + 1)]


@pytest.fixture
def workspace() -> Workspace:
    return Workspace.of(prepared.FIRST, "execution")


def evidence_with(reader: FakeReader, workspace: Workspace) -> Evidence:
    preparing = prepared.made(READING_PACK)
    manifest = prepare_image(preparing, prepared.FIRST, workspace)
    assert manifest_from_json(manifest_to_json(manifest)) == manifest
    quiet = VisionReply("b", tuple(ScoredText("no", 0.01, 0.0) for _ in READING_PACK.asked), "a house")
    for number in range(len(manifest.queries)):
        query_image(preparing.work, FakeVision(quiet), workspace, number)
    read_image(preparing.images, preparing.work, reader, workspace)
    return collect_evidence(preparing.work, workspace, manifest).evidence


def test_what_is_read_answers_the_question(workspace: Workspace) -> None:
    evidence = evidence_with(FakeReader(CALL), workspace)

    (found,) = [finding for finding in findings(READING_PACK, evidence) if finding.view == READ]

    assert (found.answer, found.score, found.over) == ("yes", 0.9, True)
    assert found.read is not None
    assert [(find.detector, find.text, find.view) for find in found.read] == [("phone", "Call 555-0143", "full")]


@pytest.mark.parametrize(("said", "shown"), [("A number", "A number."), ("A number.", "A number."), ("Why?", "Why?")])
def test_what_is_read_follows_the_judges_reason_as_a_sentence_of_its_own(
    said: str, shown: str, workspace: Workspace
) -> None:
    evidence = evidence_with(FakeReader(CALL), workspace)

    decision = decide(READING_PACK, evidence, Judgement("unsafe", READING_PACK.categories[0].name, said))

    assert decision.reason.startswith(f"{shown} Read in the image: phone")


def test_a_line_that_many_frames_show_counts_once(workspace: Workspace) -> None:
    assert evidence_with(FakeReader(*[CALL] * (MAX_LINES + 1)), workspace).reading is not None


@pytest.mark.parametrize("reader", [FakeReader(failing="The reader is broken."), FakeReader(*LINES)])
def test_text_that_cannot_be_read_is_missing_evidence(reader: FakeReader, workspace: Workspace) -> None:
    evidence = evidence_with(reader, workspace)

    (found,) = [finding for finding in findings(READING_PACK, evidence) if finding.view == READ]

    assert evidence.reading is None
    assert found.score is None and "wasn't read" in found.fault


def test_boxes_of_a_shrunk_page_are_those_of_the_picture(workspace: Workspace) -> None:
    preparing = prepared.made(READING_PACK)
    manifest = prepare_image(preparing, prepared.FIRST, workspace)
    assert manifest.pages is not None
    shrunk = replace(manifest, pages=tuple(replace(page, scale=0.5) for page in manifest.pages))
    preparing.work.put_json(workspace.manifest, manifest_to_json(shrunk))

    read_image(preparing.images, preparing.work, FakeReader(CALL), workspace)

    written = reading_from_json(preparing.work.get_json(workspace.reading)["reading"])
    assert written.lines[0].box == (20, 40, 220, 80)


def test_the_reader_gets_the_upload_at_full_resolution_and_nothing_of_it_is_stored(workspace: Workspace) -> None:
    preparing, reader = prepared.made(READING_PACK), FakeReader(CALL)
    prepare_image(preparing, prepared.FIRST, workspace)
    before = set(preparing.work.files)

    read_image(preparing.images, preparing.work, reader, workspace)

    (page,) = reader.pages
    assert Image.open(io.BytesIO(page)).size == Image.open(io.BytesIO(prepared.png())).size == (300, 200)
    assert set(preparing.work.files) - before == {workspace.reading}


def deleted(images: Any) -> None:
    del images.objects[prepared.FIRST]


def replaced(images: Any) -> None:
    images.objects[prepared.FIRST] = StoredImage(prepared.png("blue"), "image/png", None, None)


@pytest.mark.parametrize(("happens", "said"), [(deleted, "deleted"), (replaced, "aren't those")])
def test_an_upload_that_isnt_there_any_more_is_missing_evidence(
    happens: Callable[[Any], None], said: str, workspace: Workspace
) -> None:
    preparing = prepared.made(READING_PACK)
    prepare_image(preparing, prepared.FIRST, workspace)
    happens(preparing.images)

    read_image(preparing.images, preparing.work, FakeReader(CALL), workspace)

    written = preparing.work.get_json(workspace.reading)
    assert said in written["error"] and "reading" not in written


def test_a_page_that_cannot_be_decoded_again_is_missing_evidence(workspace: Workspace) -> None:
    preparing = prepared.made(READING_PACK)
    manifest = prepare_image(preparing, prepared.FIRST, workspace)
    preparing.work.put_json(workspace.manifest, manifest_to_json(replace(manifest, pages=(Page("full-black"),))))

    read_image(preparing.images, preparing.work, FakeReader(CALL), workspace)

    written = preparing.work.get_json(workspace.reading)
    assert "full-black" in written["error"] and "reading" not in written


def test_a_pack_that_reads_nothing_has_no_pages(workspace: Workspace) -> None:
    assert prepare_image(prepared.made(PACK), prepared.FIRST, workspace).pages is None


def test_a_question_that_the_text_alone_answers_is_never_fitted(workspace: Workspace) -> None:
    read = replace(PACK.questions[0], reads=("phone",), ask=False)
    pack = replace(PACK, questions=(read, PACK.questions[1]))

    answers = labelled_answers(pack, evidence_with(FakeReader(CALL), workspace), ["Violence"])
    fitted = fit(pack, [answers] * 200, 0.9, ["Violence"])

    assert read.id not in answers.unscaled
    assert [refusal.category for refusal in fitted.refused] == ["Violence"]


def flashing() -> bytes:
    """An animation, one of whose many frames has words of a size that the vision model can't see."""
    pictures = [Image.new("RGB", (300, 200), "white") for _ in range(200)]
    for number, picture in enumerate(pictures):
        ImageDraw.Draw(picture).text((20, 30), f"0171 555 {number:04}", fill="black", font=ImageFont.load_default(12))
    return encode(pictures[0], "GIF", save_all=True, append_images=pictures[1:])


@pytest.mark.parametrize(("enforced", "shadow"), [(READING_PACK, ()), (PACK, (READING_PACK,)), (PACK, ())])
def test_frames_that_are_not_read_are_on_the_record_and_never_safe_where_the_pack_reads(
    enforced: Pack, shadow: tuple[Pack, ...], workspace: Workspace
) -> None:
    preparing = prepared.made(enforced, shadow=shadow, data=flashing())
    manifest = prepare_image(preparing, prepared.FIRST, workspace)
    evidence = Evidence(
        tuple(Answer("full", question.text, "no", 0.01, 0.0) for question in enforced.asked),
        (Caption("full", "a house"),),
        unseen=manifest.unseen,
        partly_unread=manifest.partly_unread,
        reading=Reading(),
    )

    decision = decide(enforced, evidence, Judgement("safe", None, "A house."))

    assert manifest.looked_at is not None
    read = enforced.is_read or bool(shadow)
    assert bool(manifest.looked_at.get("unread")) == read, "a pack that reads nothing doesn't look for it"
    assert (decision.verdict, decision.row) == (("review", "unseen") if enforced.is_read else ("safe", "safe"))
    assert not enforced.is_read or "weren't read" in decision.reason


@pytest.mark.parametrize(("left", "read"), [([80_000], 1), ([80_000, 9_000], 0), ([9_000], 0)])
def test_what_there_is_no_time_for_is_missing_evidence(left: list[int], read: int, workspace: Workspace) -> None:
    """Time is looked at before each page and, by the reader, within it."""
    preparing, reader, times = prepared.made(READING_PACK), FakeReader(CALL), list(left)
    prepare_image(preparing, prepared.FIRST, workspace)
    deadline = Deadline(lambda: times.pop(0) if len(times) > 1 else times[0])

    read_image(preparing.images, preparing.work, reader, workspace, deadline)

    written = preparing.work.get_json(workspace.reading)
    assert (len(reader.pages), "reading" in written) == (read, bool(read))
    assert read or "than there is time for" in written["error"]


def test_a_reader_that_was_stopped_leaves_missing_evidence(workspace: Workspace) -> None:
    preparing = prepared.made(READING_PACK)
    manifest = prepare_image(preparing, prepared.FIRST, workspace)
    for number in range(len(manifest.queries)):
        query_image(
            preparing.work,
            FakeVision(VisionReply("b", tuple(ScoredText("no", 0.01, 0.0) for _ in READING_PACK.asked), "a house")),
            workspace,
            number,
        )

    note_unread(preparing.work, workspace, "Runtime.ExitError")

    evidence = collect_evidence(preparing.work, workspace, manifest).evidence
    assert decide(READING_PACK, evidence, Judgement("safe", None, "A house.")).row == "evidence_missing"
