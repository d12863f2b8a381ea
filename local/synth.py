"""Synthesise the stack `Moderation` for the laptop with the CDK command line."""

import os
from pathlib import Path

from local.contract import CONTRACT
from local.processes import child

PROJECT = Path(__file__).parents[1]
CDK = PROJECT / "node_modules" / ".bin" / "cdk"
STACK: str = CONTRACT["stacks"]["moderation"]


class NotSetUp(Exception):
    """A tool that `make setup` installs is missing."""


def synthesise(
    folder: Path,
    model_input_size: int,
    model_concurrency: int = 0,
    blip2_dialect: str = CONTRACT["defaults"]["blip2Dialect"],
) -> Path:
    """Write the assembly below `folder` and return its path.

    It has no models stack: the laptop's own server provides the endpoints `blip2` and `llama`, as in a deployment with
    existing endpoints. LLAMA_GRAMMAR=true sends the judge a grammar, as `-c llamaGrammar=true` does;
    JUDGE=bedrock:<model> asks it by Bedrock's Converse API, as `-c judge=…` does. Raises NotSetUp or ProcessFailed.
    """
    if not CDK.exists():
        raise NotSetUp(f"{CDK.relative_to(PROJECT)} is missing: run `make setup` first.")
    assembly = folder / "cdk.out"
    settings = {
        "blip2Endpoint": "blip2",
        **judge_settings(),
        "blip2Dialect": blip2_dialect,
        "modelInputSize": str(model_input_size),
        "modelConcurrency": str(model_concurrency),
    }
    context = [argument for name, value in settings.items() for argument in ("--context", f"{name}={value}")]
    command = [str(CDK), "synth", STACK, "--quiet", "--output", str(assembly), *context]
    with child("cdk synth", command, folder / "synth.log", _ENVIRONMENT) as synth:
        synth.wait()
    return assembly


def judge_settings() -> dict[str, str]:
    """Return the settings of the judge: the endpoint `llama`, or the model on Bedrock that JUDGE names."""
    if judge := os.environ.get("JUDGE"):
        return {"judge": judge}
    return {"llamaEndpoint": "llama", "llamaGrammar": os.environ.get("LLAMA_GRAMMAR") or "false"}


# Without credentials the command line would query the instance metadata service.
_ENVIRONMENT = {"AWS_EC2_METADATA_DISABLED": "true"}
