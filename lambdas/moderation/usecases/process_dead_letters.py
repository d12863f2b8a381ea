"""Work off the events that EventBridge or Lambda gave up on: start workflows, record failures."""

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
    """One letter: the object version that it is about, why it lay there, and what was done, or would be."""

    key: str
    version: str
    cause: str
    action: str


@dataclass(frozen=True)
class _Errand:
    key: str
    version: str
    at: str
    cause: str
    run: Callable[[], str]


def start_uploads(
    letters: DeadLetters, executions: Executions, cause: str | None, since: datetime, dry_run: bool
) -> Iterator[LetterHandled]:
    """Start the workflow for uploads that EventBridge couldn't start it for. Raises the errors of the ports."""

    def errand(letter: DeadLetter) -> _Errand:
        upload = upload_of(letter.body)
        return _Errand(
            upload.key, upload.version, upload.time, letter.error or "not started", lambda: _start(executions, upload)
        )

    return _work_off(letters, errand, cause, since, dry_run)


def record_failures(
    letters: DeadLetters, verdicts: VerdictStore, cause: str | None, since: datetime, dry_run: bool
) -> Iterator[LetterHandled]:
    """Record the ended executions that RecordFailure couldn't record. Raises the errors of the ports."""

    def errand(letter: DeadLetter) -> _Errand:
        ended = ended_of(letter.body)
        image = ended.image
        return _Errand(image.key, image.version, ended.started_at, ended.status, lambda: _record(verdicts, ended))

    return _work_off(letters, errand, cause, since, dry_run)


def _work_off(
    letters: DeadLetters,
    errand_of: Callable[[DeadLetter], _Errand],
    cause: str | None,
    since: datetime,
    dry_run: bool,
) -> Iterator[LetterHandled]:
    """A letter goes once its work is done; after an error those that weren't reached stay."""
    for letter in letters.letters():
        try:
            errand = errand_of(letter)
        except NotAnEvent:
            yield LetterHandled("", letter.id, "not an event", f"left in the queue {letters.name}")
            continue
        if cause in (None, errand.cause):
            action = _handle(letters, letter, errand, since, dry_run)
            yield LetterHandled(errand.key, errand.version, errand.cause, action)


def _handle(letters: DeadLetters, letter: DeadLetter, errand: _Errand, since: datetime, dry_run: bool) -> str:
    if datetime.fromisoformat(errand.at) < since:
        return "older than --since: left in its queue"
    if dry_run:
        return "would be taken off its queue and handled"
    done = errand.run()
    letters.delete(letter)
    return done


def _start(executions: Executions, upload: UploadEvent) -> str:
    """Under the event's own name, so that a second run starts no second execution."""
    given: dict[str, Any] = asdict(upload) | {"time": utc(datetime.now(UTC))}
    return "started" if executions.start(f"dead-letter-{upload.event_id}", given) else "started before"


def _record(verdicts: VerdictStore, ended: EndedExecution) -> str:
    return "recorded for review" if record_failure(verdicts, ended) else "recorded before"
