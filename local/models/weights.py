"""Real weights: finding or downloading them, and checking their memory before they are loaded."""

import json
import math
import os
import re
from pathlib import Path

import requests
from huggingface_hub import get_safetensors_metadata, snapshot_download
from huggingface_hub.errors import LocalEntryNotFoundError, NotASafetensorsRepoError, OfflineModeIsEnabled
from rich.console import Console
from safetensors import SafetensorError, safe_open

from local.models.errors import UnusableModel

DOWNLOADED = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja"]

# Pinned commits by hub id: the laptop loads the same weights as a deployment.
_WEIGHTS = json.loads((Path(__file__).parents[2] / "model_artifacts/blip2/weights.json").read_text())
COMMITS: dict[str, str] = {_WEIGHTS["hub_id"]: _WEIGHTS["revision"]}

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


def find(setting: str, model: str, console: Console) -> Path:
    """Return the folder with the weights `model`, the value of the environment variable `setting`.

    `model` is a folder or a hub id; a hub id is downloaded, with progress bars, unless it is cached. The memory that
    the weights need is printed. Raises UnusableModel if they aren't available or don't fit.
    """
    if (Path(model) / "config.json").is_file():
        _check_memory(setting, model, count_parameters(Path(model)), console)
        return Path(model)
    if Path(model).exists() or not HUB_ID.fullmatch(model):
        raise UnusableModel(f"{setting}={model}: no such checkpoint. Name a folder with a config.json, or a hub id.")
    return _from_hub(setting, model, console)


def count_parameters(folder: Path) -> int:
    """Return the number of weights in the folder's safetensors files, from their headers.

    Raises UnusableModel if one of the files is damaged.
    """
    return sum(_parameters(file) for file in folder.glob("*.safetensors"))


def _parameters(file: Path) -> int:
    try:
        with safe_open(file, framework="np") as weights:
            return sum(math.prod(weights.get_slice(name).get_shape()) for name in weights.keys())  # noqa: SIM118
    except SafetensorError as error:
        raise UnusableModel(f"{file} is damaged ({error}): download or copy it again.") from None


def _from_hub(setting: str, hub_id: str, console: Console) -> Path:
    try:
        metadata = get_safetensors_metadata(hub_id, revision=COMMITS.get(hub_id))
        _check_memory(setting, hub_id, sum(metadata.parameter_count.values()), console)
        console.print(f"Fetching {hub_id} from the Hugging Face hub (kept in its cache for the next time).")
        return Path(snapshot_download(hub_id, revision=COMMITS.get(hub_id), allow_patterns=DOWNLOADED))
    except NotASafetensorsRepoError:
        raise UnusableModel(f"{setting}={hub_id}: the repository holds no safetensors weights.") from None
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else "with an error"
        raise UnusableModel(
            f"{setting}={hub_id}: the Hugging Face hub answered {status}. Check the name; for a gated model accept "
            "its licence on the hub and run `hf auth login`."
        ) from None
    except (requests.RequestException, OfflineModeIsEnabled):
        return _from_cache(setting, hub_id, console)


def _from_cache(setting: str, hub_id: str, console: Console) -> Path:
    try:
        commit = COMMITS.get(hub_id)
        folder = Path(snapshot_download(hub_id, revision=commit, allow_patterns=DOWNLOADED, local_files_only=True))
    except LocalEntryNotFoundError:
        raise UnusableModel(
            f"{setting}={hub_id}: the Hugging Face hub can't be reached, and the model was never downloaded here. "
            f"Go online once, or set {setting} to a folder that holds it."
        ) from None
    _check_memory(setting, hub_id, count_parameters(folder), console)
    return folder


def _check_memory(setting: str, model: str, parameters: int, console: Console) -> None:
    """Check the memory: bf16 (2 bytes) on a GPU, fp32 (4 bytes) on a CPU, and a tenth for activations."""
    import torch  # takes seconds, and isn't needed for the demo checkpoint

    if parameters == 0:
        raise UnusableModel(f"{setting}={model}: the folder holds no safetensors weights.")
    if torch.cuda.is_available():
        place, width, there = "GPU memory", 2, torch.cuda.get_device_properties(0).total_memory
    else:
        place, width, there = "memory", 4, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    needed = parameters * width * 1.1
    sizes = f"needs about {needed / 1e9:.1f} GB of {place} ({parameters / 1e9:.2f} billion weights of {width} bytes)"
    if needed > there:
        raise UnusableModel(f"{setting}={model} {sizes}, but this machine has only {there / 1e9:.1f} GB.")
    console.print(f"{model} {sizes}; this machine has {there / 1e9:.1f} GB.")
