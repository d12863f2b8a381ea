"""Pack a model's code into a reproducible `model.tar.gz`: the same code gives the same bytes."""

import gzip
import io
import os
import tarfile
from pathlib import Path


def pack(source: Path, archive: Path) -> Path:
    """Write the files under `source` to `archive`, without caches and hidden files, and return its path.

    Names are sorted and times are zero; otherwise every synthesis would replace the model.
    """
    archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_name(f"{archive.name}.{os.getpid()}")  # another synthesis may run at the same time
    with (
        unfinished.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted(source.rglob("*")):
            name = path.relative_to(source)
            if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in name.parts):
                _add(tar, name.as_posix(), path.read_bytes())
    return unfinished.replace(archive)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    tar.addfile(entry, io.BytesIO(content))
