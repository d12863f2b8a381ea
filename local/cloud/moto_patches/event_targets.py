"""EventBridge rules: moto delivers to neither Step Functions, Lambda nor SNS, and knows no dead-letter queue.

https://github.com/getmoto/moto/issues/8452 asks for Step Functions; https://github.com/getmoto/moto/pull/9132 starts
executions for CreateBucket alone. No upstream issue on the rest was found as of November 2026.
"""

import copy
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.utils import get_backend as lambda_backend
from moto.core.exceptions import ServiceException
from moto.events.models import Rule
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from moto.utilities.arns import parse_arn
from werkzeug.exceptions import HTTPException

from local.cloud.background import in_background
from local.cloud.event_input import target_input
from local.cloud.iam.evaluate import AccessRequest
from local.cloud.iam.gate import AccessDenied, Gate
from local.cloud.iam.identities import service
from local.cloud.moto_patches.dead_letters import send_dead_letter

LOG = logging.getLogger(__name__)


EVENTS = "events.amazonaws.com"


def install(gate: Gate) -> None:
    """Deliver to the kinds of targets below what rule and target allow; leave the others to moto."""
    send = Rule.send_to_targets

    def send_to_targets(self: Any, original_event: Any, transform_input: bool = True) -> None:
        if self.state != "ENABLED" or not self.event_pattern.get_pattern():  # a schedule matches no event
            return
        if not self.event_pattern.matches_event(original_event):
            return
        for target in list(self.targets):
            if parse_arn(target["Arn"]).service in _DELIVERIES:
                in_background(_deliver, self.arn, target, _as_sent(original_event), gate)
            else:
                send(_only(self, target), original_event, transform_input)

    Rule.send_to_targets = send_to_targets


def _deliver(rule_arn: str, target: Mapping[str, Any], event: dict[str, Any], gate: Gate) -> None:
    """Deliver once: a call within this process only fails in ways that EventBridge doesn't retry either."""
    try:
        arn = parse_arn(target["Arn"])
        _check(rule_arn, target, gate)
        _DELIVERIES[arn.service](arn, target, target_input(target, event))
    except (HTTPException, ServiceException, ValueError, KeyError, AccessDenied) as fault:
        LOG.warning("%s could not deliver to %s: %s", rule_arn, target["Arn"], fault)
        _dead_letter(rule_arn, target, event, fault, gate)


def _check(rule_arn: str, target: Mapping[str, Any], gate: Gate) -> None:
    """Raise AccessDenied unless the rule's role, or the target's own policy where the rule has none, lets it in."""
    right = AccessRequest(_RIGHTS[parse_arn(target["Arn"]).service], target["Arn"])
    if "RoleArn" in target:
        gate.check(gate.assume(EVENTS, target["RoleArn"], "events", rule_arn), right)
    else:
        gate.check(service(EVENTS, rule_arn), right)


_RIGHTS = {
    "states": "states:StartExecution",
    "lambda": "lambda:InvokeFunction",
    "sns": "sns:Publish",
    "sqs": "sqs:SendMessage",
}


def _dead_letter(rule_arn: str, target: Mapping[str, Any], event: dict[str, Any], fault: Exception, gate: Gate) -> None:
    if "DeadLetterConfig" not in target:
        return
    try:
        gate.check(service(EVENTS, rule_arn), AccessRequest("sqs:SendMessage", target["DeadLetterConfig"]["Arn"]))
    except AccessDenied as refusal:
        LOG.error("An event of %s is lost: %s", rule_arn, refusal)
        return
    facts = {
        "RULE_ARN": rule_arn,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": type(fault).__name__,
        "ERROR_MESSAGE": str(fault) or type(fault).__name__,
    }
    send_dead_letter(target["DeadLetterConfig"]["Arn"], event, facts)


def _to_state_machine(arn: Any, target: Mapping[str, Any], text: str) -> None:
    stepfunctions_parser_backends[arn.account][arn.region].start_execution(target["Arn"], None, text)


def _to_function(arn: Any, target: Mapping[str, Any], text: str) -> None:
    headers = {"x-amz-invocation-type": "Event"}
    lambda_backend(arn.account, arn.region).invoke(target["Arn"], None, text, headers, {})


def _to_topic(arn: Any, target: Mapping[str, Any], text: str) -> None:
    sns_backends[arn.account][arn.region].publish(text, arn=target["Arn"])


def _to_queue(arn: Any, target: Mapping[str, Any], text: str) -> None:
    group_id = target.get("SqsParameters", {}).get("MessageGroupId")
    queues = sqs_backends[arn.account][arn.region]
    queues.send_message(queue_name=arn.resource_id, message_body=text, group_id=group_id)


_DELIVERIES: dict[str, Callable[[Any, Mapping[str, Any], str], None]] = {
    "states": _to_state_machine,
    "lambda": _to_function,
    "sns": _to_topic,
    "sqs": _to_queue,
}


def _as_sent(event: Mapping[str, Any]) -> dict[str, Any]:
    """A copy as a target sees it: moto keeps the time as a number and adds a field of its own."""
    sent = copy.deepcopy(dict(event))
    sent.pop("ingestion-time", None)
    if isinstance(sent["time"], int | float):
        sent["time"] = datetime.fromtimestamp(sent["time"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return sent


def _only(rule: Any, target: Mapping[str, Any]) -> Any:
    """The rule with this target alone, for moto's own delivery."""
    narrowed = copy.copy(rule)
    narrowed.targets = [target]
    return narrowed
