"""Settings of a planned deployment, as far as the checks depend on them."""

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

# As text, the way that options give them.
DEFAULTS = {name: str(value).lower() for name, value in contract.DEFAULTS.items()}
DEFAULTS |= {f"{model}MinInstances": str(INSTANCES["least"]) for model in ("blip2", "llama")}
# The names of BLIP-2's endpoint where the app makes it; with any other the endpoints are somebody else's.
OURS = (ENDPOINTS["blip2"], COMPONENT_ENDPOINTS["blip2"])


@dataclass(frozen=True)
class Plan:
    """The settings of `cdk deploy -c name=value`, and what follows from them.

    `concurrency` is reserved for each of the two functions that call an endpoint, 0 reserves nothing; `held` is what a
    deployment that stands reserves for each of them already. `instances` are
    by type, how many the endpoints start with and how many they may grow to; none where the endpoints exist already.
    """

    context: Mapping[str, str]
    concurrency: int
    instances: Mapping[str, tuple[int, int]]
    held: int = 0

    @classmethod
    def of(cls, words: Sequence[str]) -> "Plan":
        """The plan that options `-c name=value` make. Raises CommandFailed where one can't be read."""
        pairs = [word.partition("=") for word in words]
        nameless = [name for name, equals, _ in pairs if not (name and equals)]
        if nameless:
            raise CommandFailed(f"-c {nameless[0]} isn't a setting: write it as for cdk, -c name=value.")
        context = {name: value for name, _, value in pairs}
        return cls(context, _number(context, "modelConcurrency"), _instances(context))

    def over(self, outputs: Mapping[str, str]) -> "Plan":
        """The plan for a deployment that stands: on endpoints that others made it stays."""
        name = outputs.get("Blip2EndpointName", OURS[0])
        held = int(outputs.get("ModelConcurrency", "0"))
        return replace(self, held=held, instances=self.instances if name in OURS else {})

    @property
    def makes_endpoints(self) -> bool:
        return bool(self.instances)

    @property
    def outputs(self) -> dict[str, str]:
        """Outputs that the stack will have for existing endpoints and an existing bucket."""
        existing = {"IntakeBucketName": "intakeBucketName", "IntakePrefix": "intakePrefix"}
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
        return {output: settings[name] for output, name in existing.items() if name in settings}


def _instances(context: Mapping[str, str]) -> dict[str, tuple[int, int]]:
    if context.get("blip2Endpoint") and context.get("llamaEndpoint"):
        return {}
    size = context.get("llamaSize", DEFAULTS["llamaSize"])
    if size not in LLAMA_INSTANCE_TYPES:
        raise CommandFailed(f"llamaSize is {size!r}: choose one of {', '.join(LLAMA_INSTANCE_TYPES)}.")
    needed: dict[str, tuple[int, int]] = {}
    for model, instance in (("blip2", BLIP2_INSTANCE_TYPE), ("llama", LLAMA_INSTANCE_TYPES[size])):
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
