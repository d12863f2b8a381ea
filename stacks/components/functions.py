"""Lambda functions of the pipeline, each with its own permissions."""

from pathlib import Path

from aws_cdk import Duration, IgnoreMode, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.components import model_access
from stacks.components import work_bucket as files
from stacks.components.alerts import VERDICTS, Alerts
from stacks.components.audit_bucket import AuditBucket
from stacks.components.dead_letter_queue import DeadLetterQueue
from stacks.components.intake import Intake
from stacks.components.pipeline_function import PipelineFunction
from stacks.components.policy_bucket import PolicyBucket
from stacks.components.quarantine_bucket import QuarantineBucket
from stacks.components.verdict_table import VerdictTable
from stacks.components.wheel_layer import MODELS, WheelLayer
from stacks.components.work_bucket import WorkBucket
from stacks.settings import DeploymentSettings, EndpointNames
from stacks.wheels import IMAGING, READING, TOKENS

LAMBDAS = Path(__file__).parents[2] / "lambdas"
# Version 36 holds Powertools 3.31.1 with all its extras.
POWERTOOLS_LAYER = "arn:{partition}:lambda:{region}:017000801446:layer:AWSLambdaPowertoolsPythonV3-python314-arm64:36"

_WAITING_MB = 256  # of the functions that do little but wait for a model, and are paid for it


class Functions(Construct):
    """Workflow steps, those of a backfill, the canary, drift, the audit's check, people's decisions, the guards."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: DeploymentSettings,
        endpoints: EndpointNames,
        intake: Intake,
        policies: PolicyBucket,
        work: WorkBucket,
        verdicts: VerdictTable,
        alerts: Alerts,
        audit: AuditBucket,
        quarantine: QuarantineBucket,
    ) -> None:
        super().__init__(scope, construct_id)
        self.all: list[PipelineFunction] = []
        self._settings = settings
        self._retention = {"RECORD_RETENTION_DAYS": str(settings.retention.records)}
        self._code = lambda_.Code.from_asset(
            str(LAMBDAS), exclude=["/*", "!/moderation", "__pycache__"], ignore_mode=IgnoreMode.GIT
        )
        self._powertools = lambda_.LayerVersion.from_layer_version_arn(
            self,
            "Powertools",
            POWERTOOLS_LAYER.format(partition=Stack.of(self).partition, region=Stack.of(self).region),
        )
        self._imaging = WheelLayer(self, "Imaging", IMAGING)
        self._make_model_steps(endpoints, intake, policies, work, verdicts)
        self._make_canary(endpoints, policies)
        self._make_record_steps(intake, work, verdicts, alerts)
        self._make_backfill_steps(intake, verdicts, alerts)
        self._make_guards(verdicts, alerts)
        self._make_drift(intake, verdicts)
        self._make_audit_check(audit)
        self._make_finalise(intake, policies, work, verdicts, alerts, audit)
        self._make_render_original(intake, policies, verdicts, audit)
        self.api: PipelineFunction | None = None
        self.app_api: PipelineFunction | None = None
        self.log_api: PipelineFunction | None = None
        self.escalate: PipelineFunction | None = None
        self.vouch: PipelineFunction | None = None
        # Written by the console's stack, which is made after this one.
        self.tokens_parameter = f"/{Stack.of(self).stack_name}/console-tokens"
        if settings.console:
            self.escalate = self._make_escalate(work, verdicts, audit, quarantine)
            self.vouch = self._make_vouch(intake, policies, verdicts)
            self.api = self._make_api(self.escalate, self.vouch, intake, policies, work, verdicts, audit)
            self.app_api = self._make_app_api(intake, policies, work, verdicts, audit)
            self.log_api = self._make_log_api(policies, audit)

    def _make_model_steps(
        self,
        endpoints: EndpointNames,
        intake: Intake,
        policies: PolicyBucket,
        work: WorkBucket,
        verdicts: VerdictTable,
    ) -> None:
        settings = self._settings
        # None by default: Lambda must keep 100 unreserved, and a new account may have only 10 in total.
        concurrency = settings.model_concurrency or None

        self.prepare_image = self._function(
            "prepare_image",
            memory_mb=2048,  # a picture of 50 megapixels is decoded in memory
            environment={
                "WORK_BUCKET": work.bucket_name,
                "POLICY_BUCKET": policies.bucket_name,
                "POLICY_APPROVAL": str(settings.policy_approval).lower(),
                "VERDICT_TABLE": verdicts.table.table_name,
                "MODELS": _deployed(settings, endpoints),
                "MODEL_INPUT_SIZE": str(settings.model_input_size),
            },
            layers=[self._imaging],
        )
        intake.allow_read(self.prepare_image)
        policies.allow_read(self.prepare_image)
        # its judgement is that of the same bytes before
        work.allow_put(self.prepare_image, files.MANIFEST, files.UPLOAD, files.VIEWS)
        work.allow_put(self.prepare_image, files.JUDGEMENT, files.PACKS)
        verdicts.allow_reuse(self.prepare_image)
        work.allow_key(self.prepare_image)
        verdicts.allow_decisions(self.prepare_image, "dynamodb:GetItem")

        self.query_image = self._function(
            "query_image",
            timeout_seconds=90,
            memory_mb=_WAITING_MB,
            environment={
                "WORK_BUCKET": work.bucket_name,
                "BLIP2_ENDPOINT": endpoints.blip2,
                "BLIP2_DIALECT": settings.blip2_dialect,
                **({"BLIP2_COMPONENT": endpoints.blip2_component} if endpoints.blip2_component else {}),
            },
            reserved_concurrency=concurrency,
        )
        work.allow_get(self.query_image, files.MANIFEST, files.VIEWS)
        work.allow_put(self.query_image, files.ANSWERS)
        model_access.allow_invoke(self.query_image, endpoints.blip2, endpoints.blip2_component)

        self.read_image = self._function(
            "read_image",
            memory_mb=1792,  # one processor, on which the reader runs
            timeout_seconds=90,
            environment={"WORK_BUCKET": work.bucket_name, "READER_MODELS": f"/opt/{MODELS}"},
            layers=[self._imaging, WheelLayer(self, "Reading", READING)],
        )
        intake.allow_read(self.read_image)
        work.allow_get(self.read_image, files.MANIFEST)
        work.allow_put(self.read_image, files.READING)

        self.judge_image = self._function(
            "judge_image",
            timeout_seconds=90,
            memory_mb=_WAITING_MB,
            environment={"WORK_BUCKET": work.bucket_name, **_judge(settings, endpoints)},
            reserved_concurrency=concurrency,
        )
        work.allow_get(self.judge_image, files.MANIFEST, files.ANSWERS, files.READING)
        work.allow_put(self.judge_image, files.JUDGEMENT, files.PROMPTS)
        model_access.allow_judge(self.judge_image, endpoints, settings.bedrock_judge)

    def _make_canary(self, endpoints: EndpointNames, policies: PolicyBucket) -> None:
        self.ask_canary = self._function(
            "ask_canary",
            timeout_seconds=90,
            memory_mb=256,
            environment={
                "POLICY_BUCKET": policies.bucket_name,
                "QUERY_LOG": self.query_image.log.log_group_name,
                "BLIP2_ENDPOINT": endpoints.blip2,
                "BLIP2_DIALECT": self._settings.blip2_dialect,
                **({"BLIP2_COMPONENT": endpoints.blip2_component} if endpoints.blip2_component else {}),
            },
        )
        policies.allow_read_canary(self.ask_canary)
        policies.allow_list(self.ask_canary)
        self.ask_canary.allow(("logs:FilterLogEvents",), self.query_image.log.log_group_arn)
        model_access.allow_invoke(self.ask_canary, endpoints.blip2, endpoints.blip2_component)
        model_access.allow_describe_component(self.ask_canary, endpoints.blip2_component)
        events.Rule(
            self,
            "CanarySchedule",
            schedule=events.Schedule.rate(Duration.hours(1)),
            targets=[targets.LambdaFunction(self.ask_canary.function)],
        )

    def _make_record_steps(self, intake: Intake, work: WorkBucket, verdicts: VerdictTable, alerts: Alerts) -> None:
        self.record_verdict = self._function(
            "record_verdict",
            environment={
                "WORK_BUCKET": work.bucket_name,
                "VERDICT_TABLE": verdicts.table.table_name,
                "NOTIFY_SAFE": str(self._settings.notify_safe).lower(),
                **self._retention,
            },
        )
        work.allow_get(self.record_verdict, files.MANIFEST, files.UPLOAD, files.JUDGEMENT)
        work.allow_put(self.record_verdict, files.EVIDENCE)
        work.allow_discard(self.record_verdict)
        verdicts.allow_write(self.record_verdict)
        verdicts.allow_decisions(self.record_verdict, "dynamodb:ConditionCheckItem")
        verdicts.allow_lanes(self.record_verdict, opening=True)
        intake.allow_tag(self.record_verdict)

        self.notify = self._function(
            "notify",
            memory_mb=256,
            environment={"VERDICT_TABLE": verdicts.table.table_name, **alerts.environment},
        )
        verdicts.allow_write(self.notify)
        alerts.allow_publish(self.notify, *VERDICTS)

    def _make_backfill_steps(self, intake: Intake, verdicts: VerdictTable, alerts: Alerts) -> None:
        self.select_item = self._function(
            "select_item",
            memory_mb=256,
            environment={
                "VERDICT_TABLE": verdicts.table.table_name,
                "INTAKE_BUCKET": intake.bucket.bucket_name,
                "INTAKE_PREFIX": intake.prefix,
                "WORKFLOW_TYPE": self._settings.workflow_type,
            },
        )
        intake.allow_view(self.select_item)  # the current version is found by HEAD without one
        verdicts.allow_select(self.select_item)

        self.digest_backfill = self._function(
            "digest_backfill",
            memory_mb=512,
            timeout_seconds=900,
            environment={"VERDICT_TABLE": verdicts.table.table_name, **alerts.environment},
        )
        verdicts.allow_list(self.digest_backfill)
        alerts.allow_publish(self.digest_backfill, *VERDICTS)

    def _make_guards(self, verdicts: VerdictTable, alerts: Alerts) -> None:
        environment = {"VERDICT_TABLE": verdicts.table.table_name, **self._retention, **alerts.environment}
        self.sweep_claims = self._function("sweep_claims", memory_mb=256, timeout_seconds=300, environment=environment)
        verdicts.allow_list(self.sweep_claims)
        guards = [self.sweep_claims]
        self.record_failure: PipelineFunction | None = None
        self.unrecorded_failures: DeadLetterQueue | None = None
        if self._settings.workflow_type != "EXPRESS":  # Express executions have no status events
            # EventBridge invokes asynchronously: failures of the function itself go to this queue, too.
            self.unrecorded_failures = DeadLetterQueue(self, "UnrecordedFailures")
            self.record_failure = self._function(
                "record_failure", memory_mb=256, environment=environment, dead_letter_queue=self.unrecorded_failures
            )
            guards.append(self.record_failure)
        for guard in guards:
            verdicts.allow_write(guard)
            alerts.allow_publish(guard, *VERDICTS)

    def _make_drift(self, intake: Intake, verdicts: VerdictTable) -> None:
        self.measure_drift = self._function(
            "measure_drift",
            timeout_seconds=900,  # it reads the index of two weeks
            environment={"VERDICT_TABLE": verdicts.table.table_name, "INTAKE_BUCKET": intake.bucket.bucket_name},
        )
        verdicts.allow_measure(self.measure_drift)
        events.Rule(
            self,
            "DriftSchedule",
            schedule=events.Schedule.rate(Duration.days(1)),
            targets=[targets.LambdaFunction(self.measure_drift.function)],
        )

    def _make_audit_check(self, audit: AuditBucket) -> None:
        self.check_audit = self._function(
            "check_audit",
            memory_mb=1792,  # one processor, of which reading at once takes most
            timeout_seconds=900,  # it reads all entries of two days
            environment={"AUDIT_BUCKET": audit.bucket_name},
        )
        audit.allow_seal(self.check_audit)
        self.audit_rule = events.Rule(
            self,
            "AuditSchedule",
            schedule=events.Schedule.cron(minute="0", hour="1"),  # UTC, when nobody writes into the day before
            targets=[targets.LambdaFunction(self.check_audit.function)],
        )

    def _make_finalise(
        self,
        intake: Intake,
        policies: PolicyBucket,
        work: WorkBucket,
        verdicts: VerdictTable,
        alerts: Alerts,
        audit: AuditBucket,
    ) -> None:
        self.finalise = self._function(
            "finalise",
            timeout_seconds=300,  # on its schedule it ends what many people left behind
            layers=[self._imaging],  # which holds what reads packs
            environment={
                **self._review_environment(intake, policies, work, verdicts, audit),
                **self._retention,
                **alerts.environment,
            },
        )
        intake.allow_tag(self.finalise)
        policies.allow_read(self.finalise)
        policies.allow_read_people(self.finalise)
        work.allow_get(self.finalise, files.MANIFEST, files.PACKS)
        work.allow_put(self.finalise, files.PACKS)
        work.allow_key(self.finalise)
        verdicts.allow_write(self.finalise)
        verdicts.allow_find_decided(self.finalise)
        verdicts.allow_lanes(self.finalise, opening=True)
        verdicts.allow_ahead(self.finalise, "dynamodb:PutItem")
        changes = ("GetItem", "PutItem", "DeleteItem", "ConditionCheckItem")
        verdicts.allow_decisions(self.finalise, *(f"dynamodb:{action}" for action in changes))
        alerts.allow_publish(self.finalise, *VERDICTS)
        audit.allow_append(self.finalise)
        self.finalise_rule = events.Rule(
            self,
            "FinaliseSchedule",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            targets=[targets.LambdaFunction(self.finalise.function)],
        )
        ahead = events.RuleTargetInput.from_object({"ahead": True})
        events.Rule(
            self,
            "ListAheadSchedule",
            schedule=events.Schedule.rate(Duration.minutes(5)),
            targets=[targets.LambdaFunction(self.finalise.function, event=ahead)],
        )

    def _make_render_original(
        self, intake: Intake, policies: PolicyBucket, verdicts: VerdictTable, audit: AuditBucket
    ) -> None:
        """Make the function that reads uploads for the console, and does nothing else with them."""
        self.render_original = self._function(
            "render_original",
            memory_mb=2048,  # as prepare_image, which decodes the same files
            timeout_seconds=18,  # the API waits 25 s for it, of which its start may take the rest
            layers=[self._imaging],
            environment={
                "VERDICT_TABLE": verdicts.table.table_name,
                "POLICY_BUCKET": policies.bucket_name,
                "AUDIT_BUCKET": audit.bucket_name,
            },
        )
        intake.allow_read(self.render_original)
        policies.allow_read_people(self.render_original)
        verdicts.allow_reveal(self.render_original)
        audit.allow_append(self.render_original)

    def _make_escalate(
        self, work: WorkBucket, verdicts: VerdictTable, audit: AuditBucket, quarantine: QuarantineBucket
    ) -> PipelineFunction:
        """Make the function that may do nothing but take the role of the quarantine (`QuarantineRole.allow_to`)."""
        return self._function(
            "escalate",
            timeout_seconds=30,  # as long as API Gateway waits
            environment={
                "WORK_BUCKET": work.bucket_name,
                "VERDICT_TABLE": verdicts.table.table_name,
                "AUDIT_BUCKET": audit.bucket_name,
                "QUARANTINE_BUCKET": quarantine.bucket_name,
            },
        )

    def _make_vouch(self, intake: Intake, policies: PolicyBucket, verdicts: VerdictTable) -> PipelineFunction:
        """Make the function that verifies who decides, and writes nothing but that."""
        function = self._function(
            "vouch",
            memory_mb=1024,  # a person waits for it, and a larger one starts faster
            timeout_seconds=15,  # less than the function that waits for it
            layers=[WheelLayer(self, "Tokens", TOKENS)],
            environment={
                "INTAKE_BUCKET": intake.bucket.bucket_name,
                "VERDICT_TABLE": verdicts.table.table_name,
                "POLICY_BUCKET": policies.bucket_name,
                "TOKENS_PARAMETER": self.tokens_parameter,
            },
        )
        policies.allow_read_people(function)
        verdicts.allow_vouch(function)
        name = self.tokens_parameter.removeprefix("/")
        parameter = Stack.of(self).format_arn(service="ssm", resource="parameter", resource_name=name)
        function.allow(("ssm:GetParameter",), parameter)
        return function

    def _make_api(
        self,
        escalate: PipelineFunction,
        vouch: PipelineFunction,
        intake: Intake,
        policies: PolicyBucket,
        work: WorkBucket,
        verdicts: VerdictTable,
        audit: AuditBucket,
    ) -> PipelineFunction:
        """Make the console's function: here, because the buckets' policies name the roles that they exempt."""
        function = self._function(
            "api",
            memory_mb=1024,  # a person waits for it, and a larger one starts faster
            timeout_seconds=30,  # as long as API Gateway waits
            layers=[self._imaging],  # which holds what reads packs
            environment={
                **self._review_environment(intake, policies, work, verdicts, audit),
                "FINALISE_FUNCTION": self.finalise.function.function_name,
                "ESCALATE_FUNCTION": escalate.function.function_name,
                "RENDER_ORIGINAL_FUNCTION": self.render_original.function.function_name,
                "VOUCH_FUNCTION": vouch.function.function_name,
            },
        )
        policies.allow_read(function)
        policies.allow_read_people(function)
        work.allow_get(function, files.MANIFEST, files.VIEWS, files.EVIDENCE, files.PACKS)
        work.allow_key(function)
        verdicts.allow_review(function)
        audit.allow_append(function)
        others = [other.function.function_arn for other in (self.finalise, escalate, self.render_original, vouch)]
        function.allow(("lambda:InvokeFunction",), *others)
        return function

    def _make_app_api(
        self, intake: Intake, policies: PolicyBucket, work: WorkBucket, verdicts: VerdictTable, audit: AuditBucket
    ) -> PipelineFunction:
        """Make the apps' function, which reads records, states reasons, and adds appeals and notices."""
        function = self._function(
            "app_api",
            timeout_seconds=30,  # as long as API Gateway waits
            layers=[self._imaging],  # which holds what reads packs
            environment=self._review_environment(intake, policies, work, verdicts, audit),
        )
        policies.allow_read(function)
        policies.allow_read_people(function)
        work.allow_get(function, files.PACKS, files.EVIDENCE)
        work.allow_key(function)
        verdicts.allow_report(function)
        audit.allow_append(function)
        return function

    def _make_log_api(self, policies: PolicyBucket, audit: AuditBucket) -> PipelineFunction:
        """Make the function that reads the audit log and that of policies, and may write nowhere."""
        function = self._function(
            "log_api",
            memory_mb=1024,  # a person waits for it, and it reads at once
            timeout_seconds=30,  # as long as API Gateway waits
            environment={"POLICY_BUCKET": policies.bucket_name, "AUDIT_BUCKET": audit.bucket_name},
        )
        policies.allow_read_people(function)
        policies.allow_read_log(function)
        audit.allow_browse(function)
        return function

    def _review_environment(
        self, intake: Intake, policies: PolicyBucket, work: WorkBucket, verdicts: VerdictTable, audit: AuditBucket
    ) -> dict[str, str]:
        return {
            "INTAKE_BUCKET": intake.bucket.bucket_name,
            "WORK_BUCKET": work.bucket_name,
            "POLICY_BUCKET": policies.bucket_name,
            "POLICY_APPROVAL": str(self._settings.policy_approval).lower(),
            "AUDIT_BUCKET": audit.bucket_name,
            "VERDICT_TABLE": verdicts.table.table_name,
        }

    def _function(
        self,
        stem: str,
        *,
        environment: dict[str, str],
        memory_mb: int = 512,
        timeout_seconds: int = 60,
        layers: list[lambda_.ILayerVersion] | None = None,
        reserved_concurrency: int | None = None,
        dead_letter_queue: DeadLetterQueue | None = None,
    ) -> PipelineFunction:
        function = PipelineFunction(
            self,
            stem,
            code=self._code,
            layers=[self._powertools, *(layers or [])],
            protected=self._settings.protected,
            memory_mb=memory_mb,
            timeout_seconds=timeout_seconds,
            environment=environment,
            reserved_concurrency=reserved_concurrency,
            dead_letter_queue=dead_letter_queue,
        )
        self.all.append(function)
        return function


def _judge(settings: DeploymentSettings, endpoints: EndpointNames) -> dict[str, str]:
    """Name the judge in a function's environment: a model on Bedrock, or the Llama endpoint."""
    if settings.bedrock_judge:
        return {"BEDROCK_MODEL": settings.bedrock_judge.id}
    return {
        "LLAMA_ENDPOINT": endpoints.llama or "",
        "LLAMA_DIALECT": settings.llama_dialect,
        "LLAMA_GRAMMAR": str(settings.llama_grammar).lower(),
        **({"LLAMA_COMPONENT": endpoints.llama_component} if endpoints.llama_component else {}),
    }


def _deployed(settings: DeploymentSettings, endpoints: EndpointNames) -> str:
    """Identify the deployed models, whose verdicts may be reused. Changes behind an existing endpoint go unnoticed."""
    vision = [endpoints.blip2, settings.blip2_dialect]
    bedrock = settings.bedrock_judge
    judge = ["bedrock", bedrock.id] if bedrock else [endpoints.llama or "", settings.llama_dialect]
    if settings.existing_endpoints is None:
        weights = settings.blip2_weights_prefix
        at_hub = f"{settings.blip2_weights}@{settings.blip2_revision}"
        vision.append(f"{weights.bucket}/{weights.prefix}" if weights else at_hub)
        judge += [] if bedrock else [settings.llama_size]
    return f"blip2={':'.join(vision)} llama={':'.join(judge)}"
