"""Rights that a service uses under a role without a call that the emulator could authorise."""

from local.cloud.iam.evaluate import AccessRequest
from local.cloud.iam.resources import arn


def of_log(group: str, stream: str) -> tuple[AccessRequest, ...]:
    """Return the rights of a function's log ("Sending Lambda function logs to CloudWatch Logs")."""
    resource = arn("logs", f"log-group:{group}:log-stream:{stream}")
    return tuple(AccessRequest(f"logs:{action}", resource) for action in ("CreateLogStream", "PutLogEvents"))


def of_tracing() -> tuple[AccessRequest, ...]:
    """Return the rights of active tracing ("Visualize Lambda function invocations using AWS X-Ray")."""
    return tuple(AccessRequest(f"xray:{action}", "*") for action in ("PutTraceSegments", "PutTelemetryRecords"))


def of_dead_letter(queue_arn: str) -> tuple[AccessRequest, ...]:
    """Return the right to send a discarded event ("Adding a dead-letter queue")."""
    return (AccessRequest("sqs:SendMessage", queue_arn),)


def of_traced_workflow() -> tuple[AccessRequest, ...]:
    """Return the rights of a traced state machine ("Trace Step Functions request data in AWS X-Ray")."""
    actions = ("PutTraceSegments", "PutTelemetryRecords", "GetSamplingRules", "GetSamplingTargets")
    return tuple(AccessRequest(f"xray:{action}", "*") for action in actions)


def of_waiting_workflow() -> tuple[AccessRequest, ...]:
    """Return the rights of a state machine that waits for executions ("IAM policies for calling a workflow")."""
    rule = arn("events", "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")
    return tuple(AccessRequest(f"events:{action}", rule) for action in ("PutTargets", "PutRule", "DescribeRule"))


def of_distributed_map(machine: str) -> tuple[AccessRequest, ...]:
    """Return the right to start the children of a Map ("IAM policies for using Distributed Map state")."""
    return (AccessRequest("states:StartExecution", machine),)


def of_logged_workflow() -> tuple[AccessRequest, ...]:
    """Return the rights of a logged state machine ("Using CloudWatch Logs to log execution history")."""
    actions = (
        "CreateLogDelivery",
        "GetLogDelivery",
        "UpdateLogDelivery",
        "DeleteLogDelivery",
        "ListLogDeliveries",
        "PutResourcePolicy",
        "DescribeResourcePolicies",
        "DescribeLogGroups",
    )
    return tuple(AccessRequest(f"logs:{action}", "*") for action in actions)
