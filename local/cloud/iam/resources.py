"""Facts about emulated resources that decisions need: policies, tags, keys, and the names behind ARNs."""

from collections.abc import Mapping
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.cloudformation.models import cloudformation_backends
from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.s3.models import FakeKey, s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from local.cloud.iam.keys import KNOWN
from local.cloud.iam.policy import Policy, UnknownPolicy

ACCOUNT, REGION, PARTITION = "123456789012", "us-east-1", "aws"


def arn(service: str, resource: str) -> str:
    """Return the ARN of a resource of this account and region."""
    return f"arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:{resource}"


class Resources:
    """Reads moto's backends directly, without calls."""

    def __init__(self) -> None:
        # cached: moto's look-up of a backend takes longer than a decision
        self._s3, self._iam = s3_backends[ACCOUNT][PARTITION], iam_backends[ACCOUNT][PARTITION]
        self._sns, self._sqs = sns_backends[ACCOUNT][REGION], sqs_backends[ACCOUNT][REGION]
        self._kms, self._lambda = kms_backends[ACCOUNT][REGION], lambda_backends[ACCOUNT][REGION]
        self._dynamodb = dynamodb_backends[ACCOUNT][REGION]
        self._cloudformation = cloudformation_backends[ACCOUNT][REGION]

    def policy(self, resource: str) -> Policy | None:
        """Return the policy of a bucket (or object's bucket), topic, queue, key, function or role, None without one."""
        service, rest = resource.split(":", 5)[2], resource.split(":", 5)[-1]
        found = self._policy(service, rest)
        return _understood(found) if found else None

    def _policy(self, service: str, name: str) -> Any:
        match service:
            case "s3":
                bucket = self._s3.buckets.get(name.partition("/")[0])
                return bucket.policy.decode() if bucket and bucket.policy else None
            case "sns":
                topic = self._sns.topics.get(arn("sns", name))
                return topic.policy if topic else None
            case "sqs":
                queue = self._sqs.queues.get(name)
                return queue.policy if queue else None
            case "kms":
                key = self._kms.keys.get(name.partition("/")[2])
                return key.policy if key else None
            case "lambda":
                return self._function_policy(name)
            case "iam":
                role = self.role(name.rpartition("/")[2])
                return role.assume_role_policy_document if role else None
        return None

    def _function_policy(self, name: str) -> Mapping[str, Any] | None:
        function = self._lambda.get_function(name.split(":")[1])
        if not function.policy or not function.policy.statements:
            return None
        # moto adds the qualifier that CloudFormation left out
        statements = [
            {key: value for key, value in statement.items() if key in ("Effect", "Principal", "Action", "Condition")}
            for statement in function.policy.statements
        ]
        return {"Statement": statements}

    def role(self, name: str) -> Any:
        """Return moto's role of this name, None if there is none."""
        roles = self._iam.roles.values()
        return next((role for role in list(roles) if role.name == name), None)

    def object_tags(self, bucket: str, key: str, version: str | None) -> dict[str, str]:
        """Return the tags of an object version, none if it doesn't exist."""
        backend, found = self._s3, self._object(bucket, key, version)
        return dict(backend.tagger.get_tag_dict_for_resource(found.arn)) if found else {}

    def object_key(self, bucket: str, key: str, version: str | None) -> str | None:
        """Return the ARN of the customer's KMS key that an object is encrypted under, None for S3's own key."""
        found = self._object(bucket, key, version)
        return _key_arn(found.kms_key_id) if found and found.encryption == "aws:kms" and found.kms_key_id else None

    def bucket_key(self, bucket: str) -> str | None:
        """Return the ARN of the customer's KMS key that a bucket encrypts new objects with."""
        found = self._s3.buckets.get(bucket)
        rule = (found.encryption or {}).get("Rule", {}).get("ApplyServerSideEncryptionByDefault", {}) if found else {}
        key = rule.get("KMSMasterKeyID")
        return _key_arn(key) if key and rule.get("SSEAlgorithm") == "aws:kms" else None

    def _object(self, bucket: str, key: str, version: str | None) -> Any:
        found = self._s3.buckets.get(bucket)
        if found is None:
            return None
        versions = found.keys.getlist(key) if key in found.keys else []
        chosen = versions[-1:] if version is None else [v for v in versions if str(v.version_id) == version]
        return next((v for v in chosen if isinstance(v, FakeKey)), None)  # a delete marker has no content

    def topic_key(self, topic: str) -> str | None:
        """Return the ARN of the KMS key of an encrypted topic."""
        found = self._sns.topics.get(topic)
        key = found.kms_master_key_id if found else None
        return _key_arn(key) if key else None

    def hash_key(self, table: str, index: str | None) -> str:
        """Return the name of the hash key of a table, or of one of its indexes."""
        found = self._dynamodb.tables[table.rpartition("/")[2]]
        if index is None:
            return str(found.hash_key_attr)
        schema = next(i.schema for i in found.global_indexes if i.name == index)
        return next(str(key["AttributeName"]) for key in schema if key["KeyType"] == "HASH")

    def function_arn(self, name: str) -> str:
        """Return the ARN of a function that is named by name, ARN or qualified ARN."""
        plain = name.split(":function:")[-1].split(":")[0]
        return arn("lambda", f"function:{plain}")

    def stack_arn(self, name: str) -> str:
        """Return the ARN of a stack; it ends in an id."""
        stacks = self._cloudformation.stacks.values()
        found = next((stack.stack_id for stack in list(stacks) if stack.name == name), None)
        return str(found) if found else arn("cloudformation", f"stack/{name}/*")


def _key_arn(key: str) -> str:
    """Return the ARN of a key that is given by ARN or by id."""
    return key if key.startswith("arn:") else arn("kms", f"key/{key}")


def policies_of(role: Any) -> tuple[Policy, ...]:
    """Read the identity policies of moto's role, the attached ones included."""
    if role.permissions_boundary:
        raise UnknownPolicy(f"Permissions boundaries, such as that of {role.arn}")
    attached = (policy.document for policy in list(role.managed_policies.values()))
    return tuple(map(_understood, (*list(role.policies.values()), *attached)))


def _understood(document: Mapping[str, Any] | str) -> Policy:
    """Parse a policy. Raises UnknownPolicy for a condition key that no call has: it would count as missing."""
    policy = Policy.parse(document)
    if unknown := policy.keys - KNOWN:
        raise UnknownPolicy(f"Condition keys {sorted(unknown)}: add them to local/cloud/iam/keys.py and to calls.")
    return policy
