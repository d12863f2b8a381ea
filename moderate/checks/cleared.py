"""Check that `holdUntilCleared` locks no object version that nobody moderates."""

from datetime import UTC, datetime, timedelta

from moderate.backfills.coverage import stored_versions
from moderate.checks.check import Check
from moderate.deployment import Deployment

NAME = "intake: cleared"
_SAMPLE_PAGES = 1  # a listing of all versions may take hours
_EN_ROUTE = timedelta(hours=1)  # an upload's event is delivered within seconds, unless it is retried
_REMEDY = "`moderate backfill check` counts all versions, `moderate backfill start` moderates them"


def cleared(deployment: Deployment) -> Check:
    """Check the first thousand object versions: a held one stays locked without a verdict and an execution."""
    sample = list(stored_versions(deployment, _SAMPLE_PAGES))
    locked = [version for version in sample if version.is_unclaimed]
    seen = f"of the first {len(sample):,} object versions"
    if not locked:
        return Check(NAME, "ok", f"none {seen} waits without being moderated; `moderate backfill check` examines all")
    now = datetime.now(UTC)
    days = int(deployment.outputs.get("RecordRetentionDays", "0"))
    oldest = now - timedelta(days=days) if days else datetime.min.replace(tzinfo=UTC)
    is_certain = any(oldest < version.modified < now - _EN_ROUTE for version in locked)
    expired = f" or longer ago than records are kept ({days} days)" if days else ""
    doubt = "" if is_certain else f", all of them uploaded within the last hour{expired}"
    found = f"{len(locked):,} {seen} have no verdict, and no execution moderates them{doubt}"
    return Check(NAME, "fail" if is_certain else "warn", found, _REMEDY)
