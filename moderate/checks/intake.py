"""Checks of the intake bucket: versioned, sending events to EventBridge, protected by its policy."""

import json

from botocore.exceptions import ClientError

from moderate.checks.aws import client
from moderate.checks.check import Check
from moderate.checks.intake_statements import READING_FUNCTIONS, is_among, required
from moderate.checks.key import usable
from moderate.deployment import Deployment
from moderation.adapters.faults import code_of

_PLACE = "S3 console, bucket {bucket}, Permissions, Bucket policy"


def versioned(deployment: Deployment) -> Check:
    """Check that the bucket is versioned, because a verdict belongs to one version of an object."""
    bucket = deployment.intake_bucket
    status = client("s3").get_bucket_versioning(Bucket=bucket).get("Status", "never enabled")
    if status == "Enabled":
        return Check("intake: versioned", "ok", f"{bucket}: {status}")
    remedy = f"aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status=Enabled"
    return Check("intake: versioned", "fail", f"{bucket}: {status}", remedy)


def event_bridge(deployment: Deployment) -> Check:
    """Check that EventBridge notifications are enabled, without which no upload starts the workflow."""
    bucket = deployment.intake_bucket
    answer = client("s3").get_bucket_notification_configuration(Bucket=bucket)
    if "EventBridgeConfiguration" in answer:
        return Check("intake: EventBridge", "ok", "on")
    # The command replaces the whole configuration, so it repeats what is there.
    whole = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    configuration = json.dumps(whole | {"EventBridgeConfiguration": {}})
    remedy = (
        f"aws s3api put-bucket-notification-configuration --bucket {bucket} "
        f"--notification-configuration '{configuration}'"
    )
    return Check("intake: EventBridge", "fail", "off: no upload starts the workflow", remedy)


def region(deployment: Deployment) -> Check:
    """Check that the bucket is in the deployment's region, whose EventBridge gets its events."""
    s3, bucket = client("s3"), deployment.intake_bucket
    ours = s3.meta.region_name
    there = s3.head_bucket(Bucket=bucket).get("BucketRegion", ours)
    if there == ours:
        return Check("intake: region", "ok", there)
    remedy = f"Deploy to {there} (AWS_DEFAULT_REGION={there}), or name a bucket of {ours}"
    return Check("intake: region", "fail", f"{bucket} is in {there}, whose events don't reach {ours}", remedy)


def policy(deployment: Deployment) -> Check:
    """Check that the bucket's policy denies tagging to others, and reading if images are held until cleared."""
    bucket, name = deployment.intake_bucket, "intake: policy"
    if "RecordVerdictRoleArn" not in deployment.outputs:
        return Check(name, "skipped", "the roles that its statements name come with the deployment")
    needed = required(deployment)
    there = _statements(bucket)
    missing = [statement for statement in needed if not is_among(statement, there)]
    if not missing:
        return Check(name, "ok", f"has {', '.join(statement['Sid'] for statement in needed)}")
    lacking = ", ".join(statement["Sid"] for statement in missing)
    remedy = f"{_PLACE.format(bucket=bucket)}: add {json.dumps(missing)}"
    return Check(name, "fail", f"lacks, or has differently: {lacking}", remedy)


def readable(deployment: Deployment) -> Check:
    """Check that the functions that read uploads may use the key that encrypts them."""
    answer = client("s3").get_bucket_encryption(Bucket=deployment.intake_bucket)
    rule = answer["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    key = rule.get("KMSMasterKeyID")
    if not key:
        return Check("intake: key", "ok", f"{rule['SSEAlgorithm']}, with a key of S3's own")
    roles = (deployment.outputs.get(f"{name}RoleArn") for name in READING_FUNCTIONS)
    checks = [usable("intake: key", key, role) for role in roles]
    return next((check for check in checks if check.status == "fail"), checks[0])


def _statements(bucket: str) -> list[object]:
    try:
        policy = json.loads(client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    except ClientError as error:
        if code_of(error) == "NoSuchBucketPolicy":
            return []
        raise
    statements = policy["Statement"]
    return statements if isinstance(statements, list) else [statements]
