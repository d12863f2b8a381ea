"""Checkpoint for `moderate weights push`: found or downloaded, and rejected unless it can be served."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from moderate.failures import CommandFailed

_NEEDED = ("config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json")
_WELCOME = ("added_tokens.json", "generation_config.json", "processor_config.json", "special_tokens_map.json")
_LONE_WEIGHTS = "model.safetensors"
_INDEX = "model.safetensors.index.json"
_WEIGHTS = "model*.safetensors"
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


def checkpoint_files(source: str, revision: str | None) -> list[Path]:
    """Return the files that the handler loads from a folder, or from a commit of a hub id, which is downloaded first.

    Raises CommandFailed if it can't be had, lacks files, or isn't a model that the handler serves.
    """
    folder = Path(source)
    if not folder.is_dir():
        # small files first: a model that is refused doesn't cost gigabytes
        _check(source, _download(source, revision, [*_NEEDED, *_WELCOME, _INDEX]))
        folder = _download(source, revision, [*_NEEDED, *_WELCOME, _INDEX, _WEIGHTS])
    weights = _weight_names(folder)
    _check(source, folder, weights)
    return [folder / name for name in (*_NEEDED, *_WELCOME, *weights) if (folder / name).is_file()]


def _download(hub_id: str, revision: str | None, names: Sequence[str]) -> Path:
    if Path(hub_id).exists() or not _HUB_ID.fullmatch(hub_id):
        raise CommandFailed(f"{hub_id} is neither a folder nor a Hugging Face id, as in owner/model.")
    # imported here: other commands start without them
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError
    from requests import RequestException

    try:
        return Path(snapshot_download(hub_id, revision=revision, allow_patterns=list(names)))
    except RevisionNotFoundError as error:
        raise CommandFailed(f"{hub_id} has no commit {revision}: take one from its page at the hub.") from error
    except RepositoryNotFoundError as error:
        raise CommandFailed(
            f"The Hugging Face hub has no model {hub_id}, or doesn't show it to you: check the name; for a gated "
            "model accept its licence on the hub and run `hf auth login`."
        ) from error
    except (LocalEntryNotFoundError, RequestException) as error:
        raise CommandFailed(
            f"{hub_id} can't be downloaded: the Hugging Face hub can't be reached, or answers with an error. Run the "
            "command again when you are online (what has arrived is kept), or name a folder that holds the model."
        ) from error


def _weight_names(folder: Path) -> list[str]:
    """Return the files that transformers loads: a single file if there is one, else an index and its shards."""
    if (folder / _LONE_WEIGHTS).is_file() or not (folder / _INDEX).is_file():
        return [_LONE_WEIGHTS]
    shards = _read_object(folder / _INDEX).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise CommandFailed(f"{folder / _INDEX} names no files of weights: the checkpoint is damaged.")
    return [_INDEX, *sorted({str(name) for name in shards.values()})]


def _check(source: str, folder: Path, weights: Sequence[str] = ()) -> None:
    # names are looked up in the listing: an index from a stranger may not lead out of the folder
    there = {path.name for path in folder.iterdir() if path.is_file()}
    missing = [name for name in (*_NEEDED, *weights) if name not in there]
    if missing:
        raise CommandFailed(
            f"{source} can't be served: it has no {', '.join(missing)}. Push a checkpoint with the model's, the "
            "tokenizer's and the image processor's files and its weights as safetensors, as `save_pretrained` of the "
            "model and of its processor writes them."
        )
    fault = _config_fault(_read_object(folder / "config.json"))
    if fault:
        raise CommandFailed(f"{source} can't be served: {fault}")


def _config_fault(config: dict[str, Any]) -> str | None:
    """Return why the handler in model_artifacts/blip2 would reject the model, before gigabytes are uploaded."""
    kind, text = config.get("model_type"), config.get("text_config")
    if kind != "blip-2":
        return f"its config.json says model_type {kind!r}, and only BLIP-2 models (blip-2) are served."
    language_model = text.get("model_type") if isinstance(text, dict) else None
    if not isinstance(text, dict) or language_model != "t5":
        return f"its language model is {language_model!r}; use a BLIP-2 with a T5 one, as blip2-flan-t5-xl."
    if text.get("bos_token_id") is None:
        return "the text_config in its config.json has no bos_token_id, which captions start from."
    return None


def _read_object(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except ValueError as error:
        raise CommandFailed(f"{file} isn't JSON: {error}.") from error
    if not isinstance(content, dict):
        raise CommandFailed(f"{file} holds no JSON object.")
    return content
