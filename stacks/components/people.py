"""The roles of those who work with a deployment, each with what its task needs."""

from aws_cdk import Stack
from constructs import Construct

from stacks.acknowledge import acknowledge, acknowledge_wildcard
from stacks.components import model_access
from stacks.components import work_bucket as files
from stacks.components.alerts import VERDICTS, Alerts
from stacks.components.functions import Functions
from stacks.components.intake import Intake
from stacks.components.person_role import PersonRole
from stacks.components.policy_bucket import PolicyBucket
from stacks.components.verdict_store import VerdictStore
from stacks.components.work_bucket import WorkBucket
from stacks.components.workflow import Workflow
from stacks.settings import Endpoints


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
    """Does what `moderate redrive` and `doctor` do: it runs again what failed, examines all, and sees no image."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoints: Endpoints,
        intake: Intake,
        policies: PolicyBucket,
        functions: Functions,
        workflow: Workflow,
        verdicts: VerdictStore,
        alerts: Alerts,
    ) -> None:
        super().__init__(scope, construct_id, description="Runs failed moderations again and examines the deployment")
        workflow.allow_redrive(self)
        verdicts.allow_write(self)
        verdicts.allow_list(self)
        alerts.allow_publish(self, *VERDICTS)
        alerts.allow_examine(self)
        intake.allow_examine(self, functions.prepare_image)
        policies.allow_read(self)
        model_access.allow_examine(self, endpoints)
        self._allow_examine_account()

    def _allow_examine_account(self) -> None:
        """What `moderate doctor` asks beside the deployment; Service Quotas and Lambda's settings have no resources."""
        stack = Stack.of(self)
        models = stack.format_arn(service="cloudformation", resource="stack", resource_name="ModerationModels/*")
        self.allow(("cloudformation:DescribeStacks",), models)
        acknowledge_wildcard(self.role, models, "The id of this one stack, which isn't known before it is made")
        bootstrap = "cdk-bootstrap/hnb659fds/version"
        self.allow(
            ("ssm:GetParameter",), stack.format_arn(service="ssm", resource="parameter", resource_name=bootstrap)
        )
        settings = ("lambda:GetAccountSettings",)
        quotas = ("servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota")
        self.allow((*settings, *quotas), "*")
        acknowledge(
            self.role, "IAM5[Resource::*]", "Lambda's account settings and Service Quotas' quotas are no resources"
        )
