"""DynamoDB: moto works on items without a lock, so a reader sees half an update, and two conditional writes succeed."""

import threading
from typing import Any

from moto.dynamodb.responses import DynamoHandler


def install() -> None:
    """One request at a time, its answer's text included: that is made from the live item."""
    lock = threading.Lock()
    call_action = DynamoHandler.call_action

    def call_action_alone(self: Any) -> Any:
        with lock:
            return call_action(self)

    DynamoHandler.call_action = call_action_alone
