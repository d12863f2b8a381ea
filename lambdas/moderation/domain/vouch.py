"""Vouching: the attribute of a record by which a pending decision is its maker's own.

What people's requests reach can write any `pending` in anybody's name, but not `vouched`: that is written by whoever
has verified the person's own token, and a decision comes into force only with it.
"""

import hashlib
import json

from moderation.domain.record import Record


def vouched(record: Record) -> dict[str, str]:
    """Return the attribute which says that a record's pending decision, as it stands, is of the person it names."""
    who = str((record.pending or {}).get("who"))
    return {"id": str(record.pending_id), "who": who, "digest": digest_of(record)}


def is_vouched(record: Record) -> bool:
    """Tell if somebody vouched for a record's pending decision, and nothing of it changed since."""
    return bool(record.pending) and record.vouched == vouched(record)


def digest_of(record: Record) -> str:
    """SHA-256 (hex) of a pending decision: its image, all of its content, and whether it is a blind answer."""
    purpose = (record.blind or {}).get("purpose", "")
    content = json.dumps([record.image.id, record.pending_id, record.pending, purpose], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
