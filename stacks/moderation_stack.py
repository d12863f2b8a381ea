"""Stack of the pipeline and its data."""

from aws_cdk import CfnOutput, DefaultStackSynthesizer, Stack, Validations
from constructs import Construct

from stacks.components.alerts import Alerts
from stacks.components.audit_bucket import AuditBucket
from stacks.components.backfill import Backfill
from stacks.components.cleanup_log import CleanupLog
from stacks.components.functions import Functions
from stacks.components.intake import Intake
from stacks.components.monitoring import Monitoring
from stacks.components.operator_roles import (
    AdministratorRole,
    AuditorRole,
    EraserRole,
    OperatorRole,
    PolicyEditorRole,
    QuarantineRole,
    ReviewerRole,
)
from stacks.components.policy_bucket import PolicyBucket
from stacks.components.private_bucket import AccessLogs
from stacks.components.quarantine_bucket import QuarantineBucket
from stacks.components.verdict_table import VerdictTable
from stacks.components.work_bucket import WorkBucket
from stacks.components.workflow import Workflow
from stacks.contract import CONTRACT
from stacks.regions import moderation_faults
from stacks.settings import DeploymentSettings, EndpointNames


class ModerationStack(Stack):
    """Buckets, table, topics, functions and workflow; it refers to the endpoints by name."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: DeploymentSettings,
        endpoints: EndpointNames,
        region: str | None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            # The CLI checks the bootstrap version itself; the rule would make the template read an SSM parameter.
            synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
            # Independent of the stage: the CLI sets it before it executes the change set, and a failed first creation
            # could then not be deleted (aws-cdk-cli, deploy-stack.ts).
            termination_protection=settings.termination_protection,
        )
        for number, fault in enumerate(moderation_faults(region) if region else []):
            Validations.of(self).add_error(f"Region{number}", fault)
        protected = settings.protected
        self.access_logs = access_logs = AccessLogs(self, "AccessLogs", protected=protected)
        intake = Intake(self, "Intake", settings=settings, access_logs=access_logs)
        policies = PolicyBucket(self, "Policies", protected=protected, access_logs=access_logs)
        self.work = work = WorkBucket(
            self, "Work", protected=protected, access_logs=access_logs, retention=settings.retention
        )
        quarantined = QuarantineBucket(self, "Quarantined", protected=protected, access_logs=access_logs)
        audit = AuditBucket(self, "Audit", protected=protected, access_logs=access_logs)
        if not protected:
            CleanupLog(self, "CleanupLog")
        verdicts = VerdictTable(self, "Verdicts", protected=protected, bucket=intake.bucket)
        alerts = Alerts(self, "Alerts", protected=protected, safe=settings.notify_safe, ops_email=settings.ops_email)
        self.functions = functions = Functions(
            self,
            "Functions",
            settings=settings,
            endpoints=endpoints,
            intake=intake,
            policies=policies,
            work=work,
            verdicts=verdicts,
            alerts=alerts,
            audit=audit,
            quarantine=quarantined,
        )
        workflow = Workflow(
            self,
            "Workflow",
            workflow_type=settings.workflow_type,
            functions=functions,
            verdicts=verdicts,
            intake=intake,
        )
        backfill = Backfill(
            self,
            "Backfill",
            functions=functions,
            workflow=workflow,
            intake=intake,
            work=work,
            verdicts=verdicts,
            inventory=settings.inventory,
        )
        reviewer = ReviewerRole(
            self, "Reviewer", intake=intake, policies=policies, work=work, verdicts=verdicts, alerts=alerts, audit=audit
        )
        reviewer.allow_originals(functions.render_original)
        eraser = EraserRole(self, "Eraser", intake=intake, work=work, verdicts=verdicts)
        editor = PolicyEditorRole(
            self,
            "PolicyEditor",
            policies=policies,
            work=work,
            verdicts=verdicts,
            endpoints=endpoints,
            bedrock_judge=settings.bedrock_judge,
            approval=settings.policy_approval,
        )
        operator = OperatorRole(
            self,
            "Operator",
            endpoints=endpoints,
            bedrock_judge=settings.bedrock_judge,
            intake=intake,
            policies=policies,
            functions=functions,
            workflow=workflow,
            backfill=backfill,
            verdicts=verdicts,
            alerts=alerts,
        )
        administrator = AdministratorRole(self, "Administrator", policies=policies)
        auditor = AuditorRole(self, "Auditor", audit=audit)
        quarantine = QuarantineRole(
            self,
            "Quarantine",
            intake=intake,
            policies=policies,
            work=work,
            verdicts=verdicts,
            audit=audit,
            quarantine=quarantined,
        )
        if functions.escalate:
            quarantine.allow_to(functions.escalate)
        console = [functions.api] if functions.api else []
        apps = [functions.app_api] if functions.app_api else []
        intake.protect_tag([functions.record_verdict, functions.finalise, reviewer, quarantine])
        policies.restrict_changes(editor, administrator)
        work.restrict_changes(
            steps=[functions.prepare_image, functions.query_image, functions.read_image, functions.judge_image],
            recorder=functions.record_verdict,
            keepers=[
                *(functions.prepare_image, functions.judge_image, functions.finalise),
                *(*console, *apps, reviewer, eraser),
            ],
            eraser=eraser,
            backfillers=[backfill, operator],
        )
        work.restrict_keys([functions.prepare_image, functions.finalise, *console, *apps, reviewer])
        if settings.hold_until_cleared:
            pipeline = [functions.prepare_image, functions.read_image, functions.select_item]
            intake.hold_until_cleared([*pipeline, functions.render_original, reviewer, quarantine])
            work.restrict_views([functions.query_image, *console, reviewer, quarantine])
        Monitoring(
            self,
            "Monitoring",
            settings=settings,
            endpoints=endpoints,
            alerts=alerts,
            functions=functions,
            workflow=workflow,
        )
        outputs = {
            "IntakeBucketName": intake.bucket.bucket_name,
            "IntakePrefix": intake.prefix,
            "PolicyBucketName": policies.bucket_name,
            "WorkBucketName": work.bucket_name,
            "QuarantineBucketName": quarantined.bucket_name,
            "AuditBucketName": audit.bucket_name,
            "VerdictTableName": verdicts.table.table_name,
            "PrepareImageRoleArn": functions.prepare_image.role.role_arn,
            "ReadImageRoleArn": functions.read_image.role.role_arn,
            "SelectItemRoleArn": functions.select_item.role.role_arn,
            "RecordVerdictRoleArn": functions.record_verdict.role.role_arn,
            "ReviewerRoleArn": reviewer.role.role_arn,
            "EraserRoleArn": eraser.role.role_arn,
            "PolicyEditorRoleArn": editor.role.role_arn,
            "OperatorRoleArn": operator.role.role_arn,
            "AdministratorRoleArn": administrator.role.role_arn,
            "AuditorRoleArn": auditor.role.role_arn,
            "QuarantineRoleArn": quarantine.role.role_arn,
            "DashboardName": self.stack_name,
            "UnstartedQueueUrl": workflow.unstarted.queue_url,
            "UnrecordedQueueUrl": functions.unrecorded_failures.queue_url if functions.unrecorded_failures else "",
            "WorkflowArn": workflow.machine.state_machine_arn,
            "BackfillArn": backfill.machine.state_machine_arn,
            "BackfillLog": backfill.log.log_group_name,
            "InventoryPrefix": settings.inventory.uri if settings.inventory else "",
            "WorkflowLog": workflow.log.log_group_name,
            "SweepRuleName": workflow.sweep_rule.rule_name,
            "FinaliseRuleName": functions.finalise_rule.rule_name,
            "FinaliseFunctionName": functions.finalise.function.function_name,
            "AuditRuleName": functions.audit_rule.rule_name,
            "CheckAuditFunctionName": functions.check_audit.function.function_name,
            "FinaliseRoleArn": functions.finalise.role.role_arn,
            "RenderOriginalFunctionName": functions.render_original.function.function_name,
            "RenderOriginalRoleArn": functions.render_original.role.role_arn,
            "SweepFunctionName": functions.sweep_claims.function.function_name,
            "TopicsKeyId": alerts.key.key_id,
            "Blip2EndpointName": endpoints.blip2,
            "Blip2ComponentName": endpoints.blip2_component or "",
            "Blip2Dialect": settings.blip2_dialect,
            "BedrockModel": settings.bedrock_judge.id if settings.bedrock_judge else "",
            "LlamaEndpointName": endpoints.llama or "",
            "LlamaComponentName": endpoints.llama_component or "",
            "LlamaDialect": settings.llama_dialect if endpoints.llama else "",
            "LlamaGrammar": str(settings.llama_grammar).lower() if endpoints.llama else "",
            "ModelInputSize": str(settings.model_input_size),
            "ModelConcurrency": str(settings.model_concurrency or ""),
            "RecordRetentionDays": str(settings.retention.records),
            "PolicyApproval": "true" if settings.policy_approval else "",
            "HoldUntilCleared": "true" if settings.hold_until_cleared else "",
            "ApiRoleArn": functions.api.role.role_arn if functions.api else "",
            "LogApiFunctionName": functions.log_api.function.function_name if functions.log_api else "",
            "AppApiFunctionName": functions.app_api.function.function_name if functions.app_api else "",
            "VouchFunctionName": functions.vouch.function.function_name if functions.vouch else "",
            "ApiFunctionName": functions.api.function.function_name if functions.api else "",
            "Stage": settings.stage,
        }
        topics = {"unsafe": alerts.unsafe, "review": alerts.review, "safe": alerts.safe, "alarms": alerts.ops}
        outputs |= {name: topic.topic_arn for of, name in CONTRACT["topic_outputs"].items() if (topic := topics[of])}
        outputs |= {f"{function.node.id}Log": function.log.log_group_name for function in functions.all}
        outputs |= {f"{model}Log": name for model, name in endpoints.logs.items()}
        for name, value in outputs.items():
            if value:
                CfnOutput(self, name, value=value)
