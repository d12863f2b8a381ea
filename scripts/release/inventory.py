"""Inventory of the resources in an account and region, to compare before a deployment and after its removal."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

Client = Callable[[str], Any]

# kind → service, operation, field with the list, and field with the name ("": the entry is the name)
LISTINGS = {
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
# Resources that AWS itself creates and keeps after the stacks are deleted: kind and name ("" for any) → reason.
RETAINED = {
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
    """Existing resources as (kind, name); `unlisted` has the reasons why a kind couldn't be listed."""

    found: frozenset[tuple[str, str]]
    unlisted: dict[str, str] = field(default_factory=dict)


def take(client: Client) -> Inventory:
    """List all resources of the kinds that the stacks create; `client` returns the boto3 client of a service."""
    found: set[tuple[str, str]] = set()
    unlisted: dict[str, str] = {}
    for kind, names in {**dict.fromkeys(LISTINGS, _names), "key": _keys}.items():
        try:
            found |= {(kind, name) for name in names(client, kind)}
        except ClientError as error:
            unlisted[kind] = str(error).splitlines()[0]
    return Inventory(frozenset(found), unlisted)


def leftovers(before: Inventory, after: Inventory, mark: str) -> list[tuple[str, str]]:
    """Return new resources whose name contains `mark`, in any case, without those that AWS retains."""
    new = sorted(after.found - before.found)
    return [(kind, name) for kind, name in new if mark in name.lower() and not _why_retained(kind, name)]


def retained(before: Inventory, after: Inventory) -> list[tuple[str, str, str]]:
    """Return kind, name and reason of the new resources that AWS retains."""
    new = sorted(after.found - before.found)
    return [(kind, name, why) for kind, name in new if (why := _why_retained(kind, name))]


def _why_retained(kind: str, name: str) -> str:
    return RETAINED.get((kind, name)) or RETAINED.get((kind, ""), "")


def _names(client: Client, kind: str) -> Iterator[str]:
    service, operation, place, name = LISTINGS[kind]
    for page in client(service).get_paginator(operation).paginate(**_REQUESTS.get(operation, {})):
        yield from (entry[name] if name else entry for entry in page.get(place, []))


def _keys(client: Client, kind: str) -> Iterable[str]:
    """Yield description and ARN of the customer-managed keys, without those scheduled for deletion."""
    kms = client("kms")
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            about = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            if about["KeyManager"] == "CUSTOMER" and about["KeyState"] != "PendingDeletion":
                yield f"{about['Description']} {about['Arn']}"
