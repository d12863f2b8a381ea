"""Notifications through SNS."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from moderation.adapters.faults import topic_faults
from moderation.errors import Misconfigured

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class SnsPublisher:
    """Implements `ports.Publisher`; `topics` has the topic's ARN for each verdict that is published."""

    def __init__(self, client: "SNSClient", topics: Mapping[str, str]) -> None:
        self._client, self._topics = client, topics

    def has_topic(self, verdict: str) -> bool:
        return verdict in self._topics

    def publish(self, verdict: str, message: Mapping[str, Any], attributes: Mapping[str, str]) -> None:
        topic = self._topics.get(verdict)
        if topic is None:
            raise Misconfigured(f"There is no topic for {verdict!r} verdicts: deploy with -c notifySafe=true.")
        with topic_faults(f"Topic {topic}"):
            self._client.publish(
                TopicArn=topic,
                Message=json.dumps(message, ensure_ascii=False),
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                },
            )
