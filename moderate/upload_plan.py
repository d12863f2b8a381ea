"""Files that `moderate upload` sends, by their keys, and those that it can't send."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from moderate.failures import CommandFailed


@dataclass
class Plan:
    """Files to send by their keys under the intake's prefix, and the reason for each path that can't be sent."""

    files: dict[str, Path] = field(default_factory=dict)
    unsent: dict[Path, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.files or self.unsent)


def plan_upload(paths: Sequence[Path], prefix: str) -> Plan:
    """Return the plan. Raises CommandFailed if two files would get one key, or if there are none."""
    plan = Plan()
    for root in paths:
        for file, name in _files(root, plan):
            key = prefix + name
            if reason := _unsendable(file, key):
                plan.unsent[file] = reason
            elif key in plan.files:
                raise CommandFailed(
                    f"{plan.files[key]} and {file} would both be uploaded as {key}: upload them one after the other, "
                    "each with a --prefix of its own."
                )
            else:
                plan.files[key] = file
    if not plan:
        raise CommandFailed("There are no files to upload under the given paths; hidden ones are skipped.")
    return plan


def _files(root: Path, plan: Plan) -> Iterator[tuple[Path, str]]:
    if not root.is_dir():
        yield root, root.name
        return

    def refused(error: OSError) -> None:
        plan.unsent[Path(error.filename)] = f"{error.strerror}"

    found: list[Path] = []
    for folder, folders, names in os.walk(root, onerror=refused):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        found += [Path(folder, name) for name in names if not _is_hidden(name)]
    for path in sorted(found):
        yield path, path.relative_to(root).as_posix()


def _is_hidden(name: str) -> bool:
    return name.startswith(".")


def _unsendable(file: Path, key: str) -> str:
    """Return why a file can't be sent, or ""."""
    try:
        key.encode()
    except UnicodeEncodeError:
        return "its name isn't UTF-8, which keys are"
    try:
        is_file = stat.S_ISREG(file.stat().st_mode)
    except OSError as error:
        return str(error.strerror)
    return "" if is_file else "it is no regular file"
