"""`moderate show` and its `--notice`."""

import json

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.command.history import LATER

NOTE = "A knife on the table"


@pytest.fixture
def unsafe(deployed):
    image = deployed.put_object()
    shadow = {
        "strict": {"verdict": "safe", "category": None, "reason": "Nothing", "digest": "d", "decided_by": "judge"}
    }
    deployed.put_unsafe(image, reference="user-1", shadow=shadow, timings={"prepare_ms": 12})
    return image


def test_a_record_is_shown_with_all_that_it_rests_on(moderate, unsafe):
    shown = moderate("show", unsafe.key).stdout

    for part in (unsafe.version, "unsafe", "Violence", "The judge sees a gun.", "judge", "user-1", "prepare 12 ms"):
        assert part in shown
    for part in ("Does this photo contain a weapon?", "0.97", "0.50", "over", "a man with a gun"):
        assert part in shown
    for part in ("default (", "blip2-demo", "stand-in", "judge-1", "strict"):
        assert part in shown


def test_what_was_looked_at_and_what_was_not_is_shown(deployed, moderate):
    image = deployed.put_object()
    views = [{"name": name, "frame": number, "box": [0, 0, 9, 9]} for number, name in enumerate(("full", "frame-1"))]
    unseen = ["3 of 15 frames differ."]
    read = {"unread": ["2 of 15 frames weren't read."], "shrunk": ["Text was read at 94% of its side."]}
    looked_at = {"views": views, "frames": 15, "unseen_frames": 13, "unseen": unseen, **read}
    deployed.put_record(image, verdict="review", decided_by="evidence", looked_at=looked_at)

    shown = moderate("show", image.key).stdout

    assert "full, frame-1 (of 15 frames)" in shown
    for name, sentence in {"unseen": unseen[0], "unread": read["unread"][0], "shrunk": read["shrunk"][0]}.items():
        assert any(line.startswith(name) and sentence in line for line in shown.splitlines())


def test_a_failure_is_shown_with_its_cause(deployed, moderate):
    image = deployed.put_object()
    lambdas = json.dumps({"errorMessage": "It didn't answer.", "stackTrace": ["File x"]})
    cause = json.dumps({"Error": "EndpointTimeout", "Cause": lambdas})
    deployed.put_failure(image, cause=cause)

    shown = moderate("show", image.key).stdout

    assert "review" in shown
    assert "EndpointTimeout: It didn't answer." in shown
    assert "File x" not in shown


def test_a_person_is_named_with_what_stood_before(deployed, moderate, unsafe):
    moderate("decide", "--yes", unsafe.key, "safe", "--note", "A toy")

    shown = moderate("show", unsafe.key).stdout

    assert "person: arn:aws:" in shown
    assert "History" in shown and "The judge sees a gun." in shown and "A toy" in shown


def test_json_is_the_whole_record_and_nothing_else(deployed, moderate, unsafe):
    assert json.loads(moderate("show", unsafe.key, "--json").stdout) == deployed.record(unsafe)


def test_evidence_that_was_too_long_for_the_record_is_read_from_where_it_lies(deployed, moderate):
    image = deployed.put_object()
    finding = {"view": "tile-3", "question": "Far?", "answer": "yes", "score": 0.9, "threshold": 0.5, "over": True}
    deployed.work("work/x/evidence.json", {"evidence": [finding]})
    deployed.put_record(image, verdict="review", decided_by="judge", evidence_in="work/x/evidence.json")

    assert json.loads(moderate("show", image.key, "--json").stdout)["evidence"] == [finding]
    shown = moderate("show", image.key).stdout
    assert "tile-3" in shown
    assert "no longer kept" not in shown


def test_evidence_that_is_no_longer_kept_is_said(deployed, moderate):
    image = deployed.put_object()
    deployed.put_record(image, verdict="review", decided_by="judge", evidence_in="work/x/expired.json")

    shown = moderate("show", image.key)

    assert shown.exit_code == 0
    assert "no longer kept" in shown.stdout


def test_what_is_read_in_a_picture_cannot_steer_the_terminal(deployed, moderate):
    image = deployed.put_object()
    deployed.put_record(image, verdict="safe", decided_by="judge", reason="\x1b[2J\x1b]0;x\x07[red]kept[/red]\u202e")

    shown = moderate("show", image.key).stdout

    assert "\x1b" not in shown and "\x07" not in shown and "\u202e" not in shown
    assert "[red]kept[/red]" in shown


def test_the_newest_record_is_shown_of_an_object_that_was_deleted(deployed, moderate):
    old, new = deployed.put_object(), deployed.put_object()
    deployed.put_unsafe(old)
    deployed.put_unsafe(new, created_at=LATER)
    deployed.s3.delete_object(Bucket="intake", Key=new.key)

    assert new.version in moderate("show", new.key).stdout
    assert old.version in moderate("show", old.key, "--version", old.version).stdout


@pytest.fixture(params=["403", "400"])
def no_right_to_read(monkeypatch, request):
    """As S3 refuses a HEAD request: without a body, so that botocore knows no code but the status.

    400 is its answer for an object under the uploader's own key.
    """
    real = BaseClient._make_api_call  # type: ignore[attr-defined]  # not part of its API

    def call(self, operation, parameters):
        if operation == "HeadObject":
            raise ClientError({"Error": {"Code": request.param, "Message": "Refused"}}, operation)
        return real(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)


def test_without_a_right_to_read_the_image_its_newest_record_is_shown_and_said_to_be(
    deployed, moderate, no_right_to_read
):
    old, new = deployed.put_object(), deployed.put_object()
    deployed.put_unsafe(old)
    deployed.put_unsafe(new, created_at=LATER)

    result = moderate("show", new.key)

    assert result.exit_code == 0
    assert new.version in result.stdout and "newest record" in result.stderr
    assert json.loads(moderate("show", new.key, "--json").stdout)["sk"] == new.version
    named = moderate("show", old.key, "--version", old.version)
    assert old.version in named.stdout and not named.stderr


def test_without_a_right_to_read_nor_a_record_it_says_what_is_refused(moderate, deployed, no_right_to_read):
    result = moderate("show", "in/none.jpg")

    assert result.exit_code == 1
    assert "HeadObject" in result.stderr or "SSE-C" in result.stderr


@pytest.mark.parametrize(
    "arguments, said", [(("in/none.jpg",), "no object"), (("in/a.jpg", "--version", "v0"), "version v0")]
)
def test_what_has_no_record_is_a_sentence(moderate, unsafe, arguments, said):
    result = moderate("show", *arguments)

    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stdout == ""


def test_the_notice_states_the_rule_and_never_the_judges_prose(moderate, unsafe):
    stated = moderate("show", unsafe.key, "--notice").stdout

    assert "this image breaks our rule on Violence" in stated
    assert "Violence: Weapons, fights and wounds" in stated
    assert "Pictures of violence aren't shown here." in stated
    assert "policy default, first applied on 20" in stated
    assert "Does this photo contain a weapon?" in stated
    assert "automated system" in stated
    assert "If you think that this is wrong" in stated
    assert "user-1" in stated
    for prose in ("The judge sees a gun.", "a man with a gun"):
        assert prose not in stated


def test_the_notice_says_when_a_person_decided_and_keeps_the_note_inside(moderate, unsafe):
    moderate("decide", "--yes", unsafe.key, "unsafe", "--category", "Tobacco", "--note", NOTE, "--seen")

    stated = moderate("show", unsafe.key, "--notice").stdout

    assert "Tobacco: Tobacco products and smoking" in stated
    assert "An automated system found the image; a person looked at it and decided." in stated
    assert NOTE not in stated and "arn:" not in stated


def test_the_notice_names_no_machine_where_a_person_decided_first(deployed, moderate):
    image = deployed.put_object()
    deployed.put_record(image)
    moderate("decide", "--yes", image.key, "unsafe", "--category", "Violence", "--note", NOTE, "--source", "notice")

    stated = moderate("show", image.key, "--notice").stdout

    assert "The image was checked because somebody notified us of it. A person decided." in stated
    assert "answered fixed questions" not in stated


def test_the_notice_as_data_tells_detection_and_decision_apart(moderate, unsafe):
    def stated():
        return json.loads(moderate("show", unsafe.key, "--notice", "--json").stdout)

    machine = stated()
    assert machine["automated"] == {"basis": "machine", "detected": True, "decided": "fully"}
    assert (machine["source"], machine["questions"]) == ("own_initiative", ["Does this photo contain a weapon?"])
    assert machine["ground"]["rules"] == [{"category": "Violence", "text": "Weapons, fights and wounds"}]
    assert machine["ground"]["first_applied"].startswith("20")
    assert machine["texts"]["en"]["notice"] == "Pictures of violence aren't shown here."
    moderate("decide", "--yes", unsafe.key, "unsafe", "--category", "Violence", "--note", NOTE)
    confirmed = stated()
    assert confirmed["automated"] == {"basis": "confirmed", "detected": True, "decided": "partially"}
    moderate("decide", "--yes", unsafe.key, "unsafe", "--category", "Violence", "--note", NOTE, "--source", "notice")
    assert stated()["source"] == "notice"
    for prose in ("The judge sees a gun.", "a man with a gun", NOTE, "arn:"):
        assert prose not in json.dumps([machine, confirmed])


@pytest.mark.parametrize("verdict", ["safe", "review"])
def test_the_notice_as_data_restricts_nothing_without_an_unsafe_verdict(deployed, moderate, verdict):
    image = deployed.put_object()
    deployed.put_record(image, verdict=verdict, category=None, reason="r", decided_by="judge", decided_at="2026-11-23")

    stated = json.loads(moderate("show", image.key, "--notice", "--json").stdout)

    assert stated["verdict"] == verdict
    assert [stated[name] for name in ("restriction", "ground", "automated", "texts")] == [None, None, None, {}]


def test_who_has_to_upload_again_is_told_so_and_why(deployed, moderate):
    image = deployed.put_object()
    reason = "The object is a PDF document."
    deployed.put_record(
        image,
        verdict="review",
        category=None,
        reason=reason,
        decided_by="failure",
        decided_at="2026-11-23",
        needs="reupload",
    )

    stated = moderate("show", image.key, "--notice").stdout

    assert f"can't be checked as it is. {reason} Upload it again" in stated
    assert "a person still has to review" not in stated
    assert "reupload" in moderate("show", image.key).stdout
    assert json.loads(moderate("verdicts", "--json").stdout)[0]["needs"] == "reupload"
    assert "reupload" in moderate("verdicts").stdout


@pytest.mark.parametrize("verdict, said", [("safe", "no restriction was applied"), ("review", "No decision yet")])
def test_the_notice_accuses_nobody_without_an_unsafe_verdict(deployed, moderate, verdict, said):
    image = deployed.put_object()
    deployed.put_record(image, verdict=verdict, category=None, reason="r", decided_by="judge", decided_at="2026-11-23")

    stated = moderate("show", image.key, "--notice").stdout

    assert said in stated
    assert "The rule" not in stated


def test_an_image_is_found_by_its_reference_the_newest_first(deployed, moderate):
    old, new = deployed.put_object("in/old.jpg"), deployed.put_object("in/new.jpg")
    deployed.put_unsafe(old, reference="post-17")
    deployed.put_unsafe(new, reference="post-17", created_at=LATER)

    result = moderate("show", "--reference", "post-17", "--json")

    assert json.loads(result.stdout)["pk"] == new.pk
    assert f"{old.key}, version {old.version}" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("--reference", "post-18"), 1),
        ((), 2),
        (("in/a.jpg", "--reference", "post-17"), 2),
        (("--reference", "post-17", "--version", "v"), 2),
    ],
)
def test_a_reference_must_be_known_and_stands_alone(deployed, moderate, arguments, status):
    assert moderate("show", *arguments).exit_code == status
