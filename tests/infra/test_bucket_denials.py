"""Requests that the buckets refuse, whatever else a principal is allowed, by the template's own policies."""

import json
import re

import pytest
from aws_cdk.cx_api import CloudAssembly

from local.cloud.iam.evaluate import Caller
from tests.infra.access import ROLE_ID, Account, somebody
from tests.infra.synthesis import ROOT, Template, template_of

WORK = "work/0123456789abcdef0123456789abcdef/an-execution"
WRITES = ("s3:PutObject", "s3:ReplicateObject")
DELETIONS = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ReplicateDelete")
READS = (
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionForReplication",
    "s3:GetObjectTorrent",
    "s3:GetObjectVersionTorrent",
)
ONCE = {"s3:if-none-match": "*", "s3:ObjectCreationOperation": "true"}
PLAINLY = {"s3:ObjectCreationOperation": "true"}
FULL_ACCESS = somebody("s3:*")
STEPS = ("FunctionsPrepareImage", "FunctionsQueryImage", "FunctionsJudgeImage", "FunctionsRecordVerdict")
EMPTIER = "CustomS3AutoDelete"


@pytest.fixture(scope="module")
def dev(moderation: Template) -> Account:
    return Account(moderation)


@pytest.fixture(scope="module")
def prod(production: CloudAssembly) -> Account:
    """A deployment that holds images until they are cleared."""
    return Account(template_of(production, "Moderation"))


@pytest.fixture(params=["dev", "prod"])
def account(request: pytest.FixtureRequest) -> Account:
    found: Account = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("action", ["s3:ReplicateTags", "s3:ReplicateObject"])
def test_no_replica_brings_a_verdict_into_the_intake_bucket(account: Account, action: str) -> None:
    image = f"{account.arn('IntakeImages')}/a.jpg"

    assert not account.may(FULL_ACCESS, action, image)
    assert account.may(FULL_ACCESS, "s3:PutObject", image, PLAINLY), "uploads go on"


def test_taggers_tag_and_nobody_else_does(account: Account) -> None:
    image = f"{account.arn('IntakeImages')}/a.jpg"

    for version in ("", "Version"):
        assert not account.may(FULL_ACCESS, f"s3:PutObject{version}Tagging", image)
        assert not account.may(FULL_ACCESS, f"s3:DeleteObject{version}Tagging", image)
        for tagger in ("FunctionsRecordVerdictRole", "ReviewerRole"):
            assert account.may(account.role(tagger), f"s3:PutObject{version}Tagging", image)
    assert not account.may(FULL_ACCESS, "s3:PutObject", image, PLAINLY | {"s3:RequestObjectTagKeys": ["Moderation"]})


@pytest.mark.parametrize("key", ["packs/default.yaml", "packs/new.yaml", "routes.yaml"])
def test_the_policy_editor_alone_changes_packs_and_routes(account: Account, dev: Account, key: str) -> None:
    file = f"{account.arn('Policies')}/{key}"
    editor = account.role("PolicyEditorRole")

    for action in (*WRITES, *DELETIONS):
        assert not account.may(FULL_ACCESS, action, file)
        for other in ("ReviewerRole", "EraserRole", "OperatorRole", "FunctionsPrepareImageRole"):
            assert not account.may(account.role(other), action, file)
    assert account.may(editor, "s3:PutObject", file)
    assert account.may(editor, "s3:DeleteObject", file) is (account is dev), "prod needs a second editor's approval"
    assert not account.may(editor, "s3:DeleteObjectVersion", file), "what was in force can't be made to vanish"
    for reader in ("FunctionsPrepareImageRole", "ReviewerRole", "PolicyEditorRole"):
        assert account.may(account.role(reader), "s3:GetObject", file)
    assert account.may(FULL_ACCESS, "s3:GetObject", file)


def test_the_history_is_signed_by_its_writer_written_once_and_stays(account: Account) -> None:
    editor, log = account.role("PolicyEditorRole", "ann"), f"{account.arn('Policies')}/history/log"
    own = f"{log}/{ROLE_ID}:ann/1.json"

    assert account.may(editor, "s3:PutObject", own, ONCE)
    for other in (f"{log}/{ROLE_ID}:bob/1.json", f"{log}/{ROLE_ID}:ann-2/1.json", f"{log}/1.json"):
        assert not account.may(editor, "s3:PutObject", other, ONCE), other
    assert not account.may(editor, "s3:PutObject", own, PLAINLY)
    mighty = Caller(editor.arn, FULL_ACCESS.policies)
    assert account.may(mighty, "s3:PutObject", own, ONCE)
    assert not account.may(mighty, "s3:PutObject", own, PLAINLY)
    for caller in (editor, mighty, FULL_ACCESS):
        for action in DELETIONS:
            assert not account.may(caller, action, own), action
    assert not account.may(FULL_ACCESS, "s3:PutObject", own, ONCE)
    assert account.may(editor, "s3:GetObject", own)


def test_an_editor_signs_in_their_own_name(account: Account) -> None:
    editor, signed = account.role("PolicyEditorRole", "ann"), f"{account.arn('Policies')}/history/approvals/d1gest"

    assert account.may(editor, "s3:PutObject", f"{signed}/{ROLE_ID}:ann.json", ONCE)
    assert not account.may(editor, "s3:PutObject", f"{signed}/{ROLE_ID}:ann.json", PLAINLY)
    assert not account.may(editor, "s3:PutObject", f"{signed}/{ROLE_ID}:bob.json", ONCE)
    assert not account.may(editor, "s3:DeleteObject", f"{signed}/{ROLE_ID}:ann.json")
    for other in ("ReviewerRole", "OperatorRole", "FunctionsPrepareImageRole"):
        assert not account.may(account.role(other), "s3:PutObject", f"{signed}/{ROLE_ID}:alice.json", ONCE)


# File → which steps read it, which write it.
STEPS_BY_FILE = {
    f"{WORK}/manifest.json": ("Query Judge Record", "Prepare"),
    f"{WORK}/views/full.png": ("Query", "Prepare"),
    f"{WORK}/answers/0.json": ("Judge", "Query"),
    f"{WORK}/judgement.json": ("Record", "Prepare Judge"),
    "evidence/0123456789abcdef0123456789abcdef/an-execution.json": ("", "Record"),
    "provenance/packs/d1gest.json": ("", "Prepare"),
    "provenance/prompts/judge-1.json": ("", "Judge"),
    "provenance/erasures/2026-11-23/1/started.json": ("", ""),
    "provenance/keys/decisions.json": ("Prepare", "Prepare"),
    f"provenance/approvals/d1gest/{ROLE_ID}:alice.json": ("", ""),
}


@pytest.mark.parametrize("key", STEPS_BY_FILE)
def test_each_file_of_the_work_bucket_is_read_and_written_by_the_steps_whose_work_it_is(
    account: Account, key: str
) -> None:
    file = f"{account.arn('Work')}/{key}"

    for action, allowed, context in zip(("s3:GetObject", "s3:PutObject"), STEPS_BY_FILE[key], ({}, ONCE), strict=True):
        for step in STEPS:
            named = any(step.removeprefix("Functions").startswith(name) for name in allowed.split())
            assert account.may(account.role(f"{step}Role"), action, file, context) is named, (step, action)


@pytest.mark.parametrize("key", STEPS_BY_FILE)
def test_nobody_else_writes_or_deletes_in_the_work_bucket(account: Account, key: str) -> None:
    file = f"{account.arn('Work')}/{key}"

    for action in WRITES:
        assert not account.may(FULL_ACCESS, action, file, ONCE)
        assert not account.may(account.role("OperatorRole"), action, file, ONCE)
    for action in DELETIONS:
        assert not account.may(FULL_ACCESS, action, file)
        for other in ("ReviewerRole", "OperatorRole", *(f"{step}Role" for step in STEPS)):
            discards = (other, action) == ("FunctionsRecordVerdictRole", "s3:DeleteObject")
            assert account.may(account.role(other), action, file) is (discards and key.startswith("evidence/"))
    erasable = not key.startswith("provenance/")
    assert account.may(account.role("EraserRole"), "s3:DeleteObject", file) is erasable


@pytest.mark.parametrize(
    "role, key",
    [
        ("FunctionsPrepareImageRole", "provenance/packs/d1gest.json"),
        ("ReviewerRole", "provenance/packs/d1gest.json"),
        ("FunctionsPrepareImageRole", "provenance/keys/decisions.json"),
        ("ReviewerRole", "provenance/keys/decisions.json"),
        ("ReviewerRole", f"provenance/approvals/d1gest/{ROLE_ID}:alice.json"),
        ("FunctionsJudgeImageRole", "provenance/prompts/judge-1.json"),
        ("EraserRole", "provenance/erasures/2026-11-23/1/started.json"),
    ],
)
def test_provenance_is_written_once_and_stays(account: Account, role: str, key: str) -> None:
    file = f"{account.arn('Work')}/{key}"

    assert account.may(account.role(role), "s3:PutObject", file, ONCE)
    assert not account.may(account.role(role), "s3:PutObject", file, PLAINLY)
    assert not account.may(account.role(role), "s3:DeleteObject", file)


def test_a_reviewer_signs_in_their_own_name_and_sees_who_signed(account: Account) -> None:
    reviewer, work = account.role("ReviewerRole", "ann"), account.arn("Work")

    assert account.may(reviewer, "s3:PutObject", f"{work}/provenance/approvals/d1gest/{ROLE_ID}:ann.json", ONCE)
    for other in ("bob", "ann-2", "a/ann"):
        file = f"{work}/provenance/approvals/d1gest/{ROLE_ID}:{other}.json"
        assert not account.may(reviewer, "s3:PutObject", file, ONCE), other
    assert account.may(reviewer, "s3:ListBucket", work, {"s3:prefix": "provenance/approvals/d1gest/"})
    for elsewhere in ({"s3:prefix": "work/"}, {"s3:prefix": "provenance/keys/"}, {}):
        assert not account.may(reviewer, "s3:ListBucket", work, elsewhere)


def test_the_secret_of_sticky_decisions_is_read_by_those_who_compute_keys_alone(account: Account) -> None:
    secret = f"{account.arn('Work')}/provenance/keys/decisions.json"

    for action in READS:
        assert not account.may(FULL_ACCESS, action, secret), action
    for reader in ("FunctionsPrepareImageRole", "ReviewerRole"):
        assert account.may(account.role(reader), "s3:GetObject", secret)


def test_even_a_keeper_with_all_rights_cannot_write_provenance_anew(account: Account) -> None:
    keeper = account.role("ReviewerRole")
    mighty = Caller(keeper.arn, FULL_ACCESS.policies)
    file = f"{account.arn('Work')}/provenance/packs/d1gest.json"

    assert not account.may(mighty, "s3:PutObject", file, PLAINLY)
    assert not account.may(mighty, "s3:DeleteObject", file)
    # the parts of a multipart upload carry no condition: its completion does
    assert account.may(mighty, "s3:PutObject", file, {"s3:ObjectCreationOperation": "false"})
    assert account.may(mighty, "s3:PutObject", file, ONCE)


@pytest.mark.parametrize("action", READS)
def test_held_images_are_read_in_no_way_and_their_views_neither(prod: Account, action: str) -> None:
    image, view = f"{prod.arn('IntakeImages')}/a.jpg", f"{prod.arn('Work')}/{WORK}/views/full.png"

    for tag in ({}, {"s3:ExistingObjectTag/moderation": "unsafe"}):
        assert not prod.may(FULL_ACCESS, action, image, tag)
    assert not prod.may(FULL_ACCESS, action, view)


def test_held_images_are_read_by_those_whose_work_it_is(prod: Account) -> None:
    image, view = f"{prod.arn('IntakeImages')}/a.jpg", f"{prod.arn('Work')}/{WORK}/views/full.png"

    assert prod.may(FULL_ACCESS, "s3:GetObject", image, {"s3:ExistingObjectTag/moderation": "safe"})
    for reader in ("FunctionsPrepareImageRole", "FunctionsReadImageRole", "ReviewerRole"):
        assert prod.may(prod.role(reader), "s3:GetObjectVersion", image)
    for reader in ("FunctionsQueryImageRole", "ReviewerRole"):
        assert prod.may(prod.role(reader), "s3:GetObject", view)
    assert prod.may(FULL_ACCESS, "s3:GetObject", f"{prod.arn('Work')}/{WORK}/manifest.json"), "no pixels"


def test_without_holding_whoever_may_read_s3_reads(dev: Account) -> None:
    assert dev.may(FULL_ACCESS, "s3:GetObject", f"{dev.arn('IntakeImages')}/a.jpg")
    assert dev.may(FULL_ACCESS, "s3:GetObject", f"{dev.arn('Work')}/{WORK}/views/full.png")


@pytest.mark.parametrize("bucket", ["IntakeImages", "Policies", "Work", "AccessLogs"])
def test_a_development_stack_can_empty_its_buckets(dev: Account, bucket: str) -> None:
    emptier = dev.role(EMPTIER)

    for key in (
        "a.jpg",
        "packs/default.yaml",
        "history/log/a/1.json",
        f"{WORK}/manifest.json",
        "evidence/a/b.json",
        "provenance/packs/d.json",
    ):
        for action in ("s3:DeleteObject", "s3:DeleteObjectVersion"):
            assert dev.may(emptier, action, f"{dev.arn(bucket)}/{key}"), (key, action)
        assert not dev.may(emptier, "s3:PutObject", f"{dev.arn(bucket)}/{key}", ONCE)


def test_bucket_policies_are_far_from_the_limit(account: Account) -> None:
    """20 KB: "Bucket policies for Amazon S3". Real names are longer than the logical ids that stand here for them."""
    for arn, document in account.resource_policies.items():
        assert len(json.dumps(document)) < 8_000, arn


def test_the_statements_for_an_existing_bucket_refuse_the_same_there(theirs: CloudAssembly) -> None:
    template = template_of(theirs, "Moderation")
    account = Account(template)
    (block,) = re.findall(r"```json\n(.*?)```", (ROOT / "docs/security.md").read_text(), re.DOTALL)
    stems = ("PrepareImage", "ReadImage", "SelectItem", "RenderOriginal", "RecordVerdict", "Finalise")
    functions = [f"Functions{stem}Role" for stem in stems]
    for role in (*functions, "ReviewerRole", "QuarantineRole"):
        output = role.removeprefix("Functions") + "Arn"
        block = block.replace(f"<{output}>", str(account.role(role).role_arn))
    assert "RoleArn>" not in block
    block = block.replace("<IntakeBucketName>/", "their-images/in/")
    account.resource_policies["arn:aws:s3:::their-images"] = {"Statement": json.loads(block)}
    image = "arn:aws:s3:::their-images/in/a.jpg"

    for action in (*READS, "s3:PutObjectTagging", "s3:ReplicateObject", "s3:ReplicateTags"):
        assert not account.may(FULL_ACCESS, action, image), action
    assert account.may(FULL_ACCESS, "s3:PutObject", image, PLAINLY)
    for reader in ("FunctionsPrepareImageRole", "FunctionsReadImageRole", "FunctionsRenderOriginalRole"):
        assert account.may(account.role(reader), "s3:GetObjectVersion", image)
    assert account.may(account.role("FunctionsRecordVerdictRole"), "s3:PutObjectVersionTagging", image)
    assert account.may(account.role("ReviewerRole"), "s3:PutObjectVersionTagging", image)
    escalated = {"s3:ExistingObjectTag/quarantine": "escalated"}
    assert not account.may(account.role("FunctionsRenderOriginalRole"), "s3:GetObjectVersion", image, escalated)
    for action in ("s3:GetObjectVersion", "s3:PutObjectVersionTagging"):
        assert not account.may(account.role("ReviewerRole"), action, image, escalated), action
        assert account.may(account.role("QuarantineRole"), action, image, escalated), action
    assert account.may(account.role("FunctionsFinaliseRole"), "s3:PutObjectVersionTagging", image)
    assert account.may(account.role("EraserRole"), "s3:DeleteObjectVersion", image)
    assert not account.may(account.role("FunctionsPrepareImageRole"), "s3:GetObjectVersion", image.replace("in/", "x/"))
