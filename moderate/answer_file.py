"""The models' answers in a file, so that an evaluation can be resumed."""

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moderate.failures import CommandFailed

_SCHEMA = {"moderate eval answers": 1}


class AnswerFile:
    """Implements `usecases.evaluate.Memory`: a line of JSON for each answer, of which the last one of a key counts.

    Only the places of the lines are held in memory. A last line that was cut off is dropped.
    """

    def __init__(self, path: Path) -> None:
        self._lock, self._places = threading.Lock(), dict[str, int]()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b")
        try:
            self._read(path)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "AnswerFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def get(self, key: str) -> Mapping[str, Any] | None:
        with self._lock:
            if key not in self._places:
                return None
            self._file.seek(self._places[key])
            value: Mapping[str, Any] = json.loads(self._file.readline())["value"]
            return value

    def put(self, key: str, value: Mapping[str, Any]) -> None:
        with self._lock:
            self._places[key] = self._append({"key": key, "value": value})

    def _read(self, path: Path) -> None:
        self._file.seek(0)
        end = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            self._note(path, end, line)
            end += len(line)
        self._file.truncate(end)
        if not end:
            self._append(_SCHEMA)

    def _note(self, path: Path, place: int, line: bytes) -> None:
        try:
            entry = json.loads(line)
            if place == 0 and entry == _SCHEMA:
                return
            self._places[entry["key"]] = place
        except (ValueError, KeyError, TypeError) as error:
            raise CommandFailed(f"{path} isn't a file of answers: name another folder with --out.") from error

    def _append(self, entry: Mapping[str, Any]) -> int:
        self._file.seek(0, 2)
        place = self._file.tell()
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()
        return place
