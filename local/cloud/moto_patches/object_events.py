"""S3 → EventBridge: moto sends one constant event id and sequencer and swallows what goes wrong.

https://github.com/getmoto/moto/pull/7252 added the events so; no upstream issue found as of November 2026.
"""

import itertools
import uuid
from typing import Any

import moto.s3.notifications as notifications

from local.cloud.moto_patches.events import emit

_sequence = itertools.count(1)


def install() -> None:
    """Send events as S3 does: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html"""
    notifications._send_event_bridge_message = _send_event_bridge_message


def _send_event_bridge_message(account_id: str, bucket: Any, event_name: str, key: Any) -> None:
    stored = {
        "key": key.name,
        "size": key.size,
        "etag": key.etag.strip('"'),
        "sequencer": f"{next(_sequence):016X}",
    }
    if bucket.is_versioned:
        stored["version-id"] = key.version_id
    emit(
        account_id=account_id,
        region=bucket.region_name,
        source="aws.s3",
        detail_type=notifications._detail_type(event_name),
        resources=[bucket.arn],
        detail={
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": stored,
            "request-id": uuid.uuid4().hex[:16].upper(),
            "requester": account_id,
            "source-ip-address": "127.0.0.1",
            "reason": _REASONS.get(event_name.rsplit(":", 1)[-1], event_name.rsplit(":", 1)[-1]),
        },
    )


_REASONS = {"Put": "PutObject", "Post": "POST Object", "Copy": "CopyObject", "Delete": "DeleteObject"}
