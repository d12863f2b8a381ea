"""The roles of those who work with a deployment, each with what its task needs."""

from constructs import Construct

from stacks.components import work_bucket as files
from stacks.components.alerts import VERDICTS, Alerts
from stacks.components.intake import Intake
from stacks.components.person_role import PersonRole
from stacks.components.policy_bucket import PolicyBucket
from stacks.components.verdict_store import VerdictStore
from stacks.components.work_bucket import WorkBucket
from stacks.components.workflow import Workflow


class Reviewer(PersonRole):
    """Does what `moderate verdicts`, `show` and `decide` do, and looks at images and at what the models were shown."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        intake: Intake,
        policies: PolicyBucket,
        work: WorkBucket,
        verdicts: VerdictStore,
        alerts: Alerts,
    ) -> None:
        super().__init__(scope, construct_id, description="Looks at moderated images and decides on them")
        intake.allow_look(self)
        intake.allow_tag(self)
        policies.allow_read(self)
        work.allow_get(self, files.WORK, files.EVIDENCE, files.PACKS)
        work.allow_put(self, files.PACKS)
        verdicts.allow_write(self)
        verdicts.allow_list(self)
        verdicts.allow_find(self)
        alerts.allow_publish(self, "safe", "unsafe")  # a person leaves nothing to a person


class Eraser(PersonRole):
    """Does what `moderate erase` does: it can delete images and records, and neither read nor judge an image."""

    def __init__(
        self, scope: Construct, construct_id: str, *, intake: Intake, work: WorkBucket, verdicts: VerdictStore
    ) -> None:
        super().__init__(scope, construct_id, description="Erases uploads with all that is kept of them")
        intake.allow_erase(self)
        work.allow_erase(self)
        verdicts.allow_erase(self)


class PolicyEditor(PersonRole):
    """Does what `moderate policy` does: packs and routes, and nothing that is of an image."""

    def __init__(self, scope: Construct, construct_id: str, *, policies: PolicyBucket) -> None:
        super().__init__(scope, construct_id, description="Puts policy packs and routes into force")
        policies.allow_edit(self)


class Operator(PersonRole):
    """Does what `moderate redrive` does: it runs again what failed, and sees no image."""

    def __init__(
        self, scope: Construct, construct_id: str, *, workflow: Workflow, verdicts: VerdictStore, alerts: Alerts
    ) -> None:
        super().__init__(scope, construct_id, description="Runs failed moderations and announcements again")
        workflow.allow_redrive(self)
        verdicts.allow_write(self)
        verdicts.allow_list(self)
        alerts.allow_publish(self, *VERDICTS)
