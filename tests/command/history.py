"""The history of the records in these tests: when, by which execution and under which pack."""

from datetime import UTC, datetime, timedelta

from moderation.domain.policy import Category, Pack, Question
from moderation.domain.record import utc

CREATED = utc(datetime.now(UTC) - timedelta(hours=2))
DECIDED = utc(datetime.now(UTC) - timedelta(hours=2) + timedelta(seconds=1))
LATER = utc(datetime.now(UTC) - timedelta(hours=1))
OWNER = "arn:aws:states:us-east-1:123456789012:execution:workflow:first"
PACK = Pack(
    name="default",
    description="A pack for tests",
    categories=(
        Category("Violence", "Weapons, fights and wounds", "Pictures of violence aren't shown here."),
        Category("Tobacco", "Tobacco products and smoking"),
    ),
    questions=(
        Question("weapon", "Does this photo contain a weapon?", ("Violence",)),
        Question("smoker", "Does this photo contain a smoker?", ("Tobacco",)),
    ),
)
PACK_KEY = f"provenance/packs/{PACK.digest}.json"
