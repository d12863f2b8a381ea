"""Requests that the intake bucket refuses: forged verdicts and, if asked for, reads of what isn't cleared."""

import json
import re
from typing import Any

from aws_cdk.cx_api import CloudAssembly

from stacks.components.bucket_denials import READS
from tests.infra.synthesis import DEFAULT, ROOT, Template, as_list, flatten, intake_statements, make_app, template_of

KEY = "arn:aws:kms:us-east-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"


def conditions(statement: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    return {
        operator: {key: [flatten(value) for value in as_list(values)] for key, values in keys.items()}
        for operator, keys in statement["Condition"].items()
    }


TAGGERS = ("FunctionsRecordVerdictRole", "FunctionsFinaliseRole", "ReviewerRole", "QuarantineRole")
TAGGING = {
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersionTagging",
    "s3:ReplicateObject",
    "s3:ReplicateTags",
}


def role_arn(template: Template, start: str) -> str:
    (name,) = [name for name in template.of_type("AWS::IAM::Role") if name.startswith(start)]
    return f"<{name}.Arn>"


def all_but(template: Template, *roles: str) -> dict[str, dict[str, list[str]]]:
    return {"ArnNotEquals": {"aws:PrincipalArn": [role_arn(template, role) for role in roles]}}


def test_nobody_uploads_a_verdict_and_only_four_roles_tag(moderation: Template) -> None:
    statements = intake_statements(moderation)
    taggers = all_but(moderation, *TAGGERS)

    assert statements.keys() == {"UploadedVerdict", "Tagging", "Quarantined"}
    for statement in statements.values():
        assert (statement["Effect"], statement["Principal"]) == ("Deny", {"AWS": "*"})
        assert flatten(statement["Resource"]).startswith("<IntakeImages")
        assert flatten(statement["Resource"]).endswith(".Arn>/*")
    assert statements["UploadedVerdict"]["Action"] == "s3:PutObject"
    carried = {"ForAnyValue:StringEqualsIgnoreCase": {"s3:RequestObjectTagKeys": ["moderation"]}}
    assert conditions(statements["UploadedVerdict"]) == taggers | carried
    assert set(statements["Tagging"]["Action"]) == TAGGING
    assert conditions(statements["Tagging"]) == taggers
    assert set(statements["Quarantined"]["Action"]) == {*READS, *(a for a in TAGGING if "Replicate" not in a)}
    escalated = {"StringEquals": {"s3:ExistingObjectTag/quarantine": ["escalated"]}}
    assert conditions(statements["Quarantined"]) == all_but(moderation, "QuarantineRole") | escalated


def test_held_images_are_read_by_pipeline_and_reviewers_only_until_they_are_safe(production: CloudAssembly) -> None:
    template = template_of(production, "Moderation")

    held = intake_statements(template)["Uncleared"]

    assert (held["Effect"], held["Principal"]) == ("Deny", {"AWS": "*"})
    assert set(held["Action"]) == set(READS)
    # Matches where there is no tag, too: a negated operator does where its key is missing.
    functions = [f"Functions{name}Role" for name in ("PrepareImage", "ReadImage", "SelectItem", "RenderOriginal")]
    assert conditions(held) == all_but(template, *functions, "ReviewerRole", "QuarantineRole") | {
        "StringNotEquals": {"s3:ExistingObjectTag/moderation": ["safe"]}
    }


def test_of_a_bucket_that_is_not_ours_the_policy_is_left_alone_and_the_roles_are_named(theirs: CloudAssembly) -> None:
    template = template_of(theirs, "Moderation")
    outputs = template.content["Outputs"]

    assert not any("their-images" in flatten(p["Bucket"]) for p in template.properties("AWS::S3::BucketPolicy"))
    for output, role in {
        "PrepareImageRoleArn": "FunctionsPrepareImageRole",
        "ReadImageRoleArn": "FunctionsReadImageRole",
        "SelectItemRoleArn": "FunctionsSelectItemRole",
        "RecordVerdictRoleArn": "FunctionsRecordVerdictRole",
        "FinaliseRoleArn": "FunctionsFinaliseRole",
        "RenderOriginalRoleArn": "FunctionsRenderOriginalRole",
        "ReviewerRoleArn": "ReviewerRole",
        "EraserRoleArn": "EraserRole",
        "PolicyEditorRoleArn": "PolicyEditorRole",
        "OperatorRoleArn": "OperatorRole",
    }.items():
        assert flatten(outputs[output]["Value"]) == role_arn(template, role)


def test_the_roles_that_an_existing_bucket_lets_pass_are_those_that_use_it() -> None:
    named = {"intakeBucketName": "their-images", "intakeBucketVersioned": True, "intakeKeyArn": KEY}
    template = template_of(make_app(**DEFAULT | named).synth(), "Moderation")
    outputs = {flatten(output["Value"]): name for name, output in template.content["Outputs"].items()}
    _, _, section = (ROOT / "docs/lifecycle.md").read_text().partition("### An existing bucket\n")
    may = {
        row.split("|")[1].strip(): set(re.findall(r"`(\w+RoleArn)`", row))
        for row in section.split("## ")[0].split("\n")
        if "RoleArn" in row
    }

    def allowed(*actions: str) -> set[str]:
        return {
            outputs[f"<{role}.Arn>"]
            for role in template.of_type("AWS::IAM::Role")
            for resource, granted in template.granted(role).items()
            if ("their-images/" in resource or resource == KEY) and not set(actions).isdisjoint(granted)
        }

    assert may == {
        "read uploads, and decrypt with the key": allowed("s3:GetObject", "s3:GetObjectVersion"),
        "tag them": allowed("s3:PutObjectTagging", "s3:PutObjectVersionTagging"),
        "list them, and delete those that are erased": allowed("s3:DeleteObjectVersion"),
    }
    assert allowed("kms:Decrypt") == allowed("s3:GetObject", "s3:GetObjectVersion")


def test_the_statements_for_an_existing_bucket_are_those_of_our_own(production: CloudAssembly) -> None:
    template = template_of(production, "Moderation")
    outputs = {name: flatten(output["Value"]) for name, output in template.content["Outputs"].items()}
    (block,) = re.findall(r"```json\n(.*?)```", (ROOT / "docs/security.md").read_text(), re.DOTALL)

    documented = {s["Sid"]: s for s in json.loads(block)}

    ours = intake_statements(template)
    assert documented.keys() == ours.keys()
    for sid, statement in documented.items():
        assert (statement["Effect"], statement["Principal"]) == (ours[sid]["Effect"], ours[sid]["Principal"])
        assert set(as_list(statement["Action"])) == set(as_list(ours[sid]["Action"]))
        roles = statement["Condition"]["ArnNotEquals"]
        roles["aws:PrincipalArn"] = [outputs[role.strip("<>")] for role in roles["aws:PrincipalArn"]]
        assert conditions(statement) == conditions(ours[sid])
