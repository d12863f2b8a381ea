"""Labelled pictures: a folder for each category, CSV or JSON lines of path and labels, on this machine or in S3."""

import csv
import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moderate.failures import CommandFailed
from moderation.domain.policy import Pack

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

S3 = "s3://"
_NOTHING = ("safe", "none", "")  # labels of pictures without a category
_SEPARATORS = str.maketrans("|", ";")
_COLUMNS = "a header line with the columns path and labels"


@dataclass(frozen=True)
class LabelledPath:
    """Picture by its path or `s3://` address, with its labels as written; `answers` are true ones by question id."""

    path: str
    labels: tuple[str, ...]
    answers: Mapping[str, bool] = field(default_factory=dict)

    @property
    def is_stored(self) -> bool:
        return self.path.startswith(S3)


@dataclass(frozen=True)
class LabelledSet:
    """Labelled pictures, the labels in the words of a pack; `name` is that of the file or folder."""

    name: str
    pictures: tuple[LabelledPath, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of paths and labels, 64 hex digits."""
        told = [[one.path, sorted(one.labels), sorted(one.answers.items())] for one in self.pictures]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def read_labels(where: str, pack: Pack, s3: "S3Client | None" = None) -> LabelledSet:
    """Read a labelled set. Raises CommandFailed for what can't be read, or labels that the pack doesn't have."""
    listed = _listed(where, s3)
    if not listed:
        raise CommandFailed(f"{where} has no labelled pictures.")
    name = where.rstrip("/").rsplit("/", 1)[-1]
    return LabelledSet(name, tuple(_in_words_of(pack, listed)))


def s3_address(path: str) -> tuple[str, str, str | None]:
    """Return bucket, key and, after `?versionId=`, the version of an `s3://` address."""
    bucket, _, rest = path.removeprefix(S3).partition("/")
    key, mark, version = rest.rpartition("?versionId=")
    return (bucket, key, version) if mark else (bucket, rest, None)


def _listed(where: str, s3: "S3Client | None") -> list[LabelledPath]:
    if where.startswith(S3):
        return list(_in_bucket(where, s3))
    path = Path(where)
    if path.is_dir():
        return list(_in_folder(path))
    text = _text(path)
    read = _from_json_lines if path.suffix.lower() in (".jsonl", ".ndjson") else _from_csv
    return _once(_at(path.parent, one) for one in read(text, path.name))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise CommandFailed(f"{path} isn't UTF-8: give a folder, a CSV or a JSONL file with the labels.") from None


def _in_folder(root: Path) -> Iterator[LabelledPath]:
    """Label each file with the first folder of its path; the same bytes in two folders have both labels."""
    if loose := [path.name for path in sorted(root.iterdir()) if path.is_file() and not path.name.startswith(".")]:
        raise CommandFailed(f"{root / loose[0]} is in no category's folder: move it into one, or into {root / 'safe'}.")
    labels: defaultdict[str, dict[str, None]] = defaultdict(dict)
    first: dict[str, str] = {}
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        inner = path.relative_to(root)
        if any(part.startswith(".") for part in inner.parts):
            continue
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        first.setdefault(content, str(path))
        labels[content][inner.parts[0]] = None
    for content, path_of in first.items():
        yield LabelledPath(path_of, tuple(labels[content]))


def _in_bucket(where: str, s3: "S3Client | None") -> Iterator[LabelledPath]:
    bucket, prefix, _ = s3_address(where.rstrip("/") + "/")
    if s3 is None:
        raise CommandFailed(f"{where} is in S3, which isn't read here.")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            label, slash, name = found["Key"].removeprefix(prefix).partition("/")
            if slash and name and not name.endswith("/"):
                yield LabelledPath(f"{S3}{bucket}/{found['Key']}", (label,))


def _from_csv(text: str, name: str) -> Iterator[LabelledPath]:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    if not {"path", "labels"} <= set(rows.fieldnames or ()):
        raise CommandFailed(f"{name} isn't a labelled set: it needs {_COLUMNS}, or the name of a JSONL file.")
    for row in rows:
        if not row["path"]:
            raise CommandFailed(f"{name}, line {rows.line_num}: the path is missing.")
        labels = (row["labels"] or "").translate(_SEPARATORS).split(";")
        yield LabelledPath(row["path"].strip(), tuple(label.strip() for label in labels))


def _from_json_lines(text: str, name: str) -> Iterator[LabelledPath]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield _from_object(json.loads(line))
        except (ValueError, TypeError, KeyError) as error:
            raise CommandFailed(
                f'{name}, line {number} isn\'t {{"path": "…", "labels": ["…"]}} with text in it: {error}.'
            ) from None


def _from_object(given: Any) -> LabelledPath:
    path, labels, answers = given["path"], given["labels"], given.get("answers", {})
    labels = [labels] if isinstance(labels, str) else labels
    if not isinstance(path, str) or not path:
        raise TypeError("the path isn't text")
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise TypeError("labels isn't a list of text")
    if not isinstance(answers, dict) or not all(isinstance(said, bool) for said in answers.values()):
        raise TypeError("answers isn't true or false by question id")
    return LabelledPath(path, tuple(label.strip() for label in labels), answers)


def _at(folder: Path, one: LabelledPath) -> LabelledPath:
    return one if one.is_stored else replace(one, path=str(folder / one.path))


def _once(pictures: Iterable[LabelledPath]) -> list[LabelledPath]:
    """Put the labels of a path that is listed several times together."""
    merged: dict[str, LabelledPath] = {}
    for one in pictures:
        known = merged.get(one.path, one)
        merged[one.path] = replace(
            one, labels=tuple(dict.fromkeys(known.labels + one.labels)), answers={**known.answers, **one.answers}
        )
    return list(merged.values())


def _in_words_of(pack: Pack, listed: Iterable[LabelledPath]) -> Iterator[LabelledPath]:
    names = {_plain(name): name for name in pack.category_names}
    ids = {question.id for question in pack.questions}
    unknown: dict[str, None] = {}
    for one in listed:
        given = [label for label in one.labels if _plain(label) not in _NOTHING or _plain(label) in names]
        unknown |= dict.fromkeys(label for label in given if _plain(label) not in names)
        unknown |= dict.fromkeys(f"answers.{question}" for question in one.answers if question not in ids)
        yield replace(
            one, labels=tuple(dict.fromkeys(names[_plain(label)] for label in given if _plain(label) in names))
        )
    if unknown:
        raise CommandFailed(
            f"Pack {pack.name} has no {', '.join(map(repr, unknown))}: its categories are "
            f"{', '.join(pack.category_names)}; a picture without any is labelled safe."
        )


def _plain(label: str) -> str:
    """Return a label as names of categories are compared: folders often have `_` or `-` for a space."""
    return " ".join(label.casefold().replace("_", " ").replace("-", " ").split())
