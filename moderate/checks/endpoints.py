"""Checks that the two endpoints are in service and answer in the deployment's dialect."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import ClientError

from moderate.checks.aws import client
from moderate.checks.check import TOO, Check, attempt
from moderate.checks.judging import judged
from moderate.deployment import Deployment
from moderation.adapters import clients
from moderation.adapters.faults import code_of
from moderation.adapters.s3_canary import shipped_canary
from moderation.adapters.sagemaker_endpoint import SageMakerEndpoint
from moderation.adapters.sagemaker_llama import SageMakerJudge
from moderation.adapters.vision_dialects import SPEAKERS
from moderation.errors import EndpointThrottled, NoCapacity
from moderation.usecases.ask_canary import canary_fault

_SERVING = ("InService", "Updating", "SystemUpdating", "RollingBack")
_COMING = ("Creating",)
_BUSY = (EndpointThrottled, NoCapacity)


@dataclass(frozen=True)
class Served:
    """An endpoint as the functions use it; `model` is the prefix of its settings."""

    model: str
    name: str
    component: str | None
    dialect: str

    @property
    def log(self) -> str:
        """The command that shows its container's log."""
        place = f"InferenceComponents/{self.component}" if self.component else f"Endpoints/{self.name}"
        return f"aws logs tail /aws/sagemaker/{place} --since 1h"

    @property
    def endpoint(self) -> SageMakerEndpoint:
        return SageMakerEndpoint(clients.sagemaker_runtime(), self.name, self.component)


def vision(deployment: Deployment, on_aws: bool) -> list[Check]:
    """Return two rows about BLIP-2: its status, and its answers about the canary."""
    return _examine("blip2", "Blip2", deployment, on_aws, lambda served: _look(served, deployment, on_aws))


def judge(deployment: Deployment, on_aws: bool) -> list[Check]:
    """Return two rows about Llama: its status, and its judgement of one line of evidence."""
    return _examine("llama", "Llama", deployment, on_aws, lambda served: _judge(served, deployment))


def _examine(
    model: str, output: str, deployment: Deployment, on_aws: bool, ask: Callable[[Served], Check]
) -> list[Check]:
    served = Served(
        model,
        deployment.output(f"{output}EndpointName"),
        deployment.outputs.get(f"{output}ComponentName"),
        deployment.output(f"{output}Dialect"),
    )
    place, answer = f"endpoint {served.name}", f"{served.name} answers"
    if on_aws:
        standing = attempt(place, lambda: _in_service(place, served))
    else:
        standing = Check(place, "skipped", "the laptop's model server isn't a SageMaker endpoint")
    if standing.status in ("warn", "fail"):
        return [standing, Check(answer, "skipped", "not asked until it is in service")]
    remedy = (
        f"See {served.log}. If its dialect isn't {served.dialect}, deploy Moderation with the right "
        f"-c {model}Dialect=… {TOO}"
    )
    return [standing, attempt(answer, lambda: _asleep(answer, served) or ask(served), remedy)]


def _in_service(name: str, served: Served) -> Check:
    sagemaker = client("sagemaker")
    try:
        endpoint = sagemaker.describe_endpoint(EndpointName=served.name)
    except ClientError as error:
        if code_of(error) != "ValidationException":  # SageMaker has no code of its own for "doesn't exist"
            raise
        return Check(
            name,
            "fail",
            "there is no such endpoint",
            f"npx cdk deploy ModerationModels -c acceptLlama2Eula=true {TOO}, since it deploys Moderation again; or, "
            f"for one of your own, npx cdk deploy Moderation -c blip2Endpoint=… -c llamaEndpoint=… {TOO}",
        )
    status = str(endpoint["EndpointStatus"])
    if status in _SERVING:
        return Check(name, "ok", status)
    if status in _COMING:
        return Check(
            name, "warn", status, f"Wait: aws sagemaker wait endpoint-in-service --endpoint-name {served.name}"
        )
    why = f"{status}: {endpoint['FailureReason']}" if "FailureReason" in endpoint else status
    return Check(
        name, "fail", why, f"See {served.log}; then npx cdk destroy ModerationModels, and deploy with all your settings"
    )


def _asleep(name: str, served: Served) -> Check | None:
    """Return the reason for not asking a model hosted as a component: a request to one without a copy starts it."""
    if not served.component:
        return None
    described = client("sagemaker").describe_inference_component(InferenceComponentName=served.component)
    status = str(described["InferenceComponentStatus"])
    if status != "InService":
        why = described.get("FailureReason", "it doesn't answer yet")
        return Check(name, "fail", f"its component {served.component} is {status}: {why}", f"See {served.log}")
    if described["RuntimeConfig"]["CurrentCopyCount"] == 0:
        why = "it is scaled to zero, and a question would start an instance and its bill"
        return Check(name, "skipped", why, "moderate ask PICTURE starts it; then run this again")
    return None


def _look(served: Served, deployment: Deployment, on_aws: bool) -> Check:
    name, is_deployed = f"{served.name} answers", "PolicyBucketName" in deployment.outputs
    if not is_deployed and not on_aws:
        return Check(name, "skipped", "the laptop's checkpoint knows drawings, and the shipped canary is none")
    speaker = SPEAKERS[served.dialect]
    canary = deployment.canaries.canary() if is_deployed else shipped_canary()
    started = time.monotonic()
    try:
        fault = canary_fault(speaker(served.endpoint), canary)
    except _BUSY as error:
        return _busy(served, error)
    spoken = f"in {_since(started)} ({served.dialect})"
    if fault:
        return Check(name, "fail", f"the canary: {fault}, {spoken}", "See docs/runbooks.md#brokenmodel")
    return Check(name, "ok", f"right, yes and no, about the canary, {spoken}")


def _judge(served: Served, deployment: Deployment) -> Check:
    speaker = SageMakerJudge(served.endpoint, served.dialect, deployment.output("LlamaGrammar") == "true")
    try:
        return judged(f"{served.name} answers", speaker, served.dialect, served.log)
    except _BUSY as error:
        return _busy(served, error)


def _busy(served: Served, error: Exception) -> Check:
    return Check(f"{served.name} answers", "warn", str(error), "Run it again in a few minutes; images wait meanwhile")


def _since(started: float) -> str:
    return f"{time.monotonic() - started:.1f} s"
