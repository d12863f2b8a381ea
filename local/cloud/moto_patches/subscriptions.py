"""SNS: moto's CloudFormation has no AWS::SNS::Subscription, and it delivers to queues that don't let it.

No upstream issue found as of November 2026.
"""

import json
import logging
from typing import Any

import moto.sns.models as moto_models
from moto.core.common_models import CloudFormationModel
from moto.sns.models import sns_backends

from local.cloud.iam.evaluate import AccessRequest
from local.cloud.iam.gate import Gate
from local.cloud.iam.identities import service

LOG = logging.getLogger(__name__)

_ATTRIBUTES = ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")


class Subscription(CloudFormationModel):  # type: ignore[misc]
    """AWS::SNS::Subscription; moto finds it as a direct subclass of its base class."""

    def __init__(self, arn: str) -> None:
        self.arn = arn

    @property
    def physical_resource_id(self) -> str:
        return self.arn

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SNS::Subscription"

    @staticmethod
    def cloudformation_name_type() -> str | None:
        return None

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> "Subscription":
        properties = cloudformation_json["Properties"]
        sns = sns_backends[account_id][region_name]
        arn = sns.subscribe(properties["TopicArn"], properties["Endpoint"], properties["Protocol"]).arn
        for name in _ATTRIBUTES:
            if name in properties:
                sns.set_subscription_attributes(arn, name, _as_text(properties[name]))
        return cls(arn)

    def delete(self, account_id: str, region_name: str) -> None:
        sns_backends[account_id][region_name].unsubscribe(self.arn)


def install(gate: Gate) -> None:
    """Deliver to a queue only if its policy allows the topic. Importing this module registers the resource."""
    publish = moto_models.Subscription.publish

    def publish_if_allowed(self: Any, *args: Any, **kwargs: Any) -> None:
        if self.protocol == "sqs":
            topic = service("sns.amazonaws.com", self.topic.arn)
            if refusal := gate.refusal(topic, [AccessRequest("sqs:SendMessage", self.endpoint)]):
                LOG.warning("A message is lost, as it is on AWS: %s", refusal)
                return
        publish(self, *args, **kwargs)

    moto_models.Subscription.publish = publish_if_allowed


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value)
