"""A template's policies with its references filled in, to be asked what they allow and refuse."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from local.cloud.iam.evaluate import AccessDecision, AccessRequest, Caller, decide
from local.cloud.iam.policy import Policy
from tests.infra.synthesis import Template

ACCOUNT, REGION, PARTITION = "123456789012", "us-east-1", "aws"
ROLE_ID = "AROAEXAMPLE"
HERE = f"{REGION}:{ACCOUNT}"
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": PARTITION,
    "AWS::StackName": "Moderation",
    "AWS::URLSuffix": "amazonaws.com",
}
# Type → its ARN, and the property that names it where the template does.
_ARNS = {
    "AWS::S3::Bucket": ("arn:aws:s3:::{}", "BucketName"),
    "AWS::DynamoDB::Table": (f"arn:aws:dynamodb:{HERE}:table/{{}}", "TableName"),
    "AWS::SQS::Queue": (f"arn:aws:sqs:{HERE}:{{}}", "QueueName"),
    "AWS::SNS::Topic": (f"arn:aws:sns:{HERE}:{{}}", "TopicName"),
    "AWS::KMS::Key": (f"arn:aws:kms:{HERE}:key/{{}}", ""),
    "AWS::IAM::Role": (f"arn:aws:iam::{ACCOUNT}:role/{{}}", "RoleName"),
    "AWS::Lambda::Function": (f"arn:aws:lambda:{HERE}:function:{{}}", "FunctionName"),
    "AWS::Logs::LogGroup": (f"arn:aws:logs:{HERE}:log-group:{{}}:*", "LogGroupName"),
    "AWS::StepFunctions::StateMachine": (f"arn:aws:states:{HERE}:stateMachine:{{}}", "StateMachineName"),
    "AWS::Events::Rule": (f"arn:aws:events:{HERE}:rule/{{}}", "Name"),
}
Context = Mapping[str, str | Sequence[str]]  # condition key → its value or values
_REFERRED_BY_ARN = {"AWS::SNS::Topic", "AWS::StepFunctions::StateMachine"}


class Account:
    """The account in which a template stands."""

    def __init__(self, template: Template) -> None:
        self._template = template

    def arn(self, start: str, kind: str = "AWS::S3::Bucket") -> str:
        """The ARN of the one resource of a type whose logical id starts so."""
        (name,) = [name for name in self._template.of_type(kind) if name.startswith(start)]
        return self._arn(name)

    def role(self, start: str, session: str = "alice") -> Caller:
        """A session of a role of the template, with the role's policies."""
        (name,) = [name for name in self._template.of_type("AWS::IAM::Role") if name.startswith(start)]
        policies = tuple(map(Policy.parse, self.documents(name)))
        return Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/{self._name(name)}/{session}", policies)

    def documents(self, role: str) -> list[dict[str, Any]]:
        """The identity policies of a role, by its logical id."""
        own = self._template.resources[role]["Properties"].get("Policies", [])
        attached = [p for p in self._template.properties("AWS::IAM::Policy") if {"Ref": role} in p["Roles"]]
        return [self._fill(policy["PolicyDocument"]) for policy in (*own, *attached)]

    def may(self, caller: Caller, action: str, resource: str, context: Context | None = None) -> bool:
        """Tell whether the caller may, over TLS."""
        known: Context = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}
        if caller.role_arn:
            user_id = f"{ROLE_ID}:{caller.arn.rpartition('/')[2]}"
            known = {**known, "aws:PrincipalArn": caller.role_arn, "aws:userid": user_id}
        asked = AccessRequest(action, resource, _keys({**known, **(context or {})}), ACCOUNT)
        owner = resource.split("/")[0] if ":s3:::" in resource else resource
        document = self.resource_policies.get(owner)
        return decide(caller, asked, Policy.parse(document) if document else None) is AccessDecision.ALLOWED

    def trusts(self, start: str, caller: Caller, context: Context, action: str = "sts:AssumeRole") -> bool:
        """Tell whether the trust policy of a role lets the caller do `action` on it."""
        (name,) = [name for name in self._template.of_type("AWS::IAM::Role") if name.startswith(start)]
        trust = self._fill(self._template.resources[name]["Properties"]["AssumeRolePolicyDocument"])
        asked = AccessRequest(action, self._arn(name), _keys(context), ACCOUNT)
        return decide(caller, asked, Policy.parse(trust)) is AccessDecision.ALLOWED

    @cached_property
    def resource_policies(self) -> dict[str, dict[str, Any]]:
        """ARN of a bucket, topic, queue or key → its policy; of a role → whom it trusts."""
        buckets = self._template.properties("AWS::S3::BucketPolicy")
        found = {f"arn:aws:s3:::{self._fill(p['Bucket'])}": p["PolicyDocument"] for p in buckets}
        for policy in self._template.properties("AWS::SNS::TopicPolicy"):
            found |= {self._fill(topic): policy["PolicyDocument"] for topic in policy["Topics"]}
        for policy in self._template.properties("AWS::SQS::QueuePolicy"):
            found |= {self._arn(queue["Ref"]): policy["PolicyDocument"] for queue in policy["Queues"]}
        for name, key in self._template.of_type("AWS::KMS::Key").items():
            found[self._arn(name)] = key["Properties"]["KeyPolicy"]
        for name, role in self._template.of_type("AWS::IAM::Role").items():
            found[self._arn(name)] = role["Properties"]["AssumeRolePolicyDocument"]
        return {arn: self._fill(document) for arn, document in found.items()}

    def _name(self, logical: str) -> str:
        resource = self._template.resources[logical]
        _, named = _ARNS.get(resource["Type"], ("", ""))
        given = resource.get("Properties", {}).get(named)
        return str(self._fill(given)) if given else logical

    def _arn(self, logical: str) -> str:
        return _ARNS[self._template.resources[logical]["Type"]][0].format(self._name(logical))

    def _fill(self, value: Any) -> Any:
        match value:
            case {"Ref": name} if name in _PSEUDO:
                return _PSEUDO[name]
            case {"Ref": name}:
                by_arn = self._template.resources[name]["Type"] in _REFERRED_BY_ARN
                return self._arn(name) if by_arn else self._name(name)
            case {"Fn::GetAtt": [name, "Arn"]}:
                return self._arn(name)
            case {"Fn::GetAtt": [name, _]}:
                return self._name(name)
            case {"Fn::Join": [separator, parts]}:
                return separator.join(str(self._fill(part)) for part in parts)
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([\w:]+)\}", lambda found: _PSEUDO[found[1]], text)
            case dict():
                return {key: self._fill(inner) for key, inner in value.items()}
            case list():
                return [self._fill(inner) for inner in value]
        return value


def _keys(context: Context) -> dict[str, tuple[str, ...]]:
    return {key.lower(): (value,) if isinstance(value, str) else tuple(value) for key, value in context.items()}


def somebody(*actions: str, name: str = "Somebody") -> Caller:
    """A session of another role of the account, allowed `actions` on everything."""
    allowed = {"Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
    return Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/mallory", (Policy.parse(allowed),))
