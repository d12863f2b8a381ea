"""The history of the records in these tests: when, and by which execution."""

from datetime import UTC, datetime, timedelta

from moderation.domain.record import utc

CREATED = utc(datetime.now(UTC) - timedelta(hours=2))
DECIDED = utc(datetime.now(UTC) - timedelta(hours=2) + timedelta(seconds=1))
LATER = utc(datetime.now(UTC) - timedelta(hours=1))
OWNER = "arn:aws:states:us-east-1:123456789012:execution:workflow:first"
