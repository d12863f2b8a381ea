"""One replay: its records in batches, worker processes, and a file from which a stopped one goes on."""

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from moderate.failures import CommandFailed
from moderation.adapters.record_batches import MOST, RecordBatches
from moderation.adapters.table_export import TableExport, exported_record
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record
from moderation.domain.replay_tally import Flip, Tally, order
from moderation.ports import VerdictStore
from moderation.usecases.replay import Part, Replayer, Selection

VERDICTS = ("safe", "unsafe", "review")
# Batches that are done in this process; more of them are worth the start of others.
_FEW = 20
_TIMES = ("since", "until")
_AHEAD = 4  # batches that wait for each worker
KEPT_FLIPS = 1000  # in memory and in the report; the file has all


@dataclass(frozen=True)
class Batch:
    """Records to replay: images of the table, or lines of an export; `cursor` is the place after them."""

    cursor: Mapping[str, Any]
    images: tuple[ImageRef, ...] = ()
    lines: tuple[bytes, ...] = ()

    @property
    def size(self) -> int:
        """Number of records."""
        return len(self.images) + len(self.lines)


@dataclass(frozen=True)
class Worker:
    """Replays batches, in this process or in another."""

    replayer: Replayer
    selection: Selection
    table: RecordBatches

    def replay(self, batch: Batch) -> Part:
        """Return the result of a batch. Raises the errors of the stores, UnusableExport."""
        return self.replayer.replay(self._records(batch), self.selection)

    def _records(self, batch: Batch) -> Iterable[Record]:
        if batch.images:
            return self.table.read(batch.images)
        found = (exported_record(line, self.selection.bucket) for line in batch.lines)
        return (record for record in found if record)


@dataclass
class Progress:
    """Result so far, which a file keeps: a line for each batch, and for each answer of the models about one image.

    `header` says which replay it is. `stored` is the tally on stored answers alone, `asked` that of the images that the
    models were asked about. `flips` are the first ones by score, `cursor` the place in the records, None at their
    start, `answered` the number of pending images that are done.
    """

    file: Path
    header: Mapping[str, Any]
    stored: Tally = field(default_factory=Tally)
    asked: Tally = field(default_factory=Tally)
    flips: list[Flip] = field(default_factory=list)
    cursor: Mapping[str, Any] | None = None
    answered: int = 0

    @classmethod
    def open(cls, file: Path, header: Mapping[str, Any]) -> "Progress":
        """Begin a file, or read what was done and over which time. Raises CommandFailed for that of another replay."""
        lines = _whole_lines(file)
        begun = next(lines, None)
        if begun is None:
            file.write_text(json.dumps(header) + "\n")
            return cls(file, header)
        if other := sorted(name for name, value in header.items() if name not in _TIMES and begun.get(name) != value):
            raise CommandFailed(f"{file} is of another replay ({', '.join(other)}): name another file, or delete it.")
        progress = cls(file, begun)
        for line in lines:
            progress._take(line)
        return progress

    @property
    def tally(self) -> Tally:
        """All counts together."""
        together = Tally()
        together.add(self.stored)
        together.add(self.asked)
        return together

    def add(self, cursor: Mapping[str, Any] | None, part: Part) -> None:
        """Add a batch; without a cursor it is the models' answer about the next pending image."""
        line = {
            "cursor": cursor,
            "tally": part.tally.attributes(),
            "flips": [flip.attributes() for flip in part.flips],
            "pending": [[image.bucket, image.key, image.version, needs] for image, needs in part.pending],
        }
        with self.file.open("a") as file:
            file.write(json.dumps(line) + "\n")
        self._take(line)

    def pending(self, models: Collection[str]) -> Iterator[ImageRef]:
        """Yield the images that these models could decide."""
        for line in islice(_whole_lines(self.file), 1, None):
            for bucket, key, version, needs in line["pending"]:
                if needs in models:
                    yield ImageRef(bucket, key, version)

    def settle(self, models: Collection[str]) -> None:
        """Take the records that were pending for these models from the tally: their answers count them again."""
        for cause in [cause for cause in self.stored.causes if cause[1] in models]:
            del self.stored.causes[cause]

    def _take(self, line: Mapping[str, Any]) -> None:
        tally, done = Tally.from_attributes(line["tally"]), line["cursor"]
        (self.stored if done else self.asked).add(tally)
        self.flips = order([*self.flips, *map(Flip.from_attributes, line["flips"])], KEPT_FLIPS)
        if done:
            self.cursor = done
        else:
            self.answered += 1


def table_batches(verdicts: VerdictStore, selection: Selection, cursor: Mapping[str, Any] | None) -> Iterator[Batch]:
    """Yield the images of the table from a cursor on, newest upload first.

    A cursor has the time of the last image, and those of that time. Raises the errors of the port.
    """
    until = cursor["created_at"] if cursor else selection.until
    together = {*cursor["together"]} if cursor else set[str]()
    last, images = until, list[ImageRef]()
    for listed in verdicts.created(VERDICTS, selection.since, until):
        image = listed.image
        if listed.created_at != last:
            last, together = listed.created_at, set()
        if image.id in together:
            continue
        together.add(image.id)
        if image.bucket == selection.bucket and image.key.startswith(selection.prefix):
            images.append(image)
        if len(images) == MOST:
            yield Batch({"created_at": last, "together": sorted(together)}, tuple(images))
            images = []
    if images:
        yield Batch({"created_at": last, "together": sorted(together)}, tuple(images))


def export_batches(export: TableExport, table: str, cursor: Mapping[str, Any] | None) -> Iterator[Batch]:
    """Yield the lines of an export from a cursor on: the name of a data file and the lines of it that are done.

    Raises the errors of the export.
    """
    for file in export.files(table):
        if cursor and file.key < cursor["file"]:
            continue
        done = cursor["lines"] if cursor and file.key == cursor["file"] else 0
        lines = islice(export.lines(file), done, None)
        while batch := tuple(islice(lines, MOST)):
            done += len(batch)
            yield Batch({"file": file.key, "lines": done}, lines=batch)


_worker: Worker | None = None


def _start(open_worker: Callable[[], Worker]) -> None:
    global _worker
    _worker = open_worker()


def _replay(batch: Batch) -> Part:
    assert _worker  # noqa: S101 - `_start` ran before
    return _worker.replay(batch)


def replayed(batches: Iterable[Batch], open_worker: Callable[[], Worker]) -> Iterator[tuple[Batch, Part]]:
    """Yield the batches in their order, each with its result; `open_worker` is called in each process.

    Raises the errors of the worker.
    """
    rest = iter(batches)
    few = list(islice(rest, _FEW + 1))
    workers = os.cpu_count() or 1
    if len(few) <= _FEW or workers == 1:
        worker = open_worker()
        for batch in chain(few, rest):
            yield batch, worker.replay(batch)
        return
    with _pool(workers, open_worker) as pool:
        waiting: list[tuple[Batch, Future[Part]]] = []
        for batch in chain(few, rest):
            waiting.append((batch, pool.submit(_replay, batch)))
            if len(waiting) >= workers * _AHEAD:
                first, result = waiting.pop(0)
                yield first, result.result()
        for first, result in waiting:
            yield first, result.result()


@contextmanager
def _pool(workers: int, open_worker: Callable[[], Worker]) -> Iterator[ProcessPoolExecutor]:
    """Processes that start afresh: this one has threads."""
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _start, (open_worker,))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _whole_lines(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a file; one at its end that was cut off is cut away."""
    if not file.exists():
        return
    with file.open("rb+") as lines:
        whole = 0
        for line in lines:
            if not line.endswith(b"\n"):
                lines.truncate(whole)
                return
            whole += len(line)
            yield json.loads(line)
