"""Record the logical ids of resources that hold data: `python -m scripts.release.logical_ids`.

The record, tests/infra/logical_ids.json, also holds the properties whose change replaces a resource. Write it again
only if no deployment needs the data of a resource that changes.
"""

import json
import sys
from typing import Any

from scripts.release.synthesis import DEFAULT, PRODUCTION, ROOT, Template, make_app, template_of

RECORD = ROOT / "tests/infra/logical_ids.json"

# Type → properties that CloudFormation's reference marks with "Update requires: Replacement", or that it can't update.
REPLACING = {
    "AWS::Cognito::UserPool": ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration"),
    "AWS::DynamoDB::Table": ("TableName", "KeySchema", "AttributeDefinitions", "LocalSecondaryIndexes"),
    "AWS::KMS::Key": ("KeySpec", "KeyUsage", "MultiRegion", "Origin"),
    "AWS::S3::Bucket": ("BucketName", "ObjectLockEnabled"),
    "AWS::SNS::Topic": ("TopicName", "FifoTopic"),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
}


def holding_data(template: Template) -> dict[str, dict[str, Any]]:
    """Return by logical id the type, the properties that replace it, and a table's indexes, which are rebuilt."""
    held = {}
    for name, resource in template.resources.items():
        if resource["Type"] in REPLACING:
            properties = resource.get("Properties", {})
            fixed = {key: properties[key] for key in REPLACING[resource["Type"]] if key in properties}
            indexes = {index["IndexName"]: index for index in properties.get("GlobalSecondaryIndexes", [])}
            held[name] = {"Type": resource["Type"], **fixed, **({"Indexes": indexes} if indexes else {})}
    return dict(sorted(held.items()))


def synthesised() -> dict[str, dict[str, dict[str, Any]]]:
    """Return the resources that hold data, by stage and by stack."""
    stages: dict[str, dict[str, Any]] = {"dev": DEFAULT, "prod": PRODUCTION}
    found = {}
    for stage, context in stages.items():
        assembly = make_app(**context, console=True).synth()
        found[stage] = holding_data(template_of(assembly, "Moderation"))
        found[f"{stage} console"] = holding_data(template_of(assembly, "ModerationConsole"))
    return found


def main() -> int:
    RECORD.write_text(json.dumps(synthesised(), indent=1) + "\n")
    print(f"Recorded in {RECORD.name}. Read the difference before you commit it: for every removed or changed line")
    print("the next deploy replaces a resource, and its data is lost.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
