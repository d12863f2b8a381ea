"""Roles that the operators of a deployment assume, each with the permissions of its task."""

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.acknowledge import acknowledge, acknowledge_wildcard
from stacks.components import model_access
from stacks.components import work_bucket as files
from stacks.components.alerts import VERDICTS, Alerts
from stacks.components.audit_bucket import AuditBucket
from stacks.components.backfill import Backfill
from stacks.components.functions import Functions
from stacks.components.grantee import Grantee
from stacks.components.intake import Intake
from stacks.components.pipeline_function import PipelineFunction
from stacks.components.policy_bucket import PolicyBucket
from stacks.components.quarantine_bucket import QuarantineBucket
from stacks.components.verdict_table import VerdictTable
from stacks.components.work_bucket import WorkBucket
from stacks.components.workflow import Workflow
from stacks.settings import BedrockModel, EndpointNames


class AssumableRole(Grantee):
    """Role for principals of the account whose own policies allow `sts:AssumeRole` on its ARN.

    The session name must be the caller's own, the user name or the name of the previous session, so that nobody can act
    under another name: `aws:userid` of a session is the role id, a colon and the session name ("IAM policy elements:
    Variables and tags", principal key values). If a value is missing, its statement doesn't match.
    """

    def __init__(self, scope: Construct, construct_id: str, *, description: str) -> None:
        super().__init__(scope, construct_id)
        account = iam.AccountRootPrincipal()
        user = {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}
        self.role = iam.Role(self, "Role", assumed_by=account.with_conditions(user), description=description)
        session = iam.PolicyStatement(
            principals=[account],
            # the second action is required of callers with a source identity
            actions=["sts:AssumeRole", "sts:SetSourceIdentity"],
            conditions={"StringLike": {"aws:userid": "*:${sts:RoleSessionName}"}},
        )
        assert self.role.assume_role_policy  # noqa: S101 - every role of this app has one
        self.role.assume_role_policy.add_statements(session)
        # `moderate` reads the stack's outputs; a stack's ARN ends in an id.
        stack = Stack.of(self).format_arn(
            service="cloudformation", resource="stack", resource_name=f"{Aws.STACK_NAME}/*"
        )
        self.allow(("cloudformation:DescribeStacks",), stack)
        acknowledge_wildcard(self.role, stack, "The stack's id isn't known before it is created")


class ReviewerRole(AssumableRole):
    """Role for `moderate verdicts`, `show`, `decide`, `decisions`, `sor`, `report`, `console`; may view the images."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        intake: Intake,
        policies: PolicyBucket,
        work: WorkBucket,
        verdicts: VerdictTable,
        alerts: Alerts,
        audit: AuditBucket,
    ) -> None:
        super().__init__(scope, construct_id, description="Views moderated images and decides on them")
        intake.allow_view(self)
        intake.allow_tag(self)
        policies.allow_read(self)
        work.allow_get(self, files.WORK, files.EVIDENCE, files.PACKS)
        work.allow_put(self, files.PACKS)
        verdicts.allow_write(self)
        verdicts.allow_survey(self)
        verdicts.allow_find(self)
        verdicts.allow_look_up(self)
        verdicts.allow_reuse(self)  # `decide` lists the other uploads of the same bytes
        changes = ("PutItem", "DeleteItem", "ConditionCheckItem")
        verdicts.allow_decisions(self, *(f"dynamodb:{action}" for action in ("GetItem", "Query", *changes)))
        work.allow_key(self)
        work.allow_approve(self)
        policies.allow_read_people(self)
        verdicts.allow_count(self)
        verdicts.allow_ahead(self, "dynamodb:GetItem")
        verdicts.allow_file_reports(self)
        audit.allow_append(self)
        alerts.allow_publish(self, *VERDICTS)  # on the topic of a review, that it was decided

    def allow_originals(self, function: PipelineFunction) -> None:
        """Allow this role to have `function` show an upload."""
        self.allow(("lambda:InvokeFunction",), function.function.function_arn)


class EraserRole(AssumableRole):
    """Role for `moderate erase`; may delete images and records, but neither read nor decide."""

    def __init__(
        self, scope: Construct, construct_id: str, *, intake: Intake, work: WorkBucket, verdicts: VerdictTable
    ) -> None:
        super().__init__(scope, construct_id, description="Erases uploads with their records and files")
        intake.allow_erase(self)
        work.allow_erase(self)
        verdicts.allow_erase(self)
        verdicts.allow_outlive(self)


class PolicyEditorRole(AssumableRole):
    """Role for `moderate policy`; may change packs and routes, read records, and neither view nor change images.

    It may ask the vision model, which a pack's questions are tried on before they are published. A replay and the gate
    before a change read the records, captions and answers included, and a replay may ask the judge.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        policies: PolicyBucket,
        work: WorkBucket,
        verdicts: VerdictTable,
        endpoints: EndpointNames,
        bedrock_judge: BedrockModel | None,
        approval: bool,
    ) -> None:
        super().__init__(scope, construct_id, description="Publishes policy packs and routes")
        policies.allow_edit(self, remove=not approval)
        verdicts.allow_find_decided(self)
        model_access.allow_invoke(self, endpoints.blip2, endpoints.blip2_component)
        model_access.allow_judge(self, endpoints, bedrock_judge)
        verdicts.allow_replay(self)
        work.allow_get(self, files.EVIDENCE, files.PACKS)


class AdministratorRole(AssumableRole):
    """Role for `moderate people`; may say who has which rights in the console, and nothing else."""

    def __init__(self, scope: Construct, construct_id: str, *, policies: PolicyBucket) -> None:
        super().__init__(scope, construct_id, description="Gives people their rights in the review console")
        policies.allow_administer(self)


class AuditorRole(AssumableRole):
    """Role for `moderate audit`; may read the audit log, and nothing else."""

    def __init__(self, scope: Construct, construct_id: str, *, audit: AuditBucket) -> None:
        super().__init__(scope, construct_id, description="Reads the audit log")
        audit.allow_read(self)


class QuarantineRole(AssumableRole):
    """Role for `moderate escalate` and `release`; alone may read what is escalated."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        intake: Intake,
        policies: PolicyBucket,
        work: WorkBucket,
        verdicts: VerdictTable,
        audit: AuditBucket,
        quarantine: QuarantineBucket,
    ) -> None:
        super().__init__(scope, construct_id, description="Keeps images that may be illegal")
        intake.allow_read(self)
        intake.allow_tag(self)
        intake.quarantine(self)
        work.quarantine(self)
        quarantine.restrict(self)
        verdicts.allow_write(self)
        verdicts.allow_find(self)
        policies.allow_read_people(self)
        policies.allow_list(self)
        audit.allow_append(self)

    def allow_to(self, function: PipelineFunction) -> None:
        """Allow `function` to take this role, and tell it so."""
        function.allow(("sts:AssumeRole",), self.role.role_arn)
        function.function.add_environment("QUARANTINE_ROLE", self.role.role_arn)


class OperatorRole(AssumableRole):
    """Role for `moderate redrive`, `backfill`, `status` and `doctor`; may rerun moderations, but not view images."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoints: EndpointNames,
        bedrock_judge: BedrockModel | None,
        intake: Intake,
        policies: PolicyBucket,
        functions: Functions,
        workflow: Workflow,
        backfill: Backfill,
        verdicts: VerdictTable,
        alerts: Alerts,
    ) -> None:
        super().__init__(scope, construct_id, description="Reruns failed moderations and checks the deployment")
        workflow.allow_redrive(self)
        workflow.allow_count(self)
        backfill.allow_run(self)
        verdicts.allow_write(self)
        verdicts.allow_survey(self)
        alerts.allow_publish(self, *VERDICTS)
        alerts.allow_examine(self)
        viewers = (functions.select_item, functions.render_original)
        intake.allow_examine(self, functions.prepare_image, functions.read_image, *viewers)
        policies.allow_read(self)
        policies.allow_read_canary(self)
        model_access.allow_examine(self, endpoints)
        if bedrock_judge:
            model_access.allow_converse(self, bedrock_judge)
            model_access.allow_examine_model(self, bedrock_judge)
        self._allow_examine_account()

    def _allow_examine_account(self) -> None:
        """Allow the account-level calls of `moderate doctor`."""
        stack = Stack.of(self)
        models = stack.format_arn(service="cloudformation", resource="stack", resource_name="ModerationModels/*")
        self.allow(("cloudformation:DescribeStacks",), models)
        acknowledge_wildcard(self.role, models, "The stack's id isn't known before it is created")
        bootstrap = "cdk-bootstrap/hnb659fds/version"
        self.allow(
            ("ssm:GetParameter",), stack.format_arn(service="ssm", resource="parameter", resource_name=bootstrap)
        )
        settings = ("lambda:GetAccountSettings",)
        quotas = ("servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota")
        self.allow((*settings, *quotas), "*")
        acknowledge(
            self.role, "IAM5[Resource::*]", "Lambda account settings and Service Quotas don't support resources"
        )
