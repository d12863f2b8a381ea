"""With `-c policyApproval=true` a change of packs or routes waits for a second editor; one alone changes nothing."""

import base64
import json
from datetime import datetime

import pytest
import yaml

from moderate.deployment import outputs_of

PACK = {
    "name": "mine",
    "description": "first",
    "categories": [{"name": "Violence", "description": "Weapons"}],
    "questions": [{"id": "weapon", "text": "Is there a weapon?", "categories": ["Violence"]}],
}


@pytest.fixture
def write(tmp_path):
    def writing(**changed):
        (tmp_path / "mine.yaml").write_text(yaml.safe_dump(PACK | changed))
        return tmp_path / "mine.yaml"

    return writing


@pytest.fixture
def routes(tmp_path):
    def writing(**targets):
        (tmp_path / "routes.yaml").write_text(json.dumps({"": {"enforce": "default"}} | targets))
        return tmp_path / "routes.yaml"

    return writing


def in_force(deployed, key):
    found = [each["Key"] for each in deployed.s3.list_objects_v2(Bucket="policies").get("Contents", [])]
    return yaml.safe_load(deployed.s3.get_object(Bucket="policies", Key=key)["Body"].read()) if key in found else None


def digest_in(result):
    assert result.exit_code == 0, result.output
    return result.stdout.split("moderate policy approve ")[1].split("`")[0]


def test_a_push_waits_until_another_editor_approves_that_digest(shared, editor, write):
    pushed = editor("ann", "push", write(), "--why", "Knives")
    assert in_force(shared, "packs/mine.yaml") is None
    digest = digest_in(pushed)
    assert "isn't in force" in pushed.stdout and "published" not in pushed.stdout
    waiting = editor("bob", "approve").stdout
    assert digest in waiting and "ann" in waiting and "Knives" in waiting

    for again in (editor("ann", "approve", digest, "--yes"), editor("ann", "push", write())):
        assert in_force(shared, "packs/mine.yaml") is None, again.output
    assert "You signed this yourself" in editor("ann", "approve", digest, "--yes").stderr
    unasked = editor("bob", "approve", digest)
    assert unasked.exit_code == 1 and "Why: Knives" in unasked.stdout
    assert in_force(shared, "packs/mine.yaml") is None

    approved = editor("bob", "approve", digest, "--yes", "--why", "Looked at it")

    assert approved.exit_code == 0, approved.output
    assert in_force(shared, "packs/mine.yaml") == PACK
    assert "No change waits" in editor("bob", "approve").stdout
    [row] = json.loads(editor("bob", "log", "--json").stdout)
    assert (row["who"], row["action"], row["why"]) == ("bob", "approve", "Knives; Looked at it")
    assert row["signed_by"] == ["ann", "bob"]


def test_another_digest_needs_approvals_of_its_own_and_the_old_pack_stays_meanwhile(shared, editor, write):
    first = digest_in(editor("ann", "push", write()))
    editor("bob", "approve", first, "--yes")

    second = digest_in(editor("ann", "push", write(description="second")))
    assert in_force(shared, "packs/mine.yaml") == PACK
    shown = editor("bob", "approve", second)
    assert "description" in shown.stdout and "first" in shown.stdout and "second" in shown.stdout
    editor("bob", "approve", second, "--yes")
    assert in_force(shared, "packs/mine.yaml")["description"] == "second"

    back = editor("ann", "rollback", "mine", "--why", "Worse")
    assert "Approved by ann, bob" in back.stdout, "two editors approved what is restored"
    assert in_force(shared, "packs/mine.yaml") == PACK


def test_waiting_changes_are_dated_and_the_newest_comes_first(shared, editor, write, monkeypatch):
    descriptions = [f"take {number}" for number in range(5)]  # their digests are in another order
    for minute, description in enumerate(descriptions):
        monkeypatch.setattr("moto.s3.models.utcnow", lambda minute=minute: datetime(2026, 11, 1, 8, minute))
        editor("ann", "push", write(description=description), "--why", description)

    listed = json.loads(editor("bob", "approve", "--json").stdout)

    assert [row["why"] for row in listed] == descriptions[::-1]
    assert [row["digest"] for row in listed] != sorted(row["digest"] for row in listed)
    assert "2026-11-01 08:04" in editor("bob", "approve").stdout


def test_routes_wait_too_and_name_no_pack_that_waits(shared, editor, write, routes):
    pushed = editor("ann", "push", write(), "--route", "kids/", "--yes")
    pack, changed = (part.split("`")[0] for part in pushed.stdout.split("moderate policy approve ")[1:])
    assert in_force(shared, "routes.yaml") is None

    early = editor("bob", "approve", changed, "--yes")
    assert early.exit_code == 1 and "No pack is named 'mine'" in early.stderr
    assert editor("bob", "approve", pack, "--yes").exit_code == 0
    approved = editor("bob", "approve", changed, "--yes")
    assert "kids/" in approved.stdout and "no route of its own" in approved.stdout
    assert in_force(shared, "routes.yaml") == {"": {"enforce": "default"}, "kids/": {"enforce": "mine"}}

    waits = editor("ann", "routes", routes(blog={"enforce": "blog"}), "--yes")
    assert "blog" not in in_force(shared, "routes.yaml")
    assert editor("cid", "approve", digest_in(waits), "--yes").exit_code == 0
    assert in_force(shared, "routes.yaml")["blog"] == {"enforce": "blog"}


def test_to_shipped_waits_as_any_change(shared, editor, write):
    pushed = editor("ann", "push", write(name="blog"))
    editor("bob", "approve", digest_in(pushed), "--yes")

    for words, key in ((("rollback", "blog"), "packs/blog.yaml"), (("routes", "--rollback", "--yes"), "routes.yaml")):
        before = in_force(shared, key)
        waits = editor("ann", *words, "--to", "shipped")
        assert in_force(shared, key) == before
        assert editor("bob", "approve", digest_in(waits), "--yes").exit_code == 0
        assert in_force(shared, key) != before
    assert in_force(shared, "routes.yaml") == {"": {"enforce": "default"}}


def test_a_signature_of_another_text_than_its_digest_is_none(shared, editor, write):
    digest = digest_in(editor("ann", "push", write()))
    full = shared.s3.list_objects_v2(Bucket="policies")["Contents"][0]["Key"].split("/")[2]
    forged = {"key": "packs/mine.yaml", "action": "push", "digest": "e" * 64, "why": "", "restored": ""}
    forged["text"] = base64.b64encode(write(description="evil").read_bytes()).decode()
    for body in (json.dumps(forged), json.dumps(forged | {"key": "routes.yaml"}), "no json", "[]", '{"key": 1}'):
        shared.s3.put_object(Bucket="policies", Key=f"history/approvals/{'e' * 64}/AROA1:eve.json", Body=body)
        shown = editor("bob", "approve", "e" * 12, "--yes")
        assert shown.exit_code == 1 and "No editor signed" in shown.stderr
        assert "eeee" not in editor("bob", "approve").stdout
    assert full.startswith(digest)
    assert "No editor signed" in editor("bob", "approve", "0" * 12, "--yes").stderr


def test_solo_mode_is_the_default_and_says_so_and_signatures_count_later(deployed, editor, write, routes, monkeypatch):
    pushed = editor("ann", "push", write())
    routed = editor("ann", "routes", routes(kids={"enforce": "mine"}), "--yes")
    for result in (pushed, routed, editor("bob", "approve")):
        assert "Solo mode" in result.stdout and result.exit_code == 0
    digests = [line.split()[0] for line in editor("bob", "approve").stdout.splitlines() if "ann" in line]
    assert len(digests) == 2
    for digest in digests:
        assert "Solo mode" in editor("bob", "approve", digest, "--yes").stdout

    monkeypatch.setattr("moderate.deployment.outputs_of", lambda stack: outputs_of(stack) | {"PolicyApproval": "true"})

    assert "kids" in editor("bob", "routes").stdout
    assert editor("bob", "show", "mine").exit_code == 0


@pytest.mark.parametrize("existing", [False, True])
def test_of_two_changes_of_routes_at_once_the_second_is_refused(deployed, editor, routes, monkeypatch, existing):
    if existing:
        editor("ann", "routes", routes(first={"enforce": "blog"}), "--yes")
    mine = routes(mine={"enforce": "blog"})

    def meanwhile(*_, **__):
        deployed.s3.put_object(Bucket="policies", Key="routes.yaml", Body=b'"": {enforce: privacy}')

    monkeypatch.setattr("moderate.policy_routes.typer.confirm", meanwhile)

    refused = editor("ann", "routes", mine)

    assert refused.exit_code == 1 and "changed meanwhile" in refused.stderr
    assert in_force(deployed, "routes.yaml") == {"": {"enforce": "privacy"}}
    assert editor("ann", "routes", mine, "--yes").exit_code == 0
