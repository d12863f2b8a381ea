"""DJL Serving's rules for a start: the models that it registers, and their properties.

Source: deepjavalibrary/djl-serving, branch 0.35.0-dlc (commit 6378661), from which our container image is built; the
Java class of a rule is named next to it. A start that depends on anything else is refused rather than guessed.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# serving/docker/lmi.Dockerfile
IMAGE_ENVIRONMENT = {"MODEL_LOADING_TIMEOUT": "1200", "PREDICT_TIMEOUT": "240", "SERVING_FEATURES": "vllm"}

# serving/docker/dockerd-entrypoint-with-cuda-compat.sh: variable → the one that it fills where that is unset
_TRANSLATED = {
    "HF_MODEL_QUANTIZE": "OPTION_QUANTIZE",
    "HF_MODEL_TRUST_REMOTE_CODE": "OPTION_TRUST_REMOTE_CODE",
    "SM_NUM_GPUS": "TENSOR_PARALLEL_DEGREE",
    "MAX_CONCURRENT_REQUESTS": "SERVING_JOB_QUEUE_SIZE",
    "MAX_BATCH_PREFILL_TOKENS": "OPTION_MAX_ROLLING_BATCH_PREFILL_TOKENS",
    "MAX_BATCH_SIZE": "OPTION_MAX_ROLLING_BATCH_SIZE",
    "CUDA_MEMORY_FRACTION": "OPTION_GPU_MEMORY_UTILIZATION",
}
# SageMakerCompatibility: only these override `serving.properties`
_OVERRULING = {
    "SAGEMAKER_NUM_MODEL_WORKERS": ("minWorkers", "maxWorkers"),
    "SAGEMAKER_STARTUP_TIMEOUT": ("option.model_loading_timeout",),
    "SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS": ("option.predict_timeout",),
}
# They change the models or the calls in ways that these rules don't cover.
_UNKNOWN = re.compile(
    r"ARGS_.*|DJL_.*|ENABLE_CUDA_GRAPHS|SM_NEO_.*|"
    r"SERVING_(LOAD_MODELS|MODEL_STORE|DOWNLOAD_DIR|RETRY_THRESHOLD|HEALTH_CHECK_OVERRIDE)"
)

_SNAKE_CASE = re.compile(r"[A-Z_\d]+")
_ARCHIVE = re.compile(r".*\.(zip|tar|tgz|tar\.gz)", re.IGNORECASE)  # FilenameUtils
_GENERATORS = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")


class UnknownStart(Exception):
    """The start depends on behaviour of DJL that these rules don't cover."""


@dataclass(frozen=True)
class Model:
    """Registered model; its properties are named as in `serving.properties`.

    `folder` is None for what HF_MODEL_ID makes of a hub id: a folder of DJL's own, with nothing but properties in it.
    """

    name: str
    folder: Path | None
    properties: Mapping[str, str]

    @property
    def options(self) -> dict[str, str]:
        """Properties of the handler's first, empty call: options without their prefix (PyModel), and its folder."""
        named = {name: value for name, value in self.properties.items() if name.startswith("option.")}
        options = {name.removeprefix("option."): value for name, value in named.items()}
        return options | {"model_dir": str(self.folder)}  # service_loader.py


@dataclass(frozen=True)
class Start:
    """Models and defaults that the server derives from its environment; a model's own properties win.

    With more than one model `/invocations` requires the parameter `model_name` (InferenceRequestHandler).
    """

    models: tuple[Model, ...]
    defaults: Mapping[str, str]


def start_of(folder: Path, environment: Mapping[str, str]) -> Start:
    """Return the start of a container whose `/opt/ml/model` is `folder`. Raises UnknownStart."""
    environment = _translated(IMAGE_ENVIRONMENT | dict(environment))
    for name in environment:
        if _UNKNOWN.fullmatch(name):
            raise UnknownStart(f"What {name} changes isn't among the rules.")
    models = [_in_folder(path, environment) for path in _model_folders(folder)]
    second = _of_huggingface(environment, {model.folder for model in models})
    # ConfigManager: SERVING_X becomes x
    defaults = {n.removeprefix("SERVING_").lower(): v for n, v in environment.items() if n.startswith("SERVING_")}
    return Start((*models, *second), defaults)


def parse_properties(text: str) -> dict[str, str]:
    """Parse a Java properties file, without escapes and continuation lines."""
    if "\\" in text:
        raise UnknownStart("serving.properties holds a backslash, which isn't among the rules.")
    lines = (line.strip() for line in text.splitlines())
    pairs = (re.split(r"\s*[=:]\s*|\s+", line, maxsplit=1) for line in lines if line and line[0] not in "#!")
    return {name: "".join(value) for name, *value in pairs}


def _translated(environment: Mapping[str, str]) -> dict[str, str]:
    filled = {name: environment[source] for source, name in _TRANSLATED.items() if environment.get(source)}
    return filled | {name: value for name, value in environment.items() if value or name not in filled}


def _model_folders(store: Path) -> Iterator[Path]:
    """Return the model folders (ModelStore): each folder in a folder of folders only, else the folder itself."""
    entries = sorted(store.iterdir())
    if any(_ARCHIVE.fullmatch(entry.name) for entry in entries):
        raise UnknownStart("An archive among the model's files isn't among the rules.")
    if all(entry.is_dir() and not entry.name.startswith(".") for entry in entries):
        yield from (_nested(entry) for entry in entries if any(entry.iterdir()))
    else:
        yield _nested(store)


def _nested(folder: Path) -> Path:
    """Return the only folder in a folder instead of it (djl's Utils.getNestedModelDir)."""
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else folder


def _of_huggingface(environment: Mapping[str, str], there: set[Path | None]) -> list[Model]:
    """Return the model of HF_MODEL_ID, unless it is the folder of a known one (ModelStore)."""
    model_id = environment.get("HF_MODEL_ID")
    if model_id is None:
        return []
    if Path(model_id).exists():
        folder = _nested(Path(model_id))
        return [] if folder in there else [_in_folder(folder, environment)]
    named = {"HF_REVISION": "option.revision", "HF_TASK": "option.task"}
    own = {"option.model_id": model_id} | {p: environment[v] for v, p in named.items() if v in environment}
    return [Model(re.sub(r"\W|^_", "_", model_id), None, _with_environment(own, environment))]


def _in_folder(folder: Path, environment: Mapping[str, str]) -> Model:
    file = folder / "serving.properties"
    own = parse_properties(file.read_text()) if file.is_file() else {}
    properties = _recommended(folder, _with_environment(own, environment), environment)
    return Model(re.sub(r"\W|^_", "_", folder.name), folder, properties)


def _with_environment(own: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Add OPTION_X as option.x unless `serving.properties` sets it (ModelInfo.loadServingProperties)."""
    properties = dict(own)
    for variable, value in environment.items():
        if variable.startswith("OPTION_") and value:
            option = variable.removeprefix("OPTION_")
            option = option.lower() if _SNAKE_CASE.fullmatch(option) else option
            name = {"entrypoint": "option.entryPoint", "engine": "engine"}.get(option, f"option.{option}")
            properties.setdefault(name, value)
    for variable, names in _OVERRULING.items():
        if variable in environment:
            properties |= dict.fromkeys(names, environment[variable])
    return properties


def _recommended(folder: Path, properties: dict[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Add LmiConfigRecommender's properties: a dynamic batch excludes a rolling one; with neither, models are async."""
    model_id = properties.get("option.model_id")
    if model_id and "://" in model_id:
        raise UnknownStart(f"How the weights at {model_id} are fetched isn't among the rules.")
    if int(properties.get("batch_size", "1")) > 1:
        return properties | {"option.rolling_batch": "disable"}
    if properties.get("option.rolling_batch", "auto") != "auto":
        return properties
    config = _config(folder, model_id)
    if config is None and model_id and not Path(model_id).is_dir():
        raise UnknownStart(f"Whether {model_id} is served asynchronously depends on its config.json at the hub.")
    if config is None:
        return properties
    generates = any(name.endswith(_GENERATORS) for name in config.get("architectures") or ())
    asynchronous = generates and "vllm" in environment["SERVING_FEATURES"]
    return properties | {"option.rolling_batch": "disable"} | ({"option.async_mode": "true"} if asynchronous else {})


def _config(folder: Path, model_id: str | None) -> dict[str, list[str]] | None:
    """Return the config.json next to the code, else that of `model_id` if it is a folder (LmiUtils)."""
    for place in (folder, Path(model_id or folder)):
        if (place / "config.json").is_file():
            config: dict[str, list[str]] = json.loads((place / "config.json").read_text())
            return config
    return None
