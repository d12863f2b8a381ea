"""Process the events that EventBridge or Lambda gave up on: start workflows, record failures."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from moderation.domain.dead_letter import NotAnEvent, UploadEvent, ended_of, upload_of
from moderation.domain.execution_event import EndedExecution
from moderation.domain.record import utc
from moderation.ports import DeadLetter, DeadLetters, Executions, VerdictStore
from moderation.usecases.record_failure import record_failure


@dataclass(frozen=True)
class LetterHandled:
    """Result for one dead letter: its object version, its cause, and what was done (or would be, in a dry run).

    `acted` tells it from a letter that is left in its queue.
    """

    key: str
    version: str
    cause: str
    action: str
    acted: bool


@dataclass(frozen=True)
class _Task:
    key: str
    version: str
    at: str
    cause: str
    run: Callable[[], str]


def start_uploads(
    letters: DeadLetters, executions: Executions, cause: str | None, since: datetime, dry_run: bool
) -> Iterator[LetterHandled]:
    """Start the workflow for the uploads for which EventBridge couldn't. Raises the errors of the ports."""

    def task(letter: DeadLetter) -> _Task:
        upload = upload_of(letter.body)
        return _Task(
            upload.key, upload.version, upload.time, letter.error or "not started", lambda: _start(executions, upload)
        )

    return _process(letters, task, cause, since, dry_run)


def record_failures(
    letters: DeadLetters, verdicts: VerdictStore, cause: str | None, since: datetime, dry_run: bool
) -> Iterator[LetterHandled]:
    """Record the ended executions that RecordFailure couldn't record. Raises the errors of the ports."""

    def task(letter: DeadLetter) -> _Task:
        ended = ended_of(letter.body)
        image = ended.image
        return _Task(image.key, image.version, ended.uploaded_at, ended.status, lambda: _record(verdicts, ended))

    return _process(letters, task, cause, since, dry_run)


def _process(
    letters: DeadLetters,
    task_of: Callable[[DeadLetter], _Task],
    cause: str | None,
    since: datetime,
    dry_run: bool,
) -> Iterator[LetterHandled]:
    """Delete each letter once it is handled; after an error the remaining ones stay in the queue."""
    for letter in letters.letters():
        try:
            task = task_of(letter)
        except NotAnEvent:
            yield LetterHandled("", letter.id, "not an event", f"left in the queue {letters.name}", acted=False)
            continue
        if cause not in (None, task.cause):
            continue
        if datetime.fromisoformat(task.at) < since:
            action, acted = "older than --since: left in its queue", False
        elif dry_run:
            action, acted = "would be handled and removed from its queue", True
        else:
            action, acted = task.run(), True
            letters.delete(letter)
        yield LetterHandled(task.key, task.version, task.cause, action, acted)


def _start(executions: Executions, upload: UploadEvent) -> str:
    """Start an execution named after the event, so that a second run starts no second one.

    The waiting time counts from `time`, so it excludes the time until the fault was fixed.
    """
    given: dict[str, Any] = asdict(upload) | {"time": utc(datetime.now(UTC)), "uploaded_at": upload.time}
    return "started" if executions.start(f"dead-letter-{upload.event_id}", given) else "started before"


def _record(verdicts: VerdictStore, ended: EndedExecution) -> str:
    return "recorded for review" if record_failure(verdicts, ended) else "recorded before"
