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
    "role": ("iam", "list_roles", "Roles", "RoleName"),
    "scalable target": ("application-autoscaling", "describe_scalable_targets", "ScalableTargets", "ResourceId"),
    "stack": ("cloudformation", "describe_stacks", "Stacks", "StackName"),
    "state machine": ("stepfunctions", "list_state_machines", "stateMachines", "name"),
    "subscription": ("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
    "table": ("dynamodb", "list_tables", "TableNames", ""),
    "topic": ("sns", "list_topics", "Topics", "TopicArn"),
}
_REQUESTS = {
    "list_policies": {"Scope": "Local"},
    "describe_scalable_targets": {"ServiceNamespace": "sagemaker"},
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
    """What is there now and wasn't before, of all whose name holds `mark` in whatever case."""
    return sorted((kind, name) for kind, name in after.found - before.found if mark in name.lower())


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
