"""Preparation: the plan for a new image, and the judgement taken over for bytes that were judged alike before."""

import io
import json
import random
from dataclasses import fields, replace
from typing import Any

import pytest
from PIL import Image

from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.image_ref import ImageRef
from moderation.domain.manifest import evidence_to_json, manifest_from_json, manifest_to_json
from moderation.domain.record import Record
from moderation.domain.upload import upload_from_json
from moderation.errors import ImageTooLarge, Misconfigured, UnreadableImage, UnsupportedImage
from moderation.usecases.judge_image import judge_image
from moderation.usecases.prepare_image import prepare_image
from moderation.usecases.record_verdict import Moderated, record_verdict
from tests.support.fakes import FakeJudge
from tests.unit.packs import PACK
from tests.unit.prepared import FIRST, SECOND, THEN, UNSAFE, made, moderate, png, space

THIRD = replace(SECOND, key="c.png")


def animation(frames: int) -> bytes:
    buffer = io.BytesIO()
    colours = [(75 * (number % 4), 75 * (number // 4), 0) for number in range(frames)]
    random.Random(1).shuffle(colours)  # in order they would be fades from one to another
    pictures = [Image.new("RGB", (300, 200), colour) for colour in colours]
    pictures[0].save(buffer, "GIF", save_all=True, append_images=pictures[1:])
    return buffer.getvalue()


def test_an_object_without_a_version_of_its_own_is_refused_and_its_record_says_why() -> None:
    parts = made()
    replaceable = replace(FIRST, version="null")
    parts.images.objects[replaceable] = parts.images.objects[FIRST]

    with pytest.raises(Misconfigured, match="isn't versioned") as refused:
        prepare_image(parts, replaceable, space(replaceable))

    cause = json.dumps({"errorMessage": str(refused.value)})
    parts.verdicts.records[replaceable] = {"owner": "arn:execution:null"}
    done = Moderated(replaceable, "arn:execution:null", THEN, None, None, "Misconfigured", cause)
    record_verdict(parts.images, parts.work, parts.verdicts, done, notify_safe=False)
    record = parts.verdicts.get(replaceable)
    assert (record.verdict, record.reason, record.reference) == ("review", str(refused.value), "post-1")


def moderate_all(parts: Any, image: ImageRef) -> Any:
    """As `moderate`, whatever the views, with a vision model that sees nothing."""
    workspace = space(image)
    manifest = prepare_image(parts, image, workspace)
    for number, query in enumerate(manifest.queries):
        answers = tuple(Answer(query.view, text, "no", 0.01, 0.0) for text in query.questions)
        evidence = evidence_to_json(Evidence(answers, (Caption(query.view, "a house"),)))
        parts.work.put_json(workspace.answers(number), {"model": "b", "milliseconds": 1, "evidence": evidence})
    judge_image(parts.work, FakeJudge('{"flag": "safe", "category": null, "reason": "Nothing."}'), workspace)
    parts.verdicts.records[image] = {"owner": "arn:me"}
    done = Moderated(image, "arn:me", THEN, None, workspace, None, "")
    record_verdict(parts.images, parts.work, parts.verdicts, done, notify_safe=False)
    record = parts.verdicts.get(image)
    assert record
    return record


def test_a_new_image_gets_views_and_queries_and_its_pack_is_kept():
    parts = made(shadow=(replace(PACK, name="watch"),))

    manifest = prepare_image(parts, FIRST, space(FIRST))

    assert [query.view for query in manifest.queries] == ["full"]
    assert (manifest.facts.width, manifest.facts.height) == (300, 200)
    assert (manifest.facts.reference, manifest.facts.uploader) == ("post-1", "u-1")
    view = Image.open(io.BytesIO(parts.work.get_bytes(space(FIRST).view("full"))))
    assert view.size == (96, 96)
    assert manifest_from_json(parts.work.get_json(space(FIRST).manifest)) == manifest
    for pack in (manifest.pack, *manifest.shadow):
        assert parts.work.get_json(f"provenance/packs/{pack.digest}.json")["name"] == pack.name


def test_the_same_bytes_are_judged_once_and_the_second_record_says_from_where():
    parts = made()
    first = moderate(parts, FIRST, FakeJudge(UNSAFE))

    second = moderate(parts, SECOND, FakeJudge())

    assert second.reused_from == {"pk": FIRST.pk, "sk": "v1"}
    own = {"image", "facts", "owner", "execution", "reference", "reused_from", "decided_at", "timings", "other"}
    same = [field.name for field in fields(Record) if field.name not in own]
    assert {name: getattr(second, name) for name in same} == {name: getattr(first, name) for name in same}
    assert (second.reference, second.image.key) == ("post-2", "b.png")


def test_a_third_record_says_where_the_views_are_though_the_second_gave_it_the_judgement():
    parts = made()
    moderate(parts, FIRST, FakeJudge(UNSAFE))
    moderate(parts, SECOND, FakeJudge())
    parts.verdicts.records[FIRST]["decided_by"] = "person"  # what a person decided isn't reused
    parts.images.objects[THIRD] = parts.images.objects[SECOND]

    third = moderate(parts, THIRD, FakeJudge())

    assert third.reused_from == {"pk": FIRST.pk, "sk": "v1"}
    [view] = [view["name"] for view in third.looked_at["views"]]
    assert space(FIRST).view(view) in parts.work.files
    assert space(SECOND).view(view) not in parts.work.files


def test_the_record_says_what_was_looked_at():
    parts = made(pack=replace(PACK, views="auto"), data=animation(frames=15))

    record = moderate_all(parts, FIRST)

    assert record.looked_at["frames"] == 15
    assert record.looked_at["unseen_frames"] == 3
    assert record.looked_at["unseen"] == ["3 of 15 frames differ and weren't looked at."]
    assert (record.verdict, record.row) == ("review", "unseen")
    assert record.looked_at["views"][0] == {"name": "full", "frame": 0, "box": [0, 0, 300, 200]}
    assert len({view["frame"] for view in record.looked_at["views"]}) == 12


@pytest.mark.parametrize(
    "change",
    [
        {"pack": replace(PACK, description="Another text, another policy.")},
        {"pack": replace(PACK, reuse=False)},
        {"models": "blip2=x llama=z"},
        {"data": png("blue")},
    ],
    ids=["policy", "switched off", "models", "bytes"],
)
def test_what_was_judged_otherwise_is_judged_again(change):
    before = made()
    moderate(before, FIRST, FakeJudge(UNSAFE))
    after = replace(made(**change), verdicts=before.verdicts)

    assert prepare_image(after, SECOND, space(SECOND)).reused_from is None


def test_other_shadow_packs_leave_the_reuse_of_a_verdict_alone():
    kept, gone = replace(PACK, name="kept"), replace(PACK, name="gone")
    before = made(shadow=(kept, gone))
    moderate(before, FIRST, FakeJudge(UNSAFE, UNSAFE, UNSAFE))
    changed = replace(PACK, name="gone", description="Another text.")
    after = replace(made(shadow=(kept, changed, replace(PACK, name="new"))), verdicts=before.verdicts)
    object.__setattr__(after.policies, "policies", replace(after.policies.policies, broken_shadow={"bad": "Why."}))

    second = moderate(after, SECOND, FakeJudge())

    assert second.reused_from == {"pk": FIRST.pk, "sk": "v1"}
    assert {name: shadow["verdict"] for name, shadow in second.shadow.items()} == {"kept": "unsafe", "bad": "error"}
    assert second.shadow["bad"]["reason"] == "Why."


@pytest.mark.parametrize("decided_by", ["person", "failure"])
def test_persons_decisions_and_failures_are_never_reused(decided_by):
    parts = made()
    moderate(parts, FIRST, FakeJudge(UNSAFE))
    parts.verdicts.records[FIRST]["decided_by"] = decided_by

    assert prepare_image(parts, SECOND, space(SECOND)).reused_from is None


def test_a_reused_manifest_survives_json():
    parts = made()
    moderate(parts, FIRST, FakeJudge(UNSAFE))
    manifest = prepare_image(parts, SECOND, space(SECOND))

    assert manifest_from_json(manifest_to_json(manifest)) == manifest
    assert manifest.queries == ()


def test_what_is_no_image_is_said_before_anything_is_planned():
    parts = made(data=b"text")

    with pytest.raises(UnreadableImage):
        prepare_image(parts, FIRST, space(FIRST))
    assert space(FIRST).manifest not in parts.work.files


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"data": b"text"}, UnreadableImage, "isn't an intact image"),
        ({"data": b"", "oversize": 20_000_001}, ImageTooLarge, "20,000,001 bytes"),
        ({"content_type": "text/html"}, UnsupportedImage, "declared as text/html"),
        ({"content_encoding": "gzip"}, UnsupportedImage, "declared as compressed"),
    ],
    ids=["damaged", "too large", "active content", "compressed"],
)
def test_an_upload_that_is_refused_is_recorded_with_what_is_known_of_it(change, error, says):
    parts = made(pack=replace(PACK, unusable_files="person"))
    stored = parts.images.objects[FIRST] = replace(parts.images.objects[FIRST], **change)

    with pytest.raises(error, match=says):
        prepare_image(parts, FIRST, space(FIRST))

    kept = upload_from_json(parts.work.get_json(space(FIRST).upload))
    assert (kept.reference, kept.uploader, kept.content_type) == ("post-1", "u-1", stored.content_type)
    assert kept.size == (stored.oversize or len(stored.data))
    assert (kept.sha256 is None) is bool(stored.oversize)
    assert kept.policy == {"name": "small", "digest": parts.policies.for_key("").enforce.digest}
    assert kept.unusable_files == "person"


def test_a_declared_type_is_checked_where_the_judgement_of_the_bytes_could_be_reused():
    parts = made()
    moderate(parts, FIRST, FakeJudge(UNSAFE))
    parts.images.objects[SECOND] = replace(parts.images.objects[SECOND], content_type="text/html")

    with pytest.raises(UnsupportedImage):
        prepare_image(parts, SECOND, space(SECOND))


def test_an_image_that_can_be_prepared_needs_no_file_beside_its_manifest():
    parts = made()
    prepare_image(parts, FIRST, space(FIRST))

    assert space(FIRST).upload not in parts.work.files


def test_a_reused_judgement_of_what_was_not_wholly_looked_at_needs_another_upload_too():
    parts = made()
    moderate(parts, FIRST, FakeJudge(UNSAFE))
    parts.verdicts.records[FIRST] |= {"verdict": "review", "row": "unseen", "decided_by": "evidence"}

    record = moderate(parts, SECOND, FakeJudge(UNSAFE))

    assert (record.reused_from["sk"], record.needs) == ("v1", "reupload")
