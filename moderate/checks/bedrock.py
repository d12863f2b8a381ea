"""Checks of a judge on Amazon Bedrock: its model's life cycle, the account's access, a profile's regions, an answer."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from moderate.checks.aws import client
from moderate.checks.check import TOO, Check, attempt, explained
from moderate.checks.judging import judged
from moderate.deployment import Deployment
from moderate.failures import DENIED
from moderation.adapters.bedrock_judge import form_of, foundation_model
from moderation.adapters.faults import code_of
from moderation.contract import BEDROCK_REGIONS
from moderation.errors import EndpointRejected, EndpointThrottled, Misconfigured

_ANOTHER = f"Choose another: npx cdk deploy --all -c judge=bedrock:… {TOO}"
_FORMS = {"schema": "held to a JSON schema", "tool": "by a tool that it must call", "text": "as text, parsed strictly"}


def judge(deployment: Deployment, on_aws: bool) -> list[Check]:
    """Return a row for each requirement of the judge's model, and one about its judgement of one line of evidence."""
    model = deployment.output("BedrockModel")
    asked = foundation_model(model)
    examined: dict[str, Callable[[str], Check]] = {
        f"model {asked}": lambda name: _life_cycle(name, asked),
        f"access to {asked}": lambda name: _access(name, asked),
    }
    if model != asked:
        examined[f"regions of {model}"] = lambda name: _regions(name, model)
    rows = [
        attempt(name, partial(examine, name)) if on_aws else Check(name, "skipped", "the laptop has only Converse")
        for name, examine in examined.items()
    ]
    return [*rows, attempt(f"{model} answers", lambda: _answers(f"{model} answers", deployment))]


def _life_cycle(name: str, model: str) -> Check:
    """Check that the model isn't about to be withdrawn."""
    details = client("bedrock").get_foundation_model(modelIdentifier=model)["modelDetails"]
    life: Mapping[str, Any] = details.get("modelLifecycle", {})
    status, end = str(life.get("status", "unknown")), life.get("endOfLifeTime")
    ends = f", served until {end:%Y-%m-%d}" if end else ""
    if status == "ACTIVE":
        return Check(name, "ok", f"ACTIVE{ends}")
    return Check(name, "warn", f"{status}{ends}: AWS will withdraw it", _ANOTHER)


def _access(name: str, model: str) -> Check:
    """Check that the account may use the model; one of another provider needs a subscription."""
    found = client("bedrock").get_foundation_model_availability(modelId=model)
    agreement = found["agreementAvailability"]["status"]
    if found["regionAvailability"] != "AVAILABLE":
        return Check(name, "fail", "it isn't offered in this region", _ANOTHER)
    if found["authorizationStatus"] != "AUTHORIZED" or found["entitlementAvailability"] != "AVAILABLE":
        why = f"{found['authorizationStatus']}, entitlement {found['entitlementAvailability']}"
        return Check(name, "fail", f"the account may not use it: {why}", "Ask for it in Bedrock's model catalog")
    if agreement != "AVAILABLE":
        remedy = "Subscribe to it in Bedrock's model catalog; some providers ask for a use case first"
        return Check(name, "fail", f"its agreement is {agreement}: there is no subscription yet", remedy)
    return Check(name, "ok", "subscribed")


def _regions(name: str, profile: str) -> Check:
    """Check that the roles may use the model in every region that the profile may choose."""
    found = client("bedrock").get_inference_profile(inferenceProfileIdentifier=profile)
    geography = profile.partition(".")[0]
    used = {model["modelArn"].split(":")[3] for model in found["models"]} - {""}
    granted = set(BEDROCK_REGIONS.get(geography, used))
    here = client("bedrock").meta.region_name
    if missing := sorted(used - granted - {here}):
        remedy = f"Add them to bedrock_regions in lambdas/moderation/contract.json and deploy again {TOO}"
        return Check(name, "fail", f"the roles may not use it in {', '.join(missing)}", remedy)
    return Check(name, "ok", ", ".join(sorted(used)) or "any")


def _answers(name: str, deployment: Deployment) -> Check:
    form = _FORMS[form_of(deployment.output("BedrockModel"))]
    try:
        return judged(name, deployment.judge, form, "its metrics in CloudWatch, namespace AWS/Bedrock")
    except EndpointThrottled as error:
        return Check(name, "warn", str(error), "Run it again in a few minutes; images wait meanwhile")
    except (EndpointRejected, Misconfigured) as error:
        refused = error.__cause__
        if not isinstance(refused, ClientError) or code_of(refused) in DENIED:
            raise
        said = refused.response["Error"].get("Message", "")
        return Check(name, "fail", explained(error)[0], f"AWS says: {said}")
