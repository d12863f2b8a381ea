"""SQS as a dead-letter queue of other services; moto moves only what a queue's own consumers leave."""

import json
from collections.abc import Mapping
from typing import Any

from moto.sqs.models import sqs_backends
from moto.utilities.arns import parse_arn


def send_dead_letter(queue_arn: str, event: Any, facts: Mapping[str, str]) -> None:
    """Send an undeliverable event to the queue, with `facts` as message attributes."""
    queue = parse_arn(queue_arn)
    sqs_backends[queue.account][queue.region].send_message(
        queue_name=queue.resource_id,
        message_body=json.dumps(event),
        message_attributes={name: {"DataType": "String", "StringValue": value} for name, value in facts.items()},
    )
