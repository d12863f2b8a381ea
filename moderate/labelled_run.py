"""Run something on each labelled picture, many at a time, on its bytes or on its record."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

from rich.progress import Progress

from moderate.deployment import Deployment
from moderate.failures import CommandFailed, sentence
from moderate.labels import LabelledPath, LabelledSet, s3_address
from moderate.reader import find_reader
from moderation.domain.image_ref import ImageRef
from moderation.domain.policy import Pack, read_pack
from moderation.domain.record import Record
from moderation.domain.replay import packs_behind
from moderation.domain.work_files import pack_file
from moderation.errors import ImageUnavailable, NoSuchRecord, TransientError
from moderation.ports import VisionModel, VisionReply
from moderation.usecases.check_questions import check_questions
from moderation.usecases.evaluate import Memory, Models
from moderation.usecases.find_record import find_record

_WAITS = (1, 2, 4, 8, 16, 30)  # seconds before each retry
_OF_ONE = (TransientError, ImageUnavailable, OSError)
T = TypeVar("T")


class Escalated(Exception):
    """The picture's record is escalated: it is in no report."""


@dataclass
class Outcomes(Generic[T]):
    """Outcomes in the order of the pictures, and the reasons for those for which it couldn't be."""

    done: list[T] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    escalated: list[str] = field(default_factory=list)


def run(
    pictures: Sequence[LabelledPath], work: Callable[[LabelledPath], T], at_once: int, bar: Progress, description: str
) -> Outcomes[T]:
    """Do the work on each picture; what a retry may fix is tried for a minute. Raises what concerns all pictures."""
    task = bar.add_task(description, total=len(pictures))
    outcomes = Outcomes[T]()
    with ThreadPoolExecutor(at_once) as pool:
        pending = [pool.submit(_patiently, work, picture) for picture in pictures]
        try:
            for _ in _raising(pending):
                bar.advance(task)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    for picture, future in zip(pictures, pending, strict=True):
        try:
            outcomes.done.append(future.result())
        except Escalated:
            outcomes.escalated.append(picture.path)
        except _OF_ONE as error:
            outcomes.failed[picture.path] = sentence(error)
    return outcomes


def _raising(pending: Iterable["Future[T]"]) -> Iterator["Future[T]"]:
    """Yield what is done. Raises errors that concern more than one picture."""
    for future in as_completed(pending):
        error = future.exception()
        if error is not None and not isinstance(error, (Escalated, *_OF_ONE)):
            raise error
        yield future


def _patiently(work: Callable[[LabelledPath], T], picture: LabelledPath) -> T:
    for wait in _WAITS:
        try:
            return work(picture)
        except TransientError:
            time.sleep(wait)
    return work(picture)


def models_of(deployment: Deployment, pack: Pack, labelled: LabelledSet, memory: Memory) -> Models:
    """Return a deployment's models, by the names that they give themselves.

    Raises CommandFailed if the vision model answers one of the pack's questions yes about a blank picture. It isn't
    asked if all pictures have records.
    """
    size, named = int(deployment.output("ModelInputSize")), _Named(deployment.vision)
    if not all(picture.is_stored for picture in labelled.pictures) and (faults := check_questions(named, pack, size)):
        raise CommandFailed(f"Pack {pack.name} can't be evaluated with this model. {'; '.join(faults)}.")
    name = f"{named.model or deployment.output('Blip2EndpointName')}, {deployment.judge.name}, stack {deployment.stack}"
    reader = find_reader() if pack.is_read else None
    return Models(name, deployment.vision, deployment.judge, size, memory, reader)


class _Named:
    """Implements `ports.VisionModel`: another one, whose name is noted."""

    def __init__(self, model: VisionModel) -> None:
        self._model, self.model = model, ""

    def ask(self, png: bytes, prompts: Sequence[str], caption: bool, within_s: float | None = None) -> VisionReply:
        reply = self._model.ask(png, prompts, caption, within_s)
        self.model = reply.model
        return reply


class Sources:
    """Bytes and records of labelled pictures."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._pack = cache(self._read_pack)

    def data(self, picture: LabelledPath) -> bytes:
        """Return a picture's bytes. Raises OSError, ImageUnavailable and the errors of the port."""
        if not picture.is_stored:
            return Path(picture.path).read_bytes()
        bucket, key, version = s3_address(picture.path)
        version = version or self.deployment.images.current_version(bucket, key)
        if version is None:
            raise ImageUnavailable(f"The object {picture.path} can't be read: it was deleted, or never there.")
        return self.deployment.images.fetch(ImageRef(bucket, key, version)).data

    def record(self, picture: LabelledPath) -> Record | None:
        """Return the record of an object, with its evidence; None if there is none. Raises Escalated."""
        if not picture.is_stored:
            return None
        bucket, key, version = s3_address(picture.path)
        try:
            found = find_record(self.deployment.images, self.deployment.verdicts, bucket, key, version).record
        except NoSuchRecord:
            return None
        if found.is_escalated:
            raise Escalated
        if found.evidence_in:
            return Record.from_attributes(found.attributes() | self.deployment.work.get_json(found.evidence_in))
        return found

    def packs(self, record: Record) -> dict[str, Pack]:
        """Return the packs behind a record, by digest."""
        return {digest: self._pack(digest) for digest in packs_behind(record) if digest}

    def _read_pack(self, digest: str) -> Pack:
        return read_pack(self.deployment.work.get_json(pack_file(digest)))
