"""Second state machine, which moderates objects that exist already."""

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.acknowledge import acknowledge, acknowledge_wildcard
from stacks.components import work_bucket as files
from stacks.components.functions import Functions
from stacks.components.grantee import Grantee, service
from stacks.components.intake import Intake
from stacks.components.service_log import ServiceLog
from stacks.components.verdict_table import VerdictTable
from stacks.components.work_bucket import WorkBucket
from stacks.components.workflow import Workflow
from stacks.settings import S3Prefix
from statemachine import definition

# The rule by which Step Functions learns that an execution which it waits for has ended.
_MANAGED_RULE = "StepFunctionsGetEventsForStepFunctionsExecutionRule"


class Backfill(Grantee):
    """Distributed Map whose children run the ordinary workflow, each for one object version."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: Functions,
        workflow: Workflow,
        intake: Intake,
        work: WorkBucket,
        verdicts: VerdictTable,
        inventory: S3Prefix | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._inventory, self._intake, self._verdicts = inventory, intake, verdicts
        self.role = iam.Role(self, "Role", assumed_by=service("states"))
        steps = {
            "SelectItemFunction": functions.select_item.function.function_arn,
            "DigestBackfillFunction": functions.digest_backfill.function.function_arn,
        }
        self.allow(("lambda:InvokeFunction",), *steps.values())
        intake.allow_list(self)
        self._work = work
        # "IAM policies for using Distributed Map state": a ResultWriter reads back, lists and aborts its uploads.
        work.allow_put(self, files.BACKFILL)
        work.allow_get(self, files.BACKFILL)
        work.allow_objects(self, "s3:ListMultipartUploadParts", files.BACKFILL)
        work.allow_objects(self, "s3:AbortMultipartUpload", files.BACKFILL)
        self.allow_inventory(self)
        workflow.allow_run(self)
        if not workflow.is_express:
            rule = Stack.of(self).format_arn(service="events", resource="rule", resource_name=_MANAGED_RULE)
            self.allow(("events:PutTargets", "events:PutRule", "events:DescribeRule"), rule)
        self.log = ServiceLog(self, "Log", name=f"/aws/vendedlogs/states/{Aws.STACK_NAME}-backfill")
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            role=self.role,
            definition_body=sfn.DefinitionBody.from_string(definition.load(definition.BACKFILL_PATH)),
            definition_substitutions={
                **steps,
                "Workflow": workflow.machine.state_machine_arn,
                "IntakeBucket": intake.bucket.bucket_name,
                "WorkBucket": work.bucket_name,
            },
            logs=sfn.LogOptions(destination=self.log, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
        )
        acknowledge(
            self.role, "IAM5[Resource::*]", "X-Ray and the set-up of CloudWatch log deliveries support no resources"
        )
        self._allow_children()

    def _allow_children(self) -> None:
        """Allow the machine to start and stop children of its own, by a policy that it doesn't depend on."""
        children = self._executions(f"{self.machine.state_machine_name}:*")
        policy = iam.Policy(self, "ChildrenPolicy", roles=[self.role])
        policy.add_statements(
            iam.PolicyStatement(actions=["states:StartExecution"], resources=[self.machine.state_machine_arn]),
            iam.PolicyStatement(actions=["states:DescribeExecution", "states:StopExecution"], resources=[children]),
        )
        for scope in (self.role, policy):
            acknowledge_wildcard(scope, children, "The executions of this state machine only")

    def allow_run(self, grantee: Grantee) -> None:
        """Allow `grantee` to start, follow and stop runs, and to pass them their items."""
        name = self.machine.state_machine_name
        grantee.allow(("states:StartExecution", "states:ListExecutions"), self.machine.state_machine_arn)
        runs, children = self._executions(f"{name}:*"), self._executions(f"{name}/*")
        grantee.allow(("states:DescribeExecution", "states:StopExecution", "states:ListMapRuns"), runs)
        grantee.allow(("states:DescribeExecution",), children)
        map_runs = self._arn("mapRun", f"{name}/*")
        grantee.allow(("states:DescribeMapRun", "states:ListExecutions"), map_runs)
        for arn in (runs, children, map_runs):
            acknowledge_wildcard(grantee.role, arn, "The runs of this state machine only")
        self._work.allow_put(grantee, files.BACKFILL)
        self._intake.allow_list_versions(grantee)
        self._verdicts.allow_read_many(grantee)
        self.allow_inventory(grantee)

    def allow_inventory(self, grantee: Grantee) -> None:
        """Allow `grantee` to read the inventories that the settings name."""
        if self._inventory:
            bucket = f"arn:{Aws.PARTITION}:s3:::{self._inventory.bucket}"
            objects = f"{bucket}/{self._inventory.prefix}*"
            grantee.allow(("s3:GetObject",), objects)
            acknowledge_wildcard(grantee.role, objects, "S3 names the files of an inventory")

    def _executions(self, name: str) -> str:
        return self._arn("execution", name)

    def _arn(self, kind: str, name: str) -> str:
        return Stack.of(self).format_arn(
            service="states", resource=kind, resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
