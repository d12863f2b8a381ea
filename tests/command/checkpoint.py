"""The files of a checkpoint, as `moderate weights push` takes them."""

import json
from pathlib import Path

CONFIG = {"model_type": "blip-2", "text_config": {"model_type": "t5", "bos_token_id": 1}}
FILES = {
    "config.json": json.dumps(CONFIG).encode(),
    "preprocessor_config.json": b"{}",
    "tokenizer.json": b"{}",
    "tokenizer_config.json": b"{}",
    "special_tokens_map.json": b"{}",
    "model.safetensors": b"w" * 1000,
}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
