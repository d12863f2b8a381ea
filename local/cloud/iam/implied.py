"""The rights that a service uses in the name of a role, without a call that the emulator would see."""

from local.cloud.iam.evaluate import AccessRequest
from local.cloud.iam.resources import arn


def of_log(group: str, stream: str) -> tuple[AccessRequest, ...]:
    """Lambda writes a function's log as its role ("Sending Lambda function logs to CloudWatch Logs")."""
    resource = arn("logs", f"log-group:{group}:log-stream:{stream}")
    return tuple(AccessRequest(f"logs:{action}", resource) for action in ("CreateLogStream", "PutLogEvents"))


def of_tracing() -> tuple[AccessRequest, ...]:
    """Active tracing sends segments as the role ("Visualize Lambda function invocations using AWS X-Ray")."""
    return tuple(AccessRequest(f"xray:{action}", "*") for action in ("PutTraceSegments", "PutTelemetryRecords"))


def of_dead_letter(queue_arn: str) -> tuple[AccessRequest, ...]:
    """Lambda sends a discarded event as the role ("Adding a dead-letter queue")."""
    return (AccessRequest("sqs:SendMessage", queue_arn),)


def of_traced_workflow() -> tuple[AccessRequest, ...]:
    """Return what tracing asks of a state machine's role ("Trace Step Functions request data in AWS X-Ray")."""
    actions = ("PutTraceSegments", "PutTelemetryRecords", "GetSamplingRules", "GetSamplingTargets")
    return tuple(AccessRequest(f"xray:{action}", "*") for action in actions)


def of_logged_workflow() -> tuple[AccessRequest, ...]:
    """Return what logging asks of a state machine's role ("Using CloudWatch Logs to log execution history")."""
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
