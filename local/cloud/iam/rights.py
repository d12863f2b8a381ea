"""Rights that calls need: actions, resources and condition keys, by service.

Source: "Service Authorization Reference"; where a service requires more than the action of the same name, the line
names its own source.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote
from xml.parsers.expat import ExpatError

from local.cloud.iam import rights_dynamodb, rights_s3
from local.cloud.iam.evaluate import AccessRequest
from local.cloud.iam.request import CONVERSATION, INVOCATION, AwsRequest
from local.cloud.iam.resources import ACCOUNT, PARTITION, REGION, Resources, arn
from local.contract import CONTRACT


class UnknownCall(Exception):
    """The rights of this call aren't implemented."""


def rights_of(request: AwsRequest, resources: Resources) -> tuple[AccessRequest, ...]:
    """Return the rights that a call needs. Raises UnknownCall."""
    rule = _RULES.get(request.service)
    try:
        asked = rule(request, resources) if rule else None
    except (LookupError, ValueError, ExpatError):  # not a request of the service's SDK
        asked = None
    if asked is None:
        what = request.operation or f"{request.method} {request.path}"
        raise UnknownCall(
            f"The laptop cloud doesn't know which rights {request.service} {what} needs: add it to "
            "local/cloud/iam/rights.py."
        )
    return asked


Rule = Callable[[AwsRequest, Resources], tuple[AccessRequest, ...] | None]


def _sns(request: AwsRequest, resources: Resources) -> tuple[AccessRequest, ...] | None:
    given, operation = request.parameters, request.operation.removesuffix("Batch")  # as with Amazon SQS, below
    action = f"sns:{operation}"
    topic = next((given[name] for name in ("TargetArn", "TopicArn", "ResourceArn") if given.get(name)), None)
    topic = topic or str(given.get("SubscriptionArn", "*")).rpartition(":")[0]
    if operation != "Publish":
        return (AccessRequest(action, topic or "*"),)
    key = resources.topic_key(topic)
    if key is None:
        return (AccessRequest(action, topic),)
    # "Amazon SNS key management": who publishes to an encrypted topic needs both rights on its key
    via = {
        "kms:viaservice": (f"sns.{REGION}.amazonaws.com",),
        "kms:calleraccount": (ACCOUNT,),
        "kms:encryptioncontext:aws:sns:topicarn": (topic,),
    }
    return AccessRequest(action, topic), *(
        AccessRequest(f"kms:{verb}", key, via) for verb in ("GenerateDataKey", "Decrypt")
    )


def _sqs(request: AwsRequest, resources: Resources) -> tuple[AccessRequest, ...] | None:
    given, operation = request.parameters, request.operation
    name = str(given.get("QueueUrl", "")).rpartition("/")[2] or given.get("QueueName", "*")
    single = operation.removesuffix("Batch")  # "Actions for Amazon SQS": a batch needs the single action's right
    return (AccessRequest(f"sqs:{single}", arn("sqs", name)),)


def _states(request: AwsRequest, resources: Resources) -> tuple[AccessRequest, ...] | None:
    given = request.json
    resource = given.get("executionArn") or given.get("stateMachineArn") or given.get("mapRunArn") or "*"
    return (AccessRequest(f"states:{request.operation}", resource),)


def _lambda(request: AwsRequest, resources: Resources) -> tuple[AccessRequest, ...] | None:
    if request.path.endswith("/account-settings"):
        return (AccessRequest("lambda:GetAccountSettings", "*"),)
    found = re.fullmatch(r"/[\d-]+/functions/([^/]+)(?:/([a-z-]+))?", request.path)
    action = found and _LAMBDA.get((request.method, found[2] or ""))
    if not found or not action:
        return None
    name = unquote(found[1])
    qualifier = request.query.get("Qualifier") or name.rpartition("function:")[2].partition(":")[2]
    # a version or an alias is a resource of its own ("Resources and conditions for Lambda actions")
    resource = resources.function_arn(name) + (f":{qualifier}" if qualifier else "")
    return (AccessRequest(f"lambda:{action}", resource),)


_LAMBDA = {
    ("POST", "invocations"): "InvokeFunction",
    ("GET", ""): "GetFunction",
    ("GET", "configuration"): "GetFunctionConfiguration",
    ("PUT", "configuration"): "UpdateFunctionConfiguration",
}


def _sagemaker(request: AwsRequest, resources: Resources) -> tuple[AccessRequest, ...] | None:
    """Return the rights on an endpoint, whose name is lower case in ARNs."""
    if found := INVOCATION.fullmatch(request.path):
        endpoint = arn("sagemaker", f"endpoint/{unquote(found[1]).lower()}")
        component = request.headers.get("x-amzn-sagemaker-inference-component")
        named = (endpoint, *((arn("sagemaker", f"inference-component/{component.lower()}"),) if component else ()))
        return tuple(AccessRequest("sagemaker:InvokeEndpoint", resource) for resource in named)
    for parameter, kind in (("EndpointName", "endpoint"), ("InferenceComponentName", "inference-component")):
        if parameter in request.json:
            name = str(request.json[parameter]).lower()
            return (AccessRequest(f"sagemaker:{request.operation}", arn("sagemaker", f"{kind}/{name}")),)
    return None


def _bedrock(request: AwsRequest, resources: Resources) -> tuple[AccessRequest, ...] | None:
    """Return the rights of Converse.

    A profile takes the right on itself and, through it, on its model here and in every region that it may choose.
    """
    found = CONVERSATION.fullmatch(request.path)
    if not found:
        return None
    model = unquote(found[1])
    geography, _, of_profile = model.partition(".")
    if geography not in (*_BEDROCK_REGIONS, "global"):
        return (AccessRequest("bedrock:InvokeModel", _foundation_model(REGION, model)),)
    profile = arn("bedrock", f"inference-profile/{model}")
    through = {"bedrock:inferenceprofilearn": (profile,)}
    return AccessRequest("bedrock:InvokeModel", profile), *(
        AccessRequest("bedrock:InvokeModel", _foundation_model(region, of_profile), through)
        for region in dict.fromkeys((REGION, *_BEDROCK_REGIONS.get(geography, [""])))
    )


def _foundation_model(region: str, model: str) -> str:
    return f"arn:{PARTITION}:bedrock:{region}::foundation-model/{model}"


_BEDROCK_REGIONS: dict[str, list[str]] = CONTRACT["bedrock_regions"]


def _cloudformation(request: AwsRequest, resources: Resources) -> tuple[AccessRequest, ...] | None:
    stack = str(request.form.get("StackName", "*"))
    resource = stack if stack.startswith("arn:") else resources.stack_arn(stack)
    return (AccessRequest(f"cloudformation:{request.operation}", resource),)


def _sts(request: AwsRequest, resources: Resources) -> tuple[AccessRequest, ...] | None:
    if request.operation == "GetCallerIdentity":  # needs no right
        return ()
    session = {name.partition(".")[0] for name in request.form}
    if request.operation != "AssumeRole" or session & {"Policy", "PolicyArns", "Tags", "TransitiveTagKeys"}:
        return None
    keys = {
        "sts:rolesessionname": "RoleSessionName",
        "sts:sourceidentity": "SourceIdentity",
        "sts:externalid": "ExternalId",
    }
    context = {key: (request.form[name],) for key, name in keys.items() if name in request.form}
    actions = ["AssumeRole", *(["SetSourceIdentity"] if "SourceIdentity" in request.form else [])]
    return tuple(AccessRequest(f"sts:{action}", request.form["RoleArn"], context) for action in actions)


def _on_everything(service: str) -> Rule:
    """For the calls of services that offer no narrower resource for them."""
    return lambda request, resources: (
        (AccessRequest(f"{service}:{request.operation}", "*"),) if request.operation else None
    )


def _logs(request: AwsRequest, resources: Resources) -> tuple[AccessRequest, ...] | None:
    group = request.json.get("logGroupName") or str(request.json.get("logGroupIdentifier", "*")).rpartition(":")[2]
    return (AccessRequest(f"logs:{request.operation}", arn("logs", f"log-group:{group}:*")),)


def _ssm(request: AwsRequest, resources: Resources) -> tuple[AccessRequest, ...] | None:
    return (
        AccessRequest(
            f"ssm:{request.operation}", arn("ssm", f"parameter/{str(request.json.get('Name', '*')).lstrip('/')}")
        ),
    )


_RULES: dict[str, Rule] = {
    "s3": rights_s3.rights_of,
    "dynamodb": rights_dynamodb.rights_of,
    "sns": _sns,
    "sqs": _sqs,
    "states": _states,
    "lambda": _lambda,
    "sagemaker": _sagemaker,
    "bedrock": _bedrock,
    "cloudformation": _cloudformation,
    "sts": _sts,
    "logs": _logs,
    "ssm": _ssm,
    "servicequotas": _on_everything("servicequotas"),
    "monitoring": _on_everything("cloudwatch"),
}
