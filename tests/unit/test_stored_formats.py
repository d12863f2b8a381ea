"""Stored data outlives code: files and records of release 0.1.0 are read for good, and nothing in them changes.

The golden files were written once and are never written anew; a later release adds its own beside them.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from moderation.domain.image_ref import ImageRef
from moderation.domain.manifest import evidence_from_json, evidence_to_json, manifest_from_json, manifest_to_json
from moderation.domain.message import build_message
from moderation.domain.policy import Pack, pack_data, parse_pack, read_pack
from moderation.domain.record import Record, judgement_of, reopened
from moderation.domain.work_files import Workspace
from moderation.errors import InvalidPolicy
from moderation.ports import StoredImage
from moderation.usecases.judge_image import judge_image
from moderation.usecases.record_verdict import Moderated, record_verdict
from tests.support.fakes import FakeImages, FakeJudge, FakeVerdicts, FakeWork

GOLDEN = Path(__file__).parent / "golden"
DIGEST = "e1392b6889d3b5f3a58d1681def9b75af296ef8ab1dacbcefa914cf6ef71c5fd"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:workflow:first"


def golden(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((GOLDEN / name).read_text())
    return loaded


def as_stored(value: Any) -> Any:
    return json.loads(json.dumps(value))


def without_empty(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if value not in (None, [], {}, ())}


def test_a_stored_record_is_read_and_written_back_unchanged() -> None:
    item = golden("record.json")

    record = Record.from_attributes(item)

    assert record.image == ImageRef("intake", "posts/17.png", "v1")
    assert (record.verdict, record.row, record.judgement) == ("unsafe", "unsafe", item["judgement"])
    assert without_empty(as_stored(record.attributes())) == without_empty(item)


def test_an_attribute_of_a_later_release_stays_in_the_record() -> None:
    item = golden("record.json") | {"severity": 7, "schema_version": 2}

    record = Record.from_attributes(item)

    assert record.attributes().items() >= {"severity": 7, "schema_version": 2}.items()


@pytest.mark.parametrize("missing", ["schema_version", "row", "judgement", "answers", "looked_at", "image", "shadow"])
def test_what_an_earlier_release_did_not_write_has_a_default(missing: str) -> None:
    item = golden("record.json")
    del item[missing]

    record = Record.from_attributes(item)

    assert (record.verdict, record.schema_version, record.image.key) == ("unsafe", 1, "posts/17.png")


@pytest.mark.parametrize(
    ("cause", "failure"),
    [
        ("Lambda said nothing", ("unknown error", "Lambda said nothing")),
        ('["X"]', ("unknown error", '["X"]')),
        ('{"Cause": "c"}', ("unknown error", '{"Cause": "c"}')),
        ('{"Error": "X"}', ("X", "")),
        ('{"Error": "X", "Cause": null}', ("X", "")),
        ('{"Error": "X", "Cause": "{\\"trace\\": 1}"}', ("X", '{"trace": 1}')),
        ('{"Error": "X", "Cause": "{\\"errorMessage\\": \\"m\\"}"}', ("X", "m")),
    ],
)
def test_the_cause_of_a_failure_is_read_whatever_it_holds(cause: str, failure: tuple[str, str]) -> None:
    item = golden("record.json") | {"decided_by": "failure", "cause": cause, "image": None}

    assert Record.from_attributes(item).failure == failure


def test_a_reopened_record_keeps_nothing_of_its_judgement_not_even_empty_attributes() -> None:
    empty = dict.fromkeys(("judgement", "top_finding")) | {"shadow": {}, "models": {}, "captions": []}
    others = {"decided_by": "failure", "severity": 7, "expires_at": 1, "queue": "review#0"}
    item: dict[str, Any] = golden("record.json") | empty | others

    removed = reopened(Record.from_attributes(item)).removed

    assert set(item) - removed == {
        *("pk", "sk", "schema_version", "image", "created_at", "reference", "uploader", "expires_at"),
        *("status", "owner", "verdict_shard"),
    }


def test_what_is_empty_in_a_judgement_is_reused_as_it_is_stored() -> None:
    item = golden("record.json") | {"shadow": {}, "captions": [], "shortened": []}

    judgement = as_stored(judgement_of(Record.from_attributes(item)))

    assert judgement | {"repairs": item["repairs"], "timings": item["timings"]} == {
        name: item.get(name) for name in judgement
    }


def test_the_message_about_a_stored_record_is_the_message_of_then() -> None:
    assert as_stored(build_message(Record.from_attributes(golden("record.json")))) == golden("message.json")


@pytest.mark.parametrize("extra", [{}, {"lane": "backfill"}])
def test_a_stored_manifest_is_read_and_written_back_unchanged(extra: dict[str, str]) -> None:
    stored = golden("manifest.json")

    assert as_stored(manifest_to_json(manifest_from_json(stored | extra))) == stored


def test_a_manifest_without_what_came_later_is_read() -> None:
    stored = golden("manifest.json")
    for name in ("schema_version", "looked_at", "reused_from", "prepare_ms", "shadow"):
        del stored[name]
    for name in ("uploader", "reference", "content_type"):
        del stored["facts"][name]

    assert manifest_from_json(stored).pack.digest == DIGEST


def test_stored_answers_are_read_and_written_back_unchanged() -> None:
    stored = golden("answers.json")["evidence"]
    later = stored | {"mass": [0.9], "answers": [answer | {"mass": 0.9} for answer in stored["answers"]]}

    assert as_stored(evidence_to_json(evidence_from_json(stored))) == stored
    assert evidence_from_json(later) == evidence_from_json(stored)


def test_an_execution_in_flight_over_a_deployment_ends_as_it_would_have() -> None:
    item, work = golden("record.json"), FakeWork()
    workspace = Workspace.of(ImageRef("intake", "posts/17.png", "v1"), EXECUTION)
    work.put_json(workspace.manifest, golden("manifest.json"))
    work.put_json(workspace.answers(0), golden("answers.json"))
    unsafe = '{"flag": "unsafe", "category": "Violence", "reason": "A gun is visible."}'

    judge_image(work, FakeJudge(unsafe, '{"flag": "safe", "category": null, "reason": "Nothing."}'), workspace)
    assert recorded(work, workspace) == without_clock(item)

    work.put_json(workspace.judgement, golden("judgement.json"))
    assert recorded(work, workspace) == without_clock(item)


def recorded(work: FakeWork, workspace: Workspace) -> dict[str, Any]:
    image, images, verdicts = ImageRef("intake", "posts/17.png", "v1"), FakeImages(), FakeVerdicts()
    images.objects[image] = StoredImage(b"", "image/png")
    verdicts.records[image] = {"owner": EXECUTION}
    done = Moderated(image, EXECUTION, "2026-11-26T10:00:00.000Z", 1234, workspace, None, "")
    record_verdict(images, work, verdicts, done, notify_safe=False)
    return without_clock(as_stored({"pk": image.pk, "sk": image.version, **verdicts.records[image]}))


def without_clock(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in ("decided_at", "timings", "prompt_version")}


def pack(**changes: Any) -> Pack:
    return parse_pack(yaml.safe_load((GOLDEN / "pack.yaml").read_text()) | changes)


def test_a_packs_digest_never_changes_and_its_stored_file_gives_it_again() -> None:
    assert pack().digest == DIGEST
    assert read_pack(golden("stored_pack.json")).digest == DIGEST
    assert read_pack(golden("stored_pack.json")) == pack()


def test_a_comment_or_the_order_of_fields_changes_no_digest() -> None:
    text = (GOLDEN / "pack.yaml").read_text()
    reordered = dict(reversed(yaml.safe_load(text).items()))

    assert parse_pack(yaml.safe_load("# Another comment\n" + text)).digest == DIGEST
    assert parse_pack(reordered).digest == DIGEST


def test_a_pack_made_of_another_is_stored_with_its_own_fields() -> None:
    made = replace(pack(), margin=0.2)

    assert made.digest != pack().digest
    assert read_pack(as_stored(pack_data(made))) == made
    assert read_pack(as_stored(pack_data(made))).digest == made.digest


@pytest.mark.parametrize("read", [parse_pack, read_pack])
@pytest.mark.parametrize("name", ["description", "later"])
def test_a_pack_that_contains_itself_is_refused(read: Any, name: str) -> None:
    with pytest.raises(InvalidPolicy):
        read(yaml.safe_load((GOLDEN / "pack.yaml").read_text()) | yaml.safe_load(f"{name}: &a [*a]"))


def test_a_field_as_written_changes_the_digest() -> None:
    assert pack(description="Another text").digest != DIGEST
    assert pack(margin=0.05).digest != DIGEST, "the author wrote a default down"


def test_a_field_of_a_later_release_is_ignored_when_read_kept_when_stored_and_refused_when_pushed() -> None:
    later = golden("stored_pack.json") | {"review_within": "2h"}
    later["questions"] = [question | {"hears": "phone"} for question in later["questions"]]

    read = read_pack(later)

    assert read == pack()
    assert json.loads(read.written) == later
    with pytest.raises(InvalidPolicy, match="review_within"):
        parse_pack(later)


@pytest.mark.parametrize("read", [parse_pack, read_pack])
def test_a_pack_that_this_release_cannot_follow_is_refused(read: Any) -> None:
    with pytest.raises(InvalidPolicy, match=r"schema_version: is 2.*deploy a newer release"):
        read(golden("stored_pack.json") | {"schema_version": 2})
