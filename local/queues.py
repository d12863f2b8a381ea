"""Queues subscribed to topics."""

import json
from typing import Any


def subscribe_queue(sqs: Any, sns: Any, topic_arn: str, name: str) -> str:
    """Create a queue that the topic may send to, subscribe it, and return its URL.

    The policy is that of "Fanout to Amazon SQS queues", Amazon SNS Developer Guide; without it nothing is delivered.
    """
    url = str(sqs.create_queue(QueueName=name)["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(queue_policy(arn, topic_arn))})
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
    return url


def queue_policy(queue_arn: str, source_arn: str, service: str = "sns.amazonaws.com") -> dict[str, Any]:
    """Return the policy that lets a topic, or another service's resource, send to a queue."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": source_arn}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
