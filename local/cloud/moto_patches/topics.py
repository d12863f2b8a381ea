"""SNS: moto keeps every message that was ever published, for its own tests to look at.

No upstream issue found as of November 2026.
"""

from typing import Any

from moto.sns.models import Topic

KEPT_MESSAGES = 100


def install() -> None:
    """Keep the newest messages only."""
    publish = Topic.publish

    def publish_and_forget(self: Any, *args: Any, **kwargs: Any) -> Any:
        message_id = publish(self, *args, **kwargs)
        del self.sent_notifications[:-KEPT_MESSAGES]
        return message_id

    Topic.publish = publish_and_forget
