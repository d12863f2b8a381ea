"""A pack that contradicts what people decided doesn't go live, unless somebody says why that is right."""

import io
import json
from typing import Any

import pytest
import typer
import yaml
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from moderation.domain.policy import pack_data, parse_pack
from tests.command.history import DECIDED, LATER

QUESTION = "Is there a weapon?"


def pack(threshold=0.5, name="mine", description="A pack for tests"):
    return {
        "name": name,
        "description": description,
        "categories": [{"name": "Violence", "description": "Weapons"}],
        "questions": [{"id": "weapon", "text": QUESTION, "categories": ["Violence"], "threshold": threshold}],
    }


@pytest.fixture
def write(tmp_path):
    def writing(content, name="mine.yaml"):
        (tmp_path / name).write_text(yaml.safe_dump(content))
        return tmp_path / name

    return writing


@pytest.fixture
def live(deployed, moderate, write):
    """The pack with a threshold of 0.5 decides for everything."""
    assert moderate("policy", "push", write(pack()), "--route", "", "--yes").exit_code == 0
    return deployed


def put_decision(deployed, key="in/a.jpg", *, p_yes, said="unsafe", machine="unsafe", when=LATER, **attributes):
    """A machine's verdict under the live pack, and a person's decision on it."""
    image, behind = deployed.put_object(key), parse_pack(pack())
    deployed.work(f"provenance/packs/{behind.digest}.json", pack_data(behind))
    category = {"category": "Violence"} if said == "unsafe" else {"category": None}
    made = {"verdict": said, **category, "reason": "A person looked.", "decided_by": "person", "decided_at": when}
    history = [
        {"verdict": machine, "category": None, "reason": "It was asked.", "decided_by": "judge", "at": DECIDED},
        made | {"at": when, "who": "arn:aws:iam::123456789012:user/ann", "note": "A person looked."},
    ]
    answer = {"view": "full", "question": QUESTION, "text": "yes" if p_yes > 0.5 else "no", "p_yes": p_yes}
    judged = {"flag": "safe", "category": None, "reason": "A toy."}
    stored = {
        "history": history,
        "policy": {"name": "mine", "digest": behind.digest},
        "answers": [answer | {"p_blank": 0.1}],
        "captions": [{"view": "full", "text": "a picture"}],
        "evidence": [],
        "judgement": judged,
        "queue": f"person#{int(image.id, 16) % 4}",
        "queue_order": when,
    }
    deployed.put_record(image, **(made | stored | attributes))
    return image


def in_force(deployed):
    found = deployed.s3.list_objects_v2(Bucket="policies", Prefix="packs/").get("Contents", [])
    return parse_pack(yaml.safe_load(deployed.s3.get_object(Bucket="policies", Key=found[0]["Key"])["Body"].read()))


def test_a_pack_that_lets_through_what_a_person_stopped_is_not_published(live, moderate, write):
    put_decision(live, p_yes=0.6)

    result = moderate("policy", "push", write(pack(0.9)))

    assert result.exit_code == 1
    assert "1 new contradiction." in result.stdout and "in/a.jpg" in result.stdout
    assert "Violence" in result.stdout and "--accept NOTE" in result.stderr
    assert in_force(live).questions[0].threshold == 0.5


def test_a_pack_that_stops_what_a_person_cleared_is_not_published(live, moderate, write):
    unsafe = {"flag": "unsafe", "category": "Violence", "reason": "A weapon."}
    put_decision(live, p_yes=0.45, said="safe", machine="review", judgement=unsafe)

    result = moderate("policy", "push", write(pack(0.3)))

    assert result.exit_code == 1 and "1 new contradiction." in result.stdout
    assert in_force(live).questions[0].threshold == 0.5


def test_a_contradiction_is_accepted_with_a_note_that_the_log_keeps(live, moderate, write):
    put_decision(live, p_yes=0.6)

    assert moderate("policy", "push", write(pack(0.9)), "--accept", " ").exit_code == 2
    result = moderate("policy", "push", write(pack(0.9)), "--accept", "Toys are fine now", "--why", "Toys")

    assert result.exit_code == 0 and in_force(live).questions[0].threshold == 0.9
    newest = json.loads(moderate("policy", "log", "--json").stdout)[0]
    assert (newest["action"], newest["why"], newest["accepted"]) == ("push", "Toys", "Toys are fine now")
    assert "Toys are fine now" in moderate("policy", "log").stdout


@pytest.fixture
def judge(monkeypatch):
    """Answers of the judge's endpoint, in turn; an exception is raised."""
    answers: list[Any] = []
    real = BaseClient._make_api_call  # type: ignore[attr-defined]  # not part of its API

    def call(self, operation, parameters):
        if (operation, parameters.get("EndpointName")) != ("InvokeEndpoint", "llama"):
            return real(self, operation, parameters)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"Body": io.BytesIO(json.dumps({"generated_text": json.dumps(answer)}).encode())}

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return answers


def reworded():
    made = pack(0.9)
    made["categories"] = [{"name": "Violence", "description": "Weapons that are no toys"}]
    return made


def test_the_judge_is_asked_about_other_words_and_can_contradict_a_person(live, moderate, write, judge):
    put_decision(live, p_yes=0.6)
    judge.append({"flag": "safe", "category": None, "reason": "A toy."})

    result = moderate("policy", "push", write(reworded()), "--judge", "ask", "--yes")

    assert result.exit_code == 1
    assert "The judge is asked about 1 pictures, for $0.00" in result.stderr
    assert "1 new contradiction." in result.stdout and "--accept NOTE" in result.stderr
    assert in_force(live).questions[0].threshold == 0.5


def test_without_leave_the_judge_is_not_asked_and_nothing_is_published(live, moderate, write, judge, monkeypatch):
    put_decision(live, p_yes=0.6)
    told = moderate("policy", "push", write(pack(0.9)), "--judge", "ask")  # its stored answer does
    monkeypatch.setattr("typer.confirm", refuse)

    refused = moderate("policy", "push", write(reworded()), "--judge", "ask")

    assert told.exit_code == 1 and "1 new contradiction." in told.stdout
    assert refused.exit_code == 1 and in_force(live).questions[0].threshold == 0.5


def refuse(*_words, **_options):
    raise typer.Abort


def test_decisions_that_only_the_judge_could_compare_block_until_it_is_asked_or_they_are_accepted(
    live, moderate, write, judge
):
    put_decision(live, p_yes=0.6)

    blocked = moderate("policy", "push", write(reworded()))

    assert blocked.exit_code == 1 and in_force(live).questions[0].threshold == 0.5
    assert "Not judged again: 1." in blocked.stdout and "`--judge ask` judges 1 of them again." in blocked.stdout
    assert "--judge ask" in blocked.stderr and "--accept NOTE" in blocked.stderr
    accepted = moderate("policy", "push", write(reworded()), "--accept", "Only toys change")
    assert accepted.exit_code == 0 and in_force(live).questions[0].threshold == 0.9
    assert json.loads(moderate("policy", "log", "--json").stdout)[0]["accepted"] == "Only toys change"


def test_decisions_that_the_judge_was_asked_about_block_nothing(live, moderate, write, judge):
    put_decision(live, p_yes=0.6)
    judge.append({"flag": "unsafe", "category": "Violence", "reason": "A weapon."})

    result = moderate("policy", "push", write(reworded()), "--judge", "ask", "--yes")

    assert result.exit_code == 0 and "no new contradictions" in result.stdout


def test_a_judge_that_does_not_answer_is_said(live, moderate, write, judge):
    put_decision(live, p_yes=0.6)
    judge.append(ClientError({"Error": {"Code": "ValidationError", "Message": "Endpoint not found"}}, "InvokeEndpoint"))

    result = moderate("policy", "push", write(reworded()), "--judge", "ask", "--yes")

    assert result.exit_code == 1 and in_force(live).questions[0].threshold == 0.5
    assert "Not judged again: 1. The judge didn't answer:" in result.stdout


def test_a_note_without_a_contradiction_is_not_kept(live, moderate, write):
    put_decision(live, p_yes=0.97)

    result = moderate("policy", "push", write(pack(0.9)), "--accept", "In any case")

    assert result.exit_code == 0 and "no new contradictions" in result.stdout
    assert json.loads(moderate("policy", "log", "--json").stdout)[0]["accepted"] == ""


def test_a_contradiction_that_stands_already_blocks_nothing(live, moderate, write):
    put_decision(live, p_yes=0.1)  # safe under the pack in force, too

    result = moderate("policy", "push", write(pack(0.9)))

    assert result.exit_code == 0 and "1 of people's decisions" in result.stdout
    assert in_force(live).questions[0].threshold == 0.9


def test_a_review_contradicts_nobody(live, moderate, write):
    put_decision(live, p_yes=0.52)

    assert moderate("policy", "push", write(pack(0.55))).exit_code == 0  # 0.52 is near: review


@pytest.mark.parametrize(
    "attributes",
    [
        {"as_of": DECIDED},
        {"escalated_at": LATER},
        {"this_copy": True},
        {"when": "2020-01-01T00:00:00.000Z"},
        {"key": "elsewhere/a.jpg"},
        {"verdict": "review"},
    ],
    ids=["carried over", "escalated", "of one upload", "old", "other route", "requeued"],
)
def test_what_says_nothing_about_the_pictures_of_the_pack_is_not_compared(live, moderate, write, attributes):
    other = write({"": {"enforce": "mine"}, "elsewhere/": {"enforce": "default"}}, "routes.yaml")
    assert moderate("policy", "routes", other, "--yes").exit_code == 0
    of_upload = attributes.pop("this_copy", False)
    image = put_decision(live, **({"p_yes": 0.6} | attributes))
    if of_upload:
        history = live.record(image)["history"]
        put_decision(live, p_yes=0.6, history=[*history[:-1], history[-1] | {"this_copy": True}])
        live.dynamodb.delete_item(TableName="verdicts", Key={"pk": {"S": image.pk}, "sk": {"S": image.version}})

    result = moderate("policy", "push", write(pack(0.9)))

    assert result.exit_code == 0 and "0 of people's decisions" in result.stdout


def test_the_time_of_the_decisions_can_be_chosen(live, moderate, write):
    put_decision(live, p_yes=0.6, when="2020-01-01T00:00:00.000Z")

    assert moderate("policy", "push", write(pack(0.9)), "--since", "2019-12-01").exit_code == 1


def test_what_cannot_be_judged_again_is_counted_with_its_cause(live, moderate, write):
    put_decision(live, p_yes=0.6, answers=[], evidence_in=None)

    result = moderate("policy", "push", write(pack(0.9)))

    assert result.exit_code == 0 and "Not judged again: 1. A person decided without" in result.stdout


def test_evidence_in_a_file_of_its_own_is_read(live, moderate, write):
    image = put_decision(live, p_yes=0.6, answers=None, evidence_in="evidence/a.json")
    assert live.record(image)["answers"] is None
    answer = {"view": "full", "question": QUESTION, "text": "yes", "p_yes": 0.6, "p_blank": 0.1}
    live.work("evidence/a.json", {"answers": [answer], "evidence": []})

    assert "1 new contradiction." in moderate("policy", "push", write(pack(0.9))).stdout


def test_a_pack_that_no_route_names_is_compared_when_routes_name_it(live, moderate, write):
    put_decision(live, p_yes=0.6)

    pushed = moderate("policy", "push", write(pack(0.9, "lax")))
    routed = moderate("policy", "routes", write({"": {"enforce": "lax"}}, "routes.yaml"), "--yes")
    canary = {"": {"enforce": "mine", "canary": {"pack": "lax", "share": 0.01}}}
    tried = moderate("policy", "routes", write(canary, "canary.yaml"), "--yes")
    accepted = moderate("policy", "routes", write(canary, "canary.yaml"), "--yes", "--accept", "A trial")

    assert pushed.exit_code == 0 and "No route lets it decide, so it wasn't compared" in pushed.stdout
    assert routed.exit_code == 1 and "1 new contradiction." in routed.stdout
    assert tried.exit_code == 1, "a canary is compared on all keys of its route, whatever its share"
    assert accepted.exit_code == 0 and "lax for 0.01 of the keys" in accepted.stdout
    logged = json.loads(moderate("policy", "log", "--json").stdout)
    assert "A trial" in [entry["accepted"] for entry in logged]


def test_push_with_a_route_is_compared_with_the_pack_that_it_replaces(live, moderate, write):
    put_decision(live, p_yes=0.6)

    assert moderate("policy", "push", write(pack(0.9, "lax")), "--route", "other/", "--yes").exit_code == 0
    assert moderate("policy", "push", write(pack(0.9, "lax")), "--route", "in/", "--yes").exit_code == 1


def test_a_rollback_is_not_held_up(live, moderate, write):
    assert moderate("policy", "push", write(pack(0.4))).exit_code == 0
    put_decision(live, p_yes=0.48)

    assert moderate("policy", "rollback", "mine").exit_code == 0


@pytest.fixture
def editor(live, shared, editor):
    """Runs `moderate policy` as an editor of that name, where another has to approve what is live."""
    return editor


def in_force_for_two(editor, write, tmp_path):
    """Let two editors sign what is live."""
    routes = write({"": {"enforce": "mine"}}, "routes.yaml")
    for words in (("push", write(pack())), ("routes", routes, "--yes")):
        editor("ann", *words)
    for row in json.loads(editor("bob", "approve", "--json").stdout):
        assert editor("bob", "approve", row["digest"], "--yes").exit_code == 0


def test_the_second_editor_sees_what_the_first_accepted(live, moderate, write, editor, tmp_path):
    in_force_for_two(editor, write, tmp_path)
    put_decision(live, p_yes=0.6)
    lax = parse_pack(pack(0.9)).digest

    assert editor("ann", "push", write(pack(0.9))).exit_code == 1
    signed = editor("ann", "push", write(pack(0.9)), "--accept", "Toys are fine now")
    assert signed.exit_code == 0 and in_force(live).questions[0].threshold == 0.5
    approved = editor("bob", "approve", lax[:12], "--yes")

    assert approved.exit_code == 0 and in_force(live).questions[0].threshold == 0.9
    assert "1 new contradiction." in approved.stdout and "Accepted: Toys are fine now" in approved.stdout
    newest = json.loads(editor("bob", "log", "--json").stdout)[0]
    assert (newest["action"], newest["accepted"]) == ("approve", "Toys are fine now")


def test_a_signature_does_not_cover_contradictions_that_came_later(live, moderate, write, editor, tmp_path):
    in_force_for_two(editor, write, tmp_path)
    lax = parse_pack(pack(0.9)).digest
    assert editor("ann", "push", write(pack(0.9))).exit_code == 0
    put_decision(live, p_yes=0.6)

    approved = editor("bob", "approve", lax[:12], "--yes")
    again = editor("ann", "push", write(pack(0.9)), "--accept", "Toys are fine now")
    other = editor("ann", "push", write(pack(0.9, description="Without toys")), "--accept", "Toys are fine now")

    assert approved.exit_code == 1 and "its author accepted no contradiction" in approved.stderr
    assert again.exit_code == 1 and "signed" in again.stderr and "Change its description" in again.stderr
    assert other.exit_code == 0 and in_force(live).questions[0].threshold == 0.5


def forge(live, editor, write, content, **said):
    """A signature of a pack as an editor might write it past the command."""
    editor("ann", "push", "--accept", "-", write(content))
    digest = parse_pack(content).digest
    [key] = [
        found["Key"]
        for found in live.s3.list_objects_v2(Bucket="policies", Prefix=f"history/approvals/{digest}/")["Contents"]
    ]
    signed = json.loads(live.s3.get_object(Bucket="policies", Key=key)["Body"].read())
    body = json.dumps(signed | {"accepted": ""} | said)
    live.s3.put_object(Bucket="policies", Key=key, Body=body.encode())
    return digest


def stored(live, content, name="mine"):
    text = yaml.safe_dump(content).encode()
    return live.s3.put_object(Bucket="policies", Key=f"packs/{name}.yaml", Body=text)["VersionId"]


@pytest.mark.parametrize("action", ["push", "rollback"])
@pytest.mark.parametrize("claimed", ["", "no-such-version", "another text", "planted"])
def test_a_signature_that_claims_to_restore_is_compared_unless_it_was_in_force(
    live, moderate, write, editor, tmp_path, action, claimed
):
    in_force_for_two(editor, write, tmp_path)
    put_decision(live, p_yes=0.6)
    lax = pack(0.9)
    if claimed == "another text":
        versions = live.s3.list_object_versions(Bucket="policies", Prefix="packs/mine.yaml")["Versions"]
        claimed = versions[0]["VersionId"]
    elif claimed == "planted":
        claimed = stored(live, lax)
        stored(live, pack())  # what is approved is in force again
    digest = forge(live, editor, write, lax, action=action, restored=claimed)

    approved = editor("bob", "approve", digest[:12], "--yes")

    assert approved.exit_code == 1 and "its author accepted no contradiction" in approved.stderr, approved.output
    assert in_force(live).questions[0].threshold == 0.5


def test_a_claim_that_does_not_hold_is_not_kept(live, moderate, write, editor, tmp_path):
    in_force_for_two(editor, write, tmp_path)
    digest = forge(live, editor, write, pack(0.9), action="rollback", restored="no-such-version")

    assert editor("bob", "approve", digest[:12], "--yes").exit_code == 0

    assert in_force(live).questions[0].threshold == 0.9
    assert "restored-version" not in live.s3.head_object(Bucket="policies", Key="packs/mine.yaml")["Metadata"]


def test_a_version_of_before_the_approvals_that_images_were_judged_under_is_not_held_up(
    live, moderate, write, editor, tmp_path
):
    version = stored(live, pack(0.9))
    live.work(f"provenance/packs/{parse_pack(pack(0.9)).digest}.json", pack_data(parse_pack(pack(0.9))))
    in_force_for_two(editor, write, tmp_path)
    put_decision(live, p_yes=0.6)

    waits = editor("ann", "rollback", "mine", "--to", version)
    assert "is signed" in waits.stdout and in_force(live).questions[0].threshold == 0.5
    approved = editor("bob", "approve", parse_pack(pack(0.9)).digest[:12], "--yes")

    assert approved.exit_code == 0 and "was in force before" in approved.stdout, approved.output
    assert in_force(live).questions[0].threshold == 0.9
    assert live.s3.head_object(Bucket="policies", Key="packs/mine.yaml")["Metadata"]["restored-version"] == version


def test_the_shipped_pack_is_not_held_up(live, moderate, write, editor, tmp_path):
    in_force_for_two(editor, write, tmp_path)

    editor("ann", "push", write(pack(name="blog"), "blog.yaml"))
    waits = editor("ann", "rollback", "blog", "--to", "shipped")
    digest = waits.stdout.split("moderate policy approve ")[1].split("`")[0]

    assert "was in force before" in editor("bob", "approve", digest, "--yes").stdout
