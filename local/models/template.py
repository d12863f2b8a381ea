"""BLIP-2 container as in the synthesised template `ModerationModels`: environment and model folder."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.contract import CONTRACT
from local.models.errors import UnusableModel

PROJECT = Path(__file__).parents[2]
STACK: str = CONTRACT["stacks"]["models"]
ENDPOINT: str = CONTRACT["endpoints"]["blip2"]
# Inputs of a synthesis, which is repeated when any of them changes.
_READ = (
    *("app.py", "cdk.json", "constraints.txt", "lambdas", "stacks", "statemachine"),
    *("model_artifacts/blip2", "model_artifacts/llama2"),
)


@dataclass(frozen=True)
class Hosted:
    """Parameters of a container: its environment, and the source of its model folder.

    `archive` is the asset with the folder's content; None if the content is under an S3 prefix instead.
    """

    environment: Mapping[str, str]
    archive: Path | None

    def unpack(self, folder: Path) -> Path:
        """Fill `folder` as SageMaker fills `/opt/ml/model` from an archive, and return it."""
        assert self.archive is not None
        with tarfile.open(self.archive) as archive:
            archive.extractall(folder, filter="data")
        return folder


def hosted(assembly: Path, name: str = ENDPOINT, stack: str = STACK) -> Hosted:
    """Return the container behind the endpoint or inference component `name`."""
    resources = json.loads((assembly / f"{stack}.template.json").read_text())["Resources"]
    container = _model(resources, name)["PrimaryContainer"]
    source = container["ModelDataSource"]["S3DataSource"]
    assets = json.loads((assembly / f"{stack}.assets.json").read_text())["files"]
    archive = None
    if source["CompressionType"] == "Gzip":
        digest = re.search(r"([0-9a-f]{64})\.", json.dumps(source["S3Uri"]))
        assert digest
        archive = assembly / assets[digest[1]]["source"]["path"]
    return Hosted(container.get("Environment", {}), archive)


def synthesised() -> Path:
    """Return the assembly of a first deployment, cached under `build/` for each state of the project.

    Raises UnusableModel if it can't be synthesised.
    """
    assembly = PROJECT / "build" / "models" / _digest()
    if not assembly.is_dir():
        assembly.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=assembly.parent) as scratch:
            _synthesise(Path(scratch) / "cdk.out")
            _keep(Path(scratch) / "cdk.out", Path(scratch) / "kept", assembly)
    return assembly


def _model(resources: Mapping[str, Any], name: str) -> Any:
    """Return the properties of the model behind `name`."""
    by_type = {(r["Type"], key): r["Properties"] for key, r in resources.items() if "Properties" in r}
    for (kind, _), properties in by_type.items():
        if kind == "AWS::SageMaker::InferenceComponent" and properties["InferenceComponentName"] == name:
            return by_type["AWS::SageMaker::Model", _referred(properties["Specification"]["ModelName"])]
    (endpoint,) = [p for (kind, _), p in by_type.items() if kind.endswith("::Endpoint") and p["EndpointName"] == name]
    config = by_type["AWS::SageMaker::EndpointConfig", _referred(endpoint["EndpointConfigName"])]
    return by_type["AWS::SageMaker::Model", _referred(config["ProductionVariants"][0]["ModelName"])]


def _referred(value: Mapping[str, Any]) -> str:
    name: str = value["Fn::GetAtt"][0]
    return name


def _digest() -> str:
    digest = hashlib.sha256()
    for place in _READ:
        path = PROJECT / place
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(PROJECT)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _synthesise(output: Path) -> None:
    """Run the app as the CDK command line does, without bundling the Lambda layer."""
    context = json.loads((PROJECT / "cdk.json").read_text())["context"]
    context |= {"aws:cdk:bundling-stacks": [], "acceptLlama2Eula": True}  # no Llama weights are downloaded here
    # without the region of a surrounding `cdk`, in which the models may not be offered
    environment = {name: value for name, value in os.environ.items() if name != "CDK_DEFAULT_REGION"} | {
        "CDK_OUTDIR": str(output),
        "CDK_CONTEXT_JSON": json.dumps(context),
        "PYTHONPATH": str(PROJECT),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }
    command = [sys.executable, str(PROJECT / "app.py")]
    run = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=False)
    if run.returncode:
        raise UnusableModel(f"The template {STACK} can't be synthesised (was `make setup` run?):\n{run.stderr}")


def _keep(output: Path, kept: Path, assembly: Path) -> None:
    """Move the stack's files into the cache, unless another process has already done so."""
    kept.mkdir()
    assets = json.loads((output / f"{STACK}.assets.json").read_text())["files"]
    names = {f"{STACK}.template.json", f"{STACK}.assets.json", *(asset["source"]["path"] for asset in assets.values())}
    for name in names:
        shutil.copy(output / name, kept / name)
    try:
        kept.rename(assembly)
    except OSError:
        if not assembly.is_dir():
            raise
