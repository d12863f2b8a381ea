"""Settings of a planned deployment that the checks depend on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from moderate.failures import CommandFailed
from moderation import contract
from moderation.contract import (
    BLIP2_INSTANCE_TYPE,
    COMPONENT_ENDPOINTS,
    ENDPOINTS,
    INSTANCES,
    LLAMA_INSTANCE_TYPES,
)

# As text, as options give them.
DEFAULTS = {name: str(value).lower() for name, value in contract.DEFAULTS.items()}
DEFAULTS |= {f"{model}MinInstances": str(INSTANCES["least"]) for model in ("blip2", "llama")}
# Names of BLIP-2's endpoint if the app creates it; with any other name the endpoints existed already.
OURS = (ENDPOINTS["blip2"], COMPONENT_ENDPOINTS["blip2"])
_ON_BEDROCK = "bedrock:"


@dataclass(frozen=True)
class Plan:
    """The settings of `cdk deploy -c name=value`, and what follows from them.

    `concurrency` is reserved for each of the two functions that call a model, 0 for none; `held` is what an
    existing deployment already reserves for each. The judge is `on_bedrock` or on an endpoint. `instances` has the
    initial and the maximum number by type, and is empty for existing endpoints.
    """

    context: Mapping[str, str]
    concurrency: int
    instances: Mapping[str, tuple[int, int]]
    held: int = 0
    on_bedrock: bool = False

    @classmethod
    def of(cls, words: Sequence[str]) -> "Plan":
        """Return the plan for options `-c name=value`. Raises CommandFailed if one is malformed."""
        pairs = [word.partition("=") for word in words]
        nameless = [name for name, equals, _ in pairs if not (name and equals)]
        if nameless:
            raise CommandFailed(f"-c {nameless[0]} isn't a setting: write it as for cdk, -c name=value.")
        context = {name: value for name, _, value in pairs}
        on_bedrock = bool(_model_on_bedrock(context))
        return cls(context, _number(context, "modelConcurrency"), _instances(context), on_bedrock=on_bedrock)

    def over(self, outputs: Mapping[str, str]) -> "Plan":
        """Return the plan for an existing deployment, which keeps using endpoints that it didn't create."""
        name = outputs.get("Blip2EndpointName", OURS[0])
        held = int(outputs.get("ModelConcurrency", "0"))
        judge = {"judge": f"{_ON_BEDROCK}{outputs['BedrockModel']}"} if "BedrockModel" in outputs else {}
        instances = _instances(judge | dict(self.context)) if name in OURS else {}
        return replace(self, held=held, instances=instances, on_bedrock=self.on_bedrock or bool(judge))

    @property
    def makes_endpoints(self) -> bool:
        return bool(self.instances)

    @property
    def makes_llama(self) -> bool:
        return self.makes_endpoints and not self.on_bedrock

    @property
    def holds_until_cleared(self) -> bool:
        return self.context.get("holdUntilCleared") == "true"

    @property
    def has_console(self) -> bool:
        return self.context.get("console") == "true"

    @property
    def outputs(self) -> dict[str, str]:
        """Outputs of the planned stack for existing endpoints and an existing bucket."""
        existing = {"IntakeBucketName": "intakeBucketName", "IntakePrefix": "intakePrefix"}
        judge = _model_on_bedrock(self.context)
        if not self.makes_endpoints:
            existing |= {
                "Blip2EndpointName": "blip2Endpoint",
                "Blip2Dialect": "blip2Dialect",
                "LlamaEndpointName": "llamaEndpoint",
                "LlamaDialect": "llamaDialect",
                "LlamaGrammar": "llamaGrammar",
                "ModelInputSize": "modelInputSize",
            }
        settings = DEFAULTS | dict(self.context)
        planned = {output: settings[name] for output, name in existing.items() if name in settings}
        return planned | ({"BedrockModel": judge} if judge else {})


def _model_on_bedrock(context: Mapping[str, str]) -> str:
    """Return the id of the judge's model on Bedrock, "" if it is on an endpoint. Raises CommandFailed."""
    judge = context.get("judge", "")
    if judge and not judge.startswith(_ON_BEDROCK):
        raise CommandFailed(
            f"judge is {judge!r}: write {_ON_BEDROCK} and a model or inference profile, or leave it out."
        )
    return judge.removeprefix(_ON_BEDROCK).rpartition("/")[2]


def _instances(context: Mapping[str, str]) -> dict[str, tuple[int, int]]:
    on_bedrock = bool(_model_on_bedrock(context))
    if context.get("blip2Endpoint") and (on_bedrock or context.get("llamaEndpoint")):
        return {}
    size = context.get("llamaSize", DEFAULTS["llamaSize"])
    if size not in LLAMA_INSTANCE_TYPES:
        raise CommandFailed(f"llamaSize is {size!r}: choose one of {', '.join(LLAMA_INSTANCE_TYPES)}.")
    needed: dict[str, tuple[int, int]] = {}
    llama = () if on_bedrock else (("llama", LLAMA_INSTANCE_TYPES[size]),)
    for model, instance in (("blip2", BLIP2_INSTANCE_TYPE), *llama):
        least = _number(context, f"{model}MinInstances")
        most = _number(context, f"{model}MaxInstances", max(least, INSTANCES["most"]))
        others = needed.get(instance, (0, 0))
        needed[instance] = (others[0] + least, others[1] + most)
    return needed


def _number(context: Mapping[str, str], name: str, default: int | None = None) -> int:
    value = context.get(name, DEFAULTS[name] if default is None else str(default))
    if not (value.isascii() and value.isdigit()):
        raise CommandFailed(f"{name} is {value!r}: give a whole number.")
    return int(value)
