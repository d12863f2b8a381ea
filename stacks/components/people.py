"""The roles of those who work with verdicts: reviewers, who overrule them, and erasers, who delete uploads."""

from constructs import Construct

from stacks.components.alerts import Alerts
from stacks.components.intake import Intake
from stacks.components.person_role import PersonRole
from stacks.components.private_bucket import PrivateBucket
from stacks.components.verdict_store import VerdictStore


class Reviewer(PersonRole):
    """Does what `moderate verdicts`, `show` and `decide` do."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        intake: Intake,
        policies: PrivateBucket,
        work: PrivateBucket,
        verdicts: VerdictStore,
        alerts: Alerts,
    ) -> None:
        super().__init__(scope, construct_id, description="Looks at moderated images and decides on them")
        intake.allow_read(self)
        intake.allow_tag(self)
        policies.allow_objects(self, "s3:GetObject")
        policies.allow_list(self)
        work.allow_objects(self, "s3:GetObject")
        work.allow_objects(self, "s3:PutObject", under="provenance/")
        work.allow_list(self)
        verdicts.allow_write(self)
        verdicts.allow_list(self)
        verdicts.allow_find(self)
        alerts.allow_publish(self)


class Eraser(PersonRole):
    """Does what `moderate erase` does: it can delete images and records, and neither read nor judge an image."""

    def __init__(
        self, scope: Construct, construct_id: str, *, intake: Intake, work: PrivateBucket, verdicts: VerdictStore
    ) -> None:
        super().__init__(scope, construct_id, description="Erases uploads with all that is kept of them")
        intake.allow_erase(self)
        for prefix in ("work/", "evidence/"):
            work.allow_objects(self, "s3:DeleteObject", under=prefix)
        work.allow_list(self)
        verdicts.allow_erase(self, intake.bucket.bucket_name)
