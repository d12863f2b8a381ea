"""What stands in an account and region: before a deployment and after its removal, the two must be alike."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

Client = Callable[[str], Any]

# kind → service, operation, where its answer holds the list, and the name within an entry ("": the entry itself)
LISTED = {
    "alarm": ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "bucket": ("s3", "list_buckets", "Buckets", "Name"),
    "dashboard": ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    "endpoint": ("sagemaker", "list_endpoints", "Endpoints", "EndpointName"),
    "endpoint configuration": ("sagemaker", "list_endpoint_configs", "EndpointConfigs", "EndpointConfigName"),
    "event rule": ("events", "list_rules", "Rules", "Name"),
    "function": ("lambda", "list_functions", "Functions", "FunctionName"),
    "inference component": (
        "sagemaker",
        "list_inference_components",
        "InferenceComponents",
        "InferenceComponentName",
    ),
    "layer": ("lambda", "list_layers", "Layers", "LayerName"),
    "log group": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "managed policy": ("iam", "list_policies", "Policies", "PolicyName"),
    "model": ("sagemaker", "list_models", "Models", "ModelName"),
    "queue": ("sqs", "list_queues", "QueueUrls", ""),
    "resource policy of logs": ("logs", "describe_resource_policies", "resourcePolicies", "policyName"),
    "role": ("iam", "list_roles", "Roles", "RoleName"),
    "scalable target": ("application-autoscaling", "describe_scalable_targets", "ScalableTargets", "ResourceId"),
    "stack": ("cloudformation", "describe_stacks", "Stacks", "StackName"),
    "state machine": ("stepfunctions", "list_state_machines", "stateMachines", "name"),
    "subscription": ("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
    "system backup": ("dynamodb", "list_backups", "BackupSummaries", "TableName"),
    "table": ("dynamodb", "list_tables", "TableNames", ""),
    "topic": ("sns", "list_topics", "Topics", "TopicArn"),
}
_REQUESTS = {
    "list_backups": {"BackupType": "SYSTEM"},
    "list_policies": {"Scope": "Local"},
    "describe_scalable_targets": {"ServiceNamespace": "sagemaker"},
}
# What AWS makes of its own accord and keeps when the stacks are gone: kind and name (any, if empty) → why.
STAYING = {
    ("resource policy of logs", "AWSLogDeliveryWrite20150319"): (
        "lets Step Functions and other services write to /aws/vendedlogs/, for all stacks of the account and region"
    ),
    ("role", "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"): (
        "the service-linked role of Application Auto Scaling, which belongs to the account"
    ),
    ("system backup", ""): "of a deleted table with point-in-time recovery: DynamoDB deletes it after 35 days",
}


@dataclass(frozen=True)
class Inventory:
    """`found` is (kind, name) of all that stands; `unlisted` says, by kind, why it couldn't be listed."""

    found: frozenset[tuple[str, str]]
    unlisted: dict[str, str] = field(default_factory=dict)


def take(client: Client) -> Inventory:
    """List everything of the kinds that the stacks make; `client` gives a boto3 client by its service."""
    found: set[tuple[str, str]] = set()
    unlisted: dict[str, str] = {}
    for kind, names in {**dict.fromkeys(LISTED, _names), "key": _keys}.items():
        try:
            found |= {(kind, name) for name in names(client, kind)}
        except ClientError as error:
            unlisted[kind] = str(error).splitlines()[0]
    return Inventory(frozenset(found), unlisted)


def added(before: Inventory, after: Inventory, mark: str) -> list[tuple[str, str]]:
    """What is there now and wasn't before, of all whose name holds `mark` in whatever case, but for what stays."""
    new = sorted(after.found - before.found)
    return [(kind, name) for kind, name in new if mark in name.lower() and not _why_it_stays(kind, name)]


def staying(before: Inventory, after: Inventory) -> list[tuple[str, str, str]]:
    """Kind, name and reason of what is there now, wasn't before, and stays."""
    new = sorted(after.found - before.found)
    return [(kind, name, why) for kind, name in new if (why := _why_it_stays(kind, name))]


def _why_it_stays(kind: str, name: str) -> str:
    return STAYING.get((kind, name)) or STAYING.get((kind, ""), "")


def _names(client: Client, kind: str) -> Iterator[str]:
    service, operation, place, name = LISTED[kind]
    for page in client(service).get_paginator(operation).paginate(**_REQUESTS.get(operation, {})):
        yield from (entry[name] if name else entry for entry in page.get(place, []))


def _keys(client: Client, kind: str) -> Iterable[str]:
    """Customer-managed keys by their description; those that wait for their deletion are as good as gone."""
    kms = client("kms")
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            about = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            if about["KeyManager"] == "CUSTOMER" and about["KeyState"] != "PendingDeletion":
                yield f"{about['Description']} {about['Arn']}"
