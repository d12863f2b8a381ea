"""Bounds that hold for every role and queue; test_grants.py holds each grant against what the code does."""

import json

from aws_cdk.cx_api import CloudAssembly

from tests.infra.synthesis import Template, flatten, template_of


def test_no_role_has_a_policy_of_amazons_but_the_one_that_empties_buckets(
    moderation: Template, models: Template
) -> None:
    managed = {
        name
        for template in (moderation, models)
        for name, role in template.of_type("AWS::IAM::Role").items()
        if role["Properties"].get("ManagedPolicyArns")
    }

    assert all(name.startswith("CustomS3AutoDeleteObjects") for name in managed)


def test_no_policy_holds_a_wildcard_in_an_action(moderation: Template, models: Template) -> None:
    for template in (moderation, models):
        for policy in template.properties("AWS::IAM::Policy"):
            assert "*" not in json.dumps([s["Action"] for s in policy["PolicyDocument"]["Statement"]])


def test_a_prefix_bounds_what_may_be_read_and_tagged(theirs: CloudAssembly) -> None:
    template = template_of(theirs, "Moderation")

    for role in ("FunctionsPrepareImageRole", "FunctionsReadImageRole", "FunctionsRecordVerdictRole"):
        objects = [resource for resource in template.granted(role) if "their-images/" in resource]
        assert objects == ["arn:<AWS::Partition>:s3:::their-images/in/*"]


def test_only_events_may_write_to_a_dead_letter_queue_from_outside(moderation: Template) -> None:
    allowed = [
        (statement["Principal"], statement["Action"], flatten(statement["Condition"]["ArnEquals"]["aws:SourceArn"]))
        for policy in moderation.properties("AWS::SQS::QueuePolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]

    rules = moderation.of_type("AWS::Events::Rule")
    assert len(allowed) == 3
    for principal, action, source in allowed:
        assert (principal, action) == ({"Service": "events.amazonaws.com"}, "sqs:SendMessage")
        assert source.removeprefix("<").removesuffix(".Arn>") in rules
