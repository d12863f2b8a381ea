"""Step Functions workflow, with the rules that start it and recover its failures."""

from typing import Any

from aws_cdk import ArnFormat, Aws, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.acknowledge import acknowledge, acknowledge_wildcard
from stacks.components.dead_letter_queue import DeadLetterQueue
from stacks.components.functions import Functions
from stacks.components.grantee import Grantee, service
from stacks.components.intake import Intake
from stacks.components.service_log import ServiceLog
from stacks.components.verdict_table import VerdictTable
from stacks.contract import CONTRACT
from statemachine import definition

_EVENT_AGE = Duration.hours(24)  # the maximum of EventBridge: how long it retries starting the workflow


class Workflow(Grantee):
    """Workflow started by every new object version, with rules that record executions that end without a verdict."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        workflow_type: str,
        functions: Functions,
        verdicts: VerdictTable,
        intake: Intake,
    ) -> None:
        super().__init__(scope, construct_id)
        self._functions = functions
        self._express = workflow_type == "EXPRESS"
        self.machine = self._make_machine(workflow_type, verdicts)
        self._start_on_upload(intake)
        self._record_failures()
        self._sweep_claims()

    def _make_machine(self, workflow_type: str, verdicts: VerdictTable) -> sfn.StateMachine:
        steps = {
            "PrepareImageFunction": self._functions.prepare_image,
            "QueryImageFunction": self._functions.query_image,
            "ReadImageFunction": self._functions.read_image,
            "JudgeImageFunction": self._functions.judge_image,
            "RecordVerdictFunction": self._functions.record_verdict,
            "NotifyFunction": self._functions.notify,
        }
        arns = {name: step.function.function_arn for name, step in steps.items()}
        self.role = iam.Role(self, "Role", assumed_by=service("states"))
        self.allow(("lambda:InvokeFunction",), *arns.values())
        verdicts.allow_update(self)
        # Log groups under /aws/vendedlogs/ share one resource policy; others use up the account's limit of ten.
        self.log = ServiceLog(self, "Log", name=f"/aws/vendedlogs/states/{Aws.STACK_NAME}-workflow")
        machine = sfn.StateMachine(
            self,
            "Machine",
            role=self.role,
            state_machine_type=sfn.StateMachineType(workflow_type),
            definition_body=sfn.DefinitionBody.from_string(definition.load()),
            definition_substitutions={
                **arns,
                "VerdictTable": verdicts.table.table_name,
                "Shards": str(CONTRACT["shards"]),
            },
            # Logs every step, without the data that passes through it.
            logs=sfn.LogOptions(destination=self.log, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
        )
        acknowledge(
            self.role, "IAM5[Resource::*]", "X-Ray and the set-up of CloudWatch log deliveries support no resources"
        )
        return machine

    def _start_on_upload(self, intake: Intake) -> None:
        field = events.EventField.from_path
        execution_input = {
            "bucket": field("$.detail.bucket.name"),
            "key": field("$.detail.object.key"),
            "version": field("$.detail.object.version-id"),
            "size": field("$.detail.object.size"),
            "event_id": field("$.id"),
            "time": field("$.time"),
        }
        self.unstarted = DeadLetterQueue(self, "UnstartedExecutions")
        starter = iam.Role(self, "StartRole", assumed_by=service("events"))
        self.machine.grant_start_execution(starter)
        self.intake_rule = self._start_rule(
            "ObjectCreated", intake.event_detail(versioned=True), starter, execution_input
        )
        # A bucket whose versioning is off sends no version id: the execution records why there is no verdict.
        unversioned = execution_input | {"version": CONTRACT["null_version"]}
        self._start_rule("UnversionedCreated", intake.event_detail(versioned=False), starter, unversioned)

    def _start_rule(
        self, construct_id: str, detail: dict[str, Any], starter: iam.Role, execution_input: dict[str, str]
    ) -> events.Rule:
        rule = events.Rule(
            self,
            construct_id,
            event_pattern=events.EventPattern(source=["aws.s3"], detail_type=["Object Created"], detail=detail),
            targets=[
                targets.SfnStateMachine(
                    self.machine,
                    role=starter,
                    input=events.RuleTargetInput.from_object(execution_input),
                    dead_letter_queue=self.unstarted,
                    max_event_age=_EVENT_AGE,
                    retry_attempts=185,
                )
            ],
        )
        # Including its policy: EventBridge doesn't retry what it isn't allowed to start.
        rule.node.add_dependency(starter)
        return rule

    def _record_failures(self) -> None:
        """Add the rule on failed executions; Express has no such events, so the sweeper finds those by claim age."""
        if self._functions.record_failure is None:
            return
        detail = {
            "stateMachineArn": [self.machine.state_machine_arn],
            "status": ["FAILED", "TIMED_OUT", "ABORTED"],
        }
        events.Rule(
            self,
            "ExecutionFailed",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail=detail,
            ),
            targets=[
                targets.LambdaFunction(
                    self._functions.record_failure.function,
                    dead_letter_queue=self._functions.unrecorded_failures,
                    max_event_age=_EVENT_AGE,
                    retry_attempts=185,
                )
            ],
        )

    def _sweep_claims(self) -> None:
        sweeper = self._functions.sweep_claims
        self.allow_describe(sweeper)
        self.sweep_rule = events.Rule(
            self,
            "SweepSchedule",
            schedule=events.Schedule.rate(Duration.minutes(15)),
            targets=[targets.LambdaFunction(sweeper.function)],
        )

    @property
    def is_express(self) -> bool:
        return self._express

    def allow_run(self, grantee: Grantee) -> None:
        """Allow `grantee` to start executions and to wait for them, but not to stop them."""
        start = "states:StartSyncExecution" if self._express else "states:StartExecution"
        grantee.allow((start,), self.machine.state_machine_arn)
        self.allow_describe(grantee)

    def allow_describe(self, grantee: Grantee) -> None:
        """Allow `grantee` to describe executions, which Step Functions doesn't support for Express."""
        if self._express:
            return
        executions = Stack.of(self).format_arn(
            service="states",
            resource="execution",
            resource_name=f"{self.machine.state_machine_name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        grantee.allow(("states:DescribeExecution",), executions)
        acknowledge_wildcard(grantee.role, executions, "The executions of this state machine only")

    def allow_count(self, grantee: Grantee) -> None:
        """Allow `grantee` to list executions, which Step Functions doesn't support for Express."""
        if not self._express:
            grantee.allow(("states:ListExecutions",), self.machine.state_machine_arn)

    def allow_redrive(self, grantee: Grantee) -> None:
        """Allow `grantee` to process dead letters, and to describe and start executions."""
        self.allow_describe(grantee)
        grantee.allow(("states:StartExecution",), self.machine.state_machine_arn)
        queues = [queue.queue_arn for queue in (self.unstarted, self._functions.unrecorded_failures) if queue]
        taken = ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
        grantee.allow(taken, *queues)
