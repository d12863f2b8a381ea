"""The record of what holds data: logical ids, and the properties whose change replaces a resource.

`python -m tests.infra.logical_ids` writes it anew, which is to be done on purpose only.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tests.infra.synthesis import DEFAULT, PRODUCTION, Template, make_app, template_of

RECORD = Path(__file__).with_suffix(".json")

# Type → properties that CloudFormation's reference marks with "Update requires: Replacement", or that it can't update.
REPLACING = {
    "AWS::DynamoDB::Table": ("TableName", "KeySchema", "AttributeDefinitions", "LocalSecondaryIndexes"),
    "AWS::KMS::Key": ("KeySpec", "KeyUsage", "MultiRegion", "Origin"),
    "AWS::S3::Bucket": ("BucketName", "ObjectLockEnabled"),
    "AWS::SNS::Topic": ("TopicName", "FifoTopic"),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
}


def holding_data(template: Template) -> dict[str, dict[str, Any]]:
    """Logical id → its type and the replacing properties that it sets; a table's indexes too, which are rebuilt."""
    held = {}
    for name, resource in template.resources.items():
        if resource["Type"] in REPLACING:
            properties = resource.get("Properties", {})
            fixed = {key: properties[key] for key in REPLACING[resource["Type"]] if key in properties}
            indexes = {index["IndexName"]: index for index in properties.get("GlobalSecondaryIndexes", [])}
            held[name] = {"Type": resource["Type"], **fixed, **({"Indexes": indexes} if indexes else {})}
    return dict(sorted(held.items()))


def synthesised() -> dict[str, dict[str, dict[str, Any]]]:
    """Stage → what holds data."""
    stages = {"dev": DEFAULT, "prod": PRODUCTION}
    return {
        stage: holding_data(template_of(make_app(**context).synth(), "Moderation")) for stage, context in stages.items()
    }


def main() -> int:
    RECORD.write_text(json.dumps(synthesised(), indent=1) + "\n")
    print(f"Recorded in {RECORD.name}. Read the difference before you commit it: every removed or changed line is")
    print("a resource that the next deploy replaces, with its data.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
